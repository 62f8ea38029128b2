"""One month: what customers choose, and how many visits come of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from footfall.simulate.adoption.situations import Situations
from footfall.simulate.adoption.visits import Failing, visits
from footfall.simulate.spec.model import Model, ShareDefinition

Floats = NDArray[np.float64]
NESTS = ("physical", "electronic")
PHYSICAL, ELECTRONIC = range(2)
"""Positions of the nests on the last axis of what is kept by nest."""


@dataclass(frozen=True, slots=True)
class Drivers:
    """What the choices and failures of a month depend on; the first axis is the future."""

    aware: Floats
    """By channel: who knows it, of those whom it reaches."""
    gain: Floats
    """By segment: utility that the electronic nest has gained over the physical one since month 0."""
    failure_factor: Floats
    """Multiplies the failures of the electronic channels."""


@dataclass(frozen=True, slots=True)
class Month:
    """One month's choices and visits; the first axis is the future, the second the segment."""

    chosen: Floats
    """By nest: share of the segment's first choices."""
    attempted: Floats
    """By nest: visits of one customer of the segment."""
    succeeded: Floats
    """By nest: those of them that are served."""
    served: dict[str, Floats]
    """By operation, by channel: visits served, of one customer of the province."""
    names: tuple[str, ...]
    """Of the channels."""

    def counted(self, definition: ShareDefinition) -> tuple[Floats, Floats]:
        """Served visits that count as electronic, and that count at all, by future and segment."""
        whole = np.sum([self.served[name] for name in definition.operations if name in self.served], axis=0)
        electronic, counted = (
            np.asarray((whole * [name in among for name in self.names]).sum(axis=-1))
            for among in (definition.electronic, definition.counted)
        )
        return electronic, counted


def one_month(
    model: Model,
    tables: Mapping[str, Sequence[Situations]],
    fails: Mapping[str, Failing],
    drivers: Drivers,
) -> Month:
    """Work out a month from the choices by operation and segment and the failures by operation."""
    by_nest = np.array([[channel.nest == nest for nest in NESTS] for channel in model.channels], dtype=float)
    factor = 1 + (drivers.failure_factor - 1)[:, None, None] * by_nest[:, ELECTRONIC]
    people = np.array([[float(segment.population_share)] for segment in model.segments])
    chosen, attempted, succeeded = np.zeros((3, *drivers.gain.shape, len(NESTS)))
    served = {}
    for operation, segments in tables.items():
        errands = np.array([[float(s.month_visits.get(operation, 0.0))] for s in model.segments])
        first = [table.shares(drivers.aware, drivers.gain[:, k]) for k, table in enumerate(segments)]
        first_choices = errands * np.stack(first, axis=1)
        failing = fails[operation].times(factor)
        tried, done = visits(first_choices, failing, int(model.follow_ups.attempts_most))
        chosen += first_choices @ by_nest
        attempted += tried @ by_nest
        succeeded += done @ by_nest
        served[operation] = people * done
    everything = chosen.sum(axis=-1, keepdims=True)
    return Month(
        chosen=np.divide(chosen, everything, out=np.zeros_like(chosen), where=everything > 0),
        attempted=attempted,
        succeeded=succeeded,
        served=served,
        names=tuple(channel.name for channel in model.channels),
    )
