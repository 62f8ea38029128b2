"""A play by Locust in its own process: every arrival accounted for, whatever happens."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from footfall._load.loop_watch import PROGRESS_FILE, Progress
from footfall._load.options import LoadOptions
from footfall._load.preflight import check_host
from footfall._load.result_files import (
    HITS_FILE,
    LOAD_FILE,
    VISITS_FILE,
    LoadResult,
    read_latencies,
    read_result,
)
from footfall._load.start_locust import LOG_FILE, LoadSettings, run_locust
from footfall._model.changes import with_outage
from footfall._records.errors import BadInputError
from footfall._records.folders import claim_for_run
from footfall._records.load_generator import merged
from footfall._records.rows import Outcome
from footfall._records.runs import MANIFEST, ArrivalCounts, read_manifest
from footfall._records.tables import HITS, VISITS, check_visits, read_parquet
from footfall._workload.trace import write_trace
from tests.load.conftest import TOKEN, Given, Serve, Stall, Start, serving
from tests.load.small import (
    WEB,
    after_failure,
    channel,
    customer_error_of,
    day_of,
    everywhere,
    small_model,
    trace_of,
    works,
)


def visits_in(run_dir: Path) -> pl.DataFrame:
    """Read the measured visits, which keep the laws of visits."""
    visits = read_parquet(run_dir / VISITS_FILE, VISITS)
    check_visits(visits)
    return visits


@dataclass
class Played:
    """A trace that was played from its first second to its last."""

    settings: LoadSettings
    arrivals: pl.DataFrame
    result: LoadResult
    reported: list[Progress]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A hundred customers, all kinds of channels and operations, at a service in which nothing fails."""
    folder = tmp_path_factory.mktemp("played")
    model = small_model()
    trace = trace_of(model, everywhere(100, 4, model), 4)
    write_trace(folder / "trace", trace)
    reported: list[Progress] = []
    with serving(folder, trace) as host:
        settings = LoadSettings(
            trace=folder / "trace",
            host=host,
            run_dir=folder / "run",
            control_token=TOKEN,
            gateway_key="gate-key",
            on_progress=reported.append,
        )
        result = run_locust(settings)
    return Played(settings, trace.arrivals, result, reported)


def test_every_customer_of_a_trace_is_played_and_served(played: Played) -> None:
    """Each has one visit, at the channel and for the operation of their arrival, due when they were due."""
    result = played.result
    assert result.status == "finished"
    assert result.arrivals == ArrivalCounts(due=100, played=100, failed=0, not_sent=0)
    assert (result.visits, result.visits_served, result.causes) == (100, 100, {})
    visits = visits_in(played.settings.run_dir)
    first = visits.sort("customer").select("customer", "subscriber", "channel", "operation", "due_s")
    assert first.equals(played.arrivals.sort("customer").select(first.columns))
    assert visits["served_s"].null_count() == 0


def test_every_request_of_a_visit_is_a_hit(played: Played) -> None:
    """As many as the sums say, all of them right answers; the lag of a visit's start is in the sums too."""
    hits = read_parquet(played.settings.run_dir / HITS_FILE, HITS)
    assert hits.height == played.result.hits
    assert set(hits["outcome"]) == {"served"}
    assert hits.filter(pl.col("step") == "POST /orders").height > 20
    assert hits["customer"].n_unique() == 100
    assert (hits["ended_s"] >= hits["sent_s"]).all()
    assert (hits["sent_s"] >= hits["asked_s"] + hits["connect_s"]).all()


def test_every_visit_is_in_one_histogram_and_their_percentiles_are_those_of_the_visits(
    played: Played,
) -> None:
    """By channel, operation and outcome; from the moment when they were due, to a thousandth."""
    visits = visits_in(played.settings.run_dir).with_columns(
        s=pl.col("ended_s") - pl.col("due_s") - pl.col("human_s")
    )
    latencies = read_latencies(played.settings.run_dir)
    counts = {key[1:]: h.n for key, h in latencies.by_key.items() if key[0] == "latency"}
    rows = visits.group_by("channel", "operation", "outcome").len().rows()
    assert counts == {(channel, operation, outcome): n for channel, operation, outcome, n in rows}
    exact = sorted(visits["s"].to_list())
    together = merged(histogram for _, histogram in latencies.matching("latency"))
    for share in (0.5, 0.9, 0.95, 0.99):
        assert together.percentile(share) == pytest.approx(exact[ceil(round(share * 100, 9)) - 1], rel=1e-3)


def test_visits_stay_out_of_locusts_sums(played: Played) -> None:
    """Its "Aggregated" has every request once, and nothing else."""
    log = (played.settings.run_dir / LOG_FILE).read_text(encoding="utf-8")
    aggregated = next(line.split() for line in log.splitlines() if line.split()[:1] == ["Aggregated"])
    assert int(aggregated[1]) == played.result.hits


