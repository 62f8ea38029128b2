"""How long the operator keeps a session and an unconfirmed order: one rule for simulation and service."""

from footfall.simulate.spec.channel import Channel, Verb
from footfall.simulate.spec.station import MessageGateway

SESSION_IDLE_S = 1800.0
"""An idle session lives so long on a channel without a logout reminder."""
_WORK_TIMES_MOST = 20
"""So many mean service times are beyond what a service time comes to."""
NO_SESSION = "no_session"
EXPIRED = "expired"


def session_idle_s(channel: Channel, default_s: float = SESSION_IDLE_S) -> float:
    """Seconds that a session of a channel lives after the last request that used it."""
    reminder = channel.logout_reminder
    return float(reminder.idle_s) if reminder else default_s


def uses_session(verb: Verb) -> bool:
    """Whether a page is of the account, and so needs and renews the session; public pages do not."""
    return verb not in {Verb.LOGIN, Verb.BROWSE}


def has_lapsed(began_s: float, now_s: float, window_s: float) -> bool:
    """Whether what was begun, or last used, at `began_s` is over at `now_s`.

    Waits count like any other time: it is the operator's clock that runs.
    """
    return now_s - began_s > window_s


def message_answer_s_most(channel: Channel) -> float:
    """Seconds after which a message that was accepted has been answered: a full queue, then the systems.

    A customer who has sent a message waits for its answer, in the simulation and in a played run.
    """
    station = channel.station
    if not isinstance(station, MessageGateway):
        return 0.0
    queued_s = (float(station.queue) + 1) / float(station.messages_per_s)
    return queued_s + _WORK_TIMES_MOST * max(float(work.service.mean_s) for work in channel.works.values())
