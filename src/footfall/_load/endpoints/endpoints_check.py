"""Prepare an endpoints file for a run, and dry-run it."""

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
from footfall._load.endpoints.placeholders import names_a_secret, secret_texts, value_at
from footfall._load.endpoints.target_service import LOGIN, EndpointRequest, TargetService
from footfall._load.http.client import Client
from footfall._load.http.session import HttpSession
from footfall._load.http.wire_format import TransportAsked, TransportOptions
from footfall._load.identity import Identity
from footfall._load.options import LoadOptions
from footfall._load.own_users import NO_USERS, OwnUsers
from footfall._load.preflight import check_host
from footfall._load.responses import Ending, Response
from footfall._load.secrets import masked
from footfall._load.visit import Attempt, RequestSpec, RunCustomer
from footfall._model.channel import Channel
from footfall._model.model import Model
from footfall._model.numbers import Grade
from footfall._records.errors import BadInputError
from footfall._records.rows import Arrival
from footfall._records.tables import write_text
from footfall._workload.trace import Trace, TraceInfo

# ── Which arrivals of a trace an endpoints file or a locustfile covers, and what happens to the others

_NAMED_MOST = 8


def covered(trace: Trace, endpoints: Endpoints | None, where: str, users: OwnUsers = NO_USERS) -> Trace:
    """Return the trace of the arrivals that can be served; the same trace if all can.

    A channel with an own Locust user serves the user's operations, other channels those of the endpoints
    file, and without a file those of the reference service. The model of the returned trace offers the same,
    so that no customer switches to an unmapped operation, neither in the run nor in its prediction.

    Raises:
        BadInputError: arrivals cannot be served and are not to be skipped, or none are left.
    """
    skips = users.unmapped == "skip" or (endpoints is not None and endpoints.unmapped == "skip")

    def is_mapped(channel: str, operation: str) -> bool:
        if (user := users.of(channel)) is not None:
            return user.serves(operation)
        if endpoints is not None:
            return endpoints.steps_for(channel, operation) is not None
        return not users.users or not skips

    _check_channels(trace, users)
    offered = [(channel.name, name) for channel in trace.model.channels for name in channel.dialogues]
    missing = [pair for pair in offered if not is_mapped(*pair)]
    came = _arrivals_by_operation(trace.arrivals)
    if not skips:
        wanted = _wanted(trace.model, came)
        _refuse([(pair, came.get(pair, 0)) for pair in missing if pair in wanted], where, users)
    if not missing:
        return trace
    return _without(trace, {pair: came.get(pair, 0) for pair in missing}, where)


def channels_needed(model: Model, first: Iterable[str]) -> set[str]:
    """Return the channels at which customers arrive, `first`, and those to which they may switch."""
    wanted = set(first)
    if any(rule.switch_share > 0 for rule in model.follow_ups.by_outcome.values()):
        wanted |= {channel.name for channel in model.channels if channel.dialogues}
    return wanted


def _check_channels(trace: Trace, users: OwnUsers) -> None:
    """Check that the channel of each own user is in the model."""
    known = [channel.name for channel in trace.model.channels]
    for user in users.users:
        if user.channel not in known:
            where = f"{users.locustfile}: {user.user}"
            raise BadInputError(
                where, f"the model has no channel {user.channel}", f"one of {', '.join(known)}"
            )


def _refuse(lacking: list[tuple[tuple[str, str], int]], where: str, users: OwnUsers) -> None:
    """Refuse unmapped operations by name, with the number of their arrivals."""
    if not lacking:
        return
    own = next((user for (channel, _), _ in lacking if (user := users.of(channel)) is not None), None)
    if own is not None:
        lacking = [each for each in lacking if each[0][0] == own.channel]
    named = [
        f"{channel}.{name} ({count} {'arrival' if count == 1 else 'arrivals'})"
        for (channel, name), count in lacking[:_NAMED_MOST]
    ]
    more = f" and {len(lacking) - _NAMED_MOST} more" if len(lacking) > _NAMED_MOST else ""
    if own is None:
        problem = f"no mapping for {', '.join(named)}{more}"
        raise BadInputError(where, problem, '[[operation]] for each, or unmapped = "skip"')
    problem = f"{own.user} has no method for {', '.join(named)}{more}"
    raise BadInputError(users.locustfile, problem, "a method of that name for each, or --unmapped skip")


