"""Measurements of the load generator itself: its share of measured times, its connections, and histograms."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
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
    loop_busy_share: float | None = None
    """Time in turns of the event loop over time passed: near 1 the generator is at its limit, whatever share
    of a core its host gives it; None: not measured."""

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
            loop_busy_share=data.get("loop_busy_share"),
        )


_CONTROL_TIMES = ("answered", "same_in_run", "woken_late", "cpu_10ms")


def _control(data: dict[str, Any]) -> ControlRecord:
    times = {name: TimeSummary(**data[name]) for name in _CONTROL_TIMES if name in data}
    return ControlRecord(**data | times)


# ── Export of a run by OpenTelemetry


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryRecord:
    """What was exported of a run."""

    requests: int = 0
    """Requests whose spans the receiver took."""
    requests_dropped: int = 0
    """Recorded requests whose spans it did not take, or not in time."""
    problem: str = ""
    """The last one; empty: none."""

    def describe(self) -> str:
        """Describe it in one line."""
        dropped = f", {self.requests_dropped:,} not" if self.requests_dropped else ""
        return f"{self.requests:,} requests exported{dropped}" + (
            f" ({self.problem})" if self.problem else ""
        )


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
    retried: int = 0
    """Requests sent again by the clients' retry policy in the model."""
    refused_by_breaker: int = 0
    """Requests that met an open circuit breaker of the model's clients, and were not sent."""
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
        parts += [f"{self.retried:,} retries"] if self.retried else []
        parts += (
            [f"{self.refused_by_breaker:,} requests met an open circuit"] if self.refused_by_breaker else []
        )
        parts += [f"{self.not_opened:,} not opened"] if self.not_opened else []
        return ", ".join(parts)


# ── Mergeable histograms of times, with buckets narrow enough for percentiles accurate to 0.1 %

_PER_OCTAVE = 1024
"""Buckets between a time and its double: a bucket is at most 0.1 % wide, its middle at most 0.05 % off."""
SMALLEST_S = 1e-6
"""All shorter times, including zero and negative ones, are counted together."""
_UNDER = -(10**6)


@dataclass(slots=True)
class Histogram:
    """A sample of times in seconds, without their order; any number of them in a few kilobytes.

    Log-linear buckets as in G. Tene's HdrHistogram, by the exponent and mantissa of the number itself.
    """

    counts: Counter[int] = field(default_factory=Counter)
    """Number of times in each bucket, by the bucket's number."""
    n: int = 0
    sum_s: float = 0.0
    min_s: float = math.inf
    max_s: float = -math.inf

    def record(self, seconds: float) -> None:
        """Count a time."""
        if seconds < SMALLEST_S:
            bucket = _UNDER
        else:
            mantissa, exponent = math.frexp(seconds)
            bucket = exponent * _PER_OCTAVE + int((mantissa - 0.5) * (2 * _PER_OCTAVE))
        self.counts[bucket] += 1
        self.n += 1
        self.sum_s += seconds
        self.min_s = min(self.min_s, seconds)
        self.max_s = max(self.max_s, seconds)

    def merge(self, other: "Histogram") -> None:
        """Add the counts of another histogram."""
        self.counts.update(other.counts)
        self.n += other.n
        self.sum_s += other.sum_s
        self.min_s, self.max_s = min(self.min_s, other.min_s), max(self.max_s, other.max_s)

    @property
    def mean_s(self) -> float | None:
        """Exact mean; None if empty."""
        return self.sum_s / self.n if self.n else None

    def percentile(self, share: float) -> float | None:
        """Smallest time that at least this share does not exceed, to 0.05 %; None of nothing.

        By nearest rank, as in every table: rank ⌈share · n⌉. Below `SMALLEST_S` it is the smallest time.
        """
        if not self.n:
            return None
        rank, below = max(math.ceil(round(share * self.n, 9)), 1), 0
        for bucket in sorted(self.counts):
            below += self.counts[bucket]
            if below >= rank:
                return self.min_s if bucket == _UNDER else min(max(_middle_s(bucket), self.min_s), self.max_s)
        return self.max_s

    def summary(self) -> TimeSummary:
        """Give it in a few figures, to 0.05 %."""
        p50, p95, p99 = (self.percentile(share) for share in (0.5, 0.95, 0.99))
        return TimeSummary(n=self.n, p50_s=p50, p95_s=p95, p99_s=p99, max_s=self.max_s if self.n else None)

    def lengths(self) -> Iterator[tuple[float, int]]:
        """Give each time that was counted, to 0.05 %, and how often, from the longest down."""
        for bucket in sorted(self.counts, reverse=True):
            middle_s = self.min_s if bucket == _UNDER else _middle_s(bucket)
            yield min(max(middle_s, self.min_s), self.max_s), self.counts[bucket]

    def to_data(self) -> dict[str, Any]:
        """Give it in plain data, for a message or a file."""
        return {
            "buckets": list(self.counts.keys()),
            "counts": list(self.counts.values()),
            "sum_s": self.sum_s,
            "min_s": self.min_s if self.n else None,
            "max_s": self.max_s if self.n else None,
        }

    @classmethod
    def of_data(cls, data: dict[str, Any]) -> "Histogram":
        """Read it from plain data.

        Raises:
            KeyError: a part is missing.
            ValueError: buckets and counts do not belong together.
        """
        counts = Counter(dict(zip(data["buckets"], data["counts"], strict=True)))
        n = sum(counts.values())
        low, high = (data["min_s"], data["max_s"]) if n else (math.inf, -math.inf)
        return cls(counts, n, data["sum_s"], low, high)


def merged(histograms: Iterable[Histogram]) -> Histogram:
    """Merge several histograms."""
    total = Histogram()
    for histogram in histograms:
        total.merge(histogram)
    return total


def _middle_s(bucket: int) -> float:
    exponent, part = divmod(bucket, _PER_OCTAVE)
    return math.ldexp(0.5 + (part + 0.5) / (2 * _PER_OCTAVE), exponent)
