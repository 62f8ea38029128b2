"""The steps of a visit to the reference service, over HTTP and by short message."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from math import isfinite
from typing import Protocol
from urllib.parse import quote

from footfall._behaviour.capacity_rules import message_answer_s_most, times_of
from footfall._behaviour.customer_rules import (
    AGENT,
    BALK,
    CUSTOMER_FAULT,
    FORGET,
    HUMAN,
    PATIENCE,
    TALK,
    fault_drawn,
    forgets_logout,
    numbered_steps,
    request_number,
    wants_agent,
)
from footfall._load.identity import UNKNOWN_COMMAND, UNKNOWN_ITEM, WRONG_PIN
from footfall._load.responses import NO_ANSWER, SERVED, Ending, Response, ending_of
from footfall._load.visit import (
    ANSWER_S_MAX,
    Attempt,
    OrderOutcome,
    RequestSpec,
    VisitOverError,
    has,
    has_token,
    is_token,
    status_is,
)
from footfall._model.channel import Step, Verb
from footfall._model.station_specs import CallCentre, Counters, Kiosks, MessageGateway
from footfall._records.rows import Outcome

# ── Steps over HTTP: log in, browse, query, order, confirm, log out

BROWSE_PAGES = ("home", "plans", "offers", "help")
QUERY_PAGES = ("/account", "/account/bill", "/account/usage")
NUMBERS_TRIED_MOST = 3
_NUMBER_MOST = 1 << 63
_NO_SUCH_ITEM = "no-such-item"
_DONE, _PENDING, _EXPIRED = "done", "pending", "expired"
_TAKEN = "number_taken"


class HttpSteps:
    """The HTTP requests of one visit, with its token and its order."""

    def __init__(self, attempt: Attempt, unsettled: OrderOutcome | None = None) -> None:
        """Begin a visit; `unsettled` is an order of the previous attempt that may have been executed."""
        self._attempt = attempt
        self._unsettled = unsettled
        operation = attempt.customer.arrival.operation
        self._confirms = any(step.verb is Verb.CONFIRM for step in attempt.channel.dialogues[operation])
        self._headers = {"User-Agent": attempt.customer.identity.browser}
        self._pages = 0
        self._hidden: frozenset[str] = frozenset()

    def hold(self, visit: str) -> None:
        """Send the visit's identifier with every request from now on."""
        self._headers["X-Visit"] = visit

    def request_page(self, verb: Verb, page: int, fault_drawn: str) -> None:
        """Request one page of a step; `fault_drawn` is the customer's error to make, or empty.

        Raises:
            VisitOverError: the response is not a success.
        """
        if verb is Verb.LOGIN:
            self._log_in(fault_drawn)
        elif verb is Verb.BROWSE:
            self._browse()
        elif verb is Verb.QUERY:
            self._ask("GET", QUERY_PAGES[page % len(QUERY_PAGES)], has(200, self._query_text(page)))
        elif verb is Verb.ORDER:
            self._order(fault_drawn)
        elif verb is Verb.CONFIRM:
            self._confirm()
        elif page == 0:
            # A session is closed once, even if the step has several pages.
            self._ask("POST", "/logout", status_is(204))

    def _log_in(self, fault_drawn: str) -> None:
        identity = self._attempt.customer.identity
        body = {
            "msisdn": identity.msisdn,
            "pin": identity.wrong_pin if fault_drawn == WRONG_PIN else identity.pin,
        }
        answer = self._ask("POST", "/login", has_token(200, "token"), body=body)
        token = answer.data["token"]
        self._headers["Authorization"], self._hidden = f"Bearer {token}", frozenset({token})

    def _browse(self) -> None:
        page = BROWSE_PAGES[self._pages % len(BROWSE_PAGES)]
        self._pages += 1
        if page == "offers" and self._attempt.customer.arrival.operation == "purchase":
            page = "numbers"
        self._ask(
            "GET", f"/pages/{page}", lambda answer: answer.status == HTTPStatus.OK and bool(answer.data)
        )

    @staticmethod
    def _query_text(page: int) -> str:
        return ("msisdn", "entries", "plan")[page % len(QUERY_PAGES)]

    def _order(self, fault_drawn: str) -> None:
        if fault_drawn == UNKNOWN_ITEM:
            self._place(OrderOutcome(self._new_key(), _NO_SUCH_ITEM))
            return
        attempt = self._attempt
        if attempt.open_order is None:
            attempt.open_order = self._unsettled or OrderOutcome(self._new_key(), self._item())
        order = attempt.open_order
        answer = self._place(order)
        if answer.data.get("state") == _EXPIRED and order is self._unsettled:
            # It expired while it waited for confirmation; the customer orders again.
            order = attempt.open_order = OrderOutcome(self._new_key(), self._item())
            answer = self._place(order)
        if answer.data.get("state") == _EXPIRED:
            raise VisitOverError(Outcome.UNCONFIRMED, _EXPIRED)
        order.number = str(answer.data["order"])

    def _place(self, order: OrderOutcome) -> Response:
        arrival = self._attempt.customer.arrival
        is_recharge = arrival.operation == "recharge"
        body = {
            "operation": arrival.operation,
            "item": order.item,
            "amount_fen": self._attempt.customer.identity.recharge_fen if is_recharge else None,
        }
        return self._ask("POST", "/orders", self._is_placed, body=body, key=order.key)

    def _is_placed(self, answer: Response) -> bool:
        """Whether the order is in a state from which the visit can continue."""
        state, order = answer.data.get("state"), answer.data.get("order")
        if not isinstance(state, str) or not (is_token(order) or _is_number(order)):
            return False
        if answer.status == HTTPStatus.OK:  # the same order as before, executed once
            return state in ({_PENDING, _DONE, _EXPIRED} if self._confirms else {_DONE})
        return (answer.status, state) == ((202, _PENDING) if self._confirms else (201, _DONE))

    def _confirm(self) -> None:
        order = self._attempt.open_order
        number = order.number if order else ""
        self._ask(
            "POST", f"/orders/{quote(number, safe='')}/confirm", self._is_done, name="/orders/{order}/confirm"
        )

    @staticmethod
    def _is_done(answer: Response) -> bool:
        return answer.status == HTTPStatus.OK and answer.data.get("state") == _DONE

    def _item(self) -> str:
        operation = self._attempt.customer.arrival.operation
        if operation == "purchase":
            return self._reserve()
        items = {"transact": self._attempt.customer.identity.plan, "recharge": "voucher"}
        return items.get(operation, operation)

    def _reserve(self) -> str:
        """List the free numbers and reserve the first one that has not been taken in the meantime."""
        answer = self._ask("GET", "/numbers?limit=20", _lists_numbers, name="/numbers")
        for number in answer.data["numbers"][:NUMBERS_TRIED_MOST]:
            try:
                path = f"/numbers/{quote(number, safe='')}/reserve"
                self._ask("POST", path, status_is(200), name="/numbers/{number}/reserve")
            except VisitOverError as over:
                if over.ending[1] != _TAKEN:
                    raise
            else:
                return str(number)
        raise VisitOverError(Outcome.REJECTED, _TAKEN)

    def _new_key(self) -> str:
        customer = self._attempt.customer
        return f"{customer.run}-{customer.arrival.customer}-{self._attempt.number}"

    def _ask(  # noqa: PLR0913  the parts of one request
        self,
        method: str,
        path: str,
        is_right: Callable[[Response], bool],
        *,
        body: Mapping[str, object] | None = None,
        name: str = "",
        key: str = "",
    ) -> Response:
        request = RequestSpec(
            channel=self._attempt.channel.name,
            method=method,
            path=path,
            name=name,
            is_right=is_right,
            body=body,
            hidden=self._hidden,
            headers=self._headers | ({"Idempotency-Key": key} if key else {}),
        )
        return self._attempt.ask(request)


