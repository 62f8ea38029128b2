"""What a run's connections were: how many, how often one was used again, and what ran out."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

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
        parts = [f"{self} ({whose})" if whose else str(self), unchecked, self.ran_out]
        return "; ".join(part for part in parts if part)

    def __str__(self) -> str:
        """Say it in words."""
        parts = [f"{self.opened:,} opened", f"{self.reused:,} requests on kept ones"]
        parts += [f"{self.tls_handshakes:,} TLS handshakes"] if self.tls_handshakes else []
        parts += [f"{self.repeated:,} requests repeated"] if self.repeated else []
        parts += [f"{self.not_opened:,} not opened"] if self.not_opened else []
        return ", ".join(parts)
