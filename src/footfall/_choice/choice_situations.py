"""Choice situations of a model as arrays, a customer's visits as a Markov chain, and calibration."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy import special

from footfall._behaviour.choice import (
    Floats,
    Ints,
    expected_waits,
    nested_logit_of_many,
    probabilities,
    utility,
)
from footfall._behaviour.customer_rules import FEN, price_fen, shares_after
from footfall._model.channel import Channel, Verb
from footfall._model.duration_quantiles import lognormal_parameters
from footfall._model.model import Model
from footfall._model.numbers import HALF_HOUR_S, HALF_HOURS, Number, assumed
from footfall._model.population import Accounts, Segment
from footfall._records.rows import Outcome

# ── The model's choice probabilities, tabulated for many futures at once

_NOTHING = 1e-300
"""Probability of a nest without a channel: keeps odds finite, and is practically never chosen."""


@dataclass(frozen=True, slots=True)
class Situations:
    """Choice situations of one segment and operation: kinds of hours, times sets of known channels.

    Habit, trust and upgrades affect all channels of a nest equally. So the shares within a nest are constant,
    and the odds between nests change by the difference of the nests' gains: exactly, not approximately.
    """

    hours: Floats
    """Weight of each kind of hour; they add up to 1."""
    limited: NDArray[np.intp]
    """Channels that only some customers know or can use, as indices into `model.channels`."""
    reach: Floats
    """By limited channel: the share of customers it can reach at all."""
    has: NDArray[np.bool_]
    """By set and limited channel: whether it is in the set."""
    log_odds: Floats
    """By kind of hour and set: of the electronic nest against the physical one."""
    physical: Floats
    """By set and channel, over the hours: shares within the physical nest."""
    instead: Floats
    """By situation (hour and set) and channel: shares within the electronic nest less the other's."""

    def shares(self, aware: Floats, gain: Floats) -> Floats:
        """Return first choices by future and channel.

        `aware` is the share that knows a channel, by future and channel; `gain` the utility gained by the
        electronic nest over the physical one, by future. Customers without any channel are in no share.
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
    """Return the shares within a nest, and the logarithm of its total."""
    total = chances.sum(axis=2, keepdims=True)
    shares = np.divide(chances, total, out=np.zeros_like(chances), where=total > 0)
    return shares, np.log(np.maximum(total[:, :, 0], _NOTHING))


def _kinds_of_hours(model: Model, segment: Segment) -> Iterator[tuple[float, dict[str, float]]]:
    """Group half hours by open channels and expected waits, with their share of the day's customers."""
    values = segment.day_profile.by_half_hour()
    weights: dict[tuple[tuple[str, float], ...], float] = {}
    for half_hour in range(HALF_HOURS):
        kind = tuple(expected_waits(model, half_hour * HALF_HOUR_S).items())
        weights[kind] = weights.get(kind, 0.0) + values[half_hour] / sum(values)
    yield from ((weight, dict(kind)) for kind, weight in weights.items() if weight)


# ── From first choices to visits served: failures by cause, retries and switches, without queues

_NO_OTHERS = 1e-12
"""Share of customers below which another channel to switch to is only a rounding error."""


@dataclass(frozen=True, slots=True)
class Failing:
    """Failures of visits for one operation, and what follows; arrays with one share per channel."""

    failed: Floats
    """Failures of customers whose account is in order."""
    retrying: Floats
    """Visits that fail and are tried again at the same channel."""
    switching: Floats
    """Visits that fail and are tried at another channel."""
    refused: float = 0.0
    """Share of the customers whose account forbids the order: at every channel, however often they try."""
    refused_rule: tuple[float, float] = (0.0, 0.0)
    """Shares of the refused who retry and who switch."""

    def times(self, factor: Floats) -> "Failing":
        """Return it with all failures multiplied by a factor, by channel; no visit fails twice."""
        most = np.divide(1.0, self.failed, out=np.full_like(self.failed, np.inf), where=self.failed > 0)
        factor = np.minimum(factor, most)
        failed, retrying, switching = (each * factor for each in (self.failed, self.retrying, self.switching))
        return replace(self, failed=failed, retrying=retrying, switching=switching)


def failing(model: Model, operation: str) -> Failing:
    """Derive failures from faults, accounts and rules, without queues and confirmation expiry."""
    rules = model.follow_ups
    failed, retrying, switching = np.zeros((3, len(model.channels)))
    for k, channel in enumerate(model.channels):
        for outcome, share in _failures(channel, operation).items():
            retry_share, switch_share = shares_after(rules, outcome)
            failed[k] += share
            retrying[k] += share * retry_share
            switching[k] += share * switch_share
    orders = any(turn.verb is Verb.ORDER for c in model.channels for turn in c.dialogues.get(operation, ()))
    refused = _refused(model.accounts, operation) if orders else 0.0
    return Failing(failed, retrying, switching, refused, shares_after(rules, Outcome.REJECTED))


def expected_visits(first: Floats, fails: Failing, attempts_most: int) -> tuple[Floats, Floats]:
    """Return visits and served visits of one journey, by channel on the last axis, over all attempts.

    `first` are the first choices. Customers who switch choose among the other channels in proportion to them.
    """
    tried = _attempts(first, fails.retrying, fails.switching, attempts_most)
    retry_share, switch_share = (np.full_like(fails.retrying, share) for share in fails.refused_rule)
    in_vain = _attempts(first, retry_share, switch_share, attempts_most)
    in_order = 1 - fails.refused
    return in_order * tried + fails.refused * in_vain, in_order * tried * (1 - fails.failed)


def _attempts(first: Floats, retrying: Floats, switching: Floats, attempts_most: int) -> Floats:
    attempts, whole = first, first
    others = first.sum(axis=-1, keepdims=True) - first
    for _ in range(attempts_most - 1):
        leaving = np.divide(
            attempts * switching, others, out=np.zeros_like(attempts), where=others > _NO_OTHERS
        )
        arriving = first * (leaving.sum(axis=-1, keepdims=True) - leaving)
        attempts = attempts * retrying + arriving
        whole = whole + attempts
    return whole


def _failures(channel: Channel, operation: str) -> dict[Outcome, float]:
    """Return the shares of a channel's visits that fail, by outcome: step by step, faults first."""
    passing = 1.0
    shares: dict[Outcome, float] = {}
    for turn in channel.dialogues.get(operation, ()):
        faults = channel.works[turn.verb].faults
        events: list[list[tuple[Outcome, float]]] = [
            [(Outcome(fault.outcome), float(fault.share)) for fault in faults if fault.by == by]
            for by in ("service", "customer")
        ]
        for alternatives in events:
            for outcome, share in alternatives:
                shares[outcome] = shares.get(outcome, 0.0) + passing * share
            passing *= 1 - sum(share for _, share in alternatives)
    return shares


def _refused(accounts: Accounts, operation: str) -> float:
    """Return the share of accounts whose order is rejected: as `customer_rules.refusal`, for all accounts."""
    bound = accounts.under_contract_share if operation == "transact" else 0.0
    price = price_fen(accounts, operation)
    if not price:
        return float(bound)
    mu, sigma = lognormal_parameters(float(accounts.balance_yuan_mean), float(accounts.balance_cv))
    poor = float(special.ndtr((log(price / FEN) - mu) / sigma))
    return 1 - (1 - bound) * (1 - poor)


# ── Calibrate the alternative-specific constants, so that the model's shares match the observed ones

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
