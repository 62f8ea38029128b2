"""A step of an endpoints file as a request on the wire."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from footfall import __version__
from footfall.load.endpoints.judge import ending_at
from footfall.load.endpoints.spec import Call, Endpoints, Step
from footfall.load.endpoints.words import (
    UnfitValueError,
    Values,
    in_form,
    in_header,
    in_json,
    in_path,
    in_text,
)
from footfall.load.errands.answers import Answer, Ending
from footfall.load.errands.attempt import VisitOverError
from footfall.load.errands.body import ACCEPTED
from footfall.load.errands.wire import Request
from footfall.records.outcomes import BODY_NOT_SENDABLE, Outcome

LOGIN = "login"
_AGENT = f"footfall/{__version__}"
_KINDS = ("application/json", "application/x-www-form-urlencoded", "text/plain; charset=utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What the placeholders of a call are filled with, and what goes with every call."""

    endpoints: Endpoints = field(repr=False)
    channel: str
    values: Values = field(repr=False)
    authorization: dict[str, str] = field(repr=False)
    hidden: frozenset[str] = field(repr=False)
    """Texts that must not get into any cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRequest(Request):
    """A request below the host itself, judged by its file."""

    endpoints: Endpoints = field(repr=False)
    call: Call = field(repr=False)
    content: bytes | None = field(repr=False)

    @property
    def step(self) -> str:
        """Name that the file gives it."""
        return self.name

    @property
    def target(self) -> str:
        """Path below the host."""
        return self.path

    @property
    def shown(self) -> str:
        """The path as the file has it: a value may be a secret."""
        return self.call.path.partition("?")[0]

    @property
    def payload(self) -> bytes | None:
        """The body as it is sent."""
        return self.content

    @property
    def sent_headers(self) -> Mapping[str, str]:
        """All headers as they are sent."""
        return self.headers

    def judge(self, answer: Answer) -> Ending:
        """Give `SERVED` for the right answer, else how the visit ends."""
        return ending_at(self.endpoints, self.call, answer, self.hidden)


def request_of(call: Call, filling: Filling) -> OwnRequest:
    """Fill a call for one customer.

    Raises:
        VisitOverError: a value that the service gave cannot stand where it should.
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
    return OwnRequest(
        channel=filling.channel,
        method=call.method,
        path=path,
        name=call.title if isinstance(call, Step) else LOGIN,
        is_right=lambda answer: not answer.problem,
        headers={name: text for name, text in headers.items() if name.lower() not in replaced} | own,
        timeout_s=call.timeout_s,
        answer_bytes_most=filling.endpoints.answer_bytes_most,
        keeps_text=True,
        keeps_cookies=True,
        endpoints=filling.endpoints,
        call=call,
        content=content,
        hidden=filling.hidden,
    )


def _body(call: Call, values: Values) -> tuple[bytes | None, str]:
    """Give the body and its content type.

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
    """Give JSON in UTF-8; half of a surrogate pair, which JSON can hold and UTF-8 cannot, is escaped."""
    try:
        return json.dumps(tree, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(tree).encode()
