"""Prepare an endpoints file for a run and try it out."""

import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import gevent
import polars as pl

from footfall._behaviour import keyed
from footfall._load.endpoints.endpoints_file import (
    Endpoints,
    EndpointStep,
    endpoints_in,
    read_text,
    secrets_of,
)
from footfall._load.endpoints.placeholders import look, names_a_secret, secret_texts
from footfall._load.endpoints.target_service import LOGIN, EndpointRequest, TargetService
from footfall._load.http.client import Client
from footfall._load.http.connection_options import TransportAsked, TransportOptions
from footfall._load.http.session import HttpSession
from footfall._load.identity import Identity
from footfall._load.options import LoadOptions
from footfall._load.own_users import NO_USERS, OwnUsers
from footfall._load.preflight import check_host
from footfall._load.responses import Ending, Response
from footfall._load.secrets import blotted
from footfall._load.visit import Attempt, RequestSpec, RunCustomer
from footfall._model.channel import Channel
from footfall._model.model import Model
from footfall._model.numbers import Grade
from footfall._records.errors import BadInputError
from footfall._records.rows import Arrival
from footfall._records.tables import write_text
from footfall._workload.trace import Trace, TraceInfo

# ── Which arrivals of a trace an endpoints file or a locustfile serves, and what becomes of the others

_NAMED_MOST = 8


def covered(trace: Trace, endpoints: Endpoints | None, where: str, users: OwnUsers = NO_USERS) -> Trace:
    """Give the trace of those for whom there is something to do; the same one when that is everybody.

    At a channel with a user of the user's own, that is an operation of the user; elsewhere an errand of the
    endpoints file; without a file all that the reference service has. The model that goes with it offers
    nothing else either, so nobody switches to what is not mapped, in the run and in its prediction.

    Raises:
        BadInputError: somebody has nothing to do and is not to be left out, or nobody is left.
    """
    skips = users.unmapped == "skip" or (endpoints is not None and endpoints.unmapped == "skip")

    def is_mapped(channel: str, operation: str) -> bool:
        if (user := users.of(channel)) is not None:
            return user.serves(operation)
        if endpoints is not None:
            return endpoints.errand_of(channel, operation) is not None
        return not users.users or not skips

    _check_channels(trace, users)
    offered = [(channel.name, name) for channel in trace.model.channels for name in channel.dialogues]
    missing = [pair for pair in offered if not is_mapped(*pair)]
    came = _arrivals_by_errand(trace.arrivals)
    if not skips:
        wanted = _wanted(trace.model, came)
        _refuse([(pair, came.get(pair, 0)) for pair in missing if pair in wanted], where, users)
    if not missing:
        return trace
    return _without(trace, {pair: came.get(pair, 0) for pair in missing}, where)


def channels_wanted(model: Model, first: Iterable[str]) -> set[str]:
    """Channels to which a customer comes `first`, or may switch."""
    wanted = set(first)
    if any(rule.switch_share > 0 for rule in model.follow_ups.by_outcome.values()):
        wanted |= {channel.name for channel in model.channels if channel.dialogues}
    return wanted


def _check_channels(trace: Trace, users: OwnUsers) -> None:
    """See that each user's channel is one of the model."""
    known = [channel.name for channel in trace.model.channels]
    for user in users.users:
        if user.channel not in known:
            where = f"{users.locustfile}: {user.user}"
            raise BadInputError(
                where, f"the model has no channel {user.channel}", f"one of {', '.join(known)}"
            )


def _refuse(lacking: list[tuple[tuple[str, str], int]], where: str, users: OwnUsers) -> None:
    """Name what nothing is there for, and how many come for it first."""
    if not lacking:
        return
    own = next((user for (channel, _), _ in lacking if (user := users.of(channel)) is not None), None)
    if own is not None:
        lacking = [each for each in lacking if each[0][0] == own.channel]
    told = [f"{channel}.{name} ({count})" for (channel, name), count in lacking[:_NAMED_MOST]]
    more = f" and {len(lacking) - _NAMED_MOST} more" if len(lacking) > _NAMED_MOST else ""
    if own is None:
        problem = f"no errand for {', '.join(told)}{more}, with so many first choices"
        raise BadInputError(where, problem, '[[errand]] for each, or unmapped = "skip"')
    problem = f"{own.user} has no method for {', '.join(told)}{more}, with so many first choices"
    raise BadInputError(users.locustfile, problem, "a method of that name for each, or --unmapped skip")


def without_published_targets(trace: Trace) -> Trace:
    """Give the trace without targets that were published: they are of the operator in the source.

    A target that the user's model states as its own, by `assumed`, `fitted` or a change, stays.
    """
    published = {Grade.ARTICLE, Grade.PUBLIC}
    kept = tuple(t for t in trace.model.targets if t.success_share.grade not in published)
    if kept == trace.model.targets:
        return trace
    model = trace.model.model_copy(update={"targets": kept})
    info = trace.info.model_copy(update={"fingerprint": model.fingerprint()})
    return replace(trace, info=info, model=model)


