"""A model in a file is the model, down to the source of each number."""

from pathlib import Path

import pytest

from footfall._model.changes import set_text
from footfall._model.model_files import read_model, write_model
from footfall._model.numbers import leaves
from footfall._records.errors import BadInputError
from footfall._records.rows import Outcome
from tests.load.small import after_failure, small_model


def test_a_model_survives_its_file(tmp_path: Path) -> None:
    """Values, grades and sources, all kinds of stations, rules keyed by outcomes: all come back."""
    model = small_model(follow_ups=after_failure(Outcome.TIMEOUT, retry=0.5, delay_s=3))
    write_model(model, tmp_path / "model.json")
    read = read_model(tmp_path / "model.json")
    assert read == model
    assert read.fingerprint() == model.fingerprint()
    there, here = dict(leaves(read)), dict(leaves(model))
    assert [n.source for n in there.values()] == [n.source for n in here.values()]
    assert [n.grade for n in there.values()] == [n.grade for n in here.values()]


def test_words_and_policies_of_a_station_survive_the_file(tmp_path: Path) -> None:
    """Shared cores, stale work, and retries come back as they were set."""
    model = small_model()
    for assignment in ("web.discipline=sharing", "web.stale_work=served", "web.retries_most=2"):
        model = set_text(model, assignment)
    write_model(model, tmp_path / "model.json")
    assert read_model(tmp_path / "model.json") == model


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"name": "small"}',
        '{"value": 1, "grade": "Z", "source": "?"}',
        '{"value": "x", "grade": "A", "source": "?"}',
    ],
)
def test_what_is_no_model_gets_one_line(tmp_path: Path, text: str) -> None:
    """Empty, of another kind, with an unknown grade or no number where one must be."""
    path = tmp_path / "model.json"
    path.write_text(text)
    with pytest.raises(BadInputError, match="damaged") as caught:
        read_model(path)
    assert "\n" not in str(caught.value)
