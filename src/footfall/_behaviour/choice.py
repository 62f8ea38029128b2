"""How customers choose a channel: the nested logit model, for one customer and for many."""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from footfall._behaviour import keyed
from footfall._behaviour.customer_rules import CHOICE, REACH
from footfall._model.channel import Channel
from footfall._model.model import Model
from footfall._model.numbers import HALF_HOUR_S, HALF_HOURS
from footfall._model.population import Segment

# ── How a customer chooses a channel: the nested logit model, and the choosers of a day

# ── Which channel a customer chooses: nested logit over the channels that are open to them

MINUTE_S = 60.0


def choose(  # noqa: PLR0913, PLR0917  the design's signature: scalar arguments, no hidden state
    model: Model,
    segment: Segment,
    operation: str,
    waits_s: Mapping[str, float],
    excluded: Collection[str],
    u: float,
) -> str | None:
    """Channel that a customer with the uniform number u takes; None when none is left.

    `waits_s` holds the wait that the customer expects at every open channel; a channel that is
    not in it is closed. `excluded` holds the channels already tried or out of the customer's reach.
    """
    return pick(probabilities(model, segment, operation, waits_s, excluded), u)


def probabilities(
    model: Model, segment: Segment, operation: str, waits_s: Mapping[str, float], excluded: Collection[str]
) -> dict[str, float]:
    """Probability of each channel, in the model's order; empty when none is left.

    P(j) = exp(V_j/L_n) / sum_n * exp(L_n IV_n) / sum_m exp(L_m IV_m), IV_n = log sum exp(V/L_n)
    (McFadden 1978; Ben-Akiva and Lerman 1985, chapter 10).
    """
    constants = model.choice.constants.get(operation, {})
    open_to_them = [
        channel
        for channel in model.channels
        if channel.name in waits_s and channel.name not in excluded and operation in channel.dialogues
    ]
    values = {
        channel.name: constants.get(channel.name, 0.0) + utility(channel, segment, waits_s[channel.name])
        for channel in open_to_them
    }
    return nested_logit(values, {c.name: c.nest for c in open_to_them}, model.choice.dissimilarity)


def nested_logit(
    values: Mapping[str, float], nest_of: Mapping[str, str], dissimilarity: Mapping[str, float]
) -> dict[str, float]:
    """Probability of each alternative from its utility, its nest, and the nest's dissimilarity."""
    nests: dict[str, dict[str, float]] = {}
    for name, value in values.items():
        nests.setdefault(nest_of[name], {})[name] = value / dissimilarity[nest_of[name]]
    inclusive = {nest: dissimilarity[nest] * _log_sum_exp(scaled) for nest, scaled in nests.items()}
    total = _log_sum_exp(inclusive)
    shares = {
        name: exp(value - inclusive[nest] / dissimilarity[nest] + inclusive[nest] - total)
        for nest, scaled in nests.items()
        for name, value in scaled.items()
    }
    return {name: shares[name] for name in values}


def utility(channel: Channel, segment: Segment, wait_s: float) -> float:
    """Utility of a channel without its constant: wait, access, price, trust, habit."""
    taste = segment.taste
    return (
        taste.per_wait_min * (wait_s / MINUTE_S)
        + taste.per_access_min * (channel.access_s_mean / MINUTE_S)
        + taste.per_yuan * channel.price_yuan
        + taste.per_trust * taste.trust.get(channel.nest, 0.0)
        + taste.per_habit * taste.habit.get(channel.nest, 0.0)
    )


def expected_waits(model: Model, at_s: float) -> dict[str, float]:
    """Wait that customers expect at each channel open at this second, seconds."""
    expected = model.choice.expected_wait_s
    return {
        channel.name: expected[channel.name].at(at_s) if channel.name in expected else 0.0
        for channel in model.channels
        if channel.open_at(at_s)
    }


def pick(shares: Mapping[str, float], u: float) -> str | None:
    """Name at the quantile u of the shares, in their order."""
    if not shares:
        return None
    return list(shares)[place_of(list(accumulate(shares.values())), u)]


