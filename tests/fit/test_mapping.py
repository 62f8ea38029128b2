"""A mapping is what its words say, or is refused by key and value."""

import pytest

from footfall._records.errors import BadInputError
from footfall._workload.log_mapping import EXAMPLE, WEEKDAYS, read_mapping

LEAST = '[columns]\narrived = "time"\n'


def test_the_example_is_a_mapping() -> None:
    """What `--example` prints can be used as it stands."""
    mapping = read_mapping(EXAMPLE, "example")
    assert mapping.columns.kind == "topic"
    assert mapping.options.short_service_s == 10
    assert mapping.options.weekdays == WEEKDAYS[:5]


def test_the_least_mapping_is_the_column_of_arrivals() -> None:
    """All else has a default that leaves nothing out."""
    mapping = read_mapping(LEAST, "least")
    assert mapping.options.weekdays == WEEKDAYS
    assert (mapping.options.short_service_s, mapping.options.low_day_share) == (0, 0)


@pytest.mark.parametrize(
    ("word", "outcome"), [("200", "served"), ("204", "served"), ("503", "error"), ("418", None), ("", None)]
)
def test_a_word_means_the_first_outcome_whose_pattern_it_fits(word: str, outcome: str | None) -> None:
    """`2*` is every status from 200 to 299."""
    text = LEAST + 'outcome = "status"\n[outcomes]\nserved = ["2*", "3*"]\nerror = ["5*"]\n'
    assert read_mapping(text, "web").outcome_of(word) == outcome


def test_without_outcomes_the_words_of_the_kit_are_understood() -> None:
    """A table that the kit wrote itself."""
    mapping = read_mapping(LEAST + 'outcome = "outcome"\n', "own")
    assert mapping.outcome_of("abandoned") == "abandoned"
    assert mapping.outcome_of("gone") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("arrived =", "m.toml: is not valid TOML"),
        ("", "m.toml: columns: missing; expected a mapping"),
        ('[columns]\nbegan = "b"\n', "m.toml, line 1: columns.arrived: missing; expected a mapping"),
        (LEAST + 'ended = "e"\n', "`ended` needs `began`"),
        (LEAST + 'color = "red"\n', "columns.color: no such key; expected one of arrived"),
        (LEAST + "began = 3\n", "columns.began: 3 is not allowed here; expected a text, in a mapping"),
        (LEAST + '[outcomes]\nserved = ["x"]\n', "[outcomes] needs `outcome`"),
        (LEAST + 'outcome = "o"\n[outcomes]\ngone = ["x"]\n', "'gone' is not an outcome; known: served"),
        (
            LEAST + '[options]\nweekdays = ["mon"]\n',
            "weekdays[0]: 'mon' is not allowed here; expected 'monday'",
        ),
        (
            LEAST + "[options]\nlow_day_share = 2\n",
            "low_day_share: 2 is not allowed here; expected a number below 1",
        ),
        (
            LEAST + "[options]\nshort_service_s = -1\n",
            "short_service_s: -1 is not allowed here; expected 0 or more",
        ),
        (LEAST + "[options]\nday_parts_h = [20, 8]\n", "hours rise, between 0 and 24"),
        (LEAST + '[options]\ntimezone = "Mars/Olympus"\n', "'Mars/Olympus' is not a time zone"),
        (
            LEAST + '[options]\nname = "2 b"\n',
            "name: '2 b' is not allowed here; expected a text that fits",
        ),
        (
            LEAST + '[options]\nfrom = "soon"\n',
            "from: 'soon' is not allowed here; expected a date such as 2024-03-31",
        ),
        (
            LEAST + '[options]\nstation = "shop"\n',
            "station: 'shop' is not allowed here; expected 'hotline', 'hall' or",
        ),
    ],
)
def test_what_is_no_mapping_is_told_by_key_and_value(text: str, told: str) -> None:
    """One line: the file, the key, what is there, and where to see what is meant."""
    with pytest.raises(BadInputError) as refused:
        read_mapping(text, "m.toml")
    line = str(refused.value)
    assert line.startswith("m.toml")
    assert told in line
    assert "footfall fit --example" in line
    assert "\n" not in line


def test_the_former_name_of_an_option_is_read_alike() -> None:
    """`nobody` is `anonymous` now; both in one file are an error."""
    former = read_mapping(LEAST + '[options]\nnobody = ["0"]\n', "former")
    assert former == read_mapping(LEAST + '[options]\nanonymous = ["0"]\n', "own")
    assert former.options.anonymous == ("0",)
    with pytest.raises(BadInputError, match="nobody is the former name of anonymous, and the file has both"):
        read_mapping(LEAST + '[options]\nnobody = ["0"]\nanonymous = ["1"]\n', "both")
