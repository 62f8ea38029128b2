"""Locust's options, from the terminal or the form, become settings or one line."""

from argparse import Namespace
from pathlib import Path

import pytest

from footfall._load.locust_options import HostProfile, SearchSettings, settings_of
from footfall._load.options import LoadOptions, declared
from footfall._load.own_users import NO_USERS, OwnUser, OwnUsers
from footfall._load.web.page_search import asked_of_search
from footfall._records.errors import BadInputError


def options(**more: str | bool | None) -> Namespace:
    """Give options as they are when nothing but a trace is named; anything may be set."""
    ordinary: dict[str, str | bool | None] = {
        "host": "http://127.0.0.1:8080",
        "trace": "runs/1",
        "scenario": None,
        "run_dir": "",
        "run_dir_lock": "",
        "series": "",
        "load_options": "",
        "drain_s": "",
        "endpoints": "",
        "connections": "",
        "ca_file": "",
        "insecure": False,
        "no_control": False,
        "stall_s": "",
        "stall_every_s": "",
        "hits_sample": "",
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


SEARCH: dict[str, str | bool | None] = {
    "test": "find the capacity",
    "trace": "",
    "budget": "2min",
    "path": "",
    "criteria": "",
}


def test_a_search_of_the_page_has_its_own_settings() -> None:
    """A load run has none, whatever stands in the fields of a search."""
    assert settings_of(options(**SEARCH | {"test": "load run", "trace": "runs/1"})).search is None
    of_scenario = settings_of(options(**SEARCH, scenario="calm", seed="3"))
    assert of_scenario.search == SearchSettings(job="capacity", budget="2min")
    assert (of_scenario.scenario, of_scenario.trace_options) == ("calm", (("seed", "3"),))
    lines = " p95(*) < 300ms ;; success(*) >= 99% ;"
    of_path = settings_of(options(**SEARCH | {"path": " /work ", "criteria": lines, "budget": ""})).search
    assert of_path == SearchSettings(
        job="capacity", budget="5min", path="/work", criteria=("p95(*) < 300ms", "success(*) >= 99%")
    )


def test_the_whole_loop_is_asked_for_as_a_search_is() -> None:
    """Its process has another name."""
    asked = settings_of(options(**SEARCH | {"test": "whole loop"}, scenario="calm")).search
    assert asked == SearchSettings(job="loop", budget="2min")


def test_a_search_is_described_for_its_process() -> None:
    """The host's own endpoints file and path, or the reference service; never the locustfile of the page."""
    profile = HostProfile("http://127.0.0.1:9", Path("shop.toml"))
    typed = options(
        **SEARCH | {"path": "/work"}, connections="shared", locustfile="locustfile.py", run_dir="found"
    )
    asked = asked_of_search(settings_of(typed), profile, NO_USERS)
    assert asked["options"] == {"connections": "shared", "endpoints": "shop.toml"}
    assert (asked["host"], asked["url"], asked["serve"], asked["scenario"]) == (
        profile.url,
        "/work",
        False,
        None,
    )
    assert asked["out"] == "found"
    own = settings_of(options(**SEARCH, scenario="calm", endpoints="mine.toml"))
    asked = asked_of_search(own, None, NO_USERS)
    assert (asked["options"], asked["serve"], asked["scenario"], asked["seed"]) == ({}, True, "calm", 1)
    users = OwnUsers(users=(OwnUser(channel="web", user="Shop", operations=None, speaks_http=True),))
    with pytest.raises(
        BadInputError, match="a search sends its own requests, without Shop of the locustfile"
    ):
        asked_of_search(own, None, users)


def test_a_search_is_for_the_page_only() -> None:
    """A terminal has commands for it."""
    with pytest.raises(
        BadInputError, match="is for Locust's web page; expected footfall capacity or footfall loop"
    ):
        settings_of(options(**SEARCH, scenario="calm", headless=True))


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
        (SEARCH, "Scenario: nothing to load is given; expected a scenario, or a path of the service"),
        (
            {"test": "everything"},
            "--test everything: no such test; expected one of load run, find the capacity, whole loop",
        ),
        ({"drain_s": "soon"}, "--drain-s: 'soon'"),
        ({"drain_s": "-1"}, "--drain-s: '-1'"),
        ({"drain_s": "nan"}, "--drain-s: 'nan'"),
        ({"drain_s": "inf"}, "--drain-s: 'inf'"),
        ({"hits_sample": "2"}, "--hits-sample: '2'; expected a share of at least 0.001, at most 1"),
        ({"load_options": '{"drain_s": -1}'}, "--drain-s: -1; expected seconds, not negative"),
        ({"load_options": '{"drain": 1}'}, "drain: is not an option here; expected one of endpoints, "),
        ({"label": "x" * 201}, "--label: '"),
        ({"connections": "mine"}, "--connections: 'mine'; expected one of customer, shared, request"),
        ({"stall_s": "1", "stall_every_s": "1"}, "--stall-every-s: 1; expected more than --stall-s 1"),
    ],
)
def test_what_is_no_setting_gets_one_line(given: dict[str, str | bool | None], line: str) -> None:
    """It names the option, the value, and what was expected."""
    with pytest.raises(BadInputError) as caught:
        settings_of(options(**given))
    assert str(caught.value).startswith(line)


def test_options_reach_locust_one_by_one_or_all_as_one_value() -> None:
    """What `footfall load` hands over as JSON is what a person types option by option."""
    wanted = LoadOptions(
        connections="shared", insecure=True, hits_sample_share=0.5, control=False, drain_s=3, label="a build"
    )
    typed = options(
        connections="shared", insecure=True, hits_sample="0.5", no_control=True, drain_s="3", label="a build"
    )
    assert settings_of(typed).options == wanted
    handed = options(load_options=wanted.model_dump_json(exclude_defaults=True))
    assert settings_of(handed).options == wanted
    assert settings_of(options()).options == LoadOptions()


@pytest.mark.parametrize("is_on", [True, False])
def test_a_switch_of_locusts_own_is_not_taken_for_an_option_of_its_name(*, is_on: bool) -> None:
    """Locust's `--otel` is on or off; that of `footfall load` is an address."""
    assert settings_of(options(otel=is_on)).options == LoadOptions()


def test_every_option_of_a_load_test_is_declared_for_both_command_lines() -> None:
    """Each has a flag and a help text; two never share a flag."""
    flags = [each.flag.name for each in declared()]
    assert len(set(flags)) == len(flags) == len(LoadOptions.model_fields)
    assert all(each.help and flag.startswith("--") for each, flag in zip(declared(), flags, strict=True))