def _wanted(model: Model, came: dict[tuple[str, str], int]) -> set[tuple[str, str]]:
    """Errands of the trace, and those to which a customer of the trace may switch."""
    wanted = set(came)
    if any(rule.switch_share > 0 for rule in model.follow_ups.by_outcome.values()):
        operations = {name for _, name in came}
        wanted |= {(c.name, name) for c in model.channels for name in c.dialogues if name in operations}
    return wanted


def _without(trace: Trace, missing: dict[tuple[str, str], int], where: str) -> Trace:
    channels = tuple(
        channel.model_copy(
            update={
                "dialogues": {
                    name: turns
                    for name, turns in channel.dialogues.items()
                    if (channel.name, name) not in missing
                }
            }
        )
        for channel in trace.model.channels
    )
    model = trace.model.model_copy(update={"channels": channels})
    names = pl.Series([f"{channel}.{name}" for channel, name in missing], dtype=pl.String)
    kept = trace.arrivals.filter(~_errand().is_in(names.implode()))
    if kept.is_empty():
        raise BadInputError(where, "no arrivals are left", "something to do for those who come")
    left_out = {f"{channel}.{name}": count for (channel, name), count in missing.items() if count}
    counts = dict(kept.group_by("channel").len().sort("channel").iter_rows())
    update = {"left_out": trace.info.left_out | left_out, "arrivals_by_channel": counts}
    info = trace.info.model_copy(update={"fingerprint": model.fingerprint()} | update)
    # Arrivals are numbered by their row.
    kept = kept.with_columns(arrival=pl.int_range(pl.len(), dtype=pl.Int64))
    return replace(trace, info=info, model=model, arrivals=kept)


def _arrivals_by_errand(arrivals: pl.DataFrame) -> dict[tuple[str, str], int]:
    counts = arrivals.group_by("channel", "operation").len().sort("channel", "operation")
    return {(channel, name): count for channel, name, count in counts.iter_rows()}


def _errand() -> pl.Expr:
    return pl.col("channel") + "." + pl.col("operation")


# ── Make an endpoints file ready for a play: read, hold against the trace, find its secrets, keep a copy

COPY = "endpoints.toml"
"""In the run folder; its secrets are names of variables, by construction."""


@dataclass(frozen=True, slots=True)
class PreparedEndpoints:
    """A trace as it can be played at a host, and how."""

    trace: Trace
    service: TargetService | None = field(default=None, repr=False)
    """None: the reference service's own routes."""
    text: str = ""
    """Of the endpoints file: plain data that can be sent elsewhere."""


def prepare_endpoints(path: Path | None, trace: Trace, users: OwnUsers = NO_USERS) -> PreparedEndpoints:
    """Make a file ready for a trace; without one, and without own users, the trace stays as it is.

    Raises:
        BadInputError: the file is wrong, a secret is not set, or arrivals have nothing to do.
    """
    if path is None:
        if users.users:
            trace = without_published_targets(covered(trace, None, users.locustfile, users))
        return PreparedEndpoints(trace)
    text, where = read_text(path), str(path)
    trace = without_published_targets(covered(trace, endpoints_in(text, where), where, users))
    return PreparedEndpoints(trace, target_service_of(text, where, trace.info), text)


def target_service_of(text: str, where: str, info: TraceInfo) -> TargetService:
    """Give the service of an endpoints file's text, with the secrets of this process's own environment.

    Raises:
        BadInputError: the text is wrong, or a secret is not set.
    """
    endpoints = endpoints_in(text, where)
    return TargetService(endpoints, secrets_of(endpoints, os.environ, where), info.play.human_time_factor)


def file_of(given: Path | None, info: TraceInfo) -> Path | None:
    """Give the file that counts: the one that is named, else that of the trace's scenario."""
    return given or (Path(info.endpoints) if info.endpoints else None)


def transport_of(asked: TransportAsked, given: Path | None, info: TraceInfo) -> TransportOptions:
    """Give how connections are made: by options, else by the endpoints file, else the usual way.

    Raises:
        BadInputError: a file is wrong or cannot be read.
    """
    path = file_of(given, info)
    if path is None:
        return asked.options()
    endpoints = endpoints_in(read_text(path), str(path))
    ca_file = path.parent / endpoints.ca_file if endpoints.ca_file else None
    return asked.options(endpoints.connections, ca_file)


def told(given: Path | None, info: TraceInfo) -> dict[str, Any]:
    """Give what a manifest says of it: the file, its sha256, how many arrivals were left out, by errand."""
    path = file_of(given, info)
    if path is None:
        return {}
    digest = hashlib.sha256(read_text(path).encode()).hexdigest()
    return {"endpoints": str(path), "endpoints_sha256": digest, "left_out": info.left_out}


