"""Records from files have the types that they declare, and finite numbers."""

from pathlib import Path
from typing import Any

import pytest

from footfall._records.errors import BadInputError
from footfall._records.load_generator import ConnectionCounts, GeneratorRecord, TimeSummary
from footfall._records.runs import check_types, read_json


def made(kind: type, **fields: Any) -> Any:  # noqa: ANN401  fields of wrong types are the point
    """Give a record of these fields."""
    return kind(**fields)


@pytest.mark.parametrize("text", ["NaN", "-Infinity", "1e999", "1" + "0" * 400])
def test_a_number_that_is_not_finite_is_damage(tmp_path: Path, text: str) -> None:
    """No comparison with it holds, so that a limit would be kept."""
    path = tmp_path / "load.json"
    path.write_text(f'{{"p99": {text}}}')
    with pytest.raises(BadInputError, match="not a finite number"):
        read_json(path, "sums")
    path.write_text('{"p99": 1e-3, "n": -7}')
    assert read_json(path, "sums") == {"p99": 0.001, "n": -7}


@pytest.mark.parametrize(
    ("record", "place"),
    [
        (made(ConnectionCounts, opened="7"), "opened"),
        (made(ConnectionCounts, reused=0.5), "reused"),
        (made(GeneratorRecord, own=made(TimeSummary, p99_s=[])), "own.p99_s"),
        (made(GeneratorRecord, cpu_share_by_s=(0.1, None)), "cpu_share_by_s.1"),
        (made(GeneratorRecord, turn=made(TimeSummary, n="x")), "turn.n"),
    ],
)
def test_a_field_of_another_type_is_named(record: ConnectionCounts | GeneratorRecord, place: str) -> None:
    """At any depth."""
    with pytest.raises(TypeError, match=place):
        check_types(record)


def test_a_record_as_it_should_be_is_given_back() -> None:
    """Whole numbers stand for fractions."""
    record = GeneratorRecord(own=TimeSummary(n=1, p50_s=1), cpu_share_by_s=(0.1, 1))
    assert check_types(record) is record
