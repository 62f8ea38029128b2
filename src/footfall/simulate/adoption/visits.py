"""From first choices to visits served: failures by cause, retries and switches, without queues."""

from dataclasses import dataclass, replace
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy import special

from footfall.records.outcomes import Outcome
from footfall.simulate.decide.account import FEN, price_fen
from footfall.simulate.spec.channel import Channel, Verb
from footfall.simulate.spec.duration import lognormal_parameters
from footfall.simulate.spec.model import Model
from footfall.simulate.spec.people import Accounts

Floats = NDArray[np.float64]
_NOBODY = 1e-12
"""Share of customers below which there is no other channel to switch to, but rounding."""


@dataclass(frozen=True, slots=True)
class Failing:
    """How often a visit for one operation fails, and what follows; arrays with one share a channel."""

    failed: Floats
    """Of customers whose account is in order."""
    retrying: Floats
    """Visits that fail and are tried again at the same channel."""
    switching: Floats
    """Visits that fail and are tried at another channel."""
    refused: float = 0.0
    """Share of the customers whose account forbids the order: at every channel, however often they try."""
    refused_rule: tuple[float, float] = (0.0, 0.0)
    """Shares of the refused who retry and who switch."""

    def times(self, factor: Floats) -> "Failing":
        """Give it with all failures multiplied by a factor, by channel; no visit fails twice."""
        most = np.divide(1.0, self.failed, out=np.full_like(self.failed, np.inf), where=self.failed > 0)
        factor = np.minimum(factor, most)
        failed, retrying, switching = (each * factor for each in (self.failed, self.retrying, self.switching))
        return replace(self, failed=failed, retrying=retrying, switching=switching)


def failing(model: Model, operation: str) -> Failing:
    """Work out from faults, accounts and rules how visits fail, queues and confirmation expiry apart."""
    rules = model.follow_ups.by_outcome
    failed, retrying, switching = np.zeros((3, len(model.channels)))
    for k, channel in enumerate(model.channels):
        for outcome, share in _failures(channel, operation).items():
            failed[k] += share
            if outcome in rules:
                retrying[k] += share * rules[outcome].retry_share
                switching[k] += share * rules[outcome].switch_share
    orders = any(turn.verb is Verb.ORDER for c in model.channels for turn in c.dialogues.get(operation, ()))
    refused = _refused(model.accounts, operation) if orders else 0.0
    rule = rules.get(Outcome.REJECTED)
    after = (float(rule.retry_share), float(rule.switch_share)) if rule else (0.0, 0.0)
    return Failing(failed, retrying, switching, refused, after)


def visits(first: Floats, fails: Failing, attempts_most: int) -> tuple[Floats, Floats]:
    """Visits and served visits of one errand, by channel on the last axis, over all its attempts.

    `first` are the first choices. Who switches chooses among the other channels in proportion to them.
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
        leaving = np.divide(attempts * switching, others, out=np.zeros_like(attempts), where=others > _NOBODY)
        arriving = first * (leaving.sum(axis=-1, keepdims=True) - leaving)
        attempts = attempts * retrying + arriving
        whole = whole + attempts
    return whole


def _failures(channel: Channel, operation: str) -> dict[Outcome, float]:
    """Shares of a channel's visits that fail, by outcome: of one turn after the other, faults first."""
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
    """Share of the accounts whose order is refused: as `decide.account.refusal`, of all accounts at once."""
    bound = accounts.under_contract_share if operation == "transact" else 0.0
    price = price_fen(accounts, operation)
    if not price:
        return float(bound)
    mu, sigma = lognormal_parameters(float(accounts.balance_yuan_mean), float(accounts.balance_cv))
    poor = float(special.ndtr((log(price / FEN) - mu) / sigma))
    return 1 - (1 - bound) * (1 - poor)
