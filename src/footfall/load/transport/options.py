"""How connections are made: whose they are, and which certificates are trusted."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from footfall.records.errors import BadInputError

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
NOT_ASKED = TransportAsked()


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
