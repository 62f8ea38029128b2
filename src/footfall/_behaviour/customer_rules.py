"""What one customer does: account, retries, switches and backoff."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from math import exp

from footfall._behaviour import keyed
from footfall._model.channel import Channel, Fault, Step, Verb, Work
from footfall._model.duration_quantiles import lognormal_parameters
from footfall._model.population import Accounts, RetryPolicy, Segment
from footfall._model.station_specs import CallCentre
from footfall._records.rows import Outcome

# ── What belongs to one customer: their channels within reach, their nearest place, their mistakes

REACH = "reach."
SITE = "site."
CHOICE = "choice"
CUSTOMER_FAULT = "fault.customer"
SERVICE_FAULT = "fault.service"
HUMAN = "human"
SERVICE = "service"
PATIENCE = "patience"
BALK = "balk"
AGENT = "agent"
AGENT_CHOICE = "agent.choice"
TALK = "talk"
WRAP_UP = "wrap_up"
CALLBACK = "callback"
FORGET = "forget"
SERVICE_AGAIN = "service.again"
SERVICE_FAULT_AGAIN = "fault.service.again"
BACKOFF = "backoff"
FOLLOW = "follow"
FOLLOW_DELAY = "follow.delay"
"""Purposes of the keyed numbers; `REACH` and `SITE` are followed by the channel's name."""


def out_of_reach(segment: Segment, key: int) -> frozenset[str]:
    """Channels that this customer cannot use at all."""
    return frozenset(
        name for name, share in segment.reach.items() if keyed.uniform(key, REACH + name) >= share
    )


def nearest_site(channel: Channel, key: int) -> int:
    """Number of this customer's place of the channel, from 0."""
    return int(keyed.uniform(key, SITE + channel.name) * channel.sites)


def fault_drawn(work: Work, by: str, u: float) -> Fault | None:
    """Fault of the given doer that strikes at the uniform number u, if any."""
    for fault in work.faults:
        if fault.by == by:
            if u < fault.share:
                return fault
            u -= fault.share
    return None


def wants_agent(channel: Channel, operation: str, u: float) -> bool:
    """Whether the IVR cannot help this caller, who then asks for an agent."""
    return isinstance(channel.station, CallCentre) and u < channel.station.agent_share.get(operation, 0.0)


def forgets_logout(channel: Channel, u: float) -> bool:
    """Whether this customer leaves the session open."""
    return channel.logout_reminder is not None and u < channel.logout_reminder.forgotten_share


def numbered_steps(dialogue: Sequence[Step], *, logs_out: bool) -> list[tuple[int, Step]]:
    """Steps that a visitor takes, with their numbers in the dialogue, by which random numbers are keyed.

    A customer who forgets to log out leaves out that step, and the time that it takes.
    """
    numbered = list(enumerate(dialogue))
    return numbered if logs_out else [each for each in numbered if each[1].verb is not Verb.LOGOUT]


PAGES_A_STEP = 64


def request_number(step: int, page: int) -> int:
    """Number of a page's request among all of a visit, by which its random numbers are keyed."""
    return step * PAGES_A_STEP + page


# ── What a subscriber's account holds: a function of the seed and the number of the account
#
# The reference service fills its database with it and the simulated day asks it, so an order that
# is refused for want of money in one world is refused in the other.

FEN = 100
"""Fen in a yuan; money is counted in whole fen."""
FEN_MOST = 10**17
"""What an account holds at most: sums of many still fit into 64 bits."""
_ACCOUNTS = -1
"""A replication number of their own: accounts are the same in all replications."""


@dataclass(frozen=True, slots=True)
class SubscriberAccount:
    """The opening state of one account."""

    balance_fen: int
    under_contract: bool


def account(accounts: Accounts, seed: int, subscriber: int) -> SubscriberAccount:
    """Opening state of account `subscriber` (from 0)."""
    from scipy.special import ndtri  # half a second, that a process which only plays need not spend

    key = keyed.customer_key(keyed.run_key(seed, _ACCOUNTS), subscriber)
    mu, sigma = lognormal_parameters(float(accounts.balance_yuan_mean), float(accounts.balance_cv))
    yuan = exp(mu + sigma * float(ndtri(keyed.uniform(key, "balance"))))
    return SubscriberAccount(
        balance_fen=min(round(yuan * FEN), FEN_MOST),
        under_contract=keyed.uniform(key, "contract") < accounts.under_contract_share,
    )


def price_fen(accounts: Accounts, operation: str) -> int:
    """Fen that an order of this operation takes from the balance."""
    return round(accounts.price_yuan.get(operation, 0.0) * FEN)


def refusal(accounts: Accounts, operation: str, held: SubscriberAccount) -> str | None:
    """Cause for which the business refuses this order (`rejected`), if any."""
    if operation == "transact" and held.under_contract:
        return "under_contract"
    if held.balance_fen < price_fen(accounts, operation):
        return "insufficient_funds"
    return None


def msisdn(subscriber: int) -> str:
    """Telephone number of account `subscriber`: 11 digits."""
    return str(13_800_000_000 + subscriber)


def pin(seed: int, subscriber: int) -> str:
    """Service password of account `subscriber`: 6 digits."""
    key = keyed.customer_key(keyed.run_key(seed, _ACCOUNTS), subscriber)
    return f"{int(keyed.uniform(key, 'pin') * 1_000_000):06d}"


# ── What a customer does after a visit: nothing more, retry, switch to another channel, or give up


class Action(IntEnum):
    """What a customer does next on their journey."""

    VISIT = 0
    RETRY = 1
    """Wait, then visit the same channel again."""
    SWITCH = 2
    """Wait, then choose another channel."""
    DONE = 3
    """The journey is over: the customer was served."""
    GIVE_UP = 4
    """The journey is over: the customer was not served."""


@dataclass(frozen=True, slots=True)
class FollowUpDecision:
    """What the customer does next, and after how many seconds."""

    action: Action
    delay_s: float = 0.0


DONE = FollowUpDecision(Action.DONE)
GIVE_UP = FollowUpDecision(Action.GIVE_UP)


def action_after(
    attempt: int, attempts_most: int, retry_share: float, switch_share: float, u: float
) -> Action:
    """Action after a visit that failed, the customer's `attempt`-th (from 1); u is uniform in (0, 1).

    Plain numbers in, a plain number out: an outcome without a rule has shares of 0.
    """
    if attempt >= attempts_most:
        return Action.GIVE_UP
    if u < retry_share:
        return Action.RETRY
    if u < retry_share + switch_share:
        return Action.SWITCH
    return Action.GIVE_UP


def shares_after(follow_ups: RetryPolicy, outcome: Outcome) -> tuple[float, float]:
    """Shares of the customers who retry and who switch after an outcome; 0 where it has no rule."""
    rule = follow_ups.by_outcome.get(outcome)
    return (float(rule.retry_share), float(rule.switch_share)) if rule else (0.0, 0.0)


def after(
    follow_ups: RetryPolicy, outcome: Outcome, attempt: int, u: float, u_delay: float
) -> FollowUpDecision:
    """Decision after the given attempt (from 1), from two uniform numbers of the customer's own."""
    if outcome is Outcome.SERVED:
        return DONE
    shares = shares_after(follow_ups, outcome)
    action = action_after(attempt, int(follow_ups.attempts_most), *shares, u)
    if action is Action.GIVE_UP:
        return GIVE_UP
    return FollowUpDecision(action, follow_ups.by_outcome[outcome].delay.at(u_delay))
