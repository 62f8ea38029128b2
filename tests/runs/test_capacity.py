"""A search for capacity, from what is asked for to its files."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import polars as pl
import pytest

from footfall._capacity.capacity_found import CapacityFound, ChannelFound, RateEstimate
from footfall._capacity.load_steps import CapacityAsked, PlannedStep, PlayedStep
from footfall._records.errors import BadInputError
from footfall._records.folders import release
from footfall._records.runs import read_manifest
from footfall._runs.capacity import Capacity, find_capacity
from footfall._runs.capacity_files import read_capacity, without_infinite
from footfall._runs.capacity_target import CapacityWanted, capacity_target
from footfall._runs.capacity_text import STEP_HEAD, StepPrinter, summary_lines
from footfall._runs.judge_search import measured_capacities
from footfall._runs.judgement import judge
from footfall._runs.report import report
from tests.capacity.plain_search import PlainSearch
from tests.load.web_server import WebServer

WORK_S = 0.02
"""One request after the other: 50 a second."""


class OneAtATime(BaseHTTPRequestHandler):
    """Serves one request after the other, and the others wait."""

    lock = threading.Lock()

    def do_GET(self) -> None:
        """Work for the request."""
        with self.lock:
            time.sleep(WORK_S)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served() -> Iterator[WebServer]:
    """Have a service that can be closed before its time."""
    server = WebServer(OneAtATime)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        close(server)
        thread.join()


def close(server: WebServer) -> None:
    """Let it answer no more."""
    server.shutdown()
    server.server_close()


@dataclass
class Searched:
    """A search at a service that ended during it, and what was printed meanwhile."""

    found: Capacity
    lines: list[str]
    left_s: list[float]

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return self.found.folder


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Searched:
    """Search at 20, 40 and 80 arrivals/s; then the service ends."""
    out = tmp_path_factory.mktemp("search") / "found"
    lines: list[str] = []
    left: list[float] = []
    printer = StepPrinter(lines.append)
    with served() as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr("footfall._runs.capacity.RESTARTS_WITHIN_S", 1.0)

        def on_step(step: PlayedStep, asked: CapacityAsked, left_s: float) -> None:
            printer(step, asked, left_s)
            left.append(left_s)
            if step.planned.number == 3:
                close(server)

        wanted = CapacityWanted(
            host=server.host,
            url="/work",
            criteria=("success(*) >= 99%", "mean(*) < 300ms", "capacity(*) >= 35/s", "p99(lag) < 1s"),
            out=out,
            options={"control": False},
        )
        found = find_capacity(wanted, on_step=on_step, decider=PlainSearch(20.0, 2.0, steps_most=6))
    return Searched(found, lines, left)


def test_a_service_that_dies_is_a_result(searched: Searched) -> None:
    """The search ends early and says so; what it showed before stands."""
    data = searched.found.data
    assert data["status"] == "partial"
    assert "no service answers" in data["ended_by"]
    assert not searched.found.was_stopped
    assert searched.found.exit_code == 3
    assert {step["verdict"] for step in data["steps"][:2]} <= {"holds", "invalid"}
    assert data["steps"][3]["success_share"] == 0
    assert len(data["steps"]) == 4


def test_the_json_has_the_figures_of_the_interface(searched: Searched) -> None:
    """Names and kinds that programs rely on."""
    data = json.loads((searched.folder / "capacity.json").read_text())
    assert data == searched.found.data == read_capacity(searched.folder)
    assert set(data["knee_per_s"]) == {"value", "low", "high"}
    assert data["plateau_per_s"] is None
    assert data["limited_by"] in {"service", "generator", "budget"}
    assert data["flags"] == ["died"]
    for step in data["steps"]:
        assert {"offered_per_s", "throughput_per_s", "success_share", "p50_s", "p95_s", "p99_s"} <= set(step)
        assert {"requests_per_s", "purpose", "generator", "by_operation", "length_s"} <= set(step)
    assert data["steps"][0]["offered_per_s"] == 20
    assert data["requests_per_arrival"] == pytest.approx(1, abs=0.05)
    assert data["not_used"] == ["p99(lag) < 1s"]


def test_the_table_has_a_row_for_each_step_and_channel(searched: Searched) -> None:
    """With the generator's own figures in the rows of whole steps."""
    table = pl.read_csv(searched.folder / "capacity.csv")
    whole = table.filter(pl.col("channel") == "*")
    assert whole["step"].to_list() == [1, 2, 3, 4]
    assert table.filter(pl.col("channel") == "url")["step"].to_list() == [1, 2, 3, 4]
    assert whole["generator_lag_s_p99"].null_count() == 0


