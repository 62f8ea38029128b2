"""An endpoints file as frozen data that checks itself, and its reader."""

import re
from collections.abc import Mapping, Sequence, Set as AbstractSet
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qsl, urlsplit

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from footfall._load.endpoints.header_fields import HEADER_NAME, Headers, no_literal_secret
from footfall._load.endpoints.metric_queries import MetricQuery, MetricsServer, check_metrics
from footfall._load.endpoints.placeholders import (
    CUSTOMER_WORDS,
    ENVIRONMENT,
    KEY_WORD,
    is_from_environment,
    parts,
    words_in,
)
from footfall._load.http.wire_format import Sharing, is_header_value
from footfall._load.visit import ANSWER_BYTES_MOST, ANSWER_S_MAX
from footfall._model.numbers import Spec
from footfall._records.errors import BadInputError, in_words
from footfall._records.rows import Outcome
from footfall._records.toml_lines import at_line, parsed_toml

_TIMEOUT_S_MOST = 600.0
_BODIES = ("json", "form", "text")
_PATTERN = re.compile(r"[^.\s]+\.[^.\s]+")


def _a_secret(text: str) -> str:
    if not is_from_environment(text):
        msg = 'a secret must not be in the file; expected an environment variable: "{env.NAME}"'
        raise ValueError(msg)
    return text


def _a_path(text: str) -> str:
    url = urlsplit(text)
    literal = "".join(part for part, _ in parts(text))
    wrong = not text.startswith("/") or text.startswith("//") or url.fragment or "\\" in text
    if wrong or not re.fullmatch(r"[!-~]*", literal):
        msg = "is not a path on the host; expected one such as /orders/{uuid}"
        raise ValueError(msg)
    for name, value in parse_qsl(url.query):
        no_literal_secret(name, value)
    return text


def _a_body(tree: Any) -> Any:  # noqa: ANN401  TOML
    if isinstance(tree, dict):
        for name, value in tree.items():
            no_literal_secret(str(name), value)
            _a_body(value)
    elif isinstance(tree, list):
        for value in tree:
            _a_body(value)
    elif isinstance(tree, str):
        parts(tree)
    return tree


def _a_pattern(text: str) -> str:
    if not _PATTERN.fullmatch(text):
        msg = f"{text!r} is not a pattern; expected channel.operation, with * and ?, such as web.query or *.*"
        raise ValueError(msg)
    return text


def _several(value: object) -> object:
    """Take a single value as a list of one."""
    return (value,) if isinstance(value, str | int) else value


def _failure_outcome(outcome: Outcome) -> Outcome:
    if outcome in {Outcome.SERVED, Outcome.UNFINISHED}:
        msg = f"{outcome.value} is not the outcome of a failure; expected another outcome"
        raise ValueError(msg)
    return outcome


Secret = Annotated[str, AfterValidator(_a_secret)]
"""The name of an environment variable, never the secret itself."""
UrlPath = Annotated[str, AfterValidator(_a_path)]
Status = Annotated[int, Field(ge=100, le=599)]
Statuses = Annotated[tuple[Status, ...], BeforeValidator(_several)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_several)]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


class Success(Spec):
    """When a response is a success: all conditions must hold."""

    status: Statuses = ()
    """One of these; empty: 200 to 299."""
    json_is: dict[str, Any] = Field(default_factory=dict, alias="json")
    """Path in the JSON of the response, and the value there or a list of allowed values."""
    has: Texts = ()
    """Paths that must have a value: not null, not an empty text or list."""
    contains: Texts = ()
    """Texts that the body must contain."""
    not_contains: Texts = ()
    """Texts that it must not contain."""
    header: dict[str, str] = Field(default_factory=dict)
    """Header, and a text that it must contain."""


class Until(Spec):
    """A step that is repeated until the JSON of its response matches."""

    json_is: dict[str, Any] = Field(alias="json", min_length=1)
    every_s: PositiveFloat = 1.0
    at_most_s: PositiveFloat = 30.0
    """After this the visit ends with `timeout`."""


