"""Criteria about figures of the service: judged by what was sampled; what was not is undecided."""

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
import pytest

from footfall._criteria.lists import parse
from footfall._criteria.objects import ServerCriterion
from footfall._measure.judge import judge
from footfall._measure.judge_server import ServerAtStep, ServerAtSteps, judge_server_at
from footfall._measure.run_data import RunData
from footfall._measure.verdict import Verdict
from footfall._records.errors import BadInputError
from footfall._records.runs import Manifest
from footfall._records.server_record import ServerRecord
from footfall._records.server_rows import ServerRow, server_table

MakeManifest = Callable[..., Manifest]
PLAYED_S = 60.0


def criterion(text: str) -> ServerCriterion:
    """Parse a criterion of that kind."""
    made = parse(text)
    assert isinstance(made, ServerCriterion)
    return made


@pytest.fixture
def data(make_manifest: MakeManifest) -> Callable[[pl.DataFrame | None], RunData]:
    """Give the evidence of a run of 60 s with some samples, on a machine of 2 cores."""

    def make(rows: pl.DataFrame | None) -> RunData:
        settings = {"play": {"length_s": PLAYED_S, "speed": 1.0}}
        record = ServerRecord(cores=2)
        return RunData(manifest=make_manifest(settings=settings, server=record), server=rows)

    return make


def samples(
    values: Sequence[float], source: str = "process", name: str = "cpu", unit: str = "cores"
) -> pl.DataFrame:
    """Give a sample a second, from two seconds before the run: these are of an idle service."""
    before = [ServerRow(second, source, name, 0.0, unit) for second in (-1.5, -0.5)]
    rows = [ServerRow(0.5 + n, source, name, value, unit) for n, value in enumerate(values)]
    return server_table([*before, *rows])


BUSY = [1.0 + 0.1 * (n % 3) for n in range(60)]
"""Cores: 1.1 on average, at most 1.2, which are 55 % and 60 % of two."""


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("mean(server.cpu) < 60%", Verdict.PASS),
        ("mean(server.cpu) < 50%", Verdict.FAIL),
        ("mean(server.cpu) < 1.15 cores", Verdict.PASS),
        ("max(server.cpu) < 61%", Verdict.PASS),
        ("max(server.cpu) < 1.2 cores", Verdict.FAIL),
        ("max(server.cpu) <= 1.2 cores", Verdict.PASS),
        ("max(server.process.cpu) < 1.5", Verdict.PASS),
        ("max(server.machine.cpu) < 2 cores", Verdict.UNDECIDED),
        ("max(server.memory_rss) < 500MB", Verdict.UNDECIDED),
        ("max(server.cpu) < 500MB", Verdict.UNDECIDED),
    ],
)
def test_samples_of_the_run_decide(
    line: str, verdict: Verdict, data: Callable[[pl.DataFrame | None], RunData]
) -> None:
    """A mean by its interval, a maximum by its samples; another figure or unit says nothing."""
    assert judge(criterion(line), data(samples(BUSY))).verdict is verdict


def test_what_was_not_sampled_is_never_a_pass(data: Callable[[pl.DataFrame | None], RunData]) -> None:
    """Nothing at all, too few samples, or samples of a part of the run only; one above the limit fails."""
    low = criterion("max(server.cpu) < 80%")
    mean = criterion("mean(server.cpu) < 80%")
    nothing = judge(low, data(None))
    assert nothing.verdict is Verdict.UNDECIDED
    assert "--server-pid" in nothing.reason
    assert judge(low, data(samples([]))).verdict is Verdict.UNDECIDED
    for asked in (low, mean):
        part = judge(asked, data(samples(BUSY[:30])))
        assert part.verdict is Verdict.UNDECIDED
        assert "cover 50.0 % of the run" in part.reason
    assert judge(low, data(samples([1.9, *BUSY[:5]]))).verdict is Verdict.FAIL
    assert judge(mean, data(samples(BUSY[:5]))).verdict is Verdict.UNDECIDED


def test_a_mean_that_varies_is_undecided_near_its_limit(
    data: Callable[[pl.DataFrame | None], RunData],
) -> None:
    """Slow swings make few samples of many; further away the same samples decide."""
    swings = [1.0 + 0.3 * np.sin(n / 6) for n in range(60)]
    assert judge(criterion("mean(server.cpu) < 55%"), data(samples(swings))).verdict is Verdict.UNDECIDED
    assert judge(criterion("mean(server.cpu) < 90%"), data(samples(swings))).verdict is Verdict.PASS


