"""Whether a run is exported by OpenTelemetry: by the option, or by the standard variables."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from footfall._load.http.wire_format import address_of
from footfall._records.errors import BadInputError

ENDPOINT_VARIABLE = "OTEL_EXPORTER_OTLP_ENDPOINT"
_DISABLED_VARIABLE = "OTEL_SDK_DISABLED"
_PROTOCOL_VARIABLE = "OTEL_EXPORTER_OTLP_PROTOCOL"
_PROTOCOLS = ("", "http/protobuf", "http")
_MODULES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
_INSTALL = 'pip install "footfall[otel]"'


@dataclass(frozen=True, slots=True)
class TelemetryAsked:
    """Where a run is exported to."""

    endpoint: str | None = None
    """Base address of an OTLP receiver over HTTP; None: nowhere."""
    note: str = ""
    """Why not, although the environment names one."""


def telemetry_asked(option: str | None, environment: Mapping[str, str]) -> TelemetryAsked:
    """Return where a run is exported to: by `--otel`, otherwise by the standard variables.

    Raises:
        BadInputError: `--otel` is given and cannot be done. What the environment alone asks for is a note.
    """
    if environment.get(_DISABLED_VARIABLE, "").strip().lower() == "true":
        return TelemetryAsked()
    endpoint = option or environment.get(ENDPOINT_VARIABLE, "").strip()
    if not endpoint:
        return TelemetryAsked()
    try:
        _check(endpoint, "--otel" if option else ENDPOINT_VARIABLE, environment)
    except BadInputError as error:
        if option:
            raise
        return TelemetryAsked(note=f"nothing is exported: {error}")
    return TelemetryAsked(endpoint.rstrip("/"))


def _check(endpoint: str, where: str, environment: Mapping[str, str]) -> None:
    address_of(endpoint, where)
    protocol = environment.get(_PROTOCOL_VARIABLE, "").strip().lower()
    if protocol not in _PROTOCOLS:
        raise BadInputError(
            f"{_PROTOCOL_VARIABLE}={protocol}", "is not exported", "http/protobuf, or not set"
        )
    if not all(_is_installed(name) for name in _MODULES):
        raise BadInputError(where, "OpenTelemetry is not installed", _INSTALL)


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False
