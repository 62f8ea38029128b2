"""The address of a service, and the one place where a path is joined to it."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from footfall.records.errors import BadInputError

_EXPECTED = "http://… or https://…"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a service is: `http://127.0.0.1:8080/api/v1/` has the prefix `/api/v1`."""

    scheme: str
    name: str
    """Host name as the system looks it up: ASCII, no brackets."""
    port: int
    prefix: str
    """What stands before every path; empty, or `/api/v1` without a slash at its end."""
    host_header: str

    @property
    def is_secure(self) -> bool:
        """Whether it speaks TLS."""
        return self.scheme == "https"

    def target(self, path: str) -> str:
        """Give the path that is sent for one below the service: `/orders` is `/api/v1/orders`."""
        return f"{self.prefix}{path}"

    def url(self, path: str = "") -> str:
        """Give the whole address of a path below the service."""
        return f"{self.scheme}://{self.host_header}{self.target(path)}"


def address_of(host: str, where: str) -> Address:
    """Take the address of a service apart; `where` names it in errors.

    Raises:
        BadInputError: it is none, or has a user, a password, a query or a fragment.
    """
    try:
        url = urlsplit(host)
        port = url.port
        name = (url.hostname or "").encode("ascii" if (url.hostname or "").isascii() else "idna").decode()
    except ValueError as error:
        raise BadInputError(where, str(error).lower(), _EXPECTED) from error
    if url.username is not None or url.password is not None:
        # An address stands in manifests and reports.
        option = where.split(maxsplit=1)[0]
        raise BadInputError(option, "holds a user or a password", "them in [auth] of --endpoints")
    fits = url.scheme in _PORTS and name and port != 0 and all("!" <= letter <= "~" for letter in name)
    if not fits:
        raise BadInputError(where, "no address of a web service", _EXPECTED)
    if url.query or url.fragment:
        raise BadInputError(where, "has a query or a fragment", _EXPECTED)
    shown = f"[{name}]" if ":" in name else name
    return Address(
        scheme=url.scheme,
        name=name,
        port=port or _PORTS[url.scheme],
        prefix=quote(url.path, safe="/%:@!$&'()*+,;=~-._").rstrip("/"),
        host_header=shown if port is None else f"{shown}:{port}",
    )
