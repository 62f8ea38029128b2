"""Channel shares over months: habit, trust and awareness, month by month, over many futures."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import fsum, inf

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall._choice.month_step import (
    ELECTRONIC,
    Hazards,
    Month,
    Slopes,
    Stocks,
    World,
    awareness_after,
    drawn,
    habit_after,
    trust_after,
    world,
)
from footfall._model.model import Model
from footfall._model.population import Adoption

# ── The months as tables, summed over provinces

Floats = NDArray[np.float64]
CENTRAL = 0
"""The future with every slope at its value; the others are drawn."""
ALL = "*"


class MonthTally:
    """Sums over groups of provinces that are upgraded together."""

    def __init__(self, model: Model, adoption: Adoption, months: int, futures: int) -> None:
        """Start with nothing counted."""
        self._model = model
        self._adoption = adoption
        self._months = range(months + 1)
        self._channels = [k for k, c in enumerate(model.channels) if c.name in adoption.awareness]
        definitions, segments = len(model.share_definitions), len(model.segments)
        # Electronic and all counted visits per customer.
        self._by_future = np.zeros((2, definitions, months + 1, futures + 1))
        self._by_segment = np.zeros((2, definitions, months + 1, segments))
        self._by_wave: dict[tuple[int, int], list[float]] = {}
        self._habit, self._trust = np.zeros((2, months + 1, segments))
        self._aware = np.zeros((months + 1, len(model.channels)))

    def add(self, wave: int, month: int, stocks: Stocks, visits: Month) -> None:
        """Add a month of all provinces that are upgraded in month `wave`."""
        provinces = [p for p in self._adoption.provinces if int(p.upgrade_month) == wave]
        weight = sum(float(province.population_share) for province in provinces)
        shares = []
        for number, definition in enumerate(self._model.share_definitions):
            counts = np.stack(visits.counted(definition))
            self._by_future[:, number, month] += weight * counts.sum(axis=2)
            self._by_segment[:, number, month] += weight * counts[:, CENTRAL]
            shares.append(_ratio(counts[:, CENTRAL].sum(axis=-1)))
        self._by_wave[wave, month] = list(map(float, shares))
        self._habit[month] += weight * stocks.habit[CENTRAL, :, ELECTRONIC]
        self._trust[month] += weight * stocks.trust[CENTRAL, :, ELECTRONIC]
        self._aware[month] += weight * stocks.aware[CENTRAL]

    def shares(self) -> pl.DataFrame:
        """Return the electronic share by definition, month and drawn future."""
        shares = _ratio(self._by_future)[:, :, CENTRAL + 1 :]
        definitions, months, futures = shares.shape
        names = [definition.name for definition in self._model.share_definitions]
        return pl.DataFrame(
            {
                "definition": [name for name in names for _ in range(months * futures)],
                "month": np.tile(np.repeat(np.arange(months), futures), definitions),
                "future": np.tile(np.arange(1, futures + 1), definitions * months),
                "electronic_share": shares.reshape(-1),
            }
        )

    def segments(self) -> pl.DataFrame:
        """Return the state variables and the share by definition, month and segment (`*`: all)."""
        people = np.array([float(segment.population_share) for segment in self._model.segments])
        names = [segment.name for segment in self._model.segments]
        rows = []
        for number, definition in enumerate(self._model.share_definitions):
            for month in self._months:
                counts = self._by_segment[:, number, month]
                values = np.stack([_ratio(counts), self._habit[month], self._trust[month]], axis=1)
                whole = (_ratio(counts.sum(axis=-1)), *(people @ values[:, 1:]))
                aware = [float(self._aware[month, k]) for k in self._channels]
                rows += [
                    (definition.name, month, name, *map(float, value), *aware)
                    for name, value in zip([*names, ALL], [*values, whole], strict=True)
                ]
        known = [f"aware_share_{self._model.channels[k].name}" for k in self._channels]
        columns = ["definition", "month", "segment", "electronic_share", "habit_share", "trust_share", *known]
        return pl.DataFrame(rows, schema=columns, orient="row")

    def provinces(self) -> pl.DataFrame:
        """Return the share by definition, month and province."""
        rows = [
            (definition.name, month, province.name, month >= wave, self._by_wave[wave, month][number])
            for number, definition in enumerate(self._model.share_definitions)
            for month in self._months
            for province in self._adoption.provinces
            for wave in (int(province.upgrade_month),)
        ]
        columns = ["definition", "month", "province", "is_upgraded", "electronic_share"]
        return pl.DataFrame(rows, schema=columns, orient="row")

    def rollout(self) -> pl.DataFrame:
        """Return the share of customers in upgraded provinces, by month."""
        upgraded = [
            fsum(float(p.population_share) for p in self._adoption.provinces if p.upgrade_month <= month)
            for month in self._months
        ]
        return pl.DataFrame({"month": list(self._months), "upgraded_share": upgraded})


def _ratio(counts: Floats) -> Floats:
    """Return electronic over counted visits; NaN if nothing counts."""
    electronic, counted = counts
    ratio: Floats = np.divide(electronic, counted, out=np.full_like(counted, np.nan), where=counted > 0)
    return ratio


# ── Month by month, in every province and future

HAZARDS = ("innovation_per_month", "imitation_per_month", "dis_adoption_per_month", "re_adoption_factor")
"""Fields of `Awareness`, in the order of `Hazards`."""


@dataclass(frozen=True, slots=True)
class AdoptionResult:
    """Results of the months; month 0 is the model's initial state."""

    shares: pl.DataFrame
    """definition, month, future (from 1), electronic_share: of all provinces together."""
    segments: pl.DataFrame
    """definition, month, segment (`*`: all), electronic_share, habit_share and trust_share of the electronic
    channels, aware_share of each channel that has an awareness; in the central future."""
    provinces: pl.DataFrame
    """definition, month, province, is_upgraded, electronic_share; in the central future."""
    rollout: pl.DataFrame
    """month, upgraded_share: customers whose province has its new channels."""