def test_a_sample_of_hits_holds_whole_customers_and_says_so(trace: Given, host: str, tmp_path: Path) -> None:
    """All visits are there; of a third of the customers every request, of the others none."""
    settings = LoadSettings(
        trace=trace.folder, host=host, run_dir=tmp_path / "run", options=LoadOptions(hits_sample_share=0.3)
    )
    result = run_locust(settings)
    hits = read_parquet(settings.run_dir / HITS_FILE, HITS)
    assert result.visits == 100
    assert hits.height == result.hits_kept < result.hits
    assert 10 <= hits["customer"].n_unique() <= 55
    assert read_manifest(settings.run_dir).settings["hits_sample_share"] == 0.3


def test_the_lag_is_that_of_the_visits_of_the_trace(played: Played) -> None:
    """The arrival is counted a moment before its user's first line runs, so no lag is above a visit's."""
    visits = visits_in(played.settings.run_dir)
    lags_s = sorted(visits.select(pl.col("started_s") - pl.col("due_s")).to_series().to_list())
    lag = played.result.lag_s
    assert lag.p50 is not None
    assert lag.max is not None
    assert 0 <= lag.p50 <= lags_s[49]
    assert lag.p50 <= lag.max <= lags_s[-1]


def test_a_finished_play_has_its_sums_in_its_folder_and_its_progress_reported(played: Played) -> None:
    """The manifest says finished, with the same counts and lag; nothing is left of the progress."""
    run_dir, result = played.settings.run_dir, played.result
    assert result == read_result(run_dir)
    own, control = result.generator.own, result.generator.control
    assert own.n == result.hits
    assert own.p50_s is not None
    assert own.p50_s >= 0
    assert len(result.generator.cpu_share_by_s) >= 4
    assert control is not None
    assert control.method_and_path == "GET /health"
    assert control.sent == control.answered.n > 10
    manifest = read_manifest(run_dir)
    assert (manifest.status, manifest.arrivals, manifest.lag_s) == ("finished", result.arrivals, result.lag_s)
    assert played.reported
    assert {progress.due for progress in played.reported} == {100}
    assert [p.started for p in played.reported] == sorted(p.started for p in played.reported)
    assert not (run_dir / PROGRESS_FILE).exists()


def test_secrets_are_in_no_file_and_no_text_of_the_settings(played: Played) -> None:
    """Token and key go by the environment."""
    texts = [repr(played.settings)]
    texts += [(played.settings.run_dir / name).read_text() for name in (LOG_FILE, LOAD_FILE, MANIFEST)]
    for text in texts:
        assert TOKEN not in text
        assert "gate-key" not in text


def test_arrivals_come_when_they_are_due_though_the_service_stalls(stall: Stall, tmp_path: Path) -> None:
    """Open loop: 60 customers in 2 s, 1.5 s for each answer; latency runs from the due time."""
    model = small_model()
    write_trace(
        tmp_path,
        trace_of(model, day_of([(k / 30, "query", "web") for k in range(60)]), 2, human_time_factor=0.001),
    )
    with stall(1.5) as host:
        result = run_locust(LoadSettings(trace=tmp_path, host=host, run_dir=tmp_path))
    assert result.arrivals == ArrivalCounts(due=60, played=60)
    assert result.causes == {"throttled": 60}
    visits = visits_in(tmp_path)
    # A closed loop would have started the last one 90 s after it was due.
    assert visits.filter(pl.col("started_s") - pl.col("due_s") > 1.0).is_empty()
    assert visits.filter(pl.col("ended_s") - pl.col("due_s") < 1.5).is_empty()


def test_customers_who_fail_come_back_or_go_elsewhere(serve: Serve, tmp_path: Path) -> None:
    """Every login at the web hall has a wrong PIN; all switch, and are served at another channel."""
    rules = after_failure(Outcome.REJECTED, switch=1, delay_s=10)
    careless = channel("web", WEB, works=works(login=customer_error_of("wrong_pin")))
    others = small_model().channels[1:]
    model = small_model(channels=(careless, *others), follow_ups=rules)
    made = trace_of(model, day_of([(k / 20, "recharge", "web") for k in range(20)]), 1)
    write_trace(tmp_path, made)
    with serve(made) as host:
        result = run_locust(LoadSettings(trace=tmp_path, host=host, run_dir=tmp_path))
    assert result.causes == {"wrong_pin": 20}
    assert result.visits_served == 20
    visits = visits_in(tmp_path)
    second = visits.filter(pl.col("attempt") == 2)
    assert second.height == 20
    assert "web" not in set(second["channel"])
    assert second["channel"].n_unique() > 1
    joined = second.join(visits.filter(pl.col("attempt") == 1), on="customer")
    assert (joined["due_s"] - joined["ended_s_right"]).to_list() == pytest.approx([0.1] * 20)


