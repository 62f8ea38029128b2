"""Measurements of the load generator itself: its share of measured times, and its connections."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

# ── The load generator's share of measured times


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSummary:
    """Summary of a sample of times in seconds; None if it is empty."""

    n: int = 0
    p50_s: float | None = None
    p95_s: float | None = None
    p99_s: float | None = None
    max_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRecord:
    """A request that a separate process repeated during the run."""

    method_and_path: str
    sent: int = 0
    failed: int = 0
    """Requests without a response; they have no time."""
    answered: TimeSummary = TimeSummary()
    """From sending the request to the end of its response."""
    same_in_run: TimeSummary = TimeSummary()
    """The run's own requests of the same path, from asked to ended; none if the run has none."""
    woken_late: TimeSummary = TimeSummary()
    """How late that process woke from sleeps of 20 ms: how busy the host was with other work."""
    cpu_10ms: TimeSummary = TimeSummary()
    """Time in which that process got 10 ms of CPU time, once a second: longer if the CPUs are busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorRecord:
    """The generator of a run; for several workers, the busiest in each second."""

    own: TimeSummary = TimeSummary()
    """What it took of each request before it was sent (`Hit.own_s`)."""
    turn: TimeSummary = TimeSummary()
    """Turns of the event loop: time between two looks at the sockets, in which no answer is read."""
    read_late_s_p99: float | None = None
    """An answer that comes at a random moment is read no later than this, with a probability of 99 %."""
    cpu_share_by_s: tuple[float, ...] = ()
    """CPU time of the process over time passed, in each second of the run; 1 is one core."""
    control: ControlRecord | None = None
    """None: not asked for, or the service has no request that everybody may send."""

    @property
    def cpu_share_max(self) -> float | None:
        """CPU share of the busiest second."""
        return max(self.cpu_share_by_s, default=None)

    def to_data(self) -> dict[str, Any]:
        """Return it as plain data, for a file."""
        return asdict(self)

    @classmethod
    def of_data(cls, data: dict[str, Any]) -> "GeneratorRecord":
        """Read it from plain data.

        Raises:
            TypeError: it does not match this record.
            KeyError: a part is missing.
        """
        control = data["control"]
        return cls(
            own=TimeSummary(**data["own"]),
            turn=TimeSummary(**data["turn"]),
            read_late_s_p99=data["read_late_s_p99"],
            cpu_share_by_s=tuple(data["cpu_share_by_s"]),
            control=None if control is None else _control(control),
        )


_CONTROL_TIMES = ("answered", "same_in_run", "woken_late", "cpu_10ms")


def _control(data: dict[str, Any]) -> ControlRecord:
    times = {name: TimeSummary(**data[name]) for name in _CONTROL_TIMES if name in data}
    return ControlRecord(**data | times)


# ── Connections of a run: opened, reused, and resources that ran out

NO_DESCRIPTOR = "no_file_descriptor"
NO_PORT = "no_local_port"
GENERATORS_OWN = frozenset({NO_DESCRIPTOR, NO_PORT})
"""Causes inside the generator, never in the service."""
_WHOSE = {
    "customer": "one per customer",
    "shared": "shared by all",
    "request": "one per request",
}
_RAN_OUT = {
    NO_PORT: (
        "no local port was free",
        "--connections shared, more than one address to send from, or less load from this machine",
    ),
    NO_DESCRIPTOR: ("too many files were open", "raise ulimit -n, or --connections shared"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionCounts:
    """Connections of a generator to the service, over one run."""

    opened: int = 0
    tls_handshakes: int = 0
    reused: int = 0
    """Requests on a connection kept open from an earlier one."""
    repeated: int = 0
    """Requests (GET, HEAD) repeated because a reused connection was closed before the response."""
    no_local_port: int = 0
    """Connections that were not opened because the generator had no local port left."""
    no_file_descriptor: int = 0
    """Connections that were not opened because the generator had too many files open."""
    not_opened: int = 0
    """Connections that were not opened for other reasons: no reply, or TLS failed."""

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> "ConnectionCounts":
        """Sum up counts by name; names without a field count as `not_opened`."""
        named = {each.name for each in fields(cls)} - {"not_opened"}
        other = sum(count for name, count in counts.items() if name not in named)
        return cls(**{name: counts[name] for name in named if name in counts}, not_opened=other)

    @property
    def ran_out(self) -> str:
        """Resources that the generator ran out of, with advice; empty if none."""
        found = [
            f"{count:,} connections failed in the generator: {what} ({advice})"
            for name, (what, advice) in _RAN_OUT.items()
            if (count := getattr(self, name))
        ]
        return "; ".join(found)

    def describe(self, settings: Mapping[str, Any]) -> str:
        """Describe the connections, with how they were shared and whether certificates were checked."""
        whose = _WHOSE.get(str(settings.get("connections", "")), "")
        unchecked = "certificates were not checked (--insecure)" if settings.get("insecure") else ""
        others = "those of users in a locustfile are not counted" if settings.get("served_by") else ""
        parts = [f"{self} ({whose})" if whose else str(self), others, unchecked, self.ran_out]
        return "; ".join(part for part in parts if part)

    def __str__(self) -> str:
        """Return the counts in words."""
        parts = [f"{self.opened:,} opened", f"{self.reused:,} requests on reused ones"]
        parts += [f"{self.tls_handshakes:,} TLS handshakes"] if self.tls_handshakes else []
        parts += [f"{self.repeated:,} requests repeated"] if self.repeated else []
        parts += [f"{self.not_opened:,} not opened"] if self.not_opened else []
        return ", ".join(parts)