class EndpointCall(Spec):
    """One request, and when its response is a success."""

    method: Method = "GET"
    path: UrlPath
    """Below the host, with placeholders."""
    headers: Headers = Field(default_factory=dict)
    json_body: Annotated[Any, AfterValidator(_a_body)] = Field(default=None, alias="json")
    form: Annotated[dict[str, str | int | float | bool] | None, AfterValidator(_a_body)] = None
    text: Annotated[str | None, AfterValidator(_a_body)] = None
    timeout_s: Annotated[PositiveFloat, Field(le=_TIMEOUT_S_MOST)] = ANSWER_S_MAX
    success: Success | None = None
    """None: that of the whole file."""

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        given = [name for name, body in zip(_BODIES, self.bodies, strict=True) if body is not None]
        if len(given) > 1:
            msg = f"a request has one body, not {' and '.join(given)}; expected one of them"
            raise ValueError(msg)
        return self

    @property
    def bodies(self) -> tuple[Any, Any, Any]:
        """The body as JSON, as a form, as a text; at most one is not None."""
        return self.json_body, self.form, self.text

    @cached_property
    def words(self) -> frozenset[str]:
        """Names of all placeholders."""
        return frozenset(words_in((self.path, self.headers, *self.bodies)))


class EndpointStep(EndpointCall):
    """One request of a visit."""

    name: str = ""
    """Name in hits and statistics; empty: method and path, with placeholders unfilled."""
    think_s: NonNegativeFloat = 0.0
    """The customer's think time before it; the run's `human_time_factor` shortens it."""
    auth: bool = True
    """Whether the request is authenticated as `[auth]` says."""
    save: dict[str, str] = Field(default_factory=dict)
    """Name for later placeholders, and the path in the JSON of the response; a missing value is an error."""
    until: Until | None = None

    @property
    def title(self) -> str:
        """Name in hits and statistics."""
        return self.name or f"{self.method} {self.path.partition('?')[0]}"


class OperationSteps(Spec):
    """The requests of one visit, in order, for channels and operations that match a pattern."""

    patterns: Annotated[tuple[Annotated[str, AfterValidator(_a_pattern)], ...], BeforeValidator(_several)] = (
        Field(alias="for", min_length=1)
    )
    step: tuple[EndpointStep, ...] = Field(min_length=1)

    def matches(self, channel: str, operation: str) -> bool:
        """Whether a pattern matches an operation at a channel."""
        return any(fnmatchcase(f"{channel}.{operation}", pattern) for pattern in self.patterns)


class Bearer(Spec):
    """`Authorization: Bearer TOKEN` with every request."""

    kind: Literal["bearer"]
    token: Secret


class Header(Spec):
    """A custom header with every request."""

    kind: Literal["header"]
    name: Annotated[str, Field(pattern=HEADER_NAME.pattern)]
    value: Secret


class Basic(Spec):
    """User and password with every request (RFC 7617)."""

    kind: Literal["basic"]
    user: str
    password: Secret


class Login(EndpointCall):
    """A request whose response holds the token that all others send."""

    kind: Literal["login"]
    method: Method = "POST"
    token: str
    """Path of the token in the JSON of the response."""
    per: Literal["visit", "process"] = "visit"
    """Every visit logs in as its customer, or the generator process logs in once for all."""
    renew_s: PositiveFloat | None = None
    """With `per = "process"`: log in again after this time. After a 401 it logs in again in any case."""
    header: Annotated[str, Field(pattern=HEADER_NAME.pattern)] = "Authorization"
    prefix: str = "Bearer "


_FILLED = {"token", "value", "user", "password"}
"""Fields of the kinds of `[auth]` without a request that may contain placeholders."""
Auth = Annotated[Bearer | Header | Basic | Login, Field(discriminator="kind")]