def test_each_step_is_a_run_that_can_be_read(searched: Searched) -> None:
    """For calibration, and to see what happened."""
    manifests = [read_manifest(searched.folder / "steps" / f"{number:03d}") for number in (1, 2, 3)]
    assert len({manifest.run for manifest in manifests}) == 3
    assert {manifest.status for manifest in manifests} <= {"finished", "partial"}


def test_the_settings_of_a_search_name_no_single_load(searched: Searched) -> None:
    """Each step has a rate and length of its own."""
    settings = read_manifest(searched.folder).settings
    assert settings["budget_s"] > 0
    assert not {"rate_per_s", "for_s", "play"} & set(settings)


def test_the_picture_is_there(searched: Searched) -> None:
    """An SVG of throughput, success and response times."""
    assert (searched.folder / "capacity.svg").read_text().startswith("<?xml")


def test_the_report_says_what_was_found_and_can_be_made_again(searched: Searched) -> None:
    """With a row for each step, from the files alone."""
    page = (searched.folder / "report.html").read_text(encoding="utf-8")
    assert "The search ended early: no service answers" in page
    assert page.count("<td>unloaded</td>") + page.count("<td>explore</td>") == 4
    assert report(searched.folder).read_text(encoding="utf-8") == page


def test_a_line_is_printed_for_each_step_and_fits_a_terminal(searched: Searched) -> None:
    """Below a head; the time left gets less."""
    assert searched.lines[0] == STEP_HEAD
    assert [line.split()[0] for line in searched.lines[1:] if line[:4].strip()] == ["1", "2", "3", "4"]
    assert max(len(line) for line in searched.lines if line[:4].strip()) <= 80
    assert searched.left_s == sorted(searched.left_s, reverse=True)


def test_a_criterion_about_the_capacity_is_judged_and_again_by_gate(searched: Searched) -> None:
    """From the same file, by the bounds."""
    assert searched.found.judged is not None
    again = judge(searched.folder)
    assert [each.criterion for each in again.judgements] == ["capacity(*) >= 35/s"]
    assert again.verdict is searched.found.judged.verdict
    strict = judge(searched.folder, also=["capacity(*) >= 5000/s"])
    assert strict.verdict.value == "fail"
    with pytest.raises(BadInputError, match="cannot be judged by a search"):
        judge(searched.folder, also=["p95(*) < 1s"])


def test_a_changed_file_is_not_judged(searched: Searched, tmp_path: Path) -> None:
    """A capacity that was edited is no evidence."""
    for path in searched.folder.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    data = json.loads((tmp_path / "capacity.json").read_text())
    data["knee_per_s"] = {"value": 9000.0, "low": 8000.0, "high": 9500.0}
    (tmp_path / "capacity.json").write_text(json.dumps(data))
    with pytest.raises(BadInputError, match="was changed"):
        judge(tmp_path)


def test_the_summary_says_what_was_found(searched: Searched) -> None:
    """In plain words, within a screen."""
    text = "\n".join(summary_lines(searched.found))
    assert text.startswith("capacity    ")
    assert "The search ended early: no service answers" in text
    assert text.count("\n") < 24


class StoppedLater(PlainSearch):
    """A search that the user stops while it works out what its first step shows."""

    findings_of = -1

    def next_step(
        self, played: Sequence[PlayedStep], asked: CapacityAsked, spent_s: float
    ) -> PlannedStep | None:
        """Be stopped by Ctrl-C."""
        if played:
            raise KeyboardInterrupt
        return super().next_step(played, asked, spent_s)

    def findings(self, played: Sequence[PlayedStep], asked: CapacityAsked) -> CapacityFound:
        """Note how many steps are to be worked out."""
        self.findings_of = len(played)
        return super().findings(played, asked)


class Stopped(PlainSearch):
    """A search that the user stops before its first step."""

    def next_step(self, *_: object) -> PlannedStep | None:
        """Be stopped by Ctrl-C."""
        raise KeyboardInterrupt