def _lists_numbers(answer: Response) -> bool:
    numbers = answer.data.get("numbers")
    return answer.status == HTTPStatus.OK and isinstance(numbers, list) and all(map(is_token, numbers))


def _is_number(value: object) -> bool:
    """Whether a value can be the number of an order: an integer above 0 and below 2^63."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < _NUMBER_MOST


# ── Steps by short message: a text is sent, and its answer is polled for

_POLL_S = 20.0
_SPARE_S = 10.0
"""What a long poll may take beyond its wait."""
_MESSAGE_NUMBER_MOST = 1 << 53


class MessageSteps:
    """The short messages of one visit, with the number of the last answer seen."""

    def __init__(self, attempt: Attempt, gateway_key: str = "") -> None:
        """Begin a visit; `gateway_key` is the gateway's, if it requires one."""
        self._attempt = attempt
        self._headers = {"X-Gateway-Key": gateway_key} if gateway_key else {}
        self._hidden = frozenset({gateway_key} - {""})
        self._seen = 0
        operation = attempt.customer.arrival.operation
        self._confirms = any(step.verb is Verb.CONFIRM for step in attempt.channel.dialogues[operation])
        self._sent = 0

    def request_page(self, verb: Verb, _page: int, fault_drawn: str) -> None:
        """Send one message and wait for its answer; `fault_drawn` is the customer's error to make, or empty.

        Raises:
            VisitOverError: the answer is not a success, or there is none.
        """
        text = self._text(verb)
        number = self._send(f"?{text}" if fault_drawn == UNKNOWN_COMMAND else text)
        said = self._answer_to(number)
        wanted = "confirm" if verb is Verb.ORDER and self._confirms else "ok"
        if said.get("code") != wanted:
            status = said.get("status")
            heard = Response(status if isinstance(status, int) else 0, said)
            raise VisitOverError(*ending_of(heard, self._hidden))

    def _text(self, verb: Verb) -> str:
        customer = self._attempt.customer
        if verb is Verb.CONFIRM:
            return "Y"
        if verb is not Verb.ORDER:
            return "CX"
        identity = customer.identity
        orders = {
            "recharge": f"CZ {identity.recharge_fen}",
            "transact": f"BL {identity.plan}",
            "roaming": "MY",
        }
        return orders[customer.arrival.operation]

    def _send(self, text: str) -> str:
        customer = self._attempt.customer
        self._sent += 1
        number = f"{customer.run}-{customer.arrival.customer}-{self._attempt.number}-{self._sent}"
        body = {"msisdn": customer.identity.msisdn, "text": text, "id": number}
        self._ask("POST", "/messages", body=body)
        return number

    def _answer_to(self, number: str) -> dict[str, object]:
        """Poll until the answer to the message has arrived."""
        transport = self._attempt.customer.transport
        until_s = transport.now_s() + max(ANSWER_S_MAX, message_answer_s_most(self._attempt.channel))
        while (left_s := until_s - transport.now_s()) > 0:
            wait_s = min(left_s, _POLL_S)
            path = f"/answers/{self._attempt.customer.identity.msisdn}?after={self._seen}&wait_s={wait_s:.3f}"
            answer = self._ask("GET", path, name="/answers", timeout_s=wait_s + _SPARE_S)
            for said in answer.data["answers"]:
                self._seen = max(self._seen, int(said["n"]))
                if said.get("to_id") == number:
                    return dict(said)
        raise VisitOverError(Outcome.TIMEOUT, NO_ANSWER)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        name: str = "",
        timeout_s: float = ANSWER_S_MAX,
    ) -> Response:
        request = RequestSpec(
            channel=self._attempt.channel.name,
            method=method,
            path=path,
            name=name,
            is_right=_is_accepted if method == "POST" else _lists_answers,
            body=body,
            headers=self._headers,
            hidden=self._hidden,
            timeout_s=timeout_s,
        )
        return self._attempt.ask(request)


