"""A map of retry storms as it is shown, given to programs, and written."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape
from math import isfinite
from pathlib import Path
from typing import Any

import polars as pl

from footfall._chart.style import Chart, save, save_png
from footfall._records.runs import Manifest
from footfall._records.tables import html_table, write_csv, write_text
from footfall._runs.messages import percent, seconds
from footfall._runs.storm_live import LivePoint
from footfall._simulate.storm_points import PointFound
from footfall._simulate.storm_simulation import TriggerKind

# ── The map: points, safe loads, and points that were played


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeLoad:
    """The largest load from which a station recovers, however long the trigger, up to the longest asked."""

    retries: int
    budget_share: float
    """Of retries by requests; 0: no budget."""
    safe_load_share: float
    """By the station's capacity."""
    safe_arrivals_per_s: float
    formula_load_share: float | None
    """1/(1 + min(r, b)); None: the formula does not hold for this station."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StormMap:
    """A map of retry storms; shown as a table in a notebook."""

    channel: str
    axis: str
    """What the map goes over besides the load: `retries`, `budgets` or `trigger_s`."""
    capacity_per_s: float
    """Requests a second that the station can serve."""
    requests_per_visit: float
    trigger: TriggerKind
    trigger_text: str
    """In words: `a stall of 10 s`."""
    strength: float
    longest_s: float
    """A stable point recovers from a trigger of this length, too."""
    points: tuple[PointFound, ...]
    safe: tuple[SafeLoad, ...]
    """Largest loads that are stable, by retries and budget."""
    live: tuple[LivePoint, ...]
    """Points that were played at the reference service."""
    formula_holds: bool
    """Whether λ(1 + min(r, b)) = μ is the border: stale work is served and the queue has room."""
    chart: Chart
    folder: Path | None
    """None: nothing was written."""
    manifest: Manifest

    @property
    def frame(self) -> pl.DataFrame:
        """A row a point, as in `storm.csv`."""
        return pl.DataFrame([row_of(each) for each in self.points], infer_schema_length=None)

    @property
    def agreed(self) -> tuple[int, int]:
        """Of the points that were played live and can be judged: those that ended as simulated, and all."""
        judged = [each for each in self.live if each.agrees is not None]
        return sum(bool(each.agrees) for each in judged), len(judged)

    def as_json(self) -> dict[str, Any]:
        """Give all of it for a program; what never happens is null."""
        agreed, judged = self.agreed
        return {
            "channel": self.channel,
            "capacity_per_s": self.capacity_per_s,
            "requests_per_visit": self.requests_per_visit,
            "trigger": self.trigger,
            "strength": self.strength,
            "longest_s": self.longest_s,
            "points": [row_of(each) for each in self.points],
            "safe": [asdict(each) for each in self.safe],
            "live": [asdict(each) | {"agrees": each.agrees} for each in self.live],
            "live_agreed": agreed,
            "live_judged": judged,
            "folder": None if self.folder is None else str(self.folder),
        }

    def __repr__(self) -> str:
        """Give the channel, the number of points and how many of them are stable."""
        stable = sum(each.state == "stable" for each in self.points)
        return f"<StormMap of {self.channel}: {stable} of {len(self.points)} points stable>"

    def _repr_html_(self) -> str:
        heads = ("load", "retries", "budget", "trigger", "state", "time to recover")
        rows = [
            (
                percent(each.point.load_share),
                str(each.point.retries),
                percent(each.point.budget_share or None),
                seconds(each.point.trigger_s),
                each.state,
                recovery_text(each),
            )
            for each in self.points
        ]
        return f"<p><b>{escape(repr(self)[1:-1])}</b></p>{html_table(heads, rows)}"


def recovery_text(found: PointFound) -> str:
    """Give the time to recover with its range: `12 s (9–15)`; `never` where more than half did not."""
    if not isfinite(found.recovery_s_p50):
        return "never"
    high = seconds(found.recovery_s_high) if isfinite(found.recovery_s_high) else "never"
    return f"{seconds(found.recovery_s_p50)} ({seconds(found.recovery_s_low)} to {high})"


_SIGNS = {"stable": "", "vulnerable": "?", "metastable": "x"}


def cell_text(found: PointFound) -> str:
    """Give the time to recover in seconds and the sign of the state: `12`, `64?` (vulnerable), `x`."""
    time = "" if found.state == "metastable" else f"{found.recovery_s_p50:.0f}"
    return time + _SIGNS[found.state]


# ── What is written


def row_of(found: PointFound) -> dict[str, Any]:
    """Give a point as a row of `storm.csv`; what never happens is None."""
    point = found.point
    times = {name: getattr(found, name) for name in ("recovery_s_p50", "recovery_s_low", "recovery_s_high")}
    return {
        "load_share": point.load_share,
        "arrivals_per_s": found.visits_per_s,
        "retries": point.retries,
        "budget_share": point.budget_share,
        "trigger_s": point.trigger_s,
        "state": found.state,
        "recovered_share": found.recovered_share,
        **{name: value if isfinite(value) else None for name, value in times.items()},
        "success_share_at_end": found.end_share if found.end_share == found.end_share else None,
        "tries_per_visit": found.tries_by_visit,
    }


def safe_frame(safe: Sequence[SafeLoad]) -> pl.DataFrame:
    """Give the safe loads as rows of `safe.csv`."""
    return pl.DataFrame([asdict(each) for each in safe], infer_schema_length=None)


def live_frame(live: Sequence[LivePoint]) -> pl.DataFrame:
    """Give the points that were played as rows of `live.csv`."""
    return pl.DataFrame([each.row() for each in live], infer_schema_length=None)


def write(made: StormMap) -> None:
    """Write a map into its folder, if it has one.

    Raises:
        BadInputError: the folder cannot be written.
    """
    folder = made.folder
    if folder is None:
        return
    save(made.chart, folder / "storm")
    save_png(made.chart, folder / "storm.png")
    if made.safe:
        write_csv(safe_frame(made.safe), folder / "safe.csv")
    if made.live:
        write_csv(live_frame(made.live), folder / "live.csv")
    text = json.dumps(made.as_json(), indent=2, ensure_ascii=False, allow_nan=False)
    write_text(text + "\n", folder / "storm.json")
