"""`choose`, tabulated: the same answers, with the exponentials taken once for each situation."""

from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from footfall.simulate.decide import keyed
from footfall.simulate.decide.choice import expected_waits, place_of, probabilities
from footfall.simulate.decide.customer import CHOICE, REACH
from footfall.simulate.spec.base import HALF_HOUR_S, HALF_HOURS
from footfall.simulate.spec.model import Model

NOBODY = -1
"""Choice of a customer for whom no channel is left."""


class Chooser:
    """Choices of one model, by segment, operation, half hour and excluded channels."""

    def __init__(self, model: Model) -> None:
        """Make an empty table; rows are worked out when first asked for."""
        self._model = model
        self._position = {channel.name: k for k, channel in enumerate(model.channels)}
        self._rows: dict[tuple[int, int, int, int], tuple[list[int], list[float]]] = {}

    def choose(self, segment: int, operation: int, at_s: float, excluded: int, u: float) -> int:
        """Position of the channel taken at the uniform number u, or `NOBODY`.

        It is what `choice.choose` gives with the expected waits of that second of the run. `excluded` has
        a bit for the position of each channel that the customer has tried or cannot reach.
        """
        day_s = self._model.clock.day_s(at_s)
        channels, bounds = self.row(segment, operation, int(day_s // HALF_HOUR_S) % HALF_HOURS, excluded)
        return channels[place_of(bounds, u)] if channels else NOBODY

    def row(
        self, segment: int, operation: int, half_hour: int, excluded: int
    ) -> tuple[list[int], list[float]]:
        """Positions of the open channels and their cumulated probabilities."""
        key = (segment, operation, half_hour, excluded)
        found = self._rows.get(key)
        if found is None:
            model = self._model
            waits_s = expected_waits(model, half_hour * HALF_HOUR_S)
            name = model.operations[operation]
            names = {channel for channel, k in self._position.items() if excluded >> k & 1}
            shares = probabilities(model, model.segments[segment], name, waits_s, names)
            channels = [self._position[channel] for channel in shares]
            found = self._rows[key] = (channels, list(accumulate(shares.values())))
        return found


def first_choices(
    model: Model,
    keys: NDArray[np.uint64],
    segments: NDArray[np.int64],
    operations: NDArray[np.int64],
    at_s: NDArray[np.float64],
) -> NDArray[np.int64]:
    """First choice of customers at seconds of the day, as a position in `model.channels`; or `NOBODY`."""
    position = {channel.name: k for k, channel in enumerate(model.channels)}
    limited = sorted({name for segment in model.segments for name in segment.reach})
    half_hours = (at_s // HALF_HOUR_S).astype(np.int64) % HALF_HOURS
    code = (segments * len(model.operations) + operations) * HALF_HOURS + half_hours
    for name in limited:
        shares = np.array([float(segment.reach.get(name, 1.0)) for segment in model.segments])
        out = keyed.uniforms(keys, REACH + name) >= shares[segments]
        code = code * 2 + out
    u = keyed.uniforms(keys, CHOICE)
    chooser = Chooser(model)
    chosen = np.full(len(keys), NOBODY, dtype=np.int64)
    order = np.argsort(code, kind="stable")
    starts = np.flatnonzero(np.diff(code[order], prepend=-1))
    for group in np.split(order, starts[1:]) if len(order) else []:
        k = group[0]
        bits = int(code[k]) % 2 ** len(limited)
        excluded = sum(1 << position[name] for bit, name in enumerate(reversed(limited)) if bits >> bit & 1)
        channels, bounds = chooser.row(int(segments[k]), int(operations[k]), int(half_hours[k]), excluded)
        if channels:
            picked = np.searchsorted(bounds, u[group] * bounds[-1], side="right")
            chosen[group] = np.array(channels)[np.minimum(picked, len(channels) - 1)]
    return chosen
