"""What a customer does after a visit that failed: retry, switch, or give up."""

from dataclasses import dataclass
from enum import Enum

from footfall.records.outcomes import Outcome
from footfall.simulate.spec.people import FollowUps


class Action(Enum):
    """The next step of an errand."""

    DONE = "done"
    RETRY = "retry"
    SWITCH = "switch"
    GIVE_UP = "give up"


@dataclass(frozen=True, slots=True)
class Decision:
    """What the customer does next, and after how many seconds."""

    action: Action
    delay_s: float = 0.0


DONE = Decision(Action.DONE)
GIVE_UP = Decision(Action.GIVE_UP)


def after(follow_ups: FollowUps, outcome: Outcome, attempt: int, u: float, u_delay: float) -> Decision:
    """Decision after the given attempt (from 1), from two uniform numbers of the customer's own."""
    if outcome is Outcome.SERVED:
        return DONE
    rule = follow_ups.by_outcome.get(outcome)
    if rule is None or attempt >= follow_ups.attempts_most:
        return GIVE_UP
    if u < rule.retry_share:
        return Decision(Action.RETRY, rule.delay.at(u_delay))
    if u < rule.retry_share + rule.switch_share:
        return Decision(Action.SWITCH, rule.delay.at(u_delay))
    return GIVE_UP
