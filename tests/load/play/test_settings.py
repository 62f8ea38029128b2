"""Locust's options, from the terminal or the form, become settings or one line."""

from argparse import Namespace
from pathlib import Path

import pytest

from footfall.load.locust_options import settings_of
from footfall.records.errors import BadInputError


def options(**more: str | bool | None) -> Namespace:
    """Give options as they are when nothing but a trace is named; anything may be set."""
    ordinary: dict[str, str | bool | None] = {
        "host": "http://127.0.0.1:8080",
        "trace": "runs/1",
        "scenario": None,
        "run_dir": "",
        "run_dir_lock": "",
        "drain_s": "120",
        "endpoints": "",
        "connections": "",
        "ca_file": "",
        "insecure": False,
        "no_control": False,
        "stall_s": "0",
        "stall_every_s": "0",
        "hits_sample": "1",
        "speed": "",
        "window": "",
        "scale": "",
        "seed": "",
    }
    return Namespace(**ordinary | more)


def test_empty_fields_of_the_form_mean_nothing() -> None:
    """They come as empty texts."""
    settings = settings_of(options(scenario=" ", speed=" ", seed="3"))
    assert settings.trace == Path("runs/1")
    assert (settings.scenario, settings.run_dir) == (None, None)
    assert settings.trace_options == (("seed", "3"),)


def test_secrets_come_from_the_environment_and_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither is an option, so neither is in a list of processes."""
    monkeypatch.setenv("FOOTFALL_CONTROL_TOKEN", "token-1")
    monkeypatch.setenv("FOOTFALL_GATEWAY_KEY", "key-1")
    settings = settings_of(options())
    assert (settings.control_token, settings.gateway_key) == ("token-1", "key-1")
    assert "token-1" not in repr(settings)
    assert "key-1" not in repr(settings)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"trace": ""}, "--trace: missing"),
        ({"drain_s": "soon"}, "--drain-s: 'soon'"),
        ({"drain_s": "-1"}, "--drain-s: '-1'"),
        ({"drain_s": "nan"}, "--drain-s: 'nan'"),
        ({"drain_s": "inf"}, "--drain-s: 'inf'"),
        ({"connections": "mine"}, "--connections: 'mine'; expected one of customer, shared, request"),
        ({"stall_s": "1", "stall_every_s": "1"}, "--stall-every-s: 1; expected more than --stall-s 1"),
    ],
)
def test_what_is_no_setting_gets_one_line(given: dict[str, str], line: str) -> None:
    """It names the option, the value, and what was expected."""
    with pytest.raises(BadInputError) as caught:
        settings_of(options(**given))
    assert str(caught.value).startswith(line)
