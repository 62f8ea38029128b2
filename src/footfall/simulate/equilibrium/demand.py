"""Where customers go first, if they expect these waits: all of a model's situations at once."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from footfall.behaviour.choice import MINUTE_S, utility
from footfall.behaviour.many_choices import nested_logit_of_many
from footfall.model.model import Model
from footfall.model.numbers import HALF_HOUR_S, HALF_HOURS
from footfall.model.population import Segment
from footfall.workload.arrivals import rates_per_half_hour

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Demand:
    """Customers by situation: operation, segment, what is within reach, and (in the arrays) half hour."""

    operations: NDArray[np.int64]
    """By situation, a position in the model's operations."""
    arrivals_per_s: Floats
    """Situation by half hour."""
    values: Floats
    """Utility without the wait; situation by half hour by channel; minus infinity where not open."""
    per_wait_s: Floats
    """By situation: what a second of expected wait adds to the utility."""
    nest_of: NDArray[np.int64]
    """By channel."""
    dissimilarity: Floats
    """By nest."""

    def arrivals(self, waits_s: Floats) -> Floats:
        """First attempts a second, by operation, channel and half hour, at waits by channel and half hour."""
        situations, half_hours, channels = self.values.shape
        values = self.values + self.per_wait_s[:, None, None] * waits_s.T[None, :, :]
        found = nested_logit_of_many(values.reshape(-1, channels), self.nest_of, self.dissimilarity)
        going = found.shares.reshape(situations, half_hours, channels) * self.arrivals_per_s[:, :, None]
        by_operation = np.zeros((int(self.operations.max()) + 1, half_hours, channels))
        np.add.at(by_operation, self.operations, going)
        return by_operation.transpose(0, 2, 1)


def demand_of(model: Model) -> Demand:
    """Work out the situations of a model's customers, and what each channel without a wait is worth."""
    rates = rates_per_half_hour(model) / HALF_HOUR_S
    operations, arrivals, values, per_wait = [], [], [], []
    for i, segment in enumerate(model.segments):
        for j, operation in enumerate(model.operations):
            if not rates[i, j].any():
                continue
            worth = _values(model, segment, operation)
            for chance, missing in _reaches(model, segment):
                operations.append(j)
                arrivals.append(rates[i, j] * chance)
                values.append(np.where(missing, -np.inf, worth))
                per_wait.append(float(segment.taste.per_wait_min) / MINUTE_S)
    nests = list(dict.fromkeys(channel.nest for channel in model.channels))
    return Demand(
        operations=np.array(operations),
        arrivals_per_s=np.array(arrivals),
        values=np.array(values),
        per_wait_s=np.array(per_wait),
        nest_of=np.array([nests.index(channel.nest) for channel in model.channels]),
        dissimilarity=np.array([float(model.choice.dissimilarity[nest]) for nest in nests]),
    )


def _values(model: Model, segment: Segment, operation: str) -> Floats:
    """Utility by half hour and channel, at no wait."""
    constants = model.choice.constants.get(operation, {})
    columns = []
    for channel in model.channels:
        value = float(constants.get(channel.name, 0.0)) + utility(channel, segment, 0.0)
        offered = operation in channel.dialogues
        is_open = [offered and channel.open_at(k * HALF_HOUR_S) for k in range(HALF_HOURS)]
        columns.append(np.where(is_open, value, -np.inf))
    return np.stack(columns, axis=1)


def _reaches(model: Model, segment: Segment) -> list[tuple[float, NDArray[np.bool_]]]:
    """Chance of each combination of what is within reach, and the channels that then are not."""
    limited = [(name, float(share)) for name, share in segment.reach.items()]
    found = []
    for has in product((True, False), repeat=len(limited)):
        pairs = list(zip(limited, has, strict=True))
        chance = float(np.prod([share if reached else 1 - share for (_, share), reached in pairs]))
        missing = {name for (name, _), reached in pairs if not reached}
        if chance:
            found.append((chance, np.array([channel.name in missing for channel in model.channels])))
    return found