class Endpoints(Spec):
    """A whole file."""

    operation: tuple[OperationSteps, ...] = Field(
        min_length=1, validation_alias=AliasChoices("operation", "errand")
    )
    """The first one that matches an operation applies to it."""
    auth: Auth | None = None
    success: Success = Success()
    """For steps without a `success` of their own."""
    code: str = "code"
    """Path of the error code in the JSON of a response."""
    outcomes: dict[str, Annotated[Outcome, AfterValidator(_failure_outcome)]] = Field(default_factory=dict)
    """Error code or status of a failed response, and the visit's outcome."""
    unmapped: Literal["refuse", "skip"] = "refuse"
    """What unmapped arrivals do: make the run be refused, or be left out of the trace."""
    metrics: MetricsServer = MetricsServer()
    """Where figures of the service are read during a run."""
    metric: tuple[MetricQuery, ...] = ()
    """The figures."""
    connections: Sharing | None = None
    """How connections are shared; None: each customer has its own."""
    ca_file: str | None = None
    """File with the CA certificate of the service, relative to this file; None: the system's CAs."""
    response_bytes_max: Annotated[int, Field(ge=1, le=64 * 1024 * 1024)] = Field(
        ANSWER_BYTES_MOST, validation_alias=AliasChoices("response_bytes_max", "answer_bytes_most")
    )
    """A longer body is not read to its end, and the visit ends with `error`."""

    @model_validator(mode="before")
    @classmethod
    def _one_name_each(cls, data: Any) -> Any:  # noqa: ANN401  TOML
        for former, key in FORMER_KEYS.items():
            if isinstance(data, dict) and former in data and key in data:
                msg = f"{former} is the former name of {key}, and the file has both; expected {key} alone"
                raise ValueError(msg)
        return data

    def steps_for(self, channel: str, operation: str) -> OperationSteps | None:
        """Return the steps of an operation at a channel, or None if it is not mapped."""
        return next((each for each in self.operation if each.matches(channel, operation)), None)

    @property
    def words(self) -> set[str]:
        """Names of all placeholders that are filled when requests are sent."""
        found = set(words_in(self.auth.model_dump(include=_FILLED))) if self.auth else set()
        if isinstance(self.auth, Login):
            found |= self.auth.words
        return found.union(*(step.words for each in self.operation for step in each.step))


# ── Read an endpoints file; every mistake in it is reported before anything is sent

FORMER_KEYS = {"errand": "operation", "answer_bytes_most": "response_bytes_max"}
"""Former names of keys, still read; a file must not have both."""
_FILE_BYTES_MOST = 1024 * 1024
_EXPECTED = "a TOML file as in docs/reference/endpoints.md"
_TABLES: dict[str, type[BaseModel]] = {
    "operation": OperationSteps,
    "errand": OperationSteps,
    "step": EndpointStep,
    "success": Success,
    "until": Until,
    "bearer": Bearer,
    "header": Header,
    "basic": Basic,
    "metrics": MetricsServer,
    "metric": MetricQuery,
    "login": Login,
}
_SHOWN = frozenset({"method", "kind", "per", "unmapped", "for", "auth", "status", "query", "sample", "unit"})
"""Keys whose values are never secrets and may be shown in errors."""


def read_text(path: Path) -> str:
    """Return the text of a file.

    Raises:
        BadInputError: it is missing, not UTF-8, or far too large.
    """
    if not path.is_file():
        raise BadInputError(str(path), "no such file", _EXPECTED)
    try:
        if path.stat().st_size > _FILE_BYTES_MOST:
            raise BadInputError(str(path), f"more than {_FILE_BYTES_MOST} bytes", _EXPECTED)
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInputError(str(path), f"byte {error.start} is not UTF-8", _EXPECTED) from error
    except OSError as error:
        raise BadInputError(str(path), (error.strerror or str(error)).lower(), _EXPECTED) from error


def endpoints_in(text: str, where: str) -> Endpoints:
    """Read the text of an endpoints file; `where` names it in errors.

    Raises:
        BadInputError: it is not TOML, a key or value is wrong, or a placeholder has no value.
    """
    data = parsed_toml(text, where, _EXPECTED)
    try:
        endpoints = Endpoints.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        raise _error_of(at_line(where, text, first["loc"]), first) from None
    _check_words(endpoints, where, "errand" if "errand" in data else "operation")
    check_metrics(endpoints.metric, where)
    return endpoints


