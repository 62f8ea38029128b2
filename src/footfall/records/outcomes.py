"""How a visit ends: exactly one of these names, and only the first is a success."""

from enum import StrEnum


class Outcome(StrEnum):
    """The named end of one attempt at one channel."""

    SERVED = "served"
    REJECTED = "rejected"
    """Refused by a business rule: no funds, under contract, wrong PIN, unknown command."""
    ERROR = "error"
    """A technical fault of the channel or of a system behind it."""
    TIMEOUT = "timeout"
    """No answer within the deadline."""
    THROTTLED = "throttled"
    """Turned away by a full queue or a rate limit."""
    BLOCKED = "blocked"
    """No line or no room."""
    ABANDONED = "abandoned"
    """The customer waited and lost patience."""
    BALKED = "balked"
    """The customer saw the queue and did not join."""
    UNCONFIRMED = "unconfirmed"
    """The second confirmation did not come, or came too late."""
    CLOSED = "closed"
    """The channel was not open."""
    UNFINISHED = "unfinished"
    """Cut by the horizon or by a stop; not known, hence not a success."""


OUTCOMES: tuple[str, ...] = tuple(Outcome)

TECHNICAL: frozenset[str] = frozenset({Outcome.ERROR, Outcome.TIMEOUT, Outcome.THROTTLED, Outcome.BLOCKED})
"""Ends that are the service's fault and no rule of business, no patience and no opening hour of people."""

ERRORS: frozenset[str] = TECHNICAL | {Outcome.UNFINISHED}
"""Ends that `error(…)` counts: technical ones, and visits that were never answered."""

HEADER_NOT_SENDABLE = "header_not_sendable"
PATH_NOT_SENDABLE = "path_not_sendable"
BODY_NOT_SENDABLE = "body_not_sendable"
NOT_SENDABLE = (HEADER_NOT_SENDABLE, PATH_NOT_SENDABLE, BODY_NOT_SENDABLE)
"""Causes of visits whose next request no HTTP can carry: the service was not asked."""
