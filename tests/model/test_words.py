"""Words of a station, changed as numbers are."""

import pytest

from footfall._model.changes import set_text, set_word
from footfall._model.model import Model
from footfall._model.station_specs import RequestServer
from footfall._records.errors import BadInputError


@pytest.mark.parametrize("path", ["web.discipline", "channels.web.station.discipline"])
def test_a_word_is_set_by_its_path(small_province: Model, path: str) -> None:
    """In that channel alone; all else is the same object."""
    changed = set_text(small_province, f"{path}=sharing")
    for before, after in zip(small_province.channels, changed.channels, strict=True):
        assert (before is after) == (before.name != "web")
    web = changed.channel("web").station
    assert isinstance(web, RequestServer)
    assert web.discipline == "sharing"
    assert changed.fingerprint() != small_province.fingerprint()


def test_a_word_of_a_part_of_a_station_is_set_by_its_path(small_province: Model) -> None:
    """The rate limit's excess; and a word that is none is told."""
    web = set_text(small_province, "web.rate_limit.excess=delayed").channel("web").station
    assert isinstance(web, RequestServer)
    assert web.rate_limit.excess == "delayed"
    with pytest.raises(BadInputError, match="'later' cannot be set; expected at_once or delayed"):
        set_text(small_province, "web.rate_limit.excess=later")


@pytest.mark.parametrize(
    ("assignment", "says"),
    [
        ("web.discipline=fifo", "--set web.discipline: 'fifo' cannot be set; expected slots or sharing"),
        ("web.discipline=2", "'2' cannot be set; expected slots or sharing"),
        ("web.discipline=", "'' cannot be set"),
        ("web.stale_work=cutt", "expected cut or served or dropped"),
        ("web.kind=kiosks", "not an assignment"),
        ("sms.discipline=sharing", "not an assignment"),
    ],
)
def test_a_word_that_is_none_is_told_in_one_line(small_province: Model, assignment: str, says: str) -> None:
    """It names the words there are; a station's kind is no choice."""
    with pytest.raises(BadInputError, match=says) as caught:
        set_text(small_province, assignment)
    assert "\n" not in str(caught.value)


def test_a_word_of_nothing_is_refused(small_province: Model) -> None:
    """A path that no word has."""
    with pytest.raises(BadInputError, match="no such setting in the model"):
        set_word(small_province, "web.colour", "red")
