"""Serve an attempt at somebody's own service: the steps of its errand, one after another."""

import base64
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from uuid import NAMESPACE_OID, uuid5

from footfall.load.endpoints.look import ABSENT, is_same, look
from footfall.load.endpoints.request import Filling, OwnRequest, request_of
from footfall.load.endpoints.spec import Basic, Bearer, Call, Endpoints, Errand, Header, Login, Until
from footfall.load.endpoints.words import (
    KEY_WORD,
    UnfitValueError,
    in_header,
    in_text,
    names_a_secret,
    secret_texts,
)
from footfall.load.errands.answers import SERVED, Answer, Ending
from footfall.load.errands.attempt import Attempt, Order, VisitOverError
from footfall.records.outcomes import Outcome

NOT_DONE = "not_done"
NO_TOKEN = "no_token"  # noqa: S105  a cause
NO_ERRAND = "no_errand"
_AUTHORIZATION = "Authorization"


class OwnService:
    """An endpoints file made ready: its secrets known, nothing sent yet."""

    def __init__(self, endpoints: Endpoints, secrets: Mapping[str, str], human_time_factor: float) -> None:
        """Keep the secrets; people's own time is multiplied by the factor."""
        self.endpoints = endpoints
        self.secrets = secrets
        self.human_time_factor = human_time_factor
        self.words = endpoints.words
        self._errands: dict[tuple[str, str], Errand | None] = {}
        self.shared = SharedToken(endpoints.auth.renew_s if isinstance(endpoints.auth, Login) else None)

    def serve(self, attempt: Attempt, unsettled: Order | None = None) -> Ending:
        """Walk one attempt to its end; `unsettled` is an order of the attempt before on the same channel."""
        pair = attempt.channel.name, attempt.customer.arrival.operation
        if pair not in self._errands:
            self._errands[pair] = self.endpoints.errand_of(*pair)
        errand = self._errands[pair]
        if errand is None:
            return Outcome.ERROR, NO_ERRAND
        try:
            _Visit(self, attempt, unsettled).walk(errand)
        except VisitOverError as over:
            return over.ending
        return SERVED


class SharedToken:
    """The token of the whole process: whoever comes first logs in, and the others wait for it."""

    def __init__(self, renew_s: float | None) -> None:
        """Have none; it is renewed after so many seconds, None: never by itself."""
        self.waiting = 0
        """Visits that ask for it at this moment."""
        self._renew_s = renew_s
        self._lock = threading.Lock()
        self._token = ""
        self._since_s = 0.0
        self._ended = 0
        """Logins that came to an end."""
        self._failure: VisitOverError | None = None

    def get(self, now_s: float, log_in: Callable[[], str]) -> str:
        """Give the token; a login that fails has failed for all who waited for it.

        Raises:
            VisitOverError: there is none.
        """
        ended = self._ended
        self.waiting += 1
        try:
            return self._under_lock(ended, now_s, log_in)
        finally:
            self.waiting -= 1

    def forget(self, token: str) -> None:
        """Log in again for the next who comes, unless somebody has meanwhile."""
        if token == self._token:
            self._token = ""

    def _under_lock(self, ended: int, now_s: float, log_in: Callable[[], str]) -> str:
        with self._lock:
            is_old = self._renew_s is not None and now_s - self._since_s > self._renew_s
            if self._token and not is_old:
                return self._token
            if self._ended != ended and self._failure is not None:
                raise VisitOverError(*self._failure.ending)
            try:
                self._token, self._since_s, self._failure = log_in(), now_s, None
            except VisitOverError as over:
                self._token, self._failure = "", over
                raise
            finally:
                self._ended += 1
            return self._token


