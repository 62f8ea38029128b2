"""When a run is exported: by the option, by the standard variables, and not at all."""

import pytest

from footfall._load.telemetry import telemetry_asked as module
from footfall._load.telemetry.telemetry_asked import TelemetryAsked, telemetry_asked
from footfall._records.errors import BadInputError

URL = "http://127.0.0.1:4318"


@pytest.mark.parametrize(
    ("option", "environment", "endpoint"),
    [
        (None, {}, None),
        (None, {"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, None),
        (None, {"OTEL_EXPORTER_OTLP_ENDPOINT": URL}, URL),
        (f"{URL}/", {}, URL),
        (f"{URL}/otlp", {"OTEL_EXPORTER_OTLP_ENDPOINT": URL}, f"{URL}/otlp"),
        (URL, {"OTEL_SDK_DISABLED": "true"}, None),
        (None, {"OTEL_EXPORTER_OTLP_ENDPOINT": URL, "OTEL_SDK_DISABLED": "TRUE"}, None),
        (URL, {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, URL),
    ],
)
def test_the_option_comes_before_the_environment(
    option: str | None, environment: dict[str, str], endpoint: str | None
) -> None:
    """Without either, nothing is exported; the standard switch turns it off in any case."""
    assert telemetry_asked(option, environment) == TelemetryAsked(endpoint)


@pytest.mark.parametrize(
    ("url", "more", "words"),
    [
        ("127.0.0.1:4318", {}, "is not the address of a web service"),
        ("http://user:pw@127.0.0.1:4318", {}, "contains a user or a password"),
        (URL, {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_PROTOCOL=grpc: is not exported"),
    ],
)
def test_what_the_option_asks_for_must_be_possible_and_the_environment_may_be_wrong(
    url: str, more: dict[str, str], words: str
) -> None:
    """A variable that is set for other programs ends no run: it is a note."""
    with pytest.raises(BadInputError) as refused:
        telemetry_asked(url, more)
    noted = telemetry_asked(None, more | {"OTEL_EXPORTER_OTLP_ENDPOINT": url})
    assert noted.endpoint is None
    assert words in str(refused.value)
    assert words in noted.note
    assert "pw" not in noted.note


def test_without_the_package_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the name of the extra."""
    monkeypatch.setattr(module, "_MODULES", ("footfall_has_no_such_module.sdk",))
    with pytest.raises(BadInputError, match=r'expected pip install "footfall\[otel\]"'):
        telemetry_asked(URL, {})
