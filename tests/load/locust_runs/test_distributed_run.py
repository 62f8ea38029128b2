"""Real Locust masters and workers: every arrival once, and the sums add up when workers leave."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from footfall._load.assignment import is_dead, this_process
from footfall._load.loop_watch import read_progress
from footfall._load.result_files import VISITS_FILE, LoadResult, read_result
from footfall._records.runs import read_manifest
from footfall._workload.trace import write_trace
from tests.load.conftest import Given, Locust, Serve, Start, another_port
from tests.load.locust_runs.test_locust_plugin import Page
from tests.load.small import everywhere, small_model, trace_of

PER_S = 30
SECONDS = 6
StartRun = Callable[..., Locust]


def children(locust: Locust) -> list[int]:
    """Give the workers that it forked."""
    pid = locust.process.pid
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(word) for word in text.split()]


@pytest.fixture
def trace(tmp_path: Path) -> Given:
    """Customers for six seconds."""
    model = small_model()
    made = trace_of(model, everywhere(PER_S * SECONDS, SECONDS, model), SECONDS)
    write_trace(tmp_path / "trace", made)
    return Given(tmp_path / "trace", made)


@pytest.fixture
def start_run(locust: Start, trace: Given, host: str) -> StartRun:
    """Start a Locust that plays the trace, with a port of its own for its workers."""
    ports = ("--master-bind-port", one := str(another_port()), "--master-port", one)

    def start(*arguments: str) -> Locust:
        play = ("--headless", "--host", host, "--trace", str(trace.folder), "--run-dir", "run")
        return locust(*(("--headless",) if "--worker" in arguments else play), *ports, *arguments)

    return start


def until_started(locust: Locust, run: Path, count: int) -> None:
    """Wait until so many customers have come."""
    locust.until(lambda: (reported := read_progress(run)) is not None and reported.started >= count)


def checked(run: Path, due: int = PER_S * SECONDS) -> LoadResult:
    """Give the sums, after seeing that no customer was played twice, and whose visits are there."""
    result = read_result(run)
    counts = result.arrivals
    assert counts.played + counts.failed + counts.not_sent + counts.lost == counts.due == due
    first = pl.read_parquet(run / VISITS_FILE).filter(pl.col("attempt") == 1)["customer"]
    assert first.n_unique() == first.len() >= counts.played
    manifest = read_manifest(run)
    assert (manifest.arrivals, manifest.workers, manifest.degraded) == (
        counts,
        result.workers,
        result.degraded,
    )
    return result


def statuses(result: LoadResult) -> list[str]:
    """Give how the workers ended."""
    return sorted(worker.status for worker in result.workers)


def test_two_processes_play_every_arrival_exactly_once(start_run: StartRun, tmp_path: Path) -> None:
    """Arrival k by slot k mod 2; both clocks are one, which the pings must find."""
    play = start_run("--processes", "2")
    assert play.end() == 0, "\n".join(play.words)
    result = checked(tmp_path / "run")
    assert (result.status, result.arrivals.played) == ("finished", PER_S * SECONDS)
    assert not result.degraded
    assert sorted(worker.slots for worker in result.workers) == [(0,), (1,)]
    for worker in result.workers:
        assert worker.clock_offset_s is not None
        assert worker.ping_s is not None
        assert abs(worker.clock_offset_s) <= worker.ping_s / 2 + 1e-5


def test_a_killed_worker_is_noticed_and_the_others_play_what_it_left(
    start_run: StartRun, tmp_path: Path
) -> None:
    """Arrivals that it was running are lost, and the run is degraded."""
    play = start_run("--processes", "2")
    until_started(play, tmp_path / "run", PER_S)
    os.kill(children(play)[0], signal.SIGKILL)
    assert play.end() == 3
    result = checked(tmp_path / "run")
    assert result.degraded
    assert statuses(result) == ["finished", "lost"]
    assert max(len(worker.slots) for worker in result.workers) == 2
    assert result.arrivals.not_sent == 0
    assert 0 < result.arrivals.lost < PER_S * 2


def test_a_worker_that_is_stopped_reports_everything_first(start_run: StartRun, tmp_path: Path) -> None:
    """By SIGTERM: nothing is unknown, and yet the load was not the one that was asked for."""
    play = start_run("--processes", "2")
    until_started(play, tmp_path / "run", PER_S)
    os.kill(children(play)[0], signal.SIGTERM)
    assert play.end() == 3
    result = checked(tmp_path / "run")
    assert result.degraded
    assert statuses(result) == ["finished", "left"]
    assert (result.arrivals.lost, result.arrivals.not_sent) == (0, 0)


def test_last_results_that_the_master_reads_late_count(start_run: StartRun, tmp_path: Path) -> None:
    """The worker has ended long before the master continues, and no arrival is lost."""
    play = start_run("--processes", "2")
    until_started(play, tmp_path / "run", PER_S)
    worker = children(play)[0]
    os.kill(play.process.pid, signal.SIGSTOP)
    os.kill(worker, signal.SIGTERM)
    play.until(lambda: is_dead(worker, this_process()["node"]))
    os.kill(play.process.pid, signal.SIGCONT)
    assert play.end() == 3
    result = checked(tmp_path / "run")
    assert statuses(result) == ["finished", "left"]
    assert (result.arrivals.lost, result.arrivals.not_sent) == (0, 0)


def test_with_all_workers_killed_the_run_ends_by_itself(start_run: StartRun, tmp_path: Path) -> None:
    """Arrivals without a worker are not sent."""
    play = start_run("--processes", "2")
    until_started(play, tmp_path / "run", PER_S)
    for pid in children(play):
        os.kill(pid, signal.SIGKILL)
    play.end()
    result = checked(tmp_path / "run")
    assert (result.status, statuses(result)) == ("partial", ["lost", "lost"])
    assert result.arrivals.not_sent > 0
    assert result.degraded


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_master_waits_for_its_workers_last_words(
    start_run: StartRun, tmp_path: Path, by: signal.Signals
) -> None:
    """The run is partial, and nothing is unknown."""
    play = start_run("--processes", "2")
    until_started(play, tmp_path / "run", PER_S)
    assert play.stop(by) == 3
    result = checked(tmp_path / "run")
    assert (result.status, statuses(result), result.degraded) == ("partial", ["finished"] * 2, False)
    assert result.arrivals.not_sent > 0
    assert result.arrivals.lost == 0


def test_a_worker_cut_off_from_its_master_stops_by_itself_and_a_late_one_takes_over(
    start_run: StartRun, trace: Given, tmp_path: Path
) -> None:
    """It is frozen, given up, and thawed: no arrival is run twice, though it would have continued."""
    seconds, run, log = 15, tmp_path / "run", tmp_path / "master.log"
    model = trace.trace.model
    write_trace(trace.folder, trace_of(model, everywhere(PER_S * seconds, seconds, model), seconds))
    here_alone = "127.0.0.2"
    master = start_run(
        *("--master", "--expect-workers", "1", "--logfile", str(log), "--master-bind-host", here_alone)
    )
    first = start_run("--worker", "--master-host", here_alone)
    until_started(master, run, 1)
    assert f"workers connect to {here_alone}:" in log.read_text(encoding="utf-8")
    spare = start_run("--worker", "--master-host", here_alone)
    master.until(lambda: "is a spare" in log.read_text(encoding="utf-8"))
    first.process.send_signal(signal.SIGSTOP)
    master.until(lambda: "are reassigned" in log.read_text(encoding="utf-8"))
    first.process.send_signal(signal.SIGCONT)
    assert master.end() == 3
    result = checked(run, PER_S * seconds)
    assert result.degraded
    assert statuses(result) == ["finished", "lost"]
    assert result.arrivals.lost > 0
    assert result.arrivals.played > PER_S
    for worker in (first, spare):
        worker.end()


def test_runs_of_workers_from_the_web_page_follow_each_other(
    locust: Start, serve: Serve, trace: Given, tmp_path: Path, free_port: int
) -> None:
    """One to its end, one stopped in the middle, one to its end; the page shows the customers under way."""
    runs = tmp_path / "results" / "trace" / "runs"
    one = str(another_port())
    with serve(trace.trace) as host:
        web = locust(
            *("--web-port", str(free_port), "--host", host, "--trace", "trace", "--processes", "2"),
            *("--master-bind-port", one, "--master-port", one),
        )
        page = Page(free_port)
        web.until(page.is_up)
        web.until(lambda: page.workers() == 2)
        for count, stops in enumerate((False, True, False), 1):
            assert page.post("/swarm", host=host)["success"]
            web.until(lambda: len(list(runs.glob("*/arrivals.parquet"))) == count)  # noqa: B023  called here
            run = max(runs.iterdir())
            if stops:
                until_started(web, run, PER_S)
                page.post("/stop")
            web.until((run / "load.json").exists)
            result = checked(run)
            assert result.status == ("partial" if stops else "finished")
            assert not result.degraded
            web.until(lambda: page.state() == "stopped")
        assert web.stop(signal.SIGINT) == 0
