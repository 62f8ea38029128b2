"""Source of the reference service's own counts: waiting and busy servers of each channel."""

import json
from collections.abc import Sequence

from footfall._load.http.wire_format import DEFAULT_TRANSPORT, TransportOptions, address_of
from footfall._load.preflight import TOKEN_HEADER
from footfall._load.server.limited_get import GetOptions, LimitedGet
from footfall._load.server.server_sampler import EVERY_S, Figure, SourceError

COUNTS_PATH = "/control/counts"
_BYTES_MOST = 1024 * 1024
_OK = 200
_UNITS = {
    "waiting": "customers",
    "busy": "servers",
    "servers": "servers",
    "visits": "customers",
    "sessions": "sessions",
}
"""The counts of a moment; the service has others, which only ever grow."""


class ServiceSource:
    """Counts of each channel of a reference service, by its control route."""

    name = "service"
    every_s = EVERY_S

    def __init__(self, host: str, token: str, transport: TransportOptions = DEFAULT_TRANSPORT) -> None:
        """Ask nothing yet.

        Raises:
            BadInputError: the host is not an address.
        """
        options = GetOptions(bytes_most=_BYTES_MOST, headers={TOKEN_HEADER: token}, transport=transport)
        address = address_of(host, f"--host {host}")
        self._target = address.target(COUNTS_PATH)
        self._server = LimitedGet(address, options)

    def read(self) -> Sequence[Figure]:
        """Ask for the counts.

        Raises:
            SourceError: the service does not answer in time.
        """
        status, body = self._server.get(self._target)
        if status != _OK:
            msg = f"{COUNTS_PATH} gives {status}"
            raise SourceError(msg)
        return tuple(
            Figure(f"{channel}.{name}", float(value), _UNITS[name])
            for channel, counts in json.loads(body).items()
            for name, value in counts.items()
            if name in _UNITS
        )

    def close(self) -> None:
        """Close the connection."""
        self._server.close()
