"""Prepare an endpoints file for a run and try it out."""

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import gevent
import polars as pl

from footfall.behaviour import keyed
from footfall.load.endpoints.endpoints_file import (
    Endpoints,
    EndpointStep,
    endpoints_in,
    read_text,
    secrets_of,
)
from footfall.load.endpoints.placeholders import look, names_a_secret, secret_texts
from footfall.load.endpoints.target_service import LOGIN, EndpointRequest, TargetService
from footfall.load.http.client import Client
from footfall.load.http.connection_options import TransportAsked, TransportOptions
from footfall.load.http.session import HttpSession
from footfall.load.identity import Identity
from footfall.load.responses import Ending, Response
from footfall.load.secrets import blotted
from footfall.load.visit import Attempt, RequestSpec, RunCustomer
from footfall.model.channel import Channel
from footfall.model.model import Model
from footfall.model.numbers import Grade
from footfall.records.errors import BadInputError
from footfall.records.rows import Arrival
from footfall.records.tables import write_text
from footfall.workload.trace import Trace, TraceInfo

# ── Which arrivals of a trace an endpoints file has an errand for, and what becomes of the others

_NAMED_MOST = 8


def covered(trace: Trace, endpoints: Endpoints, where: str) -> Trace:
    """Give the trace of those for whom there is an errand; the same one when that is everybody.

    The model that goes with it offers nothing else either, so nobody switches to what is not mapped, in the
    play and in its prediction.

    Raises:
        BadInputError: somebody has none and the file does not say to skip them, or nobody is left.
    """
    offered = [(channel.name, name) for channel in trace.model.channels for name in channel.dialogues]
    missing = [pair for pair in offered if endpoints.errand_of(*pair) is None]
    came = _arrivals_by_errand(trace.arrivals)
    if endpoints.unmapped == "refuse":
        wanted = _wanted(trace.model, came)
        if lacking := [(pair, came.get(pair, 0)) for pair in missing if pair in wanted]:
            told = [f"{channel}.{name} ({count})" for (channel, name), count in lacking[:_NAMED_MOST]]
            more = f" and {len(lacking) - _NAMED_MOST} more" if len(lacking) > _NAMED_MOST else ""
            problem = f"no errand for {', '.join(told)}{more}, with so many first choices"
            raise BadInputError(where, problem, '[[errand]] for each, or unmapped = "skip"')
    if not missing:
        return trace
    return _without(trace, {pair: came.get(pair, 0) for pair in missing}, where)


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
        raise BadInputError(where, "no arrivals are left", "[[errand]] for what customers come for")
    left_out = {f"{channel}.{name}": count for (channel, name), count in missing.items() if count}
    info = trace.info.model_copy(
        update={"fingerprint": model.fingerprint(), "left_out": trace.info.left_out | left_out}
    )
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


def prepare_endpoints(path: Path | None, trace: Trace) -> PreparedEndpoints:
    """Make a file ready for a trace; without one, the trace goes to the reference service's routes as it is.

    Raises:
        BadInputError: the file is wrong, a secret is not set, or arrivals have no errand.
    """
    if path is None:
        return PreparedEndpoints(trace)
    text, where = read_text(path), str(path)
    trace = without_published_targets(covered(trace, endpoints_in(text, where), where))
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