def test_a_figure_of_a_metrics_server_has_its_own_unit(
    data: Callable[[pl.DataFrame | None], RunData],
) -> None:
    """By its name, which may have spaces; a share in per cent is one."""
    jobs = samples([3.0] * 60, "metrics", "jobs waiting", "jobs")
    assert judge(criterion("max(server.jobs waiting) < 4"), data(jobs)).verdict is Verdict.PASS
    share = samples([70.0] * 60, "metrics", "cpu", "percent")
    assert judge(criterion("max(server.cpu) < 80%"), data(share)).verdict is Verdict.PASS
    remote = samples([1.0] * 60, "metrics", "cpu", "cores")
    judged = judge(criterion("max(server.cpu) < 80%"), data(remote))
    assert judged.verdict is Verdict.UNDECIDED
    assert "write cores" in judged.reason


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("max(server.) < 3", "missing figure, such as server.cpu"),
        ("max(server.cpu) < 80 foo", "unknown unit 'foo' after 80: write %, cores, KB, MB, GB or none"),
        ("max(server.cpu) < 120%", "expected above 0, at most 100%"),
        ("max(server.cpu) < 0", "expected above 0"),
        ("mean(server.cpu) > 5%", "> would ask for a bad result"),
        ("p95(server.cpu) < 80%", "expected mean or max"),
        ("max(server.cpu) < 80% for 30s abort", "'for' is not allowed there"),
        ("mean(server.cpu) < 80% strict", "'strict' says nothing here"),
    ],
)
def test_what_is_no_limit_of_a_figure_is_refused(line: str, says: str) -> None:
    """In one line."""
    with pytest.raises(BadInputError) as caught:
        parse(line)
    assert says in str(caught.value)


def test_a_time_of_a_channel_called_server_is_one() -> None:
    """The unit tells: a figure of the service has no limit in ms, s or min."""
    assert not isinstance(parse("mean(server.query) < 800ms"), ServerCriterion)
    assert not isinstance(parse("success(server.query) >= 90%"), ServerCriterion)


def at_steps(*cores_at: tuple[float, float], found: float | None = 100.0) -> ServerAtSteps:
    """Give steps with their load and the mean CPU, of a service with a capacity of 100 (95 to 105)."""
    return ServerAtSteps(
        value_per_s=found,
        high_per_s=None if found is None else 1.05 * found,
        units={"process.cpu": "cores"},
        cores=2,
        steps=tuple(
            ServerAtStep(offered_per_s=rate, mean={"process.cpu": cpu}, most={"process.cpu": 1.1 * cpu})
            for rate, cpu in cores_at
        ),
    )


@pytest.mark.parametrize(
    ("line", "steps", "verdict"),
    [
        ("mean(server.cpu) < 80%", [(50.0, 0.7), (98.0, 1.4), (130.0, 1.9)], Verdict.PASS),
        ("mean(server.cpu) < 72%", [(50.0, 0.7), (98.0, 1.4)], Verdict.UNDECIDED),
        ("mean(server.cpu) < 60%", [(50.0, 0.7), (98.0, 1.4)], Verdict.FAIL),
        ("max(server.cpu) < 76%", [(50.0, 0.7), (98.0, 1.4)], Verdict.FAIL),
        ("mean(server.cpu) < 80%", [(50.0, 0.7)], Verdict.UNDECIDED),
        ("mean(server.cpu) < 80%", [(130.0, 1.0)], Verdict.UNDECIDED),
        ("mean(server.cpu) < 80%", [], Verdict.UNDECIDED),
        ("max(server.memory_rss) < 1GB", [(98.0, 1.4)], Verdict.UNDECIDED),
    ],
)
def test_a_search_judges_a_figure_at_its_capacity(
    line: str, steps: list[tuple[float, float]], verdict: Verdict
) -> None:
    """By the steps next to it; far from it, or without samples, nothing is said."""
    assert judge_server_at(criterion(line), at_steps(*steps)).verdict is verdict


def test_without_a_capacity_no_figure_is_judged_at_it() -> None:
    """Whatever the steps had."""
    judged = judge_server_at(criterion("mean(server.cpu) < 80%"), at_steps((50.0, 0.7), found=None))
    assert judged.verdict is Verdict.UNDECIDED
