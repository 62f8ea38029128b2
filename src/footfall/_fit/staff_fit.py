"""Staff by time of day: agents on duty, or the most served at once."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall._fit.time_fit import TimesFit, fit_times
from footfall._model.numbers import DAY_S, HALF_HOUR_S, HALF_HOURS

Array = NDArray[np.float64]
_INSTANT_S = 1e-5
_QUIET_MOST_S = 7200.0
_OPEN_SHARE = 0.1
_STAY_HALF_HOURS = 4
WRAP_UP_MOST_S = 600.0
"""A longer gap to the next call while customers wait is a break."""


@dataclass(frozen=True, slots=True)
class StaffFit:
    """Staff by day and half hour."""

    by_agent: bool
    """Whether agents are named; if not, `on_duty` is the most served at once, a lower bound of capacity."""
    days: pl.DataFrame
    """day, weekday, half_hour, on_duty, busy: time averages; busy_most: the most at once; on_shift: agents
    on duty at any time of the half hour."""
    is_open: tuple[bool, ...]
    """Per half hour, whether customers arrive: at least a tenth as many as in the busiest one."""
    agents: int
    """Number of distinct agents; 0: agents are not named."""
    wrap_up: TimesFit | None
    """Seconds from the end of a service to the agent's next one, if the next customer had to wait."""

    def profile(self, weekday: str | None = None) -> list[float]:
        """Return the staff of each half hour, the mean over days, as a model needs it.

        In the half hours of opening and closing, everyone on duty at any time counts: before the first and
        after the last customer they are ready, but the log does not show it. Staff of the last of them stay
        for two more hours, until all are served.
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
        """Return whether the site opens or closes in a half hour."""
        before, after = self.is_open[k - 1], self.is_open[(k + 1) % HALF_HOURS]
        return self.is_open[k] and not (before and after)


def fit_staff(rows: pl.DataFrame, on_duty_gap_s: float) -> StaffFit | None:
    """Fit staff to rows with began_s, ended_s and agent; None if no row has service times.

    An agent is on duty between two services at most `on_duty_gap_s` apart, or at most two hours apart if no
    other customer arrived in between; other gaps are breaks. If agents are not named, the staff is the most
    served at once in the half hour.
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
    """Return start and end of each agent's times on duty: services joined if the gap is short enough.

    A gap in which no other customer arrived (`came_s`, ascending) is not a break: there was nothing to do.
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
    """Return the seconds to the agent's next service, if its customer had to wait.

    Waiting customers are served as soon as an agent is ready, so the gap is the agent's own. It is biased
    upwards by some percent if few wait: after a longer wrap-up a waiting customer is more likely.
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
        """Return arrays of days by half hours as one table."""
        frame = self._days.select(pl.all().repeat_by(HALF_HOURS)).explode("day", "weekday")
        half_hours = np.tile(np.arange(HALF_HOURS), self._days.height)
        flat = {name: values.ravel() for name, values in columns.items()}
        return frame.with_columns(half_hour=half_hours, **{name: pl.Series(v) for name, v in flat.items()})

    def averages(self, began_s: Array, ended_s: Array) -> Array:
        """Return the time average of concurrent spans in each half hour of each day."""
        bounds = np.add.outer(self._starts, np.arange(HALF_HOURS + 1) * HALF_HOUR_S)
        area = _area_before(np.sort(began_s), bounds) - _area_before(np.sort(ended_s), bounds)
        found: Array = np.diff(area, axis=1) / HALF_HOUR_S
        return np.maximum(found, 0.0)

    def touched(self, began_s: Array, ended_s: Array) -> Array:
        """Count the spans that overlap each half hour of each day."""
        bounds = np.add.outer(self._starts, np.arange(HALF_HOURS + 1) * HALF_HOUR_S)
        before_end = np.searchsorted(np.sort(began_s), bounds[:, 1:], "left")
        over = np.searchsorted(np.sort(ended_s), bounds[:, :-1], "right")
        found: Array = np.maximum(before_end - over, 0).astype(np.float64)
        return found

    def most(self, began_s: Array, ended_s: Array) -> Array:
        """Return the most concurrent spans in each half hour of each day."""
        # A span that ends at the instant at which another begins does not overlap it, despite rounding.
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
    """Return the integral of the number of earlier times, up to each bound: sum of (bound - time)."""
    sums = np.concatenate([[0.0], np.cumsum(ordered - ordered[0])])
    count = np.searchsorted(ordered, bounds, "right")
    found: Array = count * (bounds - ordered[0]) - sums[count]
    return found