def check_service(
    host: str, trace: Trace, options: LoadOptions, users: OwnUsers = NO_USERS, option: str = "--host"
) -> None:
    """See that the host answers as the trace needs it; not where own users serve all and none speaks HTTP.

    Raises:
        BadInputError: nobody answers, it does not speak the interface, or its accounts are others.
    """
    others = channels_wanted(trace.model, trace.arrivals["channel"].unique()) - users.channels
    if others or any(user.speaks_http for user in users.users):
        is_mapped = file_of(options.endpoints, trace.info) is not None or not others
        transport = transport_of(options.transport, options.endpoints, trace.info)
        check_host(host, trace.info, option=option, transport=transport, is_mapped=is_mapped)


def keep_copy(run_dir: Path, play: PreparedEndpoints) -> None:
    """Leave the file in the run folder, and none where there was none.

    Raises:
        BadInputError: the folder cannot be written.
    """
    if play.service is not None:
        write_text(play.text, run_dir / COPY)
        return
    try:
        (run_dir / COPY).unlink(missing_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BadInputError(str(run_dir / COPY), reason, "a folder that can be written") from error


# ── Try an endpoints file out: one errand for each mapping, by the client of a run, each answer shown

SHOWN_MOST = 300
"""Letters of an answer that are shown."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One request that was sent, and what came back."""

    step: str
    method: str
    status: int
    took_s: float
    ending: Ending
    body: str
    """The beginning of the answer, without the file's secrets; empty for a login, whose answer is one."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """One errand that was tried."""

    channel: str
    operation: str
    ending: Ending
    steps: tuple[Tried, ...]


def trials(service: TargetService, model: Model, client: Client, seed: int) -> Iterator[DryRun]:
    """Try one errand for each mapping: the first operation of the model that it fits, by account 0."""
    tried: set[int] = set()
    for channel in model.channels:
        for operation in channel.dialogues:
            errand = service.endpoints.errand_of(channel.name, operation)
            if errand is not None and id(errand) not in tried:
                tried.add(id(errand))
                arrival = Arrival(
                    arrival=0,
                    due_s=0.0,
                    at_s=0.0,
                    customer=0,
                    subscriber=0,
                    segment=model.segments[0].name,
                    operation=operation,
                    channel=channel.name,
                )
                yield _try(service, channel, arrival, client, seed)


def idle(service: TargetService, model: Model) -> list[str]:
    """Give the patterns of mappings that no operation of the model gets to: misspelt, or behind another."""
    pairs = [(channel.name, name) for channel in model.channels for name in channel.dialogues]
    used = {id(service.endpoints.errand_of(*pair)) for pair in pairs}
    return [", ".join(errand.patterns) for errand in service.endpoints.errand if id(errand) not in used]


class _TrialWire:
    """Sends each request as a run does, and keeps what comes back."""

    def __init__(self, client: Client) -> None:
        self._session = HttpSession(client)
        self._zero_s = time.perf_counter()
        self.tried: list[Tried] = []

    def now_s(self) -> float:
        return time.perf_counter() - self._zero_s

    def sleep(self, seconds: float) -> None:
        gevent.sleep(max(seconds, 0.0))

    def send(self, request: RequestSpec, attempt: int) -> Response:  # noqa: ARG002  the wire's signature
        sent_s = self.now_s()
        answer = self._session.exchange(request).answer
        took_s = self.now_s() - sent_s
        ending = request.judge(answer)
        shown = "" if request.step == LOGIN else _shown(request, answer)
        self.tried.append(Tried(request.step, request.method, answer.status, took_s, ending, shown))
        return answer

    def close(self) -> None:
        self._session.close()


def _shown(request: RequestSpec, answer: Response) -> str:
    hidden = set(request.hidden)
    if isinstance(request, EndpointRequest) and isinstance(request.call, EndpointStep):
        # What this very step saves under the name of a secret.
        hidden |= {
            text
            for name, path in request.call.save.items()
            if names_a_secret(name)
            for text in secret_texts(look(answer.document, path))
        }
    # Blotted before it is cut, so that no half of a secret is left at the end.
    text = " ".join(blotted(answer.text[: SHOWN_MOST * 4], hidden)[:SHOWN_MOST].split())
    return "".join(each if each.isprintable() else " " for each in text)


def _try(service: TargetService, channel: Channel, arrival: Arrival, client: Client, seed: int) -> DryRun:
    key, wire = keyed.customer_key(keyed.run_key(seed, 0), 0), _TrialWire(client)
    # The key of an order differs from trial to trial, else the second would be a repetition.
    run = f"trial-{time.time_ns():x}"
    customer = RunCustomer(arrival=arrival, key=key, person=Identity(seed, 0, key), wire=wire, run=run)
    try:
        ending = service.serve(Attempt(customer, channel, 1, 0.0))
    finally:
        wire.close()
    return DryRun(channel.name, arrival.operation, ending, tuple(wire.tried))
