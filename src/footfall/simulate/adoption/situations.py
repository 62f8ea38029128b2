"""The model's own choice, tabulated so that many futures can be asked at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import special

from footfall.simulate.decide.choice import expected_waits, probabilities
from footfall.simulate.spec.base import HALF_HOUR_S, HALF_HOURS
from footfall.simulate.spec.model import Model
from footfall.simulate.spec.people import Segment

Floats = NDArray[np.float64]
_NOTHING = 1e-300
"""Chance of a nest without a channel: odds of it stay finite, and nobody goes there."""


@dataclass(frozen=True, slots=True)
class Situations:
    """What one segment's customers with one operation meet: kinds of hours, times sets of channels they know.

    Habit, trust and upgrades move all channels of a nest alike. So the shares within a nest stay as they
    are, and the odds between the nests move by the difference of the nests' gains: exact, not a fit.
    """

    hours: Floats
    """Weight of each kind of hour; they add up to 1."""
    limited: NDArray[np.intp]
    """Channels that not everybody knows or can use, as positions in `model.channels`."""
    reach: Floats
    """By limited channel: whom it can reach at all."""
    has: NDArray[np.bool_]
    """By set and limited channel: whether it is in the set."""
    log_odds: Floats
    """By kind of hour and set: of the electronic nest against the physical one."""
    physical: Floats
    """By set and channel, over the hours: shares within the physical nest."""
    instead: Floats
    """By situation (hour and set) and channel: shares within the electronic nest less the other's."""

    def shares(self, aware: Floats, gain: Floats) -> Floats:
        """First choices by future and channel.

        `aware` has who knows a channel, by future and channel; `gain` what the electronic nest has gained
        in utility over the physical one, by future. Who finds no channel at all is in no share.
        """
        reached = (self.reach * aware[:, self.limited])[:, None, :]
        sets = np.where(self.has, reached, 1 - reached).prod(axis=2)
        moving = special.expit(self.log_odds + gain[:, None, None]) * self.hours[:, None] * sets[:, None, :]
        shares: Floats = sets @ self.physical + moving.reshape(len(aware), -1) @ self.instead
        return shares


def situations(model: Model, segment: Segment, operation: str, learnt: frozenset[str]) -> Situations:
    """Tabulate one segment's choices for one operation; `learnt` are the channels with an awareness."""
    offering = [k for k, channel in enumerate(model.channels) if operation in channel.dialogues]
    limited = [k for k in offering if model.channels[k].name in learnt | set(segment.reach)]
    names = [model.channels[k].name for k in limited]
    has = np.array(list(product((True, False), repeat=len(limited))), dtype=bool)
    kinds = list(_kinds_of_hours(model, segment))
    chances = np.zeros((len(kinds), len(has), len(model.channels)))
    for (row, (_, waits_s)), (column, row_has) in product(enumerate(kinds), enumerate(has)):
        excluded = {name for name, is_known in zip(names, row_has, strict=True) if not is_known}
        found = probabilities(model, segment, operation, waits_s, excluded)
        chances[row, column] = [found.get(channel.name, 0.0) for channel in model.channels]
    is_electronic = np.array([channel.nest == "electronic" for channel in model.channels])
    electronic, odds = _within(chances * is_electronic)
    physical, against = _within(chances * ~is_electronic)
    hours = np.array([weight for weight, _ in kinds])
    return Situations(
        hours=hours,
        limited=np.array(limited, dtype=np.intp),
        reach=np.array([float(segment.reach.get(name, 1.0)) for name in names]),
        has=has,
        log_odds=odds - against,
        physical=np.einsum("h,hsc->sc", hours, physical),
        instead=(electronic - physical).reshape(-1, len(model.channels)),
    )


def _within(chances: Floats) -> tuple[Floats, Floats]:
    """Shares within a nest, and the logarithm of what it has in all."""
    total = chances.sum(axis=2, keepdims=True)
    shares = np.divide(chances, total, out=np.zeros_like(chances), where=total > 0)
    return shares, np.log(np.maximum(total[:, :, 0], _NOTHING))


def _kinds_of_hours(model: Model, segment: Segment) -> Iterator[tuple[float, dict[str, float]]]:
    """Half hours that are alike in open channels and expected waits, with the share of the day's errands."""
    values = segment.day_profile.by_half_hour()
    weights: dict[tuple[tuple[str, float], ...], float] = {}
    for half_hour in range(HALF_HOURS):
        kind = tuple(expected_waits(model, half_hour * HALF_HOUR_S).items())
        weights[kind] = weights.get(kind, 0.0) + values[half_hour] / sum(values)
    yield from ((weight, dict(kind)) for kind, weight in weights.items() if weight)
