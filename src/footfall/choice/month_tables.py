"""The months as tables, summed over provinces."""

from math import fsum

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall.choice.month_step import ELECTRONIC, Month
from footfall.choice.month_world import Stocks
from footfall.model.model import Model
from footfall.model.population import Adoption

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
