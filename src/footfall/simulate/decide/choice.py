"""Which channel a customer chooses: nested logit over the channels that are open to them."""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from itertools import accumulate
from math import exp, log

from footfall.simulate.spec.channel import Channel
from footfall.simulate.spec.model import Model
from footfall.simulate.spec.people import Segment

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
