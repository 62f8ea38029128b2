"""Recorded and predicted figures of the hotline study, from its kept results."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from studies.validation.checks import Check, at_least

HOTLINE_RESULTS = Path(__file__).parents[1] / "hotline_1999" / "results" / "months"
_BANK = "The Anonymous Bank's hotline, {month}: {days} regular days, {offered:,} calls"


@dataclass(frozen=True, slots=True)
class Bar:
    """How far off a predicted figure may be, as declared before it was predicted."""

    name: str
    column: str
    unit: str
    relative: float | None = None
    points: float | None = None
    """Percentage points; None: see `relative`."""

    def margin(self, recorded: float) -> float:
        """Give the greatest difference allowed."""
        return self.relative * recorded if self.relative is not None else 0.01 * (self.points or 0.0)


BARS = (
    Bar("mean wait (within 10 %)", "wait_s_mean", "s", relative=0.10),
    Bar("share that waited (within 3 points)", "waited_share", "", points=3.0),
    Bar("share that abandoned (within 1.5 points)", "abandoned_share", "", points=1.5),
    Bar("mean wait after 20:00 (within 25 %)", "evening_wait_s_mean", "s", relative=0.25),
)
_DAYS_R_LEAST = 0.70


def bank_months(results: Path) -> list[Check]:
    """Compare every month of the hotline study's results with the tolerances that were declared for it."""
    path = results / "months.csv"
    if not path.is_file():
        return []
    study = tomllib.loads(path.with_name("study.toml").read_text(encoding="utf-8"))
    return [
        check
        for row in pl.read_csv(path).iter_rows(named=True)
        for check in _month(row, calibrated=row["month"] in study["calibrated_on"])
    ]


def _month(row: dict[str, Any], *, calibrated: bool) -> Iterator[Check]:
    source = _BANK.format(**row) + (", on which the constants were calibrated" if calibrated else "")
    for bar in BARS:
        recorded, predicted = row[f"{bar.column}_recorded"], row[f"{bar.column}_predicted"]
        off = bar.margin(recorded)
        yield Check(bar.name, source, recorded, predicted, predicted - off, predicted + off, bar.unit)
    yield at_least("correlation of the days' mean waits", source, _DAYS_R_LEAST, row["day_correlation"])
