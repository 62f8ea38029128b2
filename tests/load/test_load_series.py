"""Load steps played one after another by one Locust process."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Timer

import polars as pl
import pytest

from footfall._load.endpoints.endpoints_file import endpoints_in
from footfall._load.options import LoadOptions
from footfall._load.result_files import HITS_FILE, VISITS_FILE, read_result
from footfall._load.series_files import DONE_FILE, StepDone, StepOrder, read_done, read_order, step_folder
from footfall._load.start_series import LoadGenerator, SeriesSettings, load_generator
from footfall._load.url_load import UrlLoad, base_of, endpoints_text, operations_of, trace_of_url
from footfall._records.errors import BadInputError
from footfall._records.rows import Outcome
from footfall._records.runs import read_manifest
from footfall._records.tables import HITS, VISITS, read_parquet
from footfall._workload.step_traces import CustomerPool
from footfall._workload.trace import Trace, read_trace
from tests.load.telemetry.otlp_receiver import attributes, receiver
from tests.load.web_server import WebServer

SLOW_S = 30.0
WAIT_S = 60.0


class Slow(BaseHTTPRequestHandler):
    """Answers at once until it is told to answer no more."""

    is_slow = False

    def do_GET(self) -> None:
        """Answer, at once or far too late."""
        give_up_s = time.monotonic() + SLOW_S
        while type(self).is_slow and time.monotonic() < give_up_s:
            time.sleep(0.05)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass
class Series:
    """A generator process, its folder, and the customers of its steps."""

    folder: Path
    pool: CustomerPool
    generator: LoadGenerator

    def play(self, number: int, rate_per_s: float, length_s: float, order: StepOrder) -> StepDone:
        """Play a step."""
        return self.generator.play(self.pool.step(number, rate_per_s, length_s), order)[1]


def pool_of(url: str) -> Trace:
    """Give the trace of a GET of the URL."""
    pairs = operations_of(endpoints_in(endpoints_text(url), "URL"))
    return trace_of_url(UrlLoad(url=url, rate_per_s=10, arrivals=50, seed=3), pairs, ())


@contextmanager
def series_at(url: str, folder: Path, **more: str) -> Iterator[Series]:
    """Have a generator process for the URL."""
    (folder / "endpoints.toml").write_text(endpoints_text(url))
    options = LoadOptions(endpoints=folder / "endpoints.toml", control=False, **more)
    settings = SeriesSettings(run_dir=folder, host=base_of(url), options=options)
    with load_generator(settings) as generator:
        yield Series(folder, CustomerPool(pool_of(url)), generator)


@dataclass
class Played:
    """What a series of five steps left: whole, stopped early, damaged, whole, stopped from outside."""

    folder: Path
    done: dict[int, StepDone]
    problem: str
    exit_code: int | None

    def visits(self, number: int) -> pl.DataFrame:
        """Give the visits of a step."""
        return read_parquet(step_folder(self.folder, number) / VISITS_FILE, VISITS)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Play five steps by one process, and end it during the last."""
    folder = tmp_path_factory.mktemp("series")
    server = WebServer(Slow)
    done: dict[int, StepDone] = {}
    with server.running(), series_at(f"{server.host}/work", folder) as series:
        done[1] = series.play(1, 40, 1.0, StepOrder(drain_s=5))
        Slow.is_slow = True
        done[2] = series.play(2, 40, 10.0, StepOrder(under_way_most=20, drain_s=0.3))
        Slow.is_slow = False
        other = series.pool.step(3, 40, 1.0)
        damaged = replace(other, info=other.info.model_copy(update={"fingerprint": "another"}))
        with pytest.raises(BadInputError) as caught:
            series.generator.play(damaged, StepOrder())
        done[4] = series.play(4, 30, 1.0, StepOrder(drain_s=5, failed_in_a_row_most=5))

        def end_while_playing() -> None:
            give_up_s = time.monotonic() + WAIT_S
            while not (step_folder(folder, 5) / "manifest.json").exists() and time.monotonic() < give_up_s:
                time.sleep(0.05)
            time.sleep(1.0)  # some of its customers come
            series.generator.end()

        timer = Timer(0.0, end_while_playing)
        timer.start()
        done[5] = series.play(5, 20, 60.0, StepOrder())
        timer.join()
        process = series.generator
    return Played(folder, done, str(caught.value), process.exit_code)