def test_a_search_that_is_stopped_leaves_a_readable_result(tmp_path: Path) -> None:
    """Partial, with the step in its files, and without working out again what was interrupted."""
    decider = StoppedLater(20.0)
    with served() as server:
        wanted = CapacityWanted(url=f"{server.host}/work", out=tmp_path / "found")
        found = find_capacity(wanted, decider=decider)
    assert decider.findings_of == 0
    assert found.was_stopped
    assert found.exit_code == 3
    data = read_capacity(found.folder)
    assert (data["status"], data["knee_per_s"]["value"]) == ("partial", None)
    assert [step["verdict"] for step in data["steps"]] == ["undecided"]
    assert read_manifest(found.folder).status == "partial"
    text = "\n".join(summary_lines(found))
    assert "capacity    not found" in text
    assert "stopped before its end" in text


class StoppedAgain(Stopped):
    """A search that the user stops once more while its findings are computed."""

    def findings(self, *_: object) -> CapacityFound:
        """Be stopped by a second Ctrl-C."""
        raise KeyboardInterrupt


def test_a_second_interrupt_leaves_the_steps_and_says_that_they_are_partial(tmp_path: Path) -> None:
    """Nothing says `running` once the program has ended."""
    out = tmp_path / "found"
    with served() as server, pytest.raises(KeyboardInterrupt):
        find_capacity(CapacityWanted(url=f"{server.host}/work", out=out), decider=StoppedAgain(20.0))
    assert read_manifest(out).status == "partial"
    assert read_capacity(out)["status"] == "partial"


# ── What is asked for


def test_a_url_is_asked_for_success_and_a_multiple_of_its_own_response_time() -> None:
    """Where no criterion says otherwise."""
    with served() as server:
        with capacity_target(CapacityWanted(url=f"{server.host}/work")) as target:
            assert [str(each) for each in target.asked.criteria] == ["success(*) >= 99%"]
            assert target.asked.p95_times_unloaded == 4
        own = CapacityWanted(host=server.host, url="/work", criteria=("p95(*) < 300ms",))
        with capacity_target(own) as target:
            assert [str(each) for each in target.asked.criteria] == ["success(*) >= 99%", "p95(*) < 300ms"]
            assert target.asked.p95_times_unloaded is None
        share = CapacityWanted(host=server.host, url="/work", criteria=("error(*) <= 2%",))
        with capacity_target(share) as target:
            assert [str(each) for each in target.asked.criteria] == ["error(*) <= 2%"]
            assert target.asked.p95_times_unloaded == 4


