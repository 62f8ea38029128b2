"""What is recorded of the load generator itself: its own part of the times, and its connections."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

# ── What is known of the load generator itself during a run: its own part of the times that it measured


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSummary:
    """A sample of times in a few figures, seconds; None of an empty one."""

    n: int = 0
    p50_s: float | None = None
    p95_s: float | None = None
    p99_s: float | None = None
    max_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRecord:
    """A request that a separate process sent again and again while the run lasted."""

    method_and_path: str
    sent: int = 0
    failed: int = 0
    """Without an answer; these have no time."""
    answered: TimeSummary = TimeSummary()
    """From sending it to the end of its answer."""
    same_in_run: TimeSummary = TimeSummary()
    """The run's own requests of the same path, from asked to ended; none where the run has none."""
    woken_late: TimeSummary = TimeSummary()
    """How late that process was woken when it slept for 20 ms: how busy the host was with other work."""
    cpu_10ms: TimeSummary = TimeSummary()
    """How long 10 ms of CPU time took that process, once a second: more where other programs use the CPUs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorRecord:
    """The generator of a run; of several workers together, the busiest at each second."""

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
        """The busiest second."""
        return max(self.cpu_share_by_s, default=None)

    def to_data(self) -> dict[str, Any]:
        """Give it in plain data, for a file."""
        return asdict(self)

    @classmethod
    def of_data(cls, data: dict[str, Any]) -> "GeneratorRecord":
        """Read it from plain data.

        Raises:
            TypeError: it is not what this record holds.
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


# ── What a run's connections were: how many, how often one was used again, and what ran out

NO_DESCRIPTOR = "no_file_descriptor"
NO_PORT = "no_local_port"
GENERATORS_OWN = frozenset({NO_DESCRIPTOR, NO_PORT})
"""Causes that are the generator's own fault, and never the service's."""
_WHOSE = {
    "customer": "each customer's own",
    "shared": "shared by all",
    "request": "one for each request",
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
    """Requests on a connection that was kept from an earlier one."""
    repeated: int = 0
    """Requests (GET, HEAD) sent again, since a kept connection was closed before a byte of the answer."""
    no_local_port: int = 0
    """Connections that were not opened because the generator had no local port left."""
    no_file_descriptor: int = 0
    """Connections that were not opened because the generator had too many files open."""
    not_opened: int = 0
    """Connections that were not opened for other reasons: nobody answered, or TLS failed."""

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> "ConnectionCounts":
        """Sum up what was counted, by name; what has no field of its own is `not_opened`."""
        named = {each.name for each in fields(cls)} - {"not_opened"}
        other = sum(count for name, count in counts.items() if name not in named)
        return cls(**{name: counts[name] for name in named if name in counts}, not_opened=other)

    @property
    def ran_out(self) -> str:
        """What the generator ran out of, and what to do; empty if of nothing."""
        found = [
            f"{count:,} connections failed in the generator: {what} ({advice})"
            for name, (what, advice) in _RAN_OUT.items()
            if (count := getattr(self, name))
        ]
        return "; ".join(found)

    def told(self, settings: Mapping[str, Any]) -> str:
        """Say it in words, with what a manifest's settings say of whose they were and of certificates."""
        whose = _WHOSE.get(str(settings.get("connections", "")), "")
        unchecked = "certificates were not checked (--insecure)" if settings.get("insecure") else ""
        others = "those of users in a locustfile are not counted" if settings.get("served_by") else ""
        parts = [f"{self} ({whose})" if whose else str(self), others, unchecked, self.ran_out]
        return "; ".join(part for part in parts if part)

    def __str__(self) -> str:
        """Say it in words."""
        parts = [f"{self.opened:,} opened", f"{self.reused:,} requests on kept ones"]
        parts += [f"{self.tls_handshakes:,} TLS handshakes"] if self.tls_handshakes else []
        parts += [f"{self.repeated:,} requests repeated"] if self.repeated else []
        parts += [f"{self.not_opened:,} not opened"] if self.not_opened else []
        return ", ".join(parts)
