"""A whole day within forty seconds: the clock of the day goes with it, and so do staff and opening hours."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from footfall._cli.app import run

SECONDS, SPEED = 40, 2160
PARTS = 12
"""Of two hours, which are 3.3 s of the run."""


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day of some twelve hundred customers, at the reference service."""
    folder = tmp_path_factory.mktemp("day") / "run"
    shape = ("--window", "24h", "--speed", str(SPEED), "--scale", "0.006", "--human-time-factor", "0.001")
    fewer = ("--set", "population=4000000", "--json")
    code = run(("load", "--scenario", "ordinary_day", "--serve", *shape, *fewer, "--out", str(folder)))
    assert code in {0, 1, 3}
    return folder


def by_part(times_s: pl.Series) -> list[int]:
    """Count times of the run by parts of the day."""
    counts, _ = np.histogram(times_s.to_numpy(), np.linspace(0, SECONDS, PARTS + 1))
    return [int(count) for count in counts]


def test_every_customer_of_the_day_comes_and_the_day_keeps_its_shape(day: Path) -> None:
    """Night, morning, noon: as many start in each part of it as were due, but for those on its edge."""
    arrivals = json.loads((day / "manifest.json").read_text())["arrivals"]
    due = pl.read_parquet(day / "arrivals.parquet")["due_s"]
    assert arrivals == {
        "due": len(due),
        "played": len(due),
        "failed": 0,
        "broken": 0,
        "not_sent": 0,
        "lost": 0,
    }
    visits = pl.read_parquet(day / "visits-measured.parquet").filter(pl.col("attempt") == 1)
    planned, came = by_part(due), by_part(visits["started_s"].drop_nulls())
    assert max(planned) > 10 * min(planned)
    assert np.corrcoef(planned, came)[0, 1] > 0.98


@pytest.mark.parametrize("world", ["visits.parquet", "visits-measured.parquet"])
def test_halls_are_open_by_day_in_both_worlds(day: Path, world: str) -> None:
    """Whoever came while it was open is let in; only at the strike of closing may somebody be late."""
    visits = pl.read_parquet(day / world).filter(pl.col("channel").is_in(["own_hall", "partner_hall"]))
    assert visits.height > 100
    assert visits.filter(pl.col("cause") == "closed").height < 0.1 * visits.height
    assert visits.filter(pl.col("outcome") == "served").height > 0.8 * visits.height
