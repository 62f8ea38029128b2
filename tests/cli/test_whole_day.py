"""A whole day within twenty seconds: the clock of the day goes with it, and so do staff and opening hours."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from footfall.cli.app import run

SECONDS, SPEED = 20, 4320
HALF_HOURS = 48


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day of some two thousand customers, at the reference service."""
    folder = tmp_path_factory.mktemp("day") / "run"
    words = "load --scenario ordinary_day --serve --window 24h --human-time-factor 0.001 --json".split()
    words += ["--set", "population=4000000", "--speed", str(SPEED), "--scale", "0.01"]
    code = run((*words, "--out", str(folder)))
    assert code in {0, 1, 3}
    return folder


def by_half_hour(times_s: pl.Series) -> list[int]:
    """Count times of play by half hours of the day."""
    return np.histogram(times_s, np.linspace(0, SECONDS, HALF_HOURS + 1))[0].tolist()


def test_every_customer_of_the_day_comes_and_the_day_keeps_its_shape(day: Path) -> None:
    """Night, morning, noon: as many start in each half hour as were due in it, but for those on its edge."""
    arrivals = json.loads((day / "manifest.json").read_text())["arrivals"]
    due = pl.read_parquet(day / "arrivals.parquet")["due_s"]
    assert arrivals == {"due": len(due), "played": len(due), "failed": 0, "not_sent": 0, "lost": 0}
    visits = pl.read_parquet(day / "visits-measured.parquet").filter(pl.col("attempt") == 1)
    planned, came = by_half_hour(due), by_half_hour(visits["started_s"].drop_nulls())
    assert max(planned) > 10 * min(planned)
    assert np.corrcoef(planned, came)[0, 1] > 0.98


@pytest.mark.parametrize("world", ["visits.parquet", "visits-measured.parquet"])
def test_halls_are_open_by_day_in_both_worlds(day: Path, world: str) -> None:
    """Whoever came while it was open is let in; only at the strike of closing may somebody be late."""
    visits = pl.read_parquet(day / world).filter(pl.col("channel").is_in(["own_hall", "partner_hall"]))
    assert visits.height > 100
    assert (visits["cause"] == "closed").mean() < 0.1
    assert (visits["outcome"] == "served").mean() > 0.8