def place_of(bounds: Sequence[float], u: float) -> int:
    """Place at the uniform number u among cumulated shares (at least one), which need not end at 1."""
    return min(bisect_right(bounds, u * bounds[-1]), len(bounds) - 1)


def _log_sum_exp(values: Mapping[str, float]) -> float:
    if not values:
        return float("-inf")
    top = max(values.values())
    return top + log(sum(exp(value - top) for value in values.values()))


# ── `choose`, tabulated: the same answers, with the exponentials taken once for each situation

NO_CHANNEL = -1
"""Choice of a customer for whom no channel is left."""


class Chooser:
    """Choices of one model, by segment, operation, half hour and excluded channels."""

    def __init__(self, model: Model) -> None:
        """Make an empty table; rows are worked out when first asked for."""
        self._model = model
        self._position = {channel.name: k for k, channel in enumerate(model.channels)}
        self._rows: dict[tuple[int, int, int, int], tuple[list[int], list[float]]] = {}

    def choose(self, segment: int, operation: int, at_s: float, excluded: int, u: float) -> int:
        """Position of the channel taken at the uniform number u, or `NO_CHANNEL`.

        It is what `choice.choose` gives with the expected waits of that second of the run. `excluded` has
        a bit for the position of each channel that the customer has tried or cannot reach.
        """
        day_s = self._model.clock.day_s(at_s)
        channels, bounds = self.row(segment, operation, int(day_s // HALF_HOUR_S) % HALF_HOURS, excluded)
        return channels[place_of(bounds, u)] if channels else NO_CHANNEL

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
    """First choice of customers at seconds of the day, as a position in `model.channels`; or `NO_CHANNEL`."""
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
    chosen = np.full(len(keys), NO_CHANNEL, dtype=np.int64)
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


# ── The nested logit for many situations at once, with the parts that estimates and their slopes need

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class NestedLogitShares:
    """Shares of the alternatives of many situations, in two steps: a nest, then one of its alternatives."""

    values: Floats
    """Utilities; 0 where not available."""
    within: Floats
    """Share of an alternative among those of its nest; situation by alternative."""
    inclusive: Floats
    """IV = log sum exp(V/λ); situation by nest, minus infinity where the nest has nothing to offer."""
    of_nest: Floats
    """Share of a nest; situation by nest."""
    log_shares: Floats
    """Logarithm of an alternative's share; minus infinity where it is not available."""

    @property
    def shares(self) -> Floats:
        """Share of each alternative; situation by alternative."""
        found: Floats = np.exp(self.log_shares)
        return found


def nested_logit_of_many(values: Floats, nest_of: Ints, dissimilarity: Floats) -> NestedLogitShares:
    """Shares from utilities (situation by alternative; minus infinity where not available).

    `nest_of` holds each alternative's nest as a position in `dissimilarity`. A situation without any
    alternative has shares of 0. The equation is that of `choice.probabilities` (McFadden 1978).
    """
    scaled = values / dissimilarity[nest_of]
    inclusive = np.stack(
        [_log_sum_exp_of_many(scaled[:, nest_of == nest]) for nest in range(len(dissimilarity))], axis=1
    )
    log_within = scaled - _finite(inclusive)[:, nest_of]
    worth = inclusive * dissimilarity
    log_of_nest = worth - _finite(_log_sum_exp_of_many(worth))[:, None]
    return NestedLogitShares(
        values=_finite(values),
        within=np.exp(log_within),
        inclusive=inclusive,
        of_nest=np.exp(log_of_nest),
        log_shares=log_within + log_of_nest[:, nest_of],
    )


def _log_sum_exp_of_many(values: Floats) -> Floats:
    top = _finite(values.max(axis=1, initial=-np.inf))
    with np.errstate(divide="ignore"):  # the logarithm of nothing is minus infinity, as it should be
        total: Floats = top + np.log(np.exp(values - top[:, None]).sum(axis=1))
    return total


def _finite(values: Floats) -> Floats:
    """Put 0 for minus infinity, which only stands where nothing is available."""
    return np.where(np.isfinite(values), values, 0.0)
