"""How many served at what time of the day: agents on duty, or the most served at once."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall.fit.time_fit import TimesFit, fit_times
from footfall.model.numbers import DAY_S, HALF_HOUR_S, HALF_HOURS

Array = NDArray[np.float64]
_INSTANT_S = 1e-5
_QUIET_MOST_S = 7200.0
_OPEN_SHARE = 0.1
_STAY_HALF_HOURS = 4
WRAP_UP_MOST_S = 600.0
"""Who takes longer to the next call while somebody waits is on a break."""


@dataclass(frozen=True, slots=True)
class StaffFit:
    """Staff by day and half hour."""

    by_agent: bool
    """Whether agents are named; otherwise `on_duty` is the most served at once, which capacity exceeds."""
    days: pl.DataFrame
    """day, weekday, half_hour, on_duty, busy: time averages; busy_most: the most at once; on_shift: who was
    on duty at any time."""
    is_open: tuple[bool, ...]
    """Of each half hour, whether customers come in it: at least a tenth of the busiest one's."""
    agents: int
    """Different agents; 0: none are named."""
    wrap_up: TimesFit | None
    """Seconds from the end of a service to the agent's next, where the next customer had to wait."""

    def profile(self, weekday: str | None = None) -> list[float]:
        """Staff of each half hour, the mean over days, as a model needs it.

        In the half hours in which the place opens and closes all count who were on duty in them: before the
        first and after the last customer they are ready, but nothing shows it. Who serves in the last of
        them stays for two hours more, until all are served.
        """
        days = self.days if weekday is None else self.days.filter(pl.col("weekday") == weekday)
        mean = days.group_by("half_hour").agg(pl.col("on_duty", "on_shift").mean()).sort("half_hour")
        staff, on_shift = mean["on_duty"].to_list(), mean["on_shift"].to_list()
        edges = [k for k in range(HALF_HOURS) if staff and self._is_edge(k)]  # no such weekday: no staff
        for k in edges:
            staff[k] = max(staff[k], on_shift[k])
        for k in edges:
            for later in range(k + 1, min(k + 1 + _STAY_HALF_HOURS, HALF_HOURS)):
                if self.is_open[later]:
                    break
                staff[later] = max(staff[later], staff[k])
        return staff

    def _is_edge(self, k: int) -> bool:
        """Whether the place opens or closes in a half hour."""
        before, after = self.is_open[k - 1], self.is_open[(k + 1) % HALF_HOURS]
        return self.is_open[k] and not (before and after)