def adopt(model: Model, months: int, seed: int = 1, futures: int = 400) -> AdoptionResult:
    """Simulate a model over months, in the central future and in futures drawn from the slopes' ranges.

    Raises:
        BadInputError: the model has no adoption, or its month 0 is infeasible.
    """
    return over_months(world(model), months, seed, futures)


def over_months(
    ready: World,
    months: int,
    seed: int,
    futures: int,
    progress: Callable[[float], None] = lambda _share: None,
) -> AdoptionResult:
    """Simulate a prepared model over months, as `adopt`.

    The choice is the model's own nested logit; per month: habit H <- r H + (1 - r) (share chosen), trust by
    success and failure, awareness by Bass with dis-adoption, and upgrades in the month of the province.
    Provinces with the same month of upgrade are equal, so they are computed once.
    """
    adoption, slopes = ready.adoption, drawn(ready.adoption, seed, futures)
    tally = MonthTally(ready.model, adoption, months, futures)
    waves = sorted({int(province.upgrade_month) for province in adoption.provinces})
    # Until its upgrade every province develops in the same way.
    waiting = list(_months(ready, slopes, ready.stocks(futures + 1), range(min(waves[-1], months + 1))))
    for number, wave in enumerate(waves):
        before, rest = waiting[:wave], range(wave, months + 1)
        for month, (stocks, visits) in enumerate(before):
            tally.add(wave, month, stocks, visits)
        stocks = _moved(ready.model, slopes, *before[-1])
        for month, (held, visits) in zip(rest, _months(ready, slopes, stocks, rest, wave), strict=True):
            tally.add(wave, month, held, visits)
        progress((number + 1) / len(waves))
    return AdoptionResult(tally.shares(), tally.segments(), tally.provinces(), tally.rollout())


def _months(
    ready: World, slopes: Slopes, stocks: Stocks, months: range, upgrade_month: float = inf
) -> Iterator[tuple[Stocks, Month]]:
    """Yield state and visits of these months, in a province upgraded in a given month (infinity: never)."""
    for month in months:
        visits = ready.month(stocks, *_upgrade(slopes, month - upgrade_month))
        yield stocks, visits
        stocks = _moved(ready.model, slopes, stocks, visits)


def _upgrade(slopes: Slopes, months_since: float) -> tuple[Floats, Floats]:
    """Return the gain in electronic utility and the factor on electronic failures, by future."""
    gain, factor = slopes["upgrade.utility_gain"], slopes["upgrade.failure_factor"]
    if months_since < 0:
        return np.zeros_like(gain), np.ones_like(factor)
    if months_since == 0:
        loss, worse = slopes["upgrade.cutover_utility_loss"], slopes["upgrade.cutover_failure_factor"]
        return gain - loss, factor * worse
    return gain, factor


def _moved(model: Model, slopes: Slopes, stocks: Stocks, visits: Month) -> Stocks:
    by_future = {name: values[:, None, None] for name, values in slopes.items()}
    gain, loss = by_future["trust.gain_per_success"], by_future["trust.loss_per_failure"]
    never, aware = stocks.never.copy(), stocks.aware.copy()
    for k, channel in enumerate(model.channels):
        path = f"awareness.{channel.name}"
        if f"{path}.innovation_per_month" in slopes:
            hazards = Hazards(*(slopes[f"{path}.{name}"] for name in HAZARDS))
            never[:, k], aware[:, k] = awareness_after(stocks.never[:, k], stocks.aware[:, k], hazards)
    failed = visits.attempted - visits.succeeded
    return Stocks(
        habit=habit_after(stocks.habit, visits.chosen, by_future["habit_loss_per_month"]),
        trust=trust_after(stocks.trust, visits.succeeded, failed, gain, np.maximum(loss, gain)),
        never=never,
        aware=aware,
    )
