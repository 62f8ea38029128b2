"""Serve a visit at the user's service: its steps as requests, and what the responses mean."""

import base64
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from footfall import __version__
from footfall._behaviour.customer_rules import request_number
from footfall._load.endpoints.endpoints_file import (
    Basic,
    Bearer,
    EndpointCall,
    Endpoints,
    EndpointStep,
    Header,
    Login,
    OperationSteps,
    Success,
    Until,
)
from footfall._load.endpoints.placeholders import (
    ABSENT,
    KEY_WORD,
    UnfitValueError,
    Values,
    in_form,
    in_header,
    in_json,
    in_path,
    in_text,
    is_same,
    names_a_secret,
    secret_texts,
    value_at,
)
from footfall._load.responses import ACCEPTED, SERVED, UNEXPECTED, Ending, Response, ending_of
from footfall._load.secrets import cleaned, shown_code
from footfall._load.visit import Attempt, OrderOutcome, RequestSpec, VisitOverError
from footfall._records.load_generator import GENERATORS_OWN
from footfall._records.rows import BODY_NOT_SENDABLE, Outcome

# ── What a response of the user's service means: success or an outcome; never success by default

_OK = range(200, 300)
_CODE_MOST = 400


def ending_at(
    endpoints: Endpoints, call: EndpointCall, answer: Response, hidden: Iterable[str] = ()
) -> Ending:
    """Return `SERVED` for a success that has all values to be saved, otherwise outcome and cause.

    `hidden` are secrets that the service may repeat; no cause contains them.
    """
    if answer.problem or not is_right(call.success or endpoints.success, answer):
        return _as_mapped(endpoints, answer, hidden)
    for name, path in call.save.items() if isinstance(call, EndpointStep) else ():
        found = value_at(answer.document, path)
        if found is None or found is ABSENT:
            return Outcome.ERROR, f"no_{name}"
    return SERVED


def is_right(success: Success, answer: Response) -> bool:
    """Whether a response meets all conditions of a success."""
    if answer.problem or answer.status not in (success.status or _OK):
        return False
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return (
        all(is_same(value_at(answer.document, path), wanted) for path, wanted in success.json_is.items())
        and all(_has_value(value_at(answer.document, path)) for path in success.has)
        and all(text in answer.text for text in success.contains)
        and not any(text in answer.text for text in success.not_contains)
        and all(text in headers.get(name.lower(), "") for name, text in success.header.items())
    )


def _code_of(endpoints: Endpoints, answer: Response) -> str:
    """Return the error code of a response, unchanged; empty if there is none."""
    found = value_at(answer.document, endpoints.code)
    if isinstance(found, bool) or not isinstance(found, str | int):
        return ""
    return str(found)[:_CODE_MOST]


def _as_mapped(endpoints: Endpoints, answer: Response, hidden: Iterable[str]) -> Ending:
    """Return outcome and cause: by the file's `outcomes` for code, then status, otherwise the default."""
    code = answer.problem or _code_of(endpoints, answer)
    shown = answer.problem or _shown(endpoints, code, hidden)
    cause = shown or (UNEXPECTED if answer.status in _OK else f"http_{answer.status}")
    if code not in GENERATORS_OWN:
        for key, outcome in endpoints.outcomes.items():
            if code and _is_named(key, code):
                return outcome, cause
        if str(answer.status) in endpoints.outcomes:
            return endpoints.outcomes[str(answer.status)], cause
    return ending_of(Response(answer.status, {"code": code}, answer.problem))[0], cause


def _shown(endpoints: Endpoints, code: str, hidden: Iterable[str]) -> str:
    """Return a code as a cause: as it is if the file names it, otherwise only if it reveals no secret."""
    if any(_is_named(key, code) for key in endpoints.outcomes):
        return cleaned(code)
    return shown_code(code, hidden)


def _is_named(key: str, code: str) -> bool:
    return code == key or (cleaned(code) == cleaned(key) != "")


def _has_value(found: Any) -> bool:  # noqa: ANN401  JSON
    return found is not ABSENT and found is not None and found not in ("", [], {})


# ── A step of an endpoints file as an HTTP request