def without_published_targets(trace: Trace) -> Trace:
    """Return the trace without published targets: they are those of the operator in the source.

    Targets of the user's own (`assumed`, `fitted`, or set by an option) are kept.
    """
    published = {Grade.ARTICLE, Grade.PUBLIC}
    kept = tuple(t for t in trace.model.targets if t.success_share.grade not in published)
    if kept == trace.model.targets:
        return trace
    model = trace.model.model_copy(update={"targets": kept})
    info = trace.info.model_copy(update={"fingerprint": model.fingerprint()})
    return replace(trace, info=info, model=model)


def _wanted(model: Model, came: dict[tuple[str, str], int]) -> set[tuple[str, str]]:
    """Return the operations of the trace, and those to which its customers may switch."""
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
                    name: steps
                    for name, steps in channel.dialogues.items()
                    if (channel.name, name) not in missing
                }
            }
        )
        for channel in trace.model.channels
    )
    model = trace.model.model_copy(update={"channels": channels})
    names = pl.Series([f"{channel}.{name}" for channel, name in missing], dtype=pl.String)
    kept = trace.arrivals.filter(~_operation_name().is_in(names.implode()))
    if kept.is_empty():
        raise BadInputError(where, "maps no arrival of the trace", "operations that the trace has")
    left_out = {f"{channel}.{name}": count for (channel, name), count in missing.items() if count}
    counts = dict(kept.group_by("channel").len().sort("channel").iter_rows())
    update = {"left_out": trace.info.left_out | left_out, "arrivals_by_channel": counts}
    info = trace.info.model_copy(update={"fingerprint": model.fingerprint()} | update)
    # Arrivals are numbered by their row.
    kept = kept.with_columns(arrival=pl.int_range(pl.len(), dtype=pl.Int64))
    return replace(trace, info=info, model=model, arrivals=kept)


def _arrivals_by_operation(arrivals: pl.DataFrame) -> dict[tuple[str, str], int]:
    counts = arrivals.group_by("channel", "operation").len().sort("channel", "operation")
    return {(channel, name): count for channel, name, count in counts.iter_rows()}


def _operation_name() -> pl.Expr:
    return pl.col("channel") + "." + pl.col("operation")


# ── Prepare an endpoints file for a run: read it, check it against the trace, find its secrets, keep a copy

COPY = "endpoints.toml"
"""Name in the run folder; the file holds names of variables, never secrets."""


@dataclass(frozen=True, slots=True)
class PreparedEndpoints:
    """A trace as it can be run against a host, and the service that serves it."""

    trace: Trace
    service: TargetService | None = field(default=None, repr=False)
    """None: the reference service's own routes."""
    text: str = ""
    """Text of the endpoints file, which workers are sent."""


def prepare_endpoints(path: Path | None, trace: Trace, users: OwnUsers = NO_USERS) -> PreparedEndpoints:
    """Prepare a file for a trace; without a file and without own users the trace is unchanged.

    Raises:
        BadInputError: the file is wrong, a secret is not set, or arrivals cannot be served.
    """
    if path is None:
        if users.users:
            trace = without_published_targets(covered(trace, None, users.locustfile, users))
        return PreparedEndpoints(trace)
    text, where = read_text(path), str(path)
    trace = without_published_targets(covered(trace, endpoints_in(text, where), where, users))
    return PreparedEndpoints(trace, target_service_of(text, where, trace.info), text)


def target_service_of(text: str, where: str, info: TraceInfo) -> TargetService:
    """Return the service of an endpoints file's text, with secrets from this process's environment.

    Raises:
        BadInputError: the text is wrong, or a secret is not set.
    """
    endpoints = endpoints_in(text, where)
    return TargetService(endpoints, secrets_of(endpoints, os.environ, where), info.play.human_time_factor)


def file_of(given: Path | None, info: TraceInfo) -> Path | None:
    """Return the given endpoints file, otherwise that of the trace's scenario."""
    return given or (Path(info.endpoints) if info.endpoints else None)


def transport_of(asked: TransportAsked, given: Path | None, info: TraceInfo) -> TransportOptions:
    """Return how connections are made: by options, otherwise by the endpoints file, otherwise by default.

    Raises:
        BadInputError: a file is wrong or cannot be read.
    """
    path = file_of(given, info)
    if path is None:
        return asked.options()
    endpoints = endpoints_in(read_text(path), str(path))
    ca_file = path.parent / endpoints.ca_file if endpoints.ca_file else None
    return asked.options(endpoints.connections, ca_file)