def test_an_outage_falls_on_the_clock_of_play(serve: Serve, tmp_path: Path) -> None:
    """Down from second 1 to second 2: exactly who asks then fails, with cause `outage`."""
    model = with_outage(small_model(), "web", 1, 2)
    made = trace_of(model, day_of([(k / 10, "query", "web") for k in range(30)]), 3, human_time_factor=0.0001)
    write_trace(tmp_path, made)
    with serve(made) as host:
        run_locust(LoadSettings(trace=tmp_path, host=host, run_dir=tmp_path, control_token=TOKEN))
    visits = visits_in(tmp_path)
    out = visits.filter(pl.col("cause") == "outage")
    assert out.filter(pl.col("ended_s") < 0.95).is_empty()
    assert out.filter(pl.col("started_s") > 2.05).is_empty()
    inside = visits.filter((pl.col("started_s") > 1.05) & (pl.col("ended_s") < 1.95))
    assert inside.height > 0
    assert set(inside["cause"]) == {"outage"}


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Take SIGINT as a terminal's program does, though the tests may run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_in_the_middle_leaves_a_partial_run_that_adds_up(stall: Stall, tmp_path: Path) -> None:
    """Some are under way, some have not come: the first are failed, the second not sent."""
    model = small_model()
    write_trace(tmp_path, trace_of(model, day_of([(k / 10, "query", "web") for k in range(300)]), 30))
    raised = threading.Event()

    def stop(progress: Progress) -> None:
        if progress.started > 5 and not raised.is_set():
            raised.set()
            os.kill(os.getpid(), signal.SIGINT)

    with stall(60) as host:
        result = run_locust(LoadSettings(trace=tmp_path, host=host, run_dir=tmp_path, on_progress=stop))
    assert result.status == "partial"
    counts = result.arrivals
    assert counts.due == 300
    assert counts.played == 0
    assert counts.failed > 5
    assert counts.failed + counts.not_sent == 300
    visits = visits_in(tmp_path)
    assert set(visits["outcome"]) == {"unfinished"}
    assert visits.height <= counts.failed
    _each_visit_has_its_requests(tmp_path, result)
    assert read_manifest(tmp_path).status == "partial"