def test_a_scenario_is_asked_for_what_it_says_of_success_and_times() -> None:
    """Its outages are left out: they are no matter of load; other criteria are named as not used."""
    wanted = CapacityWanted(scenario="web_outage", serve=True, criteria=("capacity(web.*) >= 5/s",))
    with capacity_target(wanted) as target:
        assert target.asked.criteria
        assert target.asked.p95_times_unloaded is None
        assert [str(each) for each in target.capacities] == ["capacity(web.*) >= 5/s"]
        assert not any(channel.outages for channel in target.job.trace.model.channels)
        assert target.job.trace.arrivals.height == 20_000
        assert all("within" in text or "abort" in text or "lag" in text for text in target.not_used)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (CapacityWanted(), "nothing to load is given"),
        (CapacityWanted(url="/work"), "no host is given"),
        (CapacityWanted(host="http://127.0.0.1:9"), "nothing to load is given"),
        (CapacityWanted(host="http://127.0.0.1:9", url="work"), "is neither a URL nor a path"),
        (CapacityWanted(host="http://127.0.0.1:9", url="http://127.0.0.1:9/"), "cannot be combined"),
        (CapacityWanted(url="http://127.0.0.1:9/", serve=True), "requires a scenario"),
        (CapacityWanted(url="http://127.0.0.1:9/", scenario="ordinary_day"), "cannot be combined"),
        (CapacityWanted(scenario="ordinary_day"), "no service is given"),
        (CapacityWanted(scenario="ordinary_day", serve=True, host="http://127.0.0.1:9"), "both --host"),
        (CapacityWanted(scenario="no_such", serve=True), "no such scenario"),
        (CapacityWanted(url="http://127.0.0.1:9/", changes=("web.slots=3",)), "requires a scenario"),
        (CapacityWanted(url="http://127.0.0.1:9/", options={"processes": 2}), "one generator process"),
        (CapacityWanted(url="http://127.0.0.1:9/", budget_s=5), "--budget: 5 s is out of range"),
        (CapacityWanted(url="http://127.0.0.1:9/", start_per_s=0), "--start-rate 0"),
        (CapacityWanted(url="http://127.0.0.1:9/", most_per_s=-1), "--most-rate -1"),
        (CapacityWanted(url="http://127.0.0.1:9/", start_per_s=9, most_per_s=3), "is above --most-rate 3"),
        (CapacityWanted(url="http://127.0.0.1:9/", criteria=("p95 < 3",)), "cannot parse"),
        (CapacityWanted(url="http://127.0.0.1:9/"), "unreachable"),
        (CapacityWanted(url="ftp://127.0.0.1:9/"), "no host is given"),
    ],
)
def test_what_cannot_be_searched_is_one_line(
    wanted: CapacityWanted, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is started or written."""
    here = Path.cwd()
    scenarios = tmp_path / "scenarios"
    scenarios.symlink_to(here / "scenarios")
    (tmp_path / "models").symlink_to(here / "models")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInputError, match=words) as caught:
        find_capacity(wanted)
    assert "\n" not in str(caught.value)
    assert "footfall capacity" not in str(caught.value)  # footfall loop says the same
    assert not (tmp_path / "results").exists()


def test_a_search_replaces_a_former_one_only_if_asked(searched: Searched, tmp_path: Path) -> None:
    """And then none of its steps is left."""
    out = tmp_path / "found"
    steps = out / "steps" / "001"
    steps.mkdir(parents=True)
    for name in ("manifest.json", "capacity.json"):
        (out / name).write_bytes((searched.folder / name).read_bytes())
    (steps / "trace.json").write_text("{}")
    (out / "steps" / "end").write_text("")
    with served() as server:
        wanted = CapacityWanted(url=f"{server.host}/work", out=out)
        with pytest.raises(BadInputError, match="--overwrite"):
            find_capacity(wanted, decider=Stopped(20.0))
        found = find_capacity(replace(wanted, overwrite=True), decider=Stopped(20.0))
    release(out)
    assert found.data["steps"] == []
    assert not steps.exists()


# ── Channels


def found_with(by_channel: dict[str, ChannelFound]) -> dict[str, object]:
    """Give the content of a file with these channels."""
    knee = RateEstimate(value=100.0, low=90.0, high=110.0)
    from footfall._runs.capacity_files import SearchState, capacity_data

    found = CapacityFound(
        knee=knee,
        plateau=None,
        beyond="unknown",
        limited_by="service",
        flags=(),
        held_per_s=95.0,
        criteria=(),
        sentences=(),
        by_channel=by_channel,
    )
    state = SearchState(run="0" * 16, seed=1, target={}, status="finished", budget_s=300, spent_s=1)
    return capacity_data(state, (), found)


def test_a_channel_has_its_capacity_in_its_own_arrivals() -> None:
    """Its share of the whole; one that never reached its limit holds at least at that of the whole."""
    web = ChannelFound(
        knee=RateEstimate(value=100.0, low=90.0, high=110.0), arrivals_share=0.6, requests_per_arrival=3.0
    )
    wap = ChannelFound(knee=None, arrivals_share=0.4, requests_per_arrival=1.0)
    measured = {each.channel: each for each in measured_capacities(found_with({"web": web, "wap": wap}))}
    assert measured["*"].value == 100
    assert (measured["web"].value, measured["web"].low, measured["web"].high) == pytest.approx((60, 54, 66))
    assert measured["wap"].value is None
    assert measured["wap"].low == pytest.approx(36)
    assert measured["wap"].high is None


def test_a_time_that_is_infinite_is_null_in_the_file() -> None:
    """At a load at which nothing is served a percentile is infinite, which JSON has no word for."""
    data = without_infinite(
        {"curve": [{"p95_s": float("inf"), "offered_per_s": 3.0}], "n": (1, float("nan"))}
    )
    assert data == {"curve": [{"p95_s": None, "offered_per_s": 3.0}], "n": [1, None]}