LOGIN = "login"
_AGENT = f"footfall/{__version__}"
_KINDS = ("application/json", "application/x-www-form-urlencoded", "text/plain; charset=utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """Values of the placeholders of a call, and what is sent with every call."""

    endpoints: Endpoints = field(repr=False)
    channel: str
    values: Values = field(repr=False)
    authorization: dict[str, str] = field(repr=False)
    hidden: frozenset[str] = field(repr=False)
    """Texts that no cause may contain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRequest(RequestSpec):
    """A request of an endpoints file, judged by that file."""

    endpoints: Endpoints = field(repr=False)
    call: EndpointCall = field(repr=False)
    content: bytes | None = field(repr=False)

    @property
    def step(self) -> str:
        """Name of the step."""
        return self.name

    @property
    def target(self) -> str:
        """Path below the host."""
        return self.path

    @property
    def shown(self) -> str:
        """The path with unfilled placeholders: a value may be a secret."""
        return self.call.path.partition("?")[0]

    @property
    def payload(self) -> bytes | None:
        """The body as it is sent."""
        return self.content

    @property
    def sent_headers(self) -> Mapping[str, str]:
        """All headers as they are sent."""
        return self.headers

    def judge(self, answer: Response) -> Ending:
        """Return `SERVED` for a success, otherwise how the visit ends."""
        return ending_at(self.endpoints, self.call, answer, self.hidden)


def request_of(call: EndpointCall, filling: Filling) -> EndpointRequest:
    """Fill a call for one customer.

    Raises:
        VisitOverError: a value from the service cannot be sent where it is used.
    """
    try:
        values = filling.values
        content, kind = _body(call, values)
        headers = {"Accept": "*/*", "Accept-Encoding": ACCEPTED, "User-Agent": _AGENT} | filling.authorization
        headers |= {"Content-Type": kind} if kind else {}
        own = {name: in_header(text, values) for name, text in call.headers.items()}
        path = in_path(call.path, values)
    except UnfitValueError as error:
        raise VisitOverError(Outcome.ERROR, str(error)) from error
    replaced = {name.lower() for name in own}
    return EndpointRequest(
        channel=filling.channel,
        method=call.method,
        path=path,
        name=call.title if isinstance(call, EndpointStep) else LOGIN,
        is_right=lambda answer: not answer.problem,
        headers={name: text for name, text in headers.items() if name.lower() not in replaced} | own,
        timeout_s=call.timeout_s,
        answer_bytes_most=filling.endpoints.response_bytes_max,
        keeps_text=True,
        keeps_cookies=True,
        endpoints=filling.endpoints,
        call=call,
        content=content,
        hidden=filling.hidden,
    )


def _body(call: EndpointCall, values: Values) -> tuple[bytes | None, str]:
    """Return the body and its content type.

    Raises:
        UnfitValueError: a value cannot be encoded.
    """
    as_json, form, text = call.bodies
    try:
        if as_json is not None:
            return _json(in_json(as_json, values)), _KINDS[0]
        if form is not None:
            return in_form(form, values).encode(), _KINDS[1]
        if text is not None:
            return in_text(text, values).encode(), _KINDS[2]
    except (UnicodeError, RecursionError) as error:
        raise UnfitValueError(BODY_NOT_SENDABLE) from error
    return None, ""


def _json(tree: Any) -> bytes:  # noqa: ANN401  JSON
    """Return JSON in UTF-8; unpaired surrogates, which UTF-8 cannot encode, are escaped."""
    try:
        return json.dumps(tree, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(tree).encode()


# ── Serve an attempt at the user's service: the steps of its operation, in order

NOT_DONE = "not_done"
NO_TOKEN = "no_token"  # noqa: S105  a cause
NOT_MAPPED = "not_mapped"
_AUTHORIZATION = "Authorization"


class TargetService:
    """The service of an endpoints file, with its secrets."""

    def __init__(self, endpoints: Endpoints, secrets: Mapping[str, str], human_time_factor: float) -> None:
        """Take endpoints and secrets; think times are multiplied by the factor. Nothing is sent yet."""
        self.endpoints = endpoints
        self.secrets = secrets
        self.human_time_factor = human_time_factor
        self.words = endpoints.words
        self._steps: dict[tuple[str, str], OperationSteps | None] = {}
        self.shared = SharedToken(endpoints.auth.renew_s if isinstance(endpoints.auth, Login) else None)

    def serve(self, attempt: Attempt, unsettled: OrderOutcome | None = None) -> Ending:
        """Run one attempt to its end; `unsettled` is the order of the previous attempt at this channel."""
        pair = attempt.channel.name, attempt.customer.arrival.operation
        if pair not in self._steps:
            self._steps[pair] = self.endpoints.steps_for(*pair)
        steps = self._steps[pair]
        if steps is None:
            return Outcome.ERROR, NOT_MAPPED
        try:
            _Visit(self, attempt, unsettled).run(steps)
        except VisitOverError as over:
            return over.ending
        return SERVED


class SharedToken:
    """The token of the whole process: the first visit logs in, and the others wait for it."""

    def __init__(self, renew_s: float | None) -> None:
        """Begin without a token; it is renewed after `renew_s` seconds, None: only after a 401."""
        self.waiting = 0
        """Visits that are waiting for it."""
        self._renew_s = renew_s
        self._lock = threading.Lock()
        self._token = ""
        self._since_s = 0.0
        self._ended = 0
        """Logins that have ended."""
        self._failure: VisitOverError | None = None

    def get(self, now_s: float, log_in: Callable[[], str]) -> str:
        """Return the token; a failed login fails for all visits that waited for it.

        Raises:
            VisitOverError: the login failed.
        """
        ended = self._ended
        self.waiting += 1
        try:
            return self._under_lock(ended, now_s, log_in)
        finally:
            self.waiting -= 1

    def forget(self, token: str) -> None:
        """Let the next visit log in again, unless the token has been replaced since."""
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
    """One attempt under way: its saved values and its token."""

    def __init__(self, service: TargetService, attempt: Attempt, unsettled: OrderOutcome | None) -> None:
        self._service = service
        self._endpoints = service.endpoints
        self._attempt = attempt
        self._order = unsettled or OrderOutcome(_key(attempt), "")
        self._values = _values(attempt, service) | {KEY_WORD: str(uuid5(NAMESPACE_OID, self._order.key))}
        self._token = ""
        self._hidden = frozenset(service.secrets.values())

    def run(self, steps: OperationSteps) -> None:
        for number, step in enumerate(steps.step):
            self._attempt.request_number = request_number(number, 0)
            self._attempt.think(step.think_s * self._service.human_time_factor)
            authorization = self._authorization() if step.auth else {}
            if KEY_WORD in step.words:
                # From now on the order may have been executed, until a response says so.
                self._attempt.open_order = self._order
            request = self._request(step, authorization)
            answer = self._ask(request) if step.until is None else self._ask_until(request, step.until)
            for name, path in step.save.items():
                self._values[name] = value = value_at(answer.document, path)
                if names_a_secret(name):
                    self._hidden |= secret_texts(value)

    def _request(self, call: EndpointCall, authorization: dict[str, str]) -> EndpointRequest:
        filling = Filling(
            endpoints=self._endpoints,
            channel=self._attempt.channel.name,
            values=self._values,
            authorization=authorization,
            hidden=self._hidden,
        )
        return request_of(call, filling)

    def _ask(self, request: EndpointRequest) -> Response:
        answer, (outcome, cause) = self._attempt.exchange(request)
        if outcome is not Outcome.SERVED:
            if answer.status == HTTPStatus.UNAUTHORIZED:
                self._service.shared.forget(self._token)
            raise VisitOverError(outcome, cause)
        return answer

    def _ask_until(self, request: EndpointRequest, until: Until) -> Response:
        transport = self._attempt.customer.transport
        give_up_s = transport.now_s() + until.at_most_s
        while True:
            answer = self._ask(request)
            if all(
                is_same(value_at(answer.document, path), wanted) for path, wanted in until.json_is.items()
            ):
                return answer
            if transport.now_s() + until.every_s > give_up_s:
                raise VisitOverError(Outcome.TIMEOUT, NOT_DONE)
            transport.sleep(until.every_s)

    def _authorization(self) -> dict[str, str]:
        """Return the header that authenticates a request; this may log in first."""
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
        return self._service.shared.get(self._attempt.customer.transport.now_s(), lambda: self._log_in(login))

    def _log_in(self, login: Login) -> str:
        token = value_at(self._ask(self._request(login, {})).document, login.token)
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
    "phone": lambda attempt: attempt.customer.identity.msisdn,
    "pin": lambda attempt: attempt.customer.identity.pin,
    "plan": lambda attempt: attempt.customer.identity.plan,
    "recharge_fen": lambda attempt: attempt.customer.identity.recharge_fen,
    "browser": lambda attempt: attempt.customer.identity.browser,
}
"""Value of each of `CUSTOMER_WORDS`."""


def _values(attempt: Attempt, service: TargetService) -> dict[str, object]:
    """Return values of the placeholders in the file only: `browser` needs Faker's tables."""
    used = {name: value(attempt) for name, value in VALUES.items() if name in service.words}
    return used | dict(service.secrets)
