"""`python -m studies.web_1995` on two made-up months."""

import json
from pathlib import Path

import polars as pl
import pytest

from studies.web_1995.command import main

DAY_S = 86_400


def written(path: Path, parts: dict[str, int]) -> Path:
    """Write eight days for each part: its requests in a second of each half hour, twice as many by day."""
    tables = []
    for part, requests in parts.items():
        second = pl.int_range(8 * DAY_S, eager=True)
        by_day = pl.when((second % DAY_S).is_between(28_800, 57_600)).then(2 * requests).otherwise(requests)
        counted = pl.when(second % 1800 == 7).then(by_day).otherwise(0)
        tables.append(pl.select(pl.lit(part).alias("part"), counted.cast(pl.Int64).alias("n")))
    pl.concat(tables).write_parquet(path)
    return path


def test_shape_and_level_of_both_months_are_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same profile with half the requests."""
    path = written(tmp_path / "requests.parquet", {"jul": 40, "aug": 20})
    assert main([str(path), "--json"]) == 0
    workdays, weekends = json.loads(capsys.readouterr().out)
    assert (workdays["days"], weekends["days"]) == ("workdays", "weekends")
    assert workdays["half_hours_correlation"] == pytest.approx(1)
    assert workdays["requests_per_day_august"] == pytest.approx(workdays["requests_per_day_july"] / 2)
    assert main([str(path)]) == 0
    assert "0.50" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (None, "no such file"),
        ("a,b\n1,2\n", "has no column 'part'"),
        ("part,n\njul,2\n", "has no row with part = 'aug'"),
    ],
)
def test_wrong_input_is_one_line(
    text: str | None, line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With exit code 2."""
    path = tmp_path / "requests.csv"
    if text is not None:
        path.write_text(text)
    assert main([str(path)]) == 2
    told = capsys.readouterr().err
    assert line in told
    assert told.count("\n") == 1