def secrets_of(endpoints: Endpoints, environment: Mapping[str, str], where: str) -> dict[str, str]:
    """Return the values of the environment variables that a file names, by placeholder.

    Raises:
        BadInputError: one is not set, is empty, or is used in a header that cannot hold it.
    """
    found = {}
    for word in sorted(word for word in endpoints.words if word.startswith(ENVIRONMENT)):
        name = word.removeprefix(ENVIRONMENT)
        if not environment.get(name):
            raise BadInputError(f"{where}: {{{word}}}", f"{name} is not set", f"{name} in the environment")
        found[word] = environment[name]
    for word in _in_headers(endpoints) & found.keys():
        if not is_header_value(found[word]):
            place, name = f"{where}: {{{word}}}", word.removeprefix(ENVIRONMENT)
            expected = "Latin-1 characters without a line break"
            raise BadInputError(place, f"{name} contains characters that a header cannot hold", expected)
    return found


def _in_headers(endpoints: Endpoints) -> set[str]:
    """Return the placeholders that are used in headers."""
    auth = endpoints.auth
    calls: list[EndpointCall] = [step for each in endpoints.operation for step in each.step]
    if isinstance(auth, Login):
        calls.append(auth)
    texts = [auth.token] if isinstance(auth, Bearer) else [auth.value] if isinstance(auth, Header) else []
    return set(words_in([*texts, *(call.headers for call in calls)]))


def _check_words(endpoints: Endpoints, where: str, key: str) -> None:
    """Check that every placeholder will have a value when it is needed; `key` is the operations' key."""
    customer = {*CUSTOMER_WORDS, KEY_WORD}
    login = endpoints.auth
    if isinstance(login, Login):
        known = set(CUSTOMER_WORDS) if login.per == "visit" else set()
        _check_known(login.words, known, f"{where}: auth")
    elif isinstance(login, Basic):
        _check_known(set(words_in(login.user)), set(CUSTOMER_WORDS), f"{where}: auth.user")
    for number, operation in enumerate(endpoints.operation):
        known = set(customer)
        for position, step in enumerate(operation.step):
            place = f"{where}: {key}[{number}].step[{position}]"
            _check_known(step.words, known, place)
            for name in step.save:
                if not name.isidentifier() or name in customer:
                    expected = f"a name other than {', '.join(sorted(customer))}"
                    raise BadInputError(
                        f"{place}.save.{name}", "is not allowed as the name of a placeholder", expected
                    )
            known |= step.save.keys()


def _check_known(words: AbstractSet[str], known: AbstractSet[str], place: str) -> None:
    for word in sorted(words - known):
        if not word.startswith(ENVIRONMENT):
            expected = (
                f"one of {', '.join(sorted(known))}, or {{{ENVIRONMENT}NAME}}" if known else "{env.NAME}"
            )
            raise BadInputError(place, f"{{{word}}} has no value here", expected)


def _error_of(where: str, error: ErrorDetails) -> BadInputError:
    """Return the first mistake as one line: file, key, value (never a secret), and what was expected."""
    # Pydantic includes the kind of `[auth]` in the location; the file does not have it.
    loc = tuple(
        part
        for before, part in zip(("", *error["loc"]), error["loc"], strict=False)
        if part not in {"bearer", "basic", "login"} and (before, part) != ("auth", "header")
    )
    value, last = error["input"], loc[-1] if loc else ""
    is_secret = isinstance(value, str) and last not in _SHOWN
    known = _keys_at(error["loc"])
    return BadInputError(*in_words(error | {"loc": loc}, where, _EXPECTED, known, is_secret=is_secret))


def _keys_at(loc: Sequence[str | int]) -> list[str]:
    table = next((part for part in reversed(loc[:-1]) if part in _TABLES), None)
    spec = Endpoints if table is None else _TABLES[str(table)]
    return [field.alias or name for name, field in spec.model_fields.items()]
