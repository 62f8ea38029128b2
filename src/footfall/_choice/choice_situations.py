"""Choice situations of a model as arrays, and the visits of a customer as a Markov chain."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy import special

from footfall._behaviour.choice import expected_waits, probabilities
from footfall._behaviour.customer_rules import FEN, price_fen, shares_after
from footfall._model.channel import Channel, Verb
from footfall._model.duration_quantiles import lognormal_parameters
from footfall._model.model import Model
from footfall._model.numbers import HALF_HOUR_S, HALF_HOURS
from footfall._model.population import Accounts, Segment
from footfall._records.rows import Outcome

# ── The model's choice probabilities, tabulated for many futures at once

Floats = NDArray[np.float64]
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
