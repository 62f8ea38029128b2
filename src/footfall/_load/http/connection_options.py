"""How connections are made: address, sharing, trusted certificates."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import quote, urlsplit

from footfall._records.errors import BadInputError

# ── How connections are shared, and which certificates are trusted

Sharing = Literal["customer", "shared", "request"]
SHARINGS: tuple[Sharing, ...] = get_args(Sharing)
_CA_BYTES_MOST = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportOptions:
    """Options of connections; plain data without secrets, which workers are sent."""

    connections: Sharing = "customer"
    """`customer`: each has its own, kept for the journey; `shared`: one pool; `request`: a new one each."""
    ca_pem: str = ""
    """CA certificates, in PEM, that are trusted instead of the system's; empty: the system's."""
    insecure: bool = False
    """Whether certificates are not checked."""

    @property
    def trusted(self) -> dict[str, str]:
        """Return arguments for `SSLContext.load_verify_locations`; empty: the system's certificates."""
        if self.ca_pem:
            return {"cadata": self.ca_pem}
        if _has_system_certificates():
            return {}
        import certifi

        return {"cafile": certifi.where()}

    @property
    def for_manifest(self) -> dict[str, Any]:
        """Return the manifest's entries."""
        own_ca = {"own_ca": True} if self.ca_pem else {}
        return {"connections": self.connections} | own_ca | ({"insecure": True} if self.insecure else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportAsked:
    """Options as given; None: the endpoints file's value, otherwise the default."""

    connections: Sharing | None = None
    ca_file: Path | None = None
    insecure: bool = False

    def options(self, sharing: Sharing | None = None, ca_file: Path | None = None) -> TransportOptions:
        """Return the effective options: as given, otherwise the endpoints file's, otherwise the default.

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


DEFAULT_TRANSPORT = TransportOptions()


def read_ca(path: Path, where: str) -> str:
    """Read a file of certificates.

    Raises:
        BadInputError: it cannot be read, or has no certificate.
    """
    import ssl

    expected = "a file with the certificate of the service's CA, in PEM"
    try:
        if path.stat().st_size > _CA_BYTES_MOST:
            raise BadInputError(f"{where} {path}", f"more than {_CA_BYTES_MOST} bytes", expected)
        text = path.read_text(encoding="utf-8")
        # A private key in the same file must not be sent to workers.
        start, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
        found = [part.partition(end)[0] for part in text.split(start)[1:]]
        pem = "".join(f"{start}{part}{end}\n" for part in found)
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "holds no certificate in PEM"
        reason = "holds no certificate in PEM" if isinstance(error, ssl.SSLError | ValueError) else reason
        raise BadInputError(f"{where} {path}", reason.lower(), expected) from error
    return pem


# ── The address of a service, and how paths are joined to it

_EXPECTED = "http://… or https://…"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """Address of a service: `http://127.0.0.1:8080/api/v1/` has the prefix `/api/v1`."""

    scheme: str
    name: str
    """Host name for look-ups: ASCII, without brackets."""
    port: int
    prefix: str
    """Prefix of every path: empty, or such as `/api/v1` without a trailing slash."""
    host_header: str

    @property
    def is_secure(self) -> bool:
        """Whether it uses TLS."""
        return self.scheme == "https"

    def target(self, path: str) -> str:
        """Return the full path: `/orders` is `/api/v1/orders`."""
        return f"{self.prefix}{path}"

    def url(self, path: str = "") -> str:
        """Return the full address of a path of the service."""
        return f"{self.scheme}://{self.host_header}{self.target(path)}"


def address_of(host: str, where: str) -> Address:
    """Parse the address of a service; `where` names it in errors.

    Raises:
        BadInputError: it is not an address, or has a user, a password, a query or a fragment.
    """
    try:
        url = urlsplit(host)
        port = url.port
        name = (url.hostname or "").encode("ascii" if (url.hostname or "").isascii() else "idna").decode()
    except ValueError as error:
        raise BadInputError(where, str(error).lower(), _EXPECTED) from error
    if url.username is not None or url.password is not None:
        # Addresses are shown in manifests and reports.
        option = where.split(maxsplit=1)[0]
        raise BadInputError(option, "contains a user or a password", "them in [auth] of the endpoints file")
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
