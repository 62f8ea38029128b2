"""The turns of a dialogue over HTTP: log in, look, order, confirm, log out."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import quote

from footfall.load.errands.answers import Answer
from footfall.load.errands.attempt import Attempt, Order, VisitOverError
from footfall.load.errands.slips import UNKNOWN_ITEM, WRONG_PIN
from footfall.load.errands.wire import Request, has, has_token, is_token, status_is
from footfall.records.outcomes import Outcome
from footfall.simulate.spec.channel import Verb

BROWSE_PAGES = ("home", "plans", "offers", "help")
QUERY_PAGES = ("/account", "/account/bill", "/account/usage")
NUMBERS_TRIED_MOST = 3
_NUMBER_MOST = 1 << 63
_NO_SUCH_ITEM = "no-such-item"
_DONE, _PENDING, _EXPIRED = "done", "pending", "expired"
_TAKEN = "number_taken"


class HttpTurns:
    """What one visit has learnt: its token, its order, the visit held."""

    def __init__(self, attempt: Attempt, unsettled: Order | None = None) -> None:
        """Begin a visit; `unsettled` is an order of the attempt before of which nobody knows the fate."""
        self._attempt = attempt
        self._unsettled = unsettled
        operation = attempt.customer.arrival.operation
        self._confirms = any(turn.verb is Verb.CONFIRM for turn in attempt.channel.dialogues[operation])
        self._headers = {"User-Agent": attempt.customer.person.browser}
        self._pages = 0
        self._hidden: frozenset[str] = frozenset()

    def hold(self, visit: str) -> None:
        """Send the visit along with every request from now on."""
        self._headers["X-Visit"] = visit

    def turn(self, verb: Verb, page: int, slip: str) -> None:
        """Fetch one page of a turn; `slip` is the customer's fault to enact, or empty.

        Raises:
            VisitOverError: the answer is not the right one.
        """
        if verb is Verb.LOGIN:
            self._log_in(slip)
        elif verb is Verb.BROWSE:
            self._browse()
        elif verb is Verb.QUERY:
            self._ask("GET", QUERY_PAGES[page % len(QUERY_PAGES)], has(200, self._query_text(page)))
        elif verb is Verb.ORDER:
            self._order(slip)
        elif verb is Verb.CONFIRM:
            self._confirm()
        elif page == 0:
            # A session is closed once, however many pages the turn has.
            self._ask("POST", "/logout", status_is(204))

    def _log_in(self, slip: str) -> None:
        person = self._attempt.customer.person
        body = {"msisdn": person.msisdn, "pin": person.wrong_pin if slip == WRONG_PIN else person.pin}
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

    def _order(self, slip: str) -> None:
        if slip == UNKNOWN_ITEM:
            self._place(Order(self._new_key(), _NO_SUCH_ITEM))
            return
        attempt = self._attempt
        if attempt.open_order is None:
            attempt.open_order = self._unsettled or Order(self._new_key(), self._item())
        order = attempt.open_order
        answer = self._place(order)
        if answer.data.get("state") == _EXPIRED and order is self._unsettled:
            # It waited for its confirmation until too late; the customer orders again.
            order = attempt.open_order = Order(self._new_key(), self._item())
            answer = self._place(order)
        if answer.data.get("state") == _EXPIRED:
            raise VisitOverError(Outcome.UNCONFIRMED, _EXPIRED)
        order.number = str(answer.data["order"])

    def _place(self, order: Order) -> Answer:
        arrival = self._attempt.customer.arrival
        is_recharge = arrival.operation == "recharge"
        body = {
            "operation": arrival.operation,
            "item": order.item,
            "amount_fen": self._attempt.customer.person.recharge_fen if is_recharge else None,
        }
        return self._ask("POST", "/orders", self._is_placed, body=body, key=order.key)

    def _is_placed(self, answer: Answer) -> bool:
        """Whether the order stands as the dialogue goes on from here."""
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
    def _is_done(answer: Answer) -> bool:
        return answer.status == HTTPStatus.OK and answer.data.get("state") == _DONE

    def _item(self) -> str:
        operation = self._attempt.customer.arrival.operation
        if operation == "purchase":
            return self._reserve()
        items = {"transact": self._attempt.customer.person.plan, "recharge": "voucher"}
        return items.get(operation, operation)

    def _reserve(self) -> str:
        """Look at the free numbers and keep the first that nobody else takes meanwhile."""
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
        is_right: Callable[[Answer], bool],
        *,
        body: Mapping[str, object] | None = None,
        name: str = "",
        key: str = "",
    ) -> Answer:
        request = Request(
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


def _lists_numbers(answer: Answer) -> bool:
    numbers = answer.data.get("numbers")
    return answer.status == HTTPStatus.OK and isinstance(numbers, list) and all(map(is_token, numbers))


def _is_number(value: object) -> bool:
    """Whether a value counts orders: whole, above 0, and of a reasonable size."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < _NUMBER_MOST