class _Visit:
    """One attempt under way: what has been saved, and the token."""

    def __init__(self, service: OwnService, attempt: Attempt, unsettled: Order | None) -> None:
        self._service = service
        self._endpoints = service.endpoints
        self._attempt = attempt
        self._order = unsettled or Order(_key(attempt), "")
        self._values = _values(attempt, service) | {KEY_WORD: str(uuid5(NAMESPACE_OID, self._order.key))}
        self._token = ""
        self._hidden = frozenset(service.secrets.values())

    def walk(self, errand: Errand) -> None:
        for step in errand.step:
            self._attempt.be_human(step.think_s * self._service.human_time_factor)
            authorization = self._authorization() if step.auth else {}
            if KEY_WORD in step.words:
                # From now on nobody knows whether it is executed, until an answer says so.
                self._attempt.open_order = self._order
            request = self._request(step, authorization)
            answer = self._ask(request) if step.until is None else self._ask_until(request, step.until)
            for name, path in step.save.items():
                self._values[name] = value = look(answer.document, path)
                if names_a_secret(name):
                    self._hidden |= secret_texts(value)

    def _request(self, call: Call, authorization: dict[str, str]) -> OwnRequest:
        filling = Filling(
            endpoints=self._endpoints,
            channel=self._attempt.channel.name,
            values=self._values,
            authorization=authorization,
            hidden=self._hidden,
        )
        return request_of(call, filling)

    def _ask(self, request: OwnRequest) -> Answer:
        attempt = self._attempt
        attempt.note_service()
        answer = attempt.customer.wire.send(request, attempt.number)
        outcome, cause = request.judge(answer)
        if outcome is not Outcome.SERVED:
            if answer.status == HTTPStatus.UNAUTHORIZED:
                self._service.shared.forget(self._token)
            raise VisitOverError(outcome, cause)
        return answer

    def _ask_until(self, request: OwnRequest, until: Until) -> Answer:
        wire = self._attempt.customer.wire
        give_up_s = wire.now_s() + until.at_most_s
        while True:
            answer = self._ask(request)
            if all(is_same(look(answer.document, path), wanted) for path, wanted in until.json_is.items()):
                return answer
            if wire.now_s() + until.every_s > give_up_s:
                raise VisitOverError(Outcome.TIMEOUT, NOT_DONE)
            wire.sleep(until.every_s)

    def _authorization(self) -> dict[str, str]:
        """Give the header that says who asks; it may log in first."""
        auth = self._endpoints.auth
        try:
            if isinstance(auth, Bearer):
                return {_AUTHORIZATION: f"Bearer {in_header(auth.token, self._values)}"}
            if isinstance(auth, Header):
                return {auth.name: in_header(auth.value, self._values)}
            if isinstance(auth, Basic):
                pair = f"{in_text(auth.user, self._values)}:{in_text(auth.password, self._values)}"
                encoded = base64.b64encode(pair.encode()).decode()
                self._hidden |= {encoded}
                return {_AUTHORIZATION: f"Basic {encoded}"}
            if isinstance(auth, Login):
                self._token = self._token or self._logged_in(auth)
                self._hidden |= {self._token}
                return {auth.header: in_header("{token}", {"token": f"{auth.prefix}{self._token}"})}
        except UnfitValueError as error:
            raise VisitOverError(Outcome.ERROR, str(error)) from error
        return {}

    def _logged_in(self, login: Login) -> str:
        if login.per == "visit":
            return self._log_in(login)
        return self._service.shared.get(self._attempt.customer.wire.now_s(), lambda: self._log_in(login))

    def _log_in(self, login: Login) -> str:
        token = look(self._ask(self._request(login, {})).document, login.token)
        if token is ABSENT or not isinstance(token, str) or not token:
            raise VisitOverError(Outcome.ERROR, NO_TOKEN)
        return token


def _key(attempt: Attempt) -> str:
    customer = attempt.customer
    return f"{customer.run}-{customer.arrival.customer}-{attempt.number}"


VALUES: Mapping[str, Callable[[Attempt], object]] = {
    "subscriber": lambda attempt: attempt.customer.arrival.subscriber,
    "customer": lambda attempt: attempt.customer.arrival.customer,
    "arrival": lambda attempt: attempt.customer.arrival.arrival,
    "segment": lambda attempt: attempt.customer.arrival.segment,
    "operation": lambda attempt: attempt.customer.arrival.operation,
    "attempt": lambda attempt: attempt.number,
    "channel": lambda attempt: attempt.channel.name,
    "phone": lambda attempt: attempt.customer.person.msisdn,
    "pin": lambda attempt: attempt.customer.person.pin,
    "plan": lambda attempt: attempt.customer.person.plan,
    "recharge_fen": lambda attempt: attempt.customer.person.recharge_fen,
    "browser": lambda attempt: attempt.customer.person.browser,
}
"""What each of `CUSTOMER_WORDS` stands for."""


def _values(attempt: Attempt, service: OwnService) -> dict[str, object]:
    """Give the placeholders that the file names and no others: a browser's name needs Faker's tables."""
    used = {name: value(attempt) for name, value in VALUES.items() if name in service.words}
    return used | dict(service.secrets)
