"""How connections are made: address, whose they are, which certificates are trusted."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import quote, urlsplit

from footfall._records.errors import BadInputError

# ── How connections are made: whose they are, and which certificates are trusted

Sharing = Literal["customer", "shared", "request"]
SHARINGS: tuple[Sharing, ...] = get_args(Sharing)
_CA_BYTES_MOST = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportOptions:
    """Plain data that a worker can be sent; it holds no secret."""

    connections: Sharing = "customer"
    """Each customer's own, kept while their errand lasts; a pool that all share; or one for each request."""
    ca_pem: str = ""
    """Certificates, in PEM, that are trusted in place of the system's; empty: the system's."""
    insecure: bool = False
    """Whether no certificate is checked."""

    @property
    def trusted(self) -> dict[str, str]:
        """Give what `SSLContext.load_verify_locations` takes; empty: the system's own certificates."""
        if self.ca_pem:
            return {"cadata": self.ca_pem}
        if _has_system_certificates():
            return {}
        import certifi

        return {"cafile": certifi.where()}

    @property
    def told(self) -> dict[str, Any]:
        """Give what a manifest says of it."""
        own_ca = {"own_ca": True} if self.ca_pem else {}
        return {"connections": self.connections} | own_ca | ({"insecure": True} if self.insecure else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportAsked:
    """What is asked for by options; None leaves it to the endpoints file, then to the default."""

    connections: Sharing | None = None
    ca_file: Path | None = None
    insecure: bool = False

    def options(self, sharing: Sharing | None = None, ca_file: Path | None = None) -> TransportOptions:
        """Give what counts: the options, then what an endpoints file says, then the default.

        Raises:
            BadInputError: the file of certificates cannot be read.
        """
        chosen, where = (self.ca_file, "--ca-file") if self.ca_file else (ca_file, "ca_file")
        return TransportOptions(
            connections=self.connections or sharing or "customer",
            ca_pem=read_ca(chosen, where) if chosen and not self.insecure else "",
            insecure=self.insecure,
        )


def _has_system_certificates() -> bool:
    import ssl

    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile or (paths.capath and any(Path(paths.capath).iterdir())))


USUAL = TransportOptions()


def read_ca(path: Path, where: str) -> str:
    """Read a file of certificates.

    Raises:
        BadInputError: it cannot be read, or holds no certificate.
    """
    import ssl

    expected = "a file with the certificate of the service's CA, in PEM"
    try:
        if path.stat().st_size > _CA_BYTES_MOST:
            raise BadInputError(f"{where} {path}", f"more than {_CA_BYTES_MOST} bytes", expected)
        text = path.read_text(encoding="utf-8")
        # A private key beside the certificate would be sent to workers and is none of ours.
        start, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
        found = [part.partition(end)[0] for part in text.split(start)[1:]]
        pem = "".join(f"{start}{part}{end}\n" for part in found)
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "holds no certificate in PEM"
        reason = "holds no certificate in PEM" if isinstance(error, ssl.SSLError | ValueError) else reason
        raise BadInputError(f"{where} {path}", reason.lower(), expected) from error
    return pem


# ── The address of a service, and the one place where a path is joined to it

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
        raise BadInputError(where, "is not the address of a web service", _EXPECTED)
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