def test_each_step_is_exported_as_a_run_of_its_own(tmp_path: Path) -> None:
    """All its requests; the customers that come again in the second step have other traces."""
    server = WebServer(Slow)
    with receiver() as received, server.running():
        with series_at(f"{server.host}/work", tmp_path, otel=received.url, otel_run="search") as series:
            for number in (1, 2):
                assert series.play(number, 40, 0.5, StepOrder(drain_s=5)).is_whole
        steps = [read_result(step_folder(tmp_path, number)).telemetry for number in (1, 2)]
        exported = [0 if step is None else step.requests for step in steps]
        assert exported == [20, 20]
        traces = [span.trace_id for span in received.spans if not span.parent_span_id]
        assert len(set(traces)) == 40
        runs = {attributes(each.resource_spans[0].resource)["footfall.run"] for each in received.traces}
        assert runs == {"search-1", "search-2"}


def test_each_step_is_a_run_folder_of_its_own(played: Played) -> None:
    """Trace, requests, visits, totals and a manifest with an id of its own; counts add up."""
    ids = set()
    for number, count in ((1, 40), (4, 30)):
        folder = step_folder(played.folder, number)
        totals = read_result(folder)
        assert totals.status == "finished"
        assert totals.arrivals.due == totals.arrivals.played == count == read_trace(folder).arrivals.height
        assert read_parquet(folder / HITS_FILE, HITS).height == count == played.visits(number).height
        assert (played.visits(number)["outcome"] == Outcome.SERVED.value).all()
        assert played.done[number] == StepDone(length_s=1.0)
        ids.add(read_manifest(folder).run)
    assert len(ids) == 2


def test_customers_of_two_steps_share_no_numbers(played: Played) -> None:
    """The next step takes the next customers."""
    first, fourth = (set(played.visits(number)["customer"]) for number in (1, 4))
    assert not first & fourth


def test_a_service_that_falls_behind_stops_the_step_early(played: Played) -> None:
    """Arrivals end when too many customers are under way; those left are cut off, unfinished."""
    done, totals = played.done[2], read_result(step_folder(played.folder, 2))
    assert done.stopped_early
    assert done.length_s < 10
    assert totals.status == "partial"
    assert totals.arrivals.due == 400
    assert 20 < 400 - totals.arrivals.not_sent < 400
    visits = played.visits(2)
    assert visits.height == 400 - totals.arrivals.not_sent
    assert (visits["outcome"] == Outcome.UNFINISHED.value).all()


def test_a_step_that_cannot_be_played_is_one_line_and_the_next_is_played(played: Played) -> None:
    """A damaged trace ends its step and not the process."""
    assert "step 3" in played.problem
    assert "is not the model of" in played.problem
    assert played.done[4].is_whole


def test_a_generator_that_is_stopped_leaves_what_it_has(played: Played) -> None:
    """The step under way is partial, says so, and its counts add up; the process ends in order."""
    assert not played.done[5].is_whole
    totals = read_result(step_folder(played.folder, 5))
    assert totals.status == "partial"
    assert 0 < totals.arrivals.not_sent < totals.arrivals.due == 1200
    assert played.exit_code == 0


@pytest.mark.parametrize("text", ["{", "[]", '{"length_s": "long"}', '{"unknown": 1}'])
def test_a_damaged_file_of_a_step_is_one_line(tmp_path: Path, text: str) -> None:
    """Where it is, and that it is damaged."""
    (tmp_path / DONE_FILE).write_text(text)
    with pytest.raises(BadInputError, match="damaged"):
        read_done(tmp_path)


def test_nothing_is_read_before_it_is_written(tmp_path: Path) -> None:
    """No order, no end."""
    assert read_order(tmp_path) is None
    assert read_done(tmp_path) is None


def test_a_generator_that_cannot_start_says_why(tmp_path: Path) -> None:
    """The reason of its log is that of the error."""
    (tmp_path / "users.py").write_text("raise SystemExit('error: no users here')\n")
    options = LoadOptions(locustfile=tmp_path / "users.py")
    settings = SeriesSettings(run_dir=tmp_path, host="http://127.0.0.1:9", options=options)
    with load_generator(settings) as generator, pytest.raises(BadInputError, match="no users here"):
        generator.play(CustomerPool(pool_of("http://127.0.0.1:9/")).step(1, 10, 1.0), StepOrder())
