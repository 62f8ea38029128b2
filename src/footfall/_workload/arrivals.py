"""Who comes when: Poisson arrivals whose rate follows the clock, with a gamma-distributed busyness."""

from dataclasses import dataclass

import numpy as np
import polars as pl
import scipy
from numpy.typing import NDArray

from footfall._behaviour import keyed
from footfall._behaviour.choice import NO_CHANNEL, first_choices
from footfall._model.model import Model
from footfall._model.numbers import HALF_HOUR_S, HALF_HOURS
from footfall._records.errors import BadInputError

DAYS_A_MONTH = 31
_APART = 6.0
"""Standard deviations, between numbers of arrivals that are surely not the same."""
_MOST_IN_A_CELL = 1 << 20
"""A customer's number is cell times this plus their place in the cell, so a change of one rate
leaves the numbers, of every other customer alone."""

_LEAST = np.finfo(np.float64).tiny
_NEARLY_ONE = 1 - 2.0**-40
"""Of an interval: an arrival belongs to the one in which it falls."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The customers of a run in order of arrival, one array entry each."""

    customers: NDArray[np.int64]
    keys: NDArray[np.uint64]
    at_s: NDArray[np.float64]
    """When the first attempt is due."""
    segments: NDArray[np.int64]
    operations: NDArray[np.int64]
    subscribers: NDArray[np.int64]
    channels: NDArray[np.int64]
    """First choice, a position in `model.channels`; `NO_CHANNEL` when nothing is open to them."""
    run: int = 0
    """Key of the replication, for what belongs to no customer: who of the staff comes to work."""

    def __len__(self) -> int:
        """Count the customers."""
        return len(self.customers)


def rates_per_half_hour(model: Model) -> NDArray[np.float64]:
    """Expected arrivals, by segment, operation and half hour (three axes), at busyness 1."""
    rates = np.zeros((len(model.segments), len(model.operations), HALF_HOURS))
    for i, segment in enumerate(model.segments):
        weights = np.array(segment.day_profile.values).reshape(HALF_HOURS, -1).sum(axis=1)
        weights = weights / weights.sum()
        customers = model.population * segment.population_share * model.busy_day_factor
        for j, operation in enumerate(model.operations):
            per_day = customers * segment.month_visits.get(operation, 0.0) / DAYS_A_MONTH
            rates[i, j] = per_day * weights
    return rates


def rates_within(model: Model, within_s: tuple[float, float] | None) -> NDArray[np.float64]:
    """Give `rates_per_half_hour`, 0 in the half hours that do not touch the seconds named (None: all do)."""
    rates = rates_per_half_hour(model)
    if within_s is None:
        return rates
    starts_s = np.arange(HALF_HOURS) * HALF_HOUR_S
    return np.where((starts_s < within_s[1]) & (starts_s + HALF_HOUR_S > within_s[0]), rates, 0.0)


def busiest_parts(model: Model, seed: int, replication: int, window_s: float) -> list[tuple[float, float]]:
    """Give the parts of the day (beginning and end, whole half hours) that may hold its busiest window.

    A window of length L ≤ 1,800 s within the half hour with most arrivals has a Poisson number of them with
    mean m = λ L. A half hour, and its neighbours, are left out where the mean of a window is so much smaller
    that six standard deviations of both lie between them: the busiest one is missed in less than one day of
    ten million. The whole day where a profile is finer than half hours, or the window longer.
    """
    whole = [(0.0, HALF_HOURS * HALF_HOUR_S)]
    if window_s > HALF_HOUR_S or any(len(each.day_profile.values) > HALF_HOURS for each in model.segments):
        return whole
    factor = busyness(model, keyed.run_key(seed, replication))
    by_half_hour = rates_per_half_hour(model).reshape(-1, HALF_HOURS).sum(axis=0) * factor
    means = by_half_hour * window_s / HALF_HOUR_S
    most = means.max(initial=0.0)
    may = means + _APART * np.sqrt(means) >= most - _APART * np.sqrt(most)
    # A window may begin in the half hour before, or end in the one after.
    near = may | np.r_[may[1:], False] | np.r_[False, may[:-1]]
    edges = np.flatnonzero(np.diff(np.r_[False, near, False].astype(np.int8)))
    pairs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [(begins * HALF_HOUR_S, ends * HALF_HOUR_S) for begins, ends in pairs]


def check_rates(model: Model, times: float = 1.0) -> None:
    """Check that a day of the model is not too large to be drawn, before anything is.

    Raises:
        BadInputError: more of a segment come for an operation in a half hour than have numbers.
    """
    _check_largest(model, rates_per_half_hour(model).max(initial=0.0) * times)


def _check_largest(model: Model, most: float) -> None:
    if most >= _MOST_IN_A_CELL:
        problem = f"{most:.3g} arrivals of one segment and operation in half an hour"
        expected = f"fewer than {_MOST_IN_A_CELL:,}: a smaller population, or more segments"
        raise BadInputError(f"model {model.name}", problem, expected)


def busyness(model: Model, run: int) -> float:
    """Factor of the day's arrivals: gamma with mean 1 and the model's coefficient of variation.

    Source: Avramidis, Deslauriers and L'Ecuyer (2004), Management Science 50(7), section 2.
    """
    if not model.busyness_cv:
        return 1.0
    shape = float(model.busyness_cv) ** -2
    u = keyed.uniform(keyed.customer_key(run, 0), "busyness")
    return float(scipy.special.gammaincinv(shape, u)) / shape


