"""Channel shares learned from a file, and a rolling-origin check against the naive forecast."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from footfall._fit import share_model
from footfall._fit.share_counts import CaseCounts, counted, month_name
from footfall._fit.share_mapping import ShareMapping
from footfall._records.errors import BadInputError
from footfall._records.log_file import Table
from footfall._stats.intervals import student_t

# ── Rolling-origin check: known months, each forecast from earlier months only

_TRAINING_MONTHS_LEAST = 3
_ORIGINS_MOST = 12
_DECIDING_MONTHS_LEAST = 5
"""With fewer months it is not decided which forecast is better."""
_DRAWS = 4000
_SAME = 0.0005
"""Differences below a twentieth of a point are ignored."""


@dataclass(frozen=True, slots=True)
class Point:
    """The forecast of one month from an earlier one."""

    month: int
    ahead: int
    share: share_model.Floats
    low: share_model.Floats
    high: share_model.Floats
    naive: share_model.Floats
    recorded: share_model.Floats
    """Shape (channels,) each."""


@dataclass(frozen=True, slots=True)
class HorizonErrors:
    """Summary of all forecasts a given number of months ahead."""

    ahead: int
    months: int
    shares: int
    held: int
    """Recorded shares inside the 95 % interval."""
    error: float
    """Mean absolute error of the forecast."""
    error_naive: float
    """The same for the last month's share."""
    better: str
    """`forecast`, `naive`, `neither`, or `unknown`: too few months."""


@dataclass(frozen=True, slots=True)
class RollingCheck:
    """A rolling-origin check (Tashman 2000)."""

    points: tuple[Point, ...]
    by_ahead: tuple[HorizonErrors, ...]
    """Empty: too few months for a check."""


def check(history: share_model.History, ahead: int) -> RollingCheck:
    """Forecast the last months from at most `_ORIGINS_MOST` origins; months with gaps are left out."""
    total = history.months.size
    points = []
    for known in range(max(_TRAINING_MONTHS_LEAST, total - _ORIGINS_MOST), total):
        past = history.until(known)
        has_data = np.atleast_1d(np.isfinite(past.counts).any(axis=0))
        if has_data.sum() < 2 or past.counts[-1][has_data].sum() == 0:  # noqa: PLR2004  a share is of two
            continue
        past = share_model.History(past.months, past.counts[:, has_data], past.covered)
        reach = min(ahead, int(history.months[-1] - past.months[-1]))
        forecast = share_model.forecast_of(past, reach, _DRAWS)
        for at in np.flatnonzero(history.months[known:] <= past.months[-1] + reach) + known:
            step = int(history.months[at] - past.months[-1])
            counts = history.counts[at][has_data]
            if np.nan_to_num(counts).sum() == 0 or np.isnan(counts).any():
                continue
            points.append(
                Point(
                    month=int(history.months[at]),
                    ahead=step,
                    share=_spread(forecast.share[step - 1], has_data),
                    low=_spread(forecast.low[step - 1], has_data),
                    high=_spread(forecast.high[step - 1], has_data),
                    naive=_spread(forecast.last, has_data),
                    recorded=_spread(share_model.shares_of(counts), has_data),
                )
            )
    steps = sorted({point.ahead for point in points})
    return RollingCheck(tuple(points), tuple(_together(points, step) for step in steps))


def _spread(values: share_model.Floats, has_data: NDArray[np.bool_]) -> share_model.Floats:
    """Expand values to all channels; NaN for channels without data."""
    found = np.full(has_data.size, np.nan)
    found[has_data] = values
    return found


def _together(points: list[Point], ahead: int) -> HorizonErrors:
    mine = [point for point in points if point.ahead == ahead]
    off = np.array([np.nanmean(np.abs(point.share - point.recorded)) for point in mine])
    naive = np.array([np.nanmean(np.abs(point.naive - point.recorded)) for point in mine])
    inside = [(point.low <= point.recorded) & (point.recorded <= point.high) for point in mine]
    return HorizonErrors(
        ahead=ahead,
        months=len(mine),
        shares=sum(int(np.isfinite(point.recorded).sum()) for point in mine),
        held=int(sum(each.sum() for each in inside)),
        error=float(off.mean()),
        error_naive=float(naive.mean()),
        better=_better(off - naive, ahead),
    )


def _better(difference: share_model.Floats, ahead: int) -> str:
    """Return which is better, by the t interval of the difference; overlapping months count as one."""
    independent = difference.size / ahead
    if difference.size < _DECIDING_MONTHS_LEAST or independent < 2:  # noqa: PLR2004  one cannot vary
        return "unknown"
    half = student_t(independent - 1) * float(difference.std(ddof=1)) / sqrt(independent)
    mean = float(difference.mean())
    if abs(mean) <= max(half, _SAME):
        return "neither"
    return "forecast" if mean < 0 else "naive"