def _is_accepted(answer: Response) -> bool:
    return answer.status == HTTPStatus.ACCEPTED and answer.data.get("accepted") is True


def _lists_answers(answer: Response) -> bool:
    said = answer.data.get("answers")
    return (
        answer.status == HTTPStatus.OK
        and isinstance(said, list)
        and all(isinstance(one, dict) and _is_message_number(one.get("n")) for one in said)
    )


def _is_message_number(value: object) -> bool:
    return isinstance(value, int) and 0 <= value < _MESSAGE_NUMBER_MOST


# ── Serve one attempt: seize a server if the channel has servers, then take the steps

PATIENCE_S_MAX = 600.0
"""No request waits longer than this for a server."""
_RELEASE_S = 5.0
_Numbered = Iterable[tuple[int, Step]]


class Steps(Protocol):
    """Requests of one kind of channel."""

    def request_page(self, verb: Verb, page: int, fault_drawn: str) -> None:
        """Request one page or message of a step; raises `VisitOverError` if the visit cannot continue."""


def serve(attempt: Attempt, unsettled: OrderOutcome | None = None, gateway_key: str = "") -> Ending:
    """Run one attempt to its end; `unsettled` is the order of the previous attempt at this channel."""
    try:
        if isinstance(attempt.channel.station, MessageGateway):
            _run_steps(attempt, _steps_of(attempt), MessageSteps(attempt, gateway_key))
        elif isinstance(attempt.channel.station, Counters | Kiosks | CallCentre):
            _visit(attempt, HttpSteps(attempt, unsettled))
        else:
            _run_steps(attempt, _steps_of(attempt), HttpSteps(attempt, unsettled))
    except VisitOverError as over:
        return over.ending
    return SERVED


