"""Drop-downs on the page, free values in a terminal."""

import sys
from argparse import ArgumentParser
from pathlib import Path

import pytest

from footfall._load.locust_options import AS_IN_HOST, OWN, REFERENCE, add_drop_downs


@pytest.fixture
def _workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOCUST_HOST", raising=False)


def parser_for(monkeypatch: pytest.MonkeyPatch, *words: str) -> ArgumentParser:
    """Give a parser as for this command line."""
    monkeypatch.setattr(sys, "argv", ["locust", *words])
    parser = ArgumentParser()
    parser.add_argument("--host")
    add_drop_downs(parser)
    return parser


def choices(parser: ArgumentParser, name: str) -> list[str]:
    """Give what an option offers."""
    action = next(each for each in parser._actions if each.dest == name)
    return list(action.choices or ())


@pytest.mark.usefixtures("_workspace")
@pytest.mark.parametrize("words", [("--speed", "3.5"), ("--speed=3.5",)])
def test_a_value_from_the_terminal_is_taken_and_offered(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """It need not be one of the list; the page can then show it."""
    parser = parser_for(monkeypatch, *words)
    assert parser.parse_args(list(words)).speed == "3.5"
    assert choices(parser, "speed")[0] == OWN
    assert choices(parser, "speed")[-1] == "3.5"
    assert "3.5" not in choices(parser, "window")


@pytest.mark.usefixtures("_workspace")
def test_without_a_host_a_run_goes_to_a_service_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one, it goes there; a host of the file can be chosen by name."""
    assert parser_for(monkeypatch).parse_args([]).host_profile == REFERENCE
    assert parser_for(monkeypatch, "--host", "http://x").parse_args([]).host_profile == AS_IN_HOST
    Path("hosts.toml").write_text('staging = "https://staging.example"\n', encoding="utf-8")
    assert choices(parser_for(monkeypatch), "host_profile") == [REFERENCE, AS_IN_HOST, "staging"]


@pytest.mark.usefixtures("_workspace")
def test_a_broken_file_of_hosts_ends_locust_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, before anything starts."""
    Path("hosts.toml").write_text("staging = 1\n", encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        parser_for(monkeypatch)
    assert ended.value.code == 2
    assert "hosts.toml staging: is not a text" in capsys.readouterr().err
