"""A load without a model: arrivals at a rate, each a visit to a URL, as a trace and an endpoints file."""

import json
import re
from dataclasses import dataclass
from math import sqrt
from urllib.parse import quote, urlsplit

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall._behaviour import keyed
from footfall._behaviour.load_model import RunPace
from footfall._criteria.objects import Criterion
from footfall._load.endpoints.endpoints_file import Endpoints
from footfall._load.http.wire_format import address_of
from footfall._model.channel import Channel, Step, Verb
from footfall._model.model import Model, ShareDefinition
from footfall._model.numbers import DAY_S, assumed
from footfall._model.population import Accounts, Segment
from footfall._model.station_specs import RequestServer
from footfall._records.errors import BadInputError
from footfall._records.tables import ARRIVALS
from footfall._workload.trace import Trace, TraceInfo

CHANNEL = "url"
FOR_S = 30.0
FOR_S_MOST = DAY_S
ARRIVALS_MOST = 5_000_000
SUBSCRIBERS = 1000
"""Number of accounts for `{phone}` and `{subscriber}` in an endpoints file, used in turn."""
_SAFE = "/%:@!$&'()*+,;=~-._?"
_WHY = "a load without a model"


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlLoad:
    """Number, times and target of the arrivals."""

    url: str
    rate_per_s: float | None = None
    """Mean arrivals per second; None: `arrivals` over `for_s`."""
    for_s: float | None = None
    """Duration, seconds; None: as long as `arrivals` take at the rate, otherwise `FOR_S`."""
    arrivals: int | None = None
    """Exact number; None: as many as a Poisson process of the rate gives."""
    even: bool = False
    """Equal intervals instead of a Poisson process."""
    seed: int


@dataclass(frozen=True, slots=True)
class Span:
    """Checked rate, duration and number of arrivals."""

    rate_per_s: float
    for_s: float
    arrivals: int | None


def span_of(load: UrlLoad) -> Span:
    """Return rate, duration and number; two of them determine the third.

    Raises:
        BadInputError: too few or all three are given, or one is out of range.
    """
    rate, for_s, count = load.rate_per_s, load.for_s, load.arrivals
    if rate is None and count is None:
        raise BadInputError(
            "footfall load URL", "no arrival rate", "--rate 60 (per second), or --arrivals 1500"
        )
    if None not in {rate, for_s} and count is not None:
        raise BadInputError(
            "--arrivals", "--rate and --for already determine the number", "two of the three options"
        )
    if rate is not None and not 0 < rate <= ARRIVALS_MOST:
        raise BadInputError(
            f"--rate {rate:g}", "is out of range", f"above 0, at most {ARRIVALS_MOST:,} arrivals per second"
        )
    if count is not None and not 0 < count <= ARRIVALS_MOST:
        raise BadInputError(f"--arrivals {count}", "is out of range", f"1 to {ARRIVALS_MOST:,}")
    if for_s is None:
        for_s = count / rate if count and rate else FOR_S
    if not 0 < for_s <= FOR_S_MOST:
        raise BadInputError(f"--for {for_s:g}s", "is out of range", "above 0, at most a day")
    if rate is None:
        rate = (count or 0) / for_s
    if rate * for_s > ARRIVALS_MOST:
        problem = f"about {rate * for_s:,.0f} arrivals"
        raise BadInputError("--rate and --for", problem, f"at most {ARRIVALS_MOST:,}")
    return Span(rate, for_s, count)


def due_s(span: Span, seed: int, *, even: bool = False) -> NDArray[np.float64]:
    """Return the sorted seconds at which arrivals are due, all in [0, for_s).

    A Poisson process has independent exponential intervals; given their number, arrivals are independent and
    uniform (Cox and Lewis 1966, chapter 2).
    """
    expected = span.rate_per_s * span.for_s
    if even:
        count = span.arrivals if span.arrivals is not None else round(expected)
        return np.asarray((np.arange(count) + 0.5) * (span.for_s / max(count, 1)), dtype=np.float64)
    most = span.arrivals if span.arrivals is not None else int(expected + 10 * sqrt(expected) + 30)
    u = keyed.uniforms(keyed.customer_keys(keyed.run_key(seed, 0), np.arange(most)), "time")
    if span.arrivals is not None:
        return np.sort(u) * span.for_s
    at_s = np.cumsum(-np.log(u)) / span.rate_per_s
    return np.asarray(at_s[at_s < span.for_s], dtype=np.float64)


def base_of(url: str) -> str:
    """Return the address of the host of a URL, without path and query."""
    address = address_of(url.partition("?")[0].partition("#")[0], "URL")
    return f"{address.scheme}://{address.host_header}"


