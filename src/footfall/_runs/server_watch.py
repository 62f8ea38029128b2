"""Watch the service during a load test: what is sampled, and what of it a run's folder gets."""

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from footfall._load.endpoints.endpoints_check import file_of
from footfall._load.http.wire_format import DEFAULT_TRANSPORT, Address, TransportOptions, address_of
from footfall._load.options import LoadOptions
from footfall._load.server.local_sources import MachineSource, PortSource, ProcessSource
from footfall._load.server.metrics_asked import MetricsAsked, metrics_asked
from footfall._load.server.process_tree import ProcessTree
from footfall._load.server.server_sampler import ServerSampler, ServerSource
from footfall._load.server.service_source import ServiceSource
from footfall._measure.server_figures import summaries
from footfall._records.errors import BadInputError
from footfall._records.server_record import ServerRecord, ServerSummary
from footfall._records.server_rows import server_table, write_server_rows
from footfall._workload.trace import TraceInfo

_LEAD_S = 2.0
"""Rows from this long before second 0 on are kept: how the service was at rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchAsked:
    """What of a service is to be watched."""

    host: str
    pid: int | None = None
    """Of its first process; None: no process of this machine is watched."""
    control_token: str = ""
    """Of the reference service's control routes; empty: it is another service."""
    transport: TransportOptions = DEFAULT_TRANSPORT
    metrics: MetricsAsked | None = None
    """A metrics server that knows more of it."""


class ServerWatch:
    """A service that is being watched; one watch can accompany several runs in turn."""

    def __init__(self, sampler: ServerSampler, cores: int | None, notes: tuple[str, ...] = ()) -> None:
        """Take a sampler; `notes` say what it cannot read at all."""
        self._sampler = sampler
        self._cores = cores
        self._notes = notes

    def write(self, folder: Path, zero_unix_s: float | None, length_s: float) -> ServerRecord:
        """Write what was read during a run into its folder, and return its summary for the manifest.

        `zero_unix_s` is the Unix time of its second 0 (`LoadResult.zero_unix_s`), `length_s` its length.

        Raises:
            BadInputError: the folder cannot be written.
        """
        notes = (*self._notes, *self._sampler.notes)
        if zero_unix_s is None:
            return ServerRecord(notes=(*notes, "the run did not begin"), cores=self._cores)
        rows = server_table(self._sampler.rows(zero_unix_s, -_LEAD_S, length_s))
        write_server_rows(rows, folder)
        return ServerRecord(figures=summaries(rows, 0.0, length_s), notes=notes, cores=self._cores)


@contextmanager
def watch_server(asked: WatchAsked) -> Iterator[ServerWatch | None]:
    """Watch a service while the context lasts; gives None if there is nothing that can be read.

    It is watched by threads of this process, which must not be the load generator's.

    Raises:
        BadInputError: there is no such process.
    """
    sources: list[ServerSource] = []
    notes: tuple[str, ...] = ()
    cores = None
    if asked.pid is not None:
        tree = ProcessTree(asked.pid)
        cores = tree.cores
        sources += [ProcessSource(tree), MachineSource()]
        address = address_of(asked.host, f"--host {asked.host}")
        if is_this_machine(address):
            sources.append(PortSource(address.port))
        else:
            notes = (f"port: {address.name} is not an address of this machine: connections are not counted",)
    if asked.control_token:
        sources.append(ServiceSource(asked.host, asked.control_token, asked.transport))
    if asked.metrics is not None:
        sources.append(asked.metrics.source())
    if not sources:
        yield None
        return
    with ServerSampler(sources) as sampler:
        yield ServerWatch(sampler, cores, notes)


def metrics_of(options: LoadOptions, info: TraceInfo, host: str | None) -> MetricsAsked | None:
    """Return the metrics server that is asked during a run; None: there is none.

    `host` is None for the reference service, which has no endpoints file.

    Raises:
        BadInputError: its address, the endpoints file or a secret is wrong or missing.
    """
    path = None if host is None else file_of(options.endpoints, info)
    return metrics_asked(options.metrics, path, os.environ)


def check_pid(pid: int | None, host: str | None) -> None:
    """Check that a process that is to be watched exists, and is not that of a service yet to be started.

    Raises:
        BadInputError: it does not, or the reference service is started for the run.
    """
    if pid is None:
        return
    if host is None:
        problem = "cannot be combined with --serve, whose process is watched in any case"
        raise BadInputError(f"--server-pid {pid}", problem, "--host URL")
    ProcessTree(pid)


def is_this_machine(address: Address) -> bool:
    """Whether a service's address belongs to this machine."""
    try:
        found = {info[4][0] for info in socket.getaddrinfo(address.name, address.port)}
    except OSError:
        return False
    own = {each.address.partition("%")[0] for known in psutil.net_if_addrs().values() for each in known}
    return any(str(each).startswith("127.") or each in own | {"::1"} for each in found)


# ── What was found, in a few lines

_MB = 1e6


def server_lines(record: ServerRecord) -> Iterator[str]:
    """Say how busy the service was: its processes, each channel, other figures, and what is not known."""
    if parts := list(_process_parts(record)):
        yield f"service: {'; '.join(parts)}"
    yield from _channel_lines({each.name: each for each in record.figures if each.source == "service"})
    for each in record.figures:
        if each.source == "metrics":
            mean, most = value_text(each.mean, each.unit), value_text(each.most, each.unit)
            yield f"metric {each.name}: mean {mean}, at most {most}"
    for note in record.notes:
        yield f"not sampled: {note}"


def _channel_lines(counts: Mapping[str, ServerSummary]) -> Iterator[str]:
    """Say which channels of the reference service had customers waiting, and how busy these were."""
    for name, waiting in counts.items():
        channel, _, what = name.rpartition(".")
        busy, servers = (counts.get(f"{channel}.{other}") for other in ("busy", "servers"))
        if what == "waiting" and waiting.most > 0 and busy is not None and servers is not None:
            of = f"busy mean {busy.mean:.1f}, at most {busy.most:g} of {servers.most:g}"
            yield f"service, {channel}: {of}; waiting mean {waiting.mean:.1f}, at most {waiting.most:g}"


def value_text(value: float, unit: str) -> str:
    """Give a value with its unit: bytes in megabytes, others with four digits."""
    if unit == "bytes":
        return f"{value / _MB:,.1f} MB"
    number = f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.4g}"  # noqa: PLR2004 - four digits
    return f"{number} {unit}".rstrip()


def _process_parts(record: ServerRecord) -> Iterator[str]:
    if (cpu := record.figure("process", "cpu")) is not None:
        of = f" of {record.cores}" if record.cores else ""
        yield f"CPU mean {cpu.mean:.2f}, at most {cpu.most:.2f}{of} cores"
    memory = record.figure("process", "memory_pss") or record.figure("process", "memory_rss")
    if memory is not None:
        yield f"memory at most {value_text(memory.most, memory.unit)}"
    if (connections := record.figure("port", "connections")) is not None:
        yield f"connections at most {connections.most:,.0f}"
    queue, limit = (record.figure("port", name) for name in ("accept_queue", "accept_queue_most"))
    if queue is not None and limit is not None:
        yield f"accept queue at most {queue.most:,.0f} of {limit.most:,.0f}"
    overflows = record.figure("machine", "accept_overflows")
    if overflows is not None and overflows.most > 0:
        yield f"connections dropped at a full accept queue: up to {overflows.most:,.0f} per s"
