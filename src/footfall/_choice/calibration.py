"""Calibrate the alternative-specific constants, so that the model's shares match the observed ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from footfall._behaviour.choice import Floats, Ints, expected_waits, nested_logit_of_many, utility
from footfall._model.model import Model
from footfall._model.numbers import HALF_HOUR_S, HALF_HOURS, Number, assumed

_ROUNDS_MOST = 2000
_TOLERANCE = 1e-10
_SHARES_TOLERANCE = 1e-6


def calibrated(model: Model, observed: Mapping[str, Mapping[str, float]]) -> Model:
    """Return the model whose expected first choices have the observed shares, by operation and channel.

    Repeats ASC <- ASC + k (ln observed - ln model) with k = min(dissimilarity) until the largest
    difference is below 1e-10 (Train 2009, section 2.8; k damped for the nested logit). The first
    channel with a share is the base, with constant 0.

    Raises:
        ValueError: the shares of an operation do not add up to 1, or it did not converge.

    Example:
        >>> import footfall as ff
        >>> hall = ff.Channel("hall", ff.Counters(3), service="5 min")
        >>> web = ff.Channel("web", ff.RequestServer(8), service="1s")
        >>> shop = ff.Model("shop", arrivals=ff.per_day(100), channels=[hall, web])
        >>> two_thirds = ff.calibrated(shop, {"query": {"hall": 2 / 3, "web": 1 / 3}})
        >>> round(two_thirds.choice.constants["query"]["web"], 3)
        -0.693
    """
    constants = {operation: _constants(model, operation, shares) for operation, shares in observed.items()}
    return model.model_copy(update={"choice": model.choice.model_copy(update={"constants": constants})})


def expected_shares(model: Model, operation: str) -> dict[str, float]:
    """Return the expected first choices of an operation's customers over the day, by channel."""
    table = _situations(model, operation)
    constants = model.choice.constants.get(operation, {})
    shares = table.shares(np.array([float(constants.get(name, 0.0)) for name in table.names]))
    return dict(zip(table.names, shares.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class _Situations:
    """All choice situations of an operation's customers: one row per segment, half hour and reach."""

    names: list[str]
    weights: Floats
    values: Floats
    """Utilities without constants, situation by channel; minus infinity where not available."""
    nest_of: Ints
    """Nest of each channel, as an index into `dissimilarity`."""
    dissimilarity: Floats
    """By nest."""

    def shares(self, constants: Floats) -> Floats:
        """Return the shares by channel with these constants, over all situations."""
        found = nested_logit_of_many(self.values + constants, self.nest_of, self.dissimilarity).shares
        total: Floats = self.weights @ found
        shares: Floats = total / total.sum()
        return shares


def _constants(model: Model, operation: str, observed: Mapping[str, float]) -> dict[str, Number]:
    total = sum(observed.values())
    if abs(total - 1) > _SHARES_TOLERANCE:
        msg = f"observed shares of {operation} add up to {total:g}, not 1"
        raise ValueError(msg)
    table = _situations(model, operation)
    if set(table.names) != set(observed):
        msg = f"{operation}: observed shares of {sorted(observed)}, but it is offered at {table.names}"
        raise ValueError(msg)
    target = np.log([float(observed[name]) for name in table.names])
    base = table.names.index(next(iter(observed)))
    step = float(min(model.choice.dissimilarity.values()))
    constants = np.zeros(len(table.names))
    for _ in range(_ROUNDS_MOST):
        off = target - np.log(table.shares(constants))
        if np.abs(off).max() < _TOLERANCE:
            why = f"calibrated: {operation} shares of the channels as observed"
            return {name: assumed(value, why) for name, value in zip(table.names, constants, strict=True)}
        constants = constants + step * (off - off[base])
    msg = f"no constants give the observed shares of {operation}: is a channel closed when customers arrive?"
    raise ValueError(msg)


def _situations(model: Model, operation: str) -> _Situations:
    channels = [channel for channel in model.channels if operation in channel.dialogues]
    weights, values = [], []
    for segment in model.segments:
        profile = segment.day_profile.by_half_hour()
        scale = segment.population_share * segment.month_visits.get(operation, 0.0) / sum(profile)
        limited = list(segment.reach.items())
        for half_hour in range(HALF_HOURS) if scale else ():
            waits_s = expected_waits(model, half_hour * HALF_HOUR_S)
            known = [utility(c, segment, waits_s[c.name]) if c.name in waits_s else -np.inf for c in channels]
            for has in product((True, False), repeat=len(limited)):
                chances = [
                    share if reached else 1 - share for (_, share), reached in zip(limited, has, strict=True)
                ]
                missing = {name for (name, _), reached in zip(limited, has, strict=True) if not reached}
                row = [
                    -np.inf if c.name in missing else value for c, value in zip(channels, known, strict=True)
                ]
                weights.append(scale * profile[half_hour] * float(np.prod(chances)))
                values.append(row)
    nests = list(dict.fromkeys(channel.nest for channel in channels))
    return _Situations(
        names=[channel.name for channel in channels],
        weights=np.array(weights),
        values=np.array(values),
        nest_of=np.array([nests.index(channel.nest) for channel in channels]),
        dissimilarity=np.array([float(model.choice.dissimilarity[nest]) for nest in nests]),
    )