def _visit(attempt: Attempt, steps: HttpSteps) -> None:
    """Seize a clerk, machine or line, and take the steps there."""
    with _seized(attempt) as visit:
        steps.hold(visit)
        numbered = _steps_of(attempt)
        operation = attempt.customer.arrival.operation
        if not wants_agent(attempt.channel, operation, attempt.u(AGENT)):
            _run_steps(attempt, numbered, steps)
            return
        _run_steps(attempt, numbered[:1], steps)
        _get_agent(attempt, visit)
        # The talk includes the caller's think time for the other steps, which the agent takes.
        _run_steps(attempt, numbered[1:], steps, thinks=False)


def _run_steps(attempt: Attempt, numbered: _Numbered, steps: Steps, *, thinks: bool = True) -> None:
    for number, step in numbered:
        if thinks:
            attempt.think(step.human.at(attempt.u(HUMAN, number)))
        fault = fault_drawn(attempt.channel.works[step.verb], "customer", attempt.u(CUSTOMER_FAULT, number))
        if fault is not None and fault.outcome is Outcome.UNCONFIRMED:
            raise VisitOverError(Outcome.UNCONFIRMED, fault.cause)
        for page in range(int(step.pages)):
            attempt.request_number = request_number(number, page)
            steps.request_page(step.verb, page, fault.cause if fault else "")
        if fault is not None:
            # The service accepted the error, so the customer did not get what they wanted.
            raise VisitOverError(Outcome.ERROR, f"{fault.cause}_accepted")


@contextmanager
def _seized(attempt: Attempt) -> Iterator[str]:
    """Seize a server of the site, and release it at the end, however the visit ends."""
    station = attempt.channel.station
    body: dict[str, float] = {"site": attempt.site, "patience_s": _patience_s(attempt)}
    if isinstance(station, CallCentre):
        body["patience_s"] = 0.0  # callers do not wait for a line
    if isinstance(station, Counters):
        balk_wait_s = station.balk_wait.at(attempt.u(BALK))
        if isfinite(balk_wait_s):  # infinite: never balks; JSON has no infinity
            body["balk_wait_s"] = balk_wait_s
    channel = attempt.channel.name
    request = RequestSpec(
        channel=channel,
        method="POST",
        path="/visits",
        is_right=has_token(201, "visit"),
        body=body,
        timeout_s=body["patience_s"] + ANSWER_S_MAX,
    )
    since_s = attempt.customer.transport.now_s()
    granted = attempt.ask(request, starts_service=False)
    attempt.start_service()
    attempt.wait_s += _waited_s(granted, attempt.customer.transport.now_s() - since_s)
    visit = str(granted.data["visit"])
    try:
        yield visit
    finally:
        end = RequestSpec(
            channel=channel,
            method="DELETE",
            path=f"/visits/{quote(visit, safe='')}",
            name="/visits/{visit}",
            is_right=status_is(204),
            timeout_s=_RELEASE_S,
        )
        attempt.customer.transport.send(end, attempt.number)


def _get_agent(attempt: Attempt, visit: str) -> None:
    station = attempt.channel.station
    assert isinstance(station, CallCentre)  # noqa: S101  only callers want an agent
    patience_s = _patience_s(attempt)
    request = RequestSpec(
        channel=attempt.channel.name,
        method="POST",
        path=f"/visits/{quote(visit, safe='')}/agent",
        name="/visits/{visit}/agent",
        is_right=status_is(200),
        body={"patience_s": patience_s},
        timeout_s=patience_s + ANSWER_S_MAX,
    )
    since_s = attempt.customer.transport.now_s()
    granted = attempt.ask(request)
    attempt.wait_s += _waited_s(granted, attempt.customer.transport.now_s() - since_s)
    talk = times_of(station, attempt.customer.arrival.operation, "talk")
    attempt.think(talk.at(attempt.u(TALK)))


def _patience_s(attempt: Attempt) -> float:
    station = attempt.channel.station
    assert isinstance(station, Counters | Kiosks | CallCentre)  # noqa: S101  the others have no servers to wait for
    patience = station.patience
    if isinstance(station, CallCentre):
        patience = times_of(station, attempt.customer.arrival.operation, "patience")
    return min(patience.at(attempt.u(PATIENCE)), PATIENCE_S_MAX)


def _steps_of(attempt: Attempt) -> list[tuple[int, Step]]:
    channel = attempt.channel
    forgets = channel.logout_reminder is not None and forgets_logout(channel, attempt.u(FORGET))
    return numbered_steps(channel.dialogues[attempt.customer.arrival.operation], logs_out=not forgets)


def _waited_s(granted: Response, took_s: float) -> float:
    """Return the waiting time that a service reports, at most the time that the request took."""
    value = granted.data.get("waited_s")
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        return 0.0
    return min(value, took_s)