def draw_arrivals(
    model: Model, seed: int, replication: int, times: float = 1.0, within_s: tuple[float, float] | None = None
) -> Arrivals:
    """Sample the customers of one day.

    `times` as many come, of the same mix: a Poisson stream of so many times the rate is the superposition of
    streams (Kingman 1993, section 2.2), and the customers of a smaller number are among those of a larger.
    `within_s` leaves out the half hours that do not touch it; all others are as they would be.
    """
    run = keyed.run_key(seed, replication)
    rates = rates_within(model, within_s) * busyness(model, run) * times
    cells = np.arange(rates.size)
    u = keyed.uniforms(keyed.customer_keys(run, cells), "count")
    counts = poisson_quantiles(u, rates.ravel())
    _check_largest(model, counts.max(initial=0))
    cell = np.repeat(cells, counts)
    place = np.arange(len(cell)) - np.repeat(np.cumsum(counts) - counts, counts)
    customers = cell * _MOST_IN_A_CELL + place
    keys = keyed.customer_keys(run, customers)
    segments, rest = np.divmod(cell, len(model.operations) * HALF_HOURS)
    operations, half_hours = np.divmod(rest, HALF_HOURS)
    at_s = _seconds_of_day(model, keyed.uniforms(keys, "time"), segments, half_hours)
    order = np.lexsort((customers, at_s))
    customers, keys, at_s = customers[order], keys[order], at_s[order]
    segments, operations = segments[order], operations[order]
    return Arrivals(
        customers=customers,
        keys=keys,
        at_s=at_s,
        segments=segments,
        operations=operations,
        subscribers=np.arange(len(order)) % int(model.accounts.subscribers),
        channels=first_choices(model, keys, segments, operations, at_s),
        run=run,
    )


def _seconds_of_day(
    model: Model, u: NDArray[np.float64], segments: NDArray[np.int64], half_hours: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Place each arrival in its half hour: evenly, or where the profile is finer by its inverse.

    Given their number, the arrivals of a Poisson stream are independent with a density in proportion to
    its rate (Cox and Lewis 1966, chapter 2), so the counts by half hour stay what they are.
    """
    at_s = (half_hours + u) * HALF_HOUR_S
    for number, segment in enumerate(model.segments):
        values = np.array(segment.day_profile.values)
        parts = len(values) // HALF_HOURS
        if parts == 1:
            continue
        own = segments == number
        first = half_hours[own] * parts
        before = np.concatenate([[0.0], np.cumsum(values)])
        target = before[first] + u[own] * (before[first + parts] - before[first])
        interval = np.clip(np.searchsorted(before, target, side="right") - 1, first, first + parts - 1)
        part = (target - before[interval]) / np.maximum(values[interval], _LEAST)
        at_s[own] = (interval + np.clip(part, 0.0, _NEARLY_ONE)) * segment.day_profile.interval_s
    return at_s


def poisson_quantiles(u: NDArray[np.float64], means: NDArray[np.float64]) -> NDArray[np.int64]:
    """Least counts whose Poisson probability of no more reaches u: the inverse, a step back if too far."""
    above = np.ceil(scipy.special.pdtrik(u, means))
    below = np.maximum(above - 1, 0)
    found = np.where(scipy.special.pdtr(below, means) >= u, below, above)
    return np.where(means > 0, found, 0).astype(np.int64)


def arrivals_of_trace(model: Model, arrivals: pl.DataFrame, seed: int, replication: int) -> Arrivals:
    """Give the customers of a trace, on the clock of the run (columns of `ARRIVALS`)."""
    segments = {segment.name: k for k, segment in enumerate(model.segments)}
    operations = {name: k for k, name in enumerate(model.operations)}
    channels = {channel.name: k for k, channel in enumerate(model.channels)}
    customers = arrivals["customer"].to_numpy()
    run = keyed.run_key(seed, replication)
    return Arrivals(
        customers=customers,
        keys=keyed.customer_keys(run, customers),
        at_s=arrivals["due_s"].to_numpy(),
        segments=_positions(arrivals["segment"], segments),
        operations=_positions(arrivals["operation"], operations),
        subscribers=arrivals["subscriber"].to_numpy(),
        channels=_positions(arrivals["channel"], channels),
        run=run,
    )


def arrivals_table(model: Model, people: Arrivals) -> pl.DataFrame:
    """Give those who have a channel to go to: at_s, customer, segment, operation, channel."""
    going = people.channels != NO_CHANNEL
    names = {
        "segment": ([s.name for s in model.segments], people.segments),
        "operation": (list(model.operations), people.operations),
        "channel": ([c.name for c in model.channels], people.channels),
    }
    columns = {key: np.array(values, dtype=object)[codes[going]] for key, (values, codes) in names.items()}
    return pl.DataFrame(
        {"at_s": people.at_s[going], "customer": people.customers[going]}
        | {key: pl.Series(key, values, dtype=pl.String) for key, values in columns.items()}
    )


def _positions(names: pl.Series, position: dict[str, int]) -> NDArray[np.int64]:
    return names.replace_strict(position, return_dtype=pl.Int64).to_numpy()
