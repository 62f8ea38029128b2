"""`footfall load --repeat` and `--against`: real services, played in turn, and what is said of them."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from footfall._cli.app import run
from footfall._records.runs import MANIFEST, read_manifest
from footfall._runs.repeat import order_of
from footfall._workload.trace import write_trace
from tests.cli.runs_made import make_run, web_model, web_trace
from tests.load.conftest import serving

SCENARIO = """
question = "Which is quicker?"
model = "models/guangxi.py"
criteria = ["success(web.*) >= 50%", "p99(lag) < 1s else invalid"]
"""
START_S_MAX = 150


@pytest.fixture
def given(tmp_path: Path) -> tuple[str, ...]:
    """Give the options of a play: forty questions in a second, of a made trace."""
    (tmp_path / "small.toml").write_text(SCENARIO, encoding="utf-8")
    write_trace(tmp_path / "made", web_trace(40, 1.0))
    folders = ("--trace", str(tmp_path / "made"), "--out", str(tmp_path / "runs"))
    return ("--scenario", str(tmp_path / "small.toml"), *folders, "--drain-s", "60")


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Give the addresses of two running services, the second five times as slow."""
    with ExitStack() as stack:
        urls = []
        for name, factor in (("a", 1.0), ("b", 5.0)):
            (tmp_path / name).mkdir()
            served = replace(web_trace(40, 1.0), model=web_model(factor))
            urls.append(stack.enter_context(serving(tmp_path / name, served)))
        yield urls[0], urls[1]


def test_two_services_are_played_in_turn_and_compared(
    tmp_path: Path, given: tuple[str, ...], hosts: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A B B A: every run is whole; the slow one is seen to be slow, yet two runs each cannot tell."""
    a, b = hosts
    code = run(("load", *given, "--host", a, "--against", b, "--repeat", "2", "--json"))
    captured = capsys.readouterr()
    told = json.loads(captured.out)
    assert (code, told["verdict"]) == (3, "cannot tell")
    assert (told["baseline"], told["candidate"]) == (["a-1", "a-2"], ["b-1", "b-2"])
    assert [line for line in captured.err.splitlines() if line.startswith("run ")] == [
        f"run {number} of 4: {name}" for number, name in enumerate(("a-1", "b-1", "b-2", "a-2"), 1)
    ]
    by_metric = {row["metric"]: row for row in told["differences"]}
    assert by_metric["p50(web.query)"]["difference"] > 1
    assert by_metric["p50(web.query)"]["runs_needed"] == 4
    runs = tmp_path / "runs"
    for name in ("a-1", "a-2", "b-1", "b-2"):
        manifest = read_manifest(runs / name)
        assert manifest.arrivals is not None
        assert (manifest.status, manifest.arrivals.played) == ("finished", 40)
        assert manifest.settings["host"] == (a if name.startswith("a") else b)
    started = [read_manifest(runs / name).started_at for name in ("a-1", "b-1", "b-2", "a-2")]
    assert started == sorted(started)
    assert (runs / "comparison.svg").exists()
    sides = [[str(runs / f"{side}-{n}") for n in (1, 2)] for side in "ab"]
    assert run(("compare", *sides[1], "--baseline", *sides[0])) == 3
    assert run(("gate", str(runs / "b-2"))) == 0
    assert "holds run a-1 already" in _refused(capsys, ("load", *given, "--host", a, "--repeat", "2"))


def test_ctrl_c_keeps_the_whole_runs_that_have_ended(
    tmp_path: Path, given: tuple[str, ...], hosts: tuple[str, str]
) -> None:
    """Stopped in the second run: what is whole is named, the first surely, and no third is begun."""
    command = [sys.executable, "-m", "footfall", "load", *given, "--host", hosts[1], "--repeat", "3"]
    runs = tmp_path / "runs"
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        give_up_s = time.monotonic() + START_S_MAX
        while not (runs / "run-2" / MANIFEST).exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < give_up_s
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=START_S_MAX)
    finally:
        process.kill()
    assert process.returncode == 130, said
    status = {path.parent.name: read_manifest(path.parent).status for path in runs.glob(f"*/{MANIFEST}")}
    assert sorted(status) == ["run-1", "run-2"]
    whole = [name for name in sorted(status) if status[name] == "finished"]
    assert whole[0] == "run-1"
    assert f"stopped: {len(whole)} of 3 runs are whole: {', '.join(whole)}" in said


@pytest.mark.parametrize(
    ("times", "order"),
    [(1, "a-1 b-1"), (2, "a-1 b-1 b-2 a-2"), (5, "a-1 b-1 b-2 a-2 a-3 b-3 b-4 a-4 a-5 b-5")],
)
def test_two_services_change_who_goes_first(times: int, order: str) -> None:
    """A B, B A, A B …: what grows by as much with each run hits both alike."""
    assert order_of(times, against=True) == order.split()
    if times % 2 == 0:
        sums = [sum(k for k, name in enumerate(order.split()) if name[0] == side) for side in "ab"]
        assert sums[0] == sums[1]


def test_one_service_is_played_in_the_order_of_the_numbers() -> None:
    """There is nobody to take turns with."""
    assert order_of(3, against=False) == ["run-1", "run-2", "run-3"]


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (("--host", "{free}", "--repeat", "2"), "unreachable"),
        (("--serve", "--against", "{free}"), "--against {free}: unreachable"),
        (("--host", "{free}", "--against", "nonsense"), "unreachable"),
        (("--host", "{free}", "--repeat", "0"), "--repeat"),
        (("--host", "{free}", "--repeat", "51"), "--repeat"),
        (("--against", "{free}"), "either --host URL or --serve"),
    ],
)
def test_what_cannot_be_played_is_refused_before_anything_is(
    more: tuple[str, ...],
    line: str,
    tmp_path: Path,
    given: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In one line, and no run is begun."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        free = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        options = tuple(each.format(free=free) for each in more)
        assert line.format(free=free) in _refused(capsys, ("load", *given, *options))
    assert not (tmp_path / "runs").exists()


def test_a_folder_that_holds_runs_is_not_played_into(
    tmp_path: Path, given: tuple[str, ...], hosts: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Old runs would be taken for new ones."""
    make_run(tmp_path / "runs" / "a-7", 1)
    said = _refused(capsys, ("load", *given, "--host", hosts[0], "--repeat", "2"))
    assert "holds run a-7 already; expected a new or an empty folder" in said
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["a-7"]


def _refused(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> str:
    """Run what must be refused; gives its last line."""
    capsys.readouterr()
    assert run(arguments) == 2
    return capsys.readouterr().err.strip().splitlines()[-1]