# ── Channel shares of a table: counted, forecast, and checked

_MONTHS_LEAST = 3
"""With two months, a change cannot be distinguished from chance."""
_CHANCE_CASES = 10.0
"""With this many cases expected, zero cases are not chance (Poisson: less than 1 in 20,000)."""
_ENDED_MONTHS = 2


@dataclass(frozen=True, slots=True)
class SharesFit:
    """Channel shares of a table and their forecast."""

    counted: CaseCounts
    names: tuple[str, ...]
    """Channels in the forecast: all but those that ended."""
    history: share_model.History
    ahead: int
    forecast: share_model.Forecast
    check: RollingCheck
    notes: tuple[str, ...]
    """How the table was read, and limitations of the forecast."""

    @property
    def months_ahead(self) -> list[int]:
        """Months in the forecast, counted from year 0."""
        last = int(self.history.months[-1])
        return list(range(last + 1, last + 1 + self.ahead))

    @property
    def electronic(self) -> list[int]:
        """Indices of the electronic channels in `names`."""
        return [place for place, name in enumerate(self.names) if name in self.counted.electronic]


def fit_shares(table: Table, mapping: ShareMapping, ahead: int) -> SharesFit:
    """Count a table's cases, learn the shares of its channels, and forecast `ahead` months.

    Raises:
        BadInputError: a column is missing, no row can be used, or months or channels are too few.
    """
    found = counted(table, mapping)
    if found.months.size < _MONTHS_LEAST:
        months = " and ".join(map(month_name, found.months.tolist()))
        raise BadInputError(
            "the table",
            f"has cases in {months} only",
            f"at least {_MONTHS_LEAST} months to learn a change from",
        )
    if len(found.names) == 1:
        problem = f"has one channel, {found.names[0]!r}, whose share is always 1"
        raise BadInputError("the table", problem, "at least two channels ([channels], or another column)")
    history, kept, notes = history_of(found)
    if len(kept) == 1:
        problem = f"has one channel that did not end, {found.names[kept[0]]!r}"
        raise BadInputError("the table", problem, "at least two channels in its last months")
    return SharesFit(
        counted=found,
        names=tuple(found.names[place] for place in kept),
        history=history,
        ahead=ahead,
        forecast=share_model.forecast_of(history, ahead),
        check=check(history, ahead),
        notes=(*found.notes, *notes, *_limitations(history)),
    )


def history_of(found: CaseCounts) -> tuple[share_model.History, list[int], list[str]]:
    """Return the usable counts, the channels that did not end, and notes on what was assumed.

    If cases of a channel were expected but a month has none, that month is ignored for the channel: before
    its first case it had not begun, after its last it has ended, and in between the record has a gap.
    """
    counts, notes, kept = found.counts.copy(), [], []
    total = counts.sum(axis=1)
    for place, name in enumerate(found.names):
        mine = found.counts[:, place]
        some = np.flatnonzero(mine)
        first, last = int(some[0]), int(some[-1])
        expected = total * mine[first : last + 1].sum() / total[first : last + 1].sum()
        missing = (mine == 0) & (expected >= _CHANCE_CASES)
        after = missing[last + 1 :]
        if after.size >= _ENDED_MONTHS and after.all():
            notes.append(
                f"{name}: none since {month_name(int(found.months[last]))}, assumed ended: no forecast"
            )
            continue
        kept.append(place)
        counts[missing, place] = np.nan
        if missing[:first].any():
            notes.append(f"{name}: begins in {month_name(int(found.months[first]))}")
        if gaps := np.flatnonzero(missing[first:]).tolist():
            named = ", ".join(month_name(int(found.months[first + gap])) for gap in gaps[:6])
            text = f"{name}: none in {named}, where about {expected[first + gaps[0]]:,.0f} were expected"
            notes.append(f"{text}: treated as a gap in the record")
    return share_model.History(found.months, counts[:, kept], found.covered), kept, notes


def _limitations(history: share_model.History) -> list[str]:
    notes = []
    if history.span < share_model.SEASON_MONTHS_LEAST:
        notes.append(
            f"{history.span} months are too short to learn a season "
            f"({share_model.SEASON_MONTHS_LEAST} are needed): the forecast has none"
        )
    if history.months.size > (most := share_model.months_learned(history.channels)):
        notes.append(f"learned from the last {most} of {history.months.size} months")
    return notes