def test_a_run_that_does_not_end_is_stopped_and_keeps_what_it_has(
    stall: Stall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the bound of the program that waits: its generator is asked to stop before it is killed."""
    model = small_model()
    write_trace(tmp_path, trace_of(model, day_of([(k / 10, "query", "web") for k in range(300)]), 30))
    ahead_s = 0.0

    def wait_for_ever(progress: Progress) -> None:
        nonlocal ahead_s
        ahead_s = 1e6 if progress.started > 5 else 0.0

    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + ahead_s)
    monkeypatch.setattr("footfall._load.start_locust.time", clock)
    with stall(60) as host:
        result = run_locust(
            LoadSettings(trace=tmp_path, host=host, run_dir=tmp_path, on_progress=wait_for_ever)
        )
    assert (result.status, result.arrivals.due) == ("partial", 300)
    assert result.arrivals.failed + result.arrivals.not_sent == 300


def test_who_overstays_the_drain_is_cut_off_and_failed(stall: Stall, tmp_path: Path) -> None:
    """The play ends by itself, and is finished: it was not stopped."""
    model = small_model()
    write_trace(tmp_path, trace_of(model, day_of([(0.1, "query", "web"), (0.2, "query", "web")]), 1))
    with stall(60) as host:
        result = run_locust(
            LoadSettings(trace=tmp_path, host=host, run_dir=tmp_path, options=LoadOptions(drain_s=1))
        )
    assert result.status == "finished"
    assert result.arrivals == ArrivalCounts(due=2, failed=2)
    assert result.causes == {"cut_off": 2}
    hits = _each_visit_has_its_requests(tmp_path, result)
    assert hits["sent_s"].null_count() == 0
    assert hits.select(pl.col("ended_s") > pl.col("sent_s")).to_series().all()


def _each_visit_has_its_requests(folder: Path, result: LoadResult) -> pl.DataFrame:
    """The stalled service answers none: each visit that began has one request, not answered, and no other."""
    visits, hits = visits_in(folder), read_parquet(folder / HITS_FILE, HITS)
    assert hits.height == result.hits == result.hits_kept == visits.height > 0
    keys = ["customer", "attempt", "channel", "operation", "outcome"]
    assert hits.select(keys).sort(keys).equals(visits.select(keys).sort(keys))
    assert set(hits["status"]) == {0}
    return hits


def test_a_blocked_generator_shows_in_its_lag(trace: Given, host: str, tmp_path: Path) -> None:
    """Blocked for 200 ms in every second, it starts its arrivals late, and says so."""
    settings = LoadSettings(
        trace=trace.folder,
        host=host,
        run_dir=tmp_path / "run",
        options=LoadOptions(stall_s=0.2, stall_every_s=1.0),
    )
    result = run_locust(settings)
    lag, generator = result.lag_s, result.generator
    assert lag.p99 is not None
    assert lag.p99 > 0.1
    assert generator.turn.max_s is not None
    assert generator.turn.max_s >= 0.2
    assert generator.read_late_s_p99 is not None
    assert generator.read_late_s_p99 > 0.1


def test_a_service_that_goes_away_is_an_error_and_no_end(serve: Serve, tmp_path: Path) -> None:
    """Customers after its end find no service; each is accounted for."""
    model = small_model()
    made = trace_of(model, day_of([(k / 10, "query", "web") for k in range(50)]), 5)
    write_trace(tmp_path / "trace", made)
    gone = threading.Event()
    service = serve(made)
    host = service.__enter__()

    def end(progress: Progress) -> None:
        if progress.started > 10 and not gone.is_set():
            gone.set()
            service.__exit__(None, None, None)

    result = run_locust(
        LoadSettings(trace=tmp_path / "trace", host=host, run_dir=tmp_path / "run", on_progress=end)
    )
    assert gone.is_set()
    assert result.arrivals == ArrivalCounts(due=50, played=50)
    assert 0 < result.causes["unreachable"] < 50


def test_an_unreachable_host_gets_one_line_before_anything_is_written(
    trace: Given, free_port: int, tmp_path: Path
) -> None:
    """No server listens there."""
    run_dir = tmp_path / "run"
    settings = LoadSettings(trace=trace.folder, host=f"http://127.0.0.1:{free_port}", run_dir=run_dir)
    with pytest.raises(
        BadInputError, match=r"--host .*: unreachable \(connection refused\); expected a running"
    ):
        run_locust(settings)
    assert not run_dir.exists()


def test_a_service_with_other_accounts_is_refused(trace: Given, host: str) -> None:
    """Another seed means other PINs, so every login would fail; too few accounts likewise."""
    info = trace.trace.info
    check_host(host, info)
    with pytest.raises(BadInputError, match="have seed 7, those of the trace 8"):
        check_host(host, info.model_copy(update={"seed": 8}))
    with pytest.raises(BadInputError, match="it has 50 accounts, the trace uses 51"):
        check_host(host, info.model_copy(update={"subscribers": 51}))


@pytest.mark.parametrize(
    "host", ["", "127.0.0.1:8080", "ftp://127.0.0.1", "http://", "http://127.0.0.1:port"]
)
def test_what_is_no_address_is_refused(trace: Given, host: str) -> None:
    """Without a scheme, with another one, without a name, with a port that is no number."""
    with pytest.raises(BadInputError, match=r"--host .*expected http://… or https://…"):
        check_host(host, trace.trace.info)


def test_a_customer_error_that_cannot_be_reproduced_ends_the_run_with_its_reason(
    host: str, tmp_path: Path
) -> None:
    """The reason is found in Locust's process, and reported by the one that waits."""
    web = channel("web", WEB, works=works(login=customer_error_of("forgot_glasses")))
    model = small_model(channels=(web, *small_model().channels[1:]))
    write_trace(tmp_path, trace_of(model, everywhere(5, 1, model), 1))
    with pytest.raises(BadInputError, match="cannot simulate the customer's error 'forgot_glasses'"):
        run_locust(LoadSettings(trace=tmp_path, host=host, run_dir=tmp_path))
    assert not (tmp_path / LOAD_FILE).exists()


def test_a_killed_play_leaves_nothing_that_looks_finished(
    stall: Stall, locust: Start, tmp_path: Path
) -> None:
    """Nor is a later play written over what it left."""
    model = small_model()
    write_trace(tmp_path, trace_of(model, day_of([(k / 10, "query", "web") for k in range(100)]), 10))
    with stall(60) as host:
        play = locust("--headless", "--host", host, "--trace", str(tmp_path), "--run-dir", str(tmp_path))
        play.until((tmp_path / PROGRESS_FILE).exists)
        with pytest.raises(BadInputError, match="another run is being written into it"):
            claim_for_run(tmp_path)
        play.stop(signal.SIGKILL)
        with pytest.raises(BadInputError, match="holds run"):
            claim_for_run(tmp_path)
    with pytest.raises(BadInputError, match="the run did not end in order"):
        read_result(tmp_path)
    assert not (tmp_path / VISITS_FILE).exists()
    assert read_manifest(tmp_path).status == "running"