def endpoints_for_manifest(given: Path | None, info: TraceInfo) -> dict[str, Any]:
    """Return the manifest's entries: file, sha256, number of arrivals left out, by operation."""
    path = file_of(given, info)
    if path is None:
        return {}
    digest = hashlib.sha256(read_text(path).encode()).hexdigest()
    return {"endpoints": str(path), "endpoints_sha256": digest, "left_out": info.left_out}


def check_service(
    host: str, trace: Trace, options: LoadOptions, users: OwnUsers = NO_USERS, option: str = "--host"
) -> None:
    """Check that the host answers as the trace needs it; not if own users serve all and none uses HTTP.

    Raises:
        BadInputError: no service answers, it has another interface, or its accounts are not the trace's.
    """
    others = channels_needed(trace.model, trace.arrivals["channel"].unique()) - users.channels
    if others or any(user.speaks_http for user in users.users):
        is_mapped = file_of(options.endpoints, trace.info) is not None or not others
        transport = transport_of(options.transport, options.endpoints, trace.info)
        check_host(host, trace.info, option=option, transport=transport, is_mapped=is_mapped)


def keep_copy(run_dir: Path, prepared: PreparedEndpoints) -> None:
    """Keep a copy of the file in the run folder, and none if there is no file.

    Raises:
        BadInputError: the folder cannot be written.
    """
    if prepared.service is not None:
        write_text(prepared.text, run_dir / COPY)
        return
    try:
        (run_dir / COPY).unlink(missing_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BadInputError(str(run_dir / COPY), reason, "a folder that can be written") from error


# ── Dry run of an endpoints file: one visit for each mapping, by the client of a run, responses shown

SHOWN_MOST = 300
"""Number of characters of a response that are shown."""


@dataclass(frozen=True, slots=True)
class TriedRequest:
    """One request that was sent, and its response."""

    step: str
    method: str
    status: int
    took_s: float
    ending: Ending
    body: str
    """Beginning of the response, with secrets masked; empty for a login, whose response is a secret."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """One visit of a dry run."""

    channel: str
    operation: str
    ending: Ending
    steps: tuple[TriedRequest, ...]


def dry_runs(service: TargetService, model: Model, client: Client, seed: int) -> Iterator[DryRun]:
    """Run one visit for each mapping: the first operation of the model that it matches, with account 0."""
    tried: set[int] = set()
    for channel in model.channels:
        for operation in channel.dialogues:
            steps = service.endpoints.steps_for(channel.name, operation)
            if steps is not None and id(steps) not in tried:
                tried.add(id(steps))
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


def unused_patterns(service: TargetService, model: Model) -> list[str]:
    """Return patterns that apply to no operation of the model: misspelt, or after one that matches first."""
    pairs = [(channel.name, name) for channel in model.channels for name in channel.dialogues]
    used = {id(service.endpoints.steps_for(*pair)) for pair in pairs}
    return [", ".join(each.patterns) for each in service.endpoints.operation if id(each) not in used]


class _DryRunTransport:
    """Sends each request as a run does, and keeps the responses."""

    def __init__(self, client: Client) -> None:
        self._session = HttpSession(client)
        self._zero_s = time.perf_counter()
        self.tried: list[TriedRequest] = []

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
        self.tried.append(TriedRequest(request.step, request.method, answer.status, took_s, ending, shown))
        return answer

    def close(self) -> None:
        self._session.close()


def _shown(request: RequestSpec, answer: Response) -> str:
    hidden = set(request.hidden)
    if isinstance(request, EndpointRequest) and isinstance(request.call, EndpointStep):
        # Values that this step saves under the name of a secret.
        hidden |= {
            text
            for name, path in request.call.save.items()
            if names_a_secret(name)
            for text in secret_texts(value_at(answer.document, path))
        }
    # Masked before it is cut, so that no part of a secret is left at the end.
    text = " ".join(masked(answer.text[: SHOWN_MOST * 4], hidden)[:SHOWN_MOST].split())
    return "".join(each if each.isprintable() else " " for each in text)


def _try(service: TargetService, channel: Channel, arrival: Arrival, client: Client, seed: int) -> DryRun:
    key, transport = keyed.customer_key(keyed.run_key(seed, 0), 0), _DryRunTransport(client)
    # The idempotency key differs between dry runs: otherwise the second would repeat the first order.
    run = f"trial-{time.time_ns():x}"
    customer = RunCustomer(
        arrival=arrival, key=key, identity=Identity(seed, 0, key), transport=transport, run=run
    )
    try:
        ending = service.serve(Attempt(customer, channel, 1, 0.0))
    finally:
        transport.close()
    return DryRun(channel.name, arrival.operation, ending, tuple(transport.tried))