def endpoints_text(url: str, gets: tuple[str, ...] = ()) -> str:
    """Return an endpoints file in which each visit is one GET: of the URL, or of one of the paths below it.

    Raises:
        BadInputError: a path does not begin with `/`.
    """
    parts = urlsplit(url)
    for path in gets:
        if not path.startswith("/") or path.startswith("//"):
            raise BadInputError(f"--get {path}", "is not a path below the URL", "a path such as /orders")
    own = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    paths = [parts.path.rstrip("/") + path for path in gets] or [own]
    named: dict[str, str] = {}
    for path in dict.fromkeys(paths):
        named[_operation(path, named)] = quote(path, safe=_SAFE)
    return "\n".join(
        f"[[operation]]\nfor = {json.dumps(f'{CHANNEL}.{name}')}\nstep = [{{ path = {json.dumps(path)} }}]\n"
        for name, path in named.items()
    )


def operations_of(endpoints: Endpoints) -> tuple[tuple[str, str], ...]:
    """Return channel and operation of each mapping: its own names, or names that its patterns match."""
    found: dict[tuple[str, str], None] = {}
    for steps in endpoints.operation:
        for pattern in steps.patterns:
            channel, _, operation = pattern.partition(".")
            pair = (_plain(channel, CHANNEL), _plain(operation, "visit"))
            if endpoints.steps_for(*pair) is steps:
                found[pair] = None
                break
    return tuple(found)


def trace_of_url(load: UrlLoad, pairs: tuple[tuple[str, str], ...], criteria: tuple[Criterion, ...]) -> Trace:
    """Return the trace: each arrival's channel and operation is one of these pairs, all equally likely.

    Raises:
        BadInputError: there are no arrivals in such a short time.
    """
    span = span_of(load)
    at_s = due_s(span, load.seed, even=load.even)
    if not at_s.size:
        raise BadInputError("--rate and --for", "no arrivals in that time", "a longer time, or --arrivals 1")
    model = _model(load.url, pairs)
    number = np.arange(at_s.size)
    keys = keyed.customer_keys(keyed.run_key(load.seed, 0), number)
    chosen = (keyed.uniforms(keys, "choice") * len(pairs)).astype(int)
    columns = {
        "arrival": number,
        "due_s": at_s,
        "at_s": at_s,
        "customer": number,
        "subscriber": number % SUBSCRIBERS,
        "segment": pl.repeat("all", at_s.size, eager=True),
        "channel": [pairs[k][0] for k in chosen],
        "operation": [pairs[k][1] for k in chosen],
    }
    arrivals = pl.DataFrame({name: columns[name] for name in ARRIVALS}, schema_overrides=dict(ARRIVALS))
    info = TraceInfo(
        model="",
        fingerprint=model.fingerprint(),
        scenario=base_of(load.url).partition("//")[2],
        seed=load.seed,
        play=RunPace(starts_s=0, length_s=span.for_s, speed=1, human_time_factor=1),
        subscribers=SUBSCRIBERS,
        criteria=criteria,
        has_prediction=False,
    )
    return Trace(info=info, model=model, arrivals=arrivals.select(list(ARRIVALS)))


def _operation(path: str, taken: dict[str, str]) -> str:
    """Return a path's name for criteria and tables: `/api/orders?all=1` is `api-orders`, `/` is `root`."""
    name = re.sub(r"[^A-Za-z0-9_]+", "-", path.partition("?")[0]).strip("-") or "root"
    names = (name, *(f"{name}-{k}" for k in range(2, len(taken) + 2)))
    return next(each for each in names if each not in taken)


def _plain(pattern: str, other: str) -> str:
    return other if re.search(r"[*?\[\]]", pattern) else pattern


def _model(url: str, pairs: tuple[tuple[str, str], ...]) -> Model:
    """Return a model with the channels and operations, which says nothing about the service."""
    by_channel: dict[str, list[str]] = {}
    for channel, operation in pairs:
        by_channel.setdefault(channel, []).append(operation)
    station = RequestServer(10**6, accept_queue=10**6, deadline_s=1e6)
    channels = [
        Channel(name, station, dialogues=dict.fromkeys(operations, Step(Verb.QUERY)))
        for name, operations in by_channel.items()
    ]
    operations = tuple(dict.fromkeys(operation for _, operation in pairs))
    names = tuple(by_channel)
    model = Model(
        "url",
        base_of(url),
        population=1,
        segments=Segment("all", 1, month_visits=dict.fromkeys(operations, 1)),
        channels=channels,
        accounts=Accounts(subscribers=SUBSCRIBERS),
        share_definitions=ShareDefinition(
            name="all", text=_WHY, electronic=names, counted=names, operations=operations
        ),
    )
    return assumed(model, _WHY)