def fit_staff(rows: pl.DataFrame, on_duty_gap_s: float) -> StaffFit | None:
    """Fit staff to rows with began_s, ended_s and agent; None: no row tells when it was served.

    An agent is on duty from one service to the next where at most `on_duty_gap_s` lie between, or at most
    two hours in which no other customer came; other gaps are breaks. Where no agent is named, the staff is
    the most served at once in the half hour.
    """
    served = rows.filter(pl.col("ended_s").is_not_null())
    if served.is_empty():
        return None
    days = rows.select("day", "weekday").unique().sort("day")
    grid = _Grid(days)
    busy = grid.averages(served["began_s"].to_numpy(), served["ended_s"].to_numpy())
    most = grid.most(served["began_s"].to_numpy(), served["ended_s"].to_numpy())
    named = served.filter(pl.col("agent").is_not_null())
    by_agent = not named.is_empty()
    on_duty = on_shift = most
    if by_agent:
        spans = on_duty_spans(named, on_duty_gap_s, rows["at_s"].sort().to_numpy())
        on_duty, on_shift = grid.averages(*spans), grid.touched(*spans)
    half_hours = (rows["at_s"].to_numpy() % DAY_S // HALF_HOUR_S).astype(np.int64)
    came = np.bincount(half_hours, minlength=HALF_HOURS)
    return StaffFit(
        by_agent=by_agent,
        days=grid.table(on_duty=on_duty, busy=busy, busy_most=most, on_shift=on_shift),
        is_open=tuple((came >= max(_OPEN_SHARE * came.max(), 1)).tolist()),
        agents=named["agent"].n_unique() if by_agent else 0,
        wrap_up=fit_times(wrap_ups(named)) if by_agent else None,
    )


def on_duty_spans(named: pl.DataFrame, gap_s: float, came_s: Array) -> tuple[Array, Array]:
    """Give begin and end of each agent's times on duty: services joined where the gap is short enough.

    A gap in which no other customer came (`came_s`, ascending) is no break: there was nothing to do.
    """
    ordered = named.sort("agent", "began_s").with_columns(
        until=pl.col("ended_s").cum_max().shift(1).over("agent")
    )
    until_s = ordered["until"].fill_null(np.inf).to_numpy()
    is_idle = np.searchsorted(came_s, ordered["at_s"].to_numpy()) <= np.searchsorted(came_s, until_s, "right")
    most_s = pl.Series("most_s", np.where(is_idle, max(gap_s, _QUIET_MOST_S), gap_s))
    ordered = ordered.with_columns(most_s)
    is_new = (pl.col("began_s") - pl.col("until") > pl.col("most_s")).fill_null(value=True)
    spans = (
        ordered.with_columns(span=is_new.cum_sum().over("agent"))
        .group_by("agent", "span")
        .agg(pl.col("began_s").min(), pl.col("ended_s").max())
    )
    return spans["began_s"].to_numpy(), spans["ended_s"].to_numpy()


def wrap_ups(named: pl.DataFrame) -> pl.Series:
    """Seconds to the agent's next service where its customer had to wait.

    Whoever waits is served as soon as an agent is ready, so the gap is the agent's own. It runs some
    percent long where few wait: an agent who takes long is likelier to find somebody waiting.
    """
    gap = pl.col("began_s") - pl.col("ended_s").shift(1).over("agent")
    waited = (pl.col("wait_s") > 0) & (gap >= 0) & (gap <= WRAP_UP_MOST_S)
    return named.sort("agent", "began_s").select(gap_s=pl.when(waited).then(gap))["gap_s"].drop_nulls()


class _Grid:
    """The half hours of some days."""

    def __init__(self, days: pl.DataFrame) -> None:
        self._days = days
        self._starts = days["day"].cast(pl.Int32).to_numpy().astype(np.float64) * DAY_S

    def table(self, **columns: Array) -> pl.DataFrame:
        """Give arrays of days by half hours as one table."""
        frame = self._days.select(pl.all().repeat_by(HALF_HOURS)).explode("day", "weekday")
        half_hours = np.tile(np.arange(HALF_HOURS), self._days.height)
        flat = {name: values.ravel() for name, values in columns.items()}
        return frame.with_columns(half_hour=half_hours, **{name: pl.Series(v) for name, v in flat.items()})

    def averages(self, began_s: Array, ended_s: Array) -> Array:
        """Time-average number of spans that last, in each half hour of each day."""
        bounds = np.add.outer(self._starts, np.arange(HALF_HOURS + 1) * HALF_HOUR_S)
        area = _area_before(np.sort(began_s), bounds) - _area_before(np.sort(ended_s), bounds)
        found: Array = np.diff(area, axis=1) / HALF_HOUR_S
        return np.maximum(found, 0.0)

    def touched(self, began_s: Array, ended_s: Array) -> Array:
        """Count the spans that reach into each half hour of each day, at least for an instant."""
        bounds = np.add.outer(self._starts, np.arange(HALF_HOURS + 1) * HALF_HOUR_S)
        before_end = np.searchsorted(np.sort(began_s), bounds[:, 1:], "left")
        over = np.searchsorted(np.sort(ended_s), bounds[:, :-1], "right")
        found: Array = np.maximum(before_end - over, 0).astype(np.float64)
        return found

    def most(self, began_s: Array, ended_s: Array) -> Array:
        """Most spans that last at once, in each half hour of each day."""
        # Who ends makes room for who begins at that instant, however the last digits were rounded.
        times = np.concatenate([ended_s - _INSTANT_S, began_s])
        steps = np.concatenate([-np.ones(ended_s.size), np.ones(began_s.size)])
        order = np.argsort(times, kind="stable")
        times, inside = times[order], np.cumsum(steps[order])
        bounds = np.add.outer(self._starts, np.arange(HALF_HOURS + 1) * HALF_HOUR_S)
        place = np.searchsorted(times, bounds, "right")
        before = np.where(place[:, :-1] > 0, inside[np.maximum(place[:, :-1] - 1, 0)], 0.0)
        found = before.copy()
        for day, half_hour in np.ndindex(*before.shape):
            part = inside[place[day, half_hour] : place[day, half_hour + 1]]
            if part.size:
                found[day, half_hour] = max(found[day, half_hour], part.max())
        return found


def _area_before(ordered: Array, bounds: Array) -> Array:
    """Integral of the number of times passed, up to each bound: sum of (bound - time) over times before."""
    sums = np.concatenate([[0.0], np.cumsum(ordered - ordered[0])])
    count = np.searchsorted(ordered, bounds, "right")
    found: Array = count * (bounds - ordered[0]) - sums[count]
    return found
