"""What a customer does after a visit: nothing more, retry, switch to another channel, or give up."""

from dataclasses import dataclass
from enum import IntEnum

from footfall.records.outcomes import Outcome
from footfall.simulate.spec.people import FollowUps


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
class Decision:
    """What the customer does next, and after how many seconds."""

    action: Action
    delay_s: float = 0.0


DONE = Decision(Action.DONE)
GIVE_UP = Decision(Action.GIVE_UP)


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


def shares_after(follow_ups: FollowUps, outcome: Outcome) -> tuple[float, float]:
    """Shares of the customers who retry and who switch after an outcome; 0 where it has no rule."""
    rule = follow_ups.by_outcome.get(outcome)
    return (float(rule.retry_share), float(rule.switch_share)) if rule else (0.0, 0.0)


def after(follow_ups: FollowUps, outcome: Outcome, attempt: int, u: float, u_delay: float) -> Decision:
    """Decision after the given attempt (from 1), from two uniform numbers of the customer's own."""
    if outcome is Outcome.SERVED:
        return DONE
    shares = shares_after(follow_ups, outcome)
    action = action_after(attempt, int(follow_ups.attempts_most), *shares, u)
    if action is Action.GIVE_UP:
        return GIVE_UP
    return Decision(action, follow_ups.by_outcome[outcome].delay.at(u_delay))
