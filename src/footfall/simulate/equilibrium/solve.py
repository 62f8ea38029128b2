"""The waits that customers expect and cause: the fixed point of shares and waits."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from footfall.model.model import Model
from footfall.model.numbers import HALF_HOURS, Grade, Profile
from footfall.simulate.equilibrium.demand import demand_of
from footfall.simulate.equilibrium.stations import waits_s

Floats = NDArray[np.float64]
CHANGE_MOST = 1e-6
_ROUNDS_MOST = 500
_SLOWER, _STEADY = 1.5, 0.1


@dataclass(frozen=True, slots=True)
class Equilibrium:
    """Shares and waits that cause each other."""

    channels: tuple[str, ...]
    arrivals_per_s: Floats
    """First attempts by channel and half hour."""
    shares: Floats
    """Share of each half hour's first attempts, by channel and half hour; 0 where nobody comes."""
    waits_s: Floats
    """Mean wait in line that customers expect, by channel and half hour."""
    rounds: int
    change: float
    """Largest change of a share by one more round: how far from a fixed point it still is."""

    @property
    def day_shares(self) -> Floats:
        """Share of the day's first attempts, by channel."""
        total: Floats = self.arrivals_per_s.sum(axis=1)
        found: Floats = total / total.sum()
        return found


def equilibrium(model: Model, start_s: Mapping[str, float | Profile] | None = None) -> Equilibrium:
    """Find the expected waits at which the first choices cause just these waits, half hour by half hour.

    Waits are averaged with those they cause, W <- W + (F(W) - W)/n, where n grows by 1.5 after a round
    that led further away and by 0.1 otherwise (self-regulated averages: Liu, He and He 2009; with
    n = 1, 2, 3 … it would be the method of successive averages), until no share changes by 1e-6.
    `start_s` gives a wait or a profile of waits by channel to begin with; absent: none. The choice
    keeps its constants.

    There is a fixed point, since F is continuous and patience and room bound its waits. There is only
    one where nobody likes to wait and each channel's wait in a half hour depends, without falling, on
    the number of its own arrivals in that half hour and before, as with a single operation: two fixed
    points would, in the first half hour in which they differ, give sum (a - a')(W - W') >= 0 by the
    queues and <= 0 by the choice (Fisk 1980). With operations of unlike length, or work carried over
    midnight, that is not proven: begin from several starts and compare.

    Raises:
        ValueError: it does not settle within 500 rounds.
        KeyError: a start names a channel that does not exist.
    """
    demand = demand_of(model)
    waits, weight, before = _start(model, start_s or {}), 1.0, np.inf
    arrivals = demand.arrivals(waits)
    for count in range(1, _ROUNDS_MOST + 1):
        caused = _caused(model, arrivals)
        then = demand.arrivals(caused)
        change = _largest_change(arrivals, then)
        if change < CHANGE_MOST:
            return _found(model, then, caused, count, change)
        weight += _SLOWER if change >= before else _STEADY if count > 1 else 0.0
        before = change
        waits = waits + (caused - waits) / weight
        arrivals = demand.arrivals(waits)
    msg = f"shares and waits do not settle: after {_ROUNDS_MOST} rounds a share still changes by {change:.2g}"
    raise ValueError(msg)


def with_expected_waits(model: Model, found: Equilibrium) -> Model:
    """Give the model whose customers expect the waits of the fixed point; its constants stay."""
    waits = {
        name: Profile(
            values=tuple(waits.tolist()), grade=Grade.ASSUMED, source="fixed point of shares and waits"
        )
        for name, waits in zip(found.channels, found.waits_s, strict=True)
        if waits.any()
    }
    return model.model_copy(update={"choice": model.choice.model_copy(update={"expected_wait_s": waits})})


def _start(model: Model, start_s: Mapping[str, float | Profile]) -> Floats:
    waits = np.zeros((len(model.channels), HALF_HOURS))
    names = [channel.name for channel in model.channels]
    for name, wait in start_s.items():
        place = names.index(model.channel(name).name)
        waits[place] = wait.by_half_hour() if isinstance(wait, Profile) else wait
    return waits


def _caused(model: Model, arrivals_per_s: Floats) -> Floats:
    """Waits by channel and half hour, if these come; operation by channel by half hour."""
    return np.stack(
        [
            waits_s(
                channel,
                {
                    name: arrivals_per_s[j, place]
                    for j, name in enumerate(model.operations)
                    if name in channel.dialogues
                },
            )
            for place, channel in enumerate(model.channels)
        ]
    )


def _largest_change(arrivals_per_s: Floats, then: Floats) -> float:
    return float(np.abs(_shares(then) - _shares(arrivals_per_s)).max())


def _shares(arrivals_per_s: Floats) -> Floats:
    """Shares of the channels, whose axis is the last but one."""
    total = arrivals_per_s.sum(axis=-2, keepdims=True)
    shares: Floats = np.divide(arrivals_per_s, total, out=np.zeros_like(arrivals_per_s), where=total > 0)
    return shares


def _found(model: Model, arrivals_per_s: Floats, waits: Floats, rounds: int, change: float) -> Equilibrium:
    first = arrivals_per_s.sum(axis=0)
    return Equilibrium(
        channels=tuple(channel.name for channel in model.channels),
        arrivals_per_s=first,
        shares=_shares(first),
        waits_s=waits,
        rounds=rounds,
        change=change,
    )
