"""Serve one attempt at a real channel: get hold of a server where there is one, walk the dialogue."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol
from urllib.parse import quote

from footfall.load.errands.answers import SERVED, Answer, Ending
from footfall.load.errands.attempt import Attempt, Order, VisitOverError
from footfall.load.errands.messages import MessageTurns
from footfall.load.errands.turns import HttpTurns
from footfall.load.errands.wire import ANSWER_S_MAX, Request, has_token, status_is
from footfall.records.outcomes import Outcome
from footfall.simulate.decide.customer import (
    AGENT,
    BALK,
    CUSTOMER_FAULT,
    FORGET,
    HUMAN,
    PATIENCE,
    TALK,
    forgets_logout,
    slip,
    wants_agent,
)
from footfall.simulate.decide.staff import times_of
from footfall.simulate.spec.channel import Turn, Verb
from footfall.simulate.spec.station import CallCentre, Counters, Kiosks, MessageGateway

PATIENCE_S_MAX = 600.0
"""Longer than this no request waits for a server."""
_LET_GO_S = 5.0
_Numbered = Iterable[tuple[int, Turn]]


class Turns(Protocol):
    """A way of asking for one page or message of a turn."""

    def turn(self, verb: Verb, page: int, slip: str) -> None:
        """Ask for it; raises `VisitOverError` when the visit cannot go on."""


def serve(attempt: Attempt, unsettled: Order | None = None, gateway_key: str = "") -> Ending:
    """Walk one attempt to its end; `unsettled` is an order of the attempt before on the same channel."""
    try:
        if isinstance(attempt.channel.station, MessageGateway):
            _walk(attempt, _turns(attempt), MessageTurns(attempt, gateway_key))
        elif isinstance(attempt.channel.station, Counters | Kiosks | CallCentre):
            _visit(attempt, HttpTurns(attempt, unsettled))
        else:
            _walk(attempt, _turns(attempt), HttpTurns(attempt, unsettled))
    except VisitOverError as over:
        return over.ending
    return SERVED


def _visit(attempt: Attempt, turns: HttpTurns) -> None:
    """Hold a clerk, machine or line, and walk the dialogue there."""
    with _held(attempt) as visit:
        turns.hold(visit)
        numbered = _turns(attempt)
        operation = attempt.customer.arrival.operation
        if not wants_agent(attempt.channel, operation, attempt.u(AGENT)):
            _walk(attempt, numbered, turns)
            return
        _walk(attempt, numbered[:1], turns)
        _fetch_agent(attempt, visit)
        # The caller's own time for the rest lies in the talk; the agent goes through the screens.
        _walk(attempt, numbered[1:], turns, hurried=True)


def _walk(attempt: Attempt, numbered: _Numbered, turns: Turns, *, hurried: bool = False) -> None:
    for number, turn in numbered:
        if not hurried:
            attempt.be_human(turn.human.at(attempt.u(HUMAN, number)))
        slipped = slip(attempt.channel.works[turn.verb], "customer", attempt.u(CUSTOMER_FAULT, number))
        if slipped is not None and slipped.outcome is Outcome.UNCONFIRMED:
            raise VisitOverError(Outcome.UNCONFIRMED, slipped.cause)
        if turn.verb is Verb.LOGOUT and forgets_logout(attempt.channel, attempt.u(FORGET)):
            continue
        for page in range(int(turn.pages)):
            turns.turn(turn.verb, page, slipped.cause if slipped else "")
        if slipped is not None:
            # The customer did not get what they meant, though the service raised no objection.
            raise VisitOverError(Outcome.ERROR, f"{slipped.cause}_accepted")


@contextmanager
def _held(attempt: Attempt) -> Iterator[str]:
    """Get hold of a server of the site, and let it go at the end, whatever the end is."""
    station = attempt.channel.station
    body: dict[str, float] = {"site": attempt.site, "patience_s": _patience_s(attempt)}
    if isinstance(station, CallCentre):
        body["patience_s"] = 0.0  # a line is never waited for
    if isinstance(station, Counters):
        body["balk_wait_s"] = station.balk_wait.at(attempt.u(BALK))
    channel = attempt.channel.name
    request = Request(
        channel=channel,
        method="POST",
        path="/visits",
        is_right=has_token(201, "visit"),
        body=body,
        timeout_s=body["patience_s"] + ANSWER_S_MAX,
    )
    since_s = attempt.customer.wire.now_s()
    granted = attempt.ask(request, notes_service=False)
    attempt.note_service()
    attempt.wait_s += _waited_s(granted, attempt.customer.wire.now_s() - since_s)
    visit = str(granted.data["visit"])
    try:
        yield visit
    finally:
        end = Request(
            channel=channel,
            method="DELETE",
            path=f"/visits/{quote(visit, safe='')}",
            name="/visits/{visit}",
            is_right=status_is(204),
            timeout_s=_LET_GO_S,
        )
        attempt.customer.wire.send(end, attempt.number)


def _fetch_agent(attempt: Attempt, visit: str) -> None:
    station = attempt.channel.station
    assert isinstance(station, CallCentre)  # noqa: S101  only its callers want an agent
    patience_s = _patience_s(attempt)
    request = Request(
        channel=attempt.channel.name,
        method="POST",
        path=f"/visits/{quote(visit, safe='')}/agent",
        name="/visits/{visit}/agent",
        is_right=status_is(200),
        body={"patience_s": patience_s},
        timeout_s=patience_s + ANSWER_S_MAX,
    )
    since_s = attempt.customer.wire.now_s()
    granted = attempt.ask(request)
    attempt.wait_s += _waited_s(granted, attempt.customer.wire.now_s() - since_s)
    talk = times_of(station, attempt.customer.arrival.operation, "talk")
    attempt.be_human(talk.at(attempt.u(TALK)))


def _patience_s(attempt: Attempt) -> float:
    station = attempt.channel.station
    assert isinstance(station, Counters | Kiosks | CallCentre)  # noqa: S101  no other is waited for
    patience = station.patience
    if isinstance(station, CallCentre):
        patience = times_of(station, attempt.customer.arrival.operation, "patience")
    return min(patience.at(attempt.u(PATIENCE)), PATIENCE_S_MAX)


def _turns(attempt: Attempt) -> list[tuple[int, Turn]]:
    return list(enumerate(attempt.channel.dialogues[attempt.customer.arrival.operation]))


def _waited_s(granted: Answer, took_s: float) -> float:
    """Give the seconds that a service says the customer waited, at most what the request took."""
    value = granted.data.get("waited_s")
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        return 0.0
    return min(value, took_s)
