"""A load step read from its folder: its figures, and when it says nothing about the service."""

from dataclasses import replace
from pathlib import Path

import pytest

from footfall._capacity.load_steps import CapacityAsked, PlannedStep, PlayedStep
from footfall._capacity.step_figures import broken_by, figures_of, relative_limit_s
from footfall._criteria.objects import Criterion
from footfall._load.result_files import LoadResult, Records
from footfall._load.series_files import StepDone
from footfall._records.load_generator import (
    ConnectionCounts,
    ControlRecord,
    GeneratorRecord,
    TimeSummary,
)
from footfall._records.rows import Hit, Outcome, Visit
from footfall._records.runs import ArrivalCounts, Lag, Manifest, write_manifest
from footfall._runs.played_steps import read_step

PLANNED = PlannedStep(number=1, offered_per_s=10, length_s=10, purpose="unloaded")
QUICK = GeneratorRecord(
    own=TimeSummary(n=100, p50_s=1e-4, p95_s=1e-4, p99_s=1e-4, max_s=1e-3),
    turn=TimeSummary(n=100, p50_s=1e-3, p95_s=1e-3, p99_s=1e-3, max_s=0.01),
    read_late_s_p99=1e-3,
    cpu_share_by_s=(0.1,) * 12,
)


def visit(number: int, due_s: float, took_s: float, outcome: Outcome = Outcome.SERVED) -> Visit:
    """Give a visit of one request."""
    cause = "" if outcome is Outcome.SERVED else "http_503"
    served_s = due_s if outcome is Outcome.SERVED else None
    return Visit(
        *(number, number, "all", "work", "url", 0, 1, due_s, due_s, served_s, due_s + took_s, 0.0),
        *(outcome.value, cause),
    )


def step(folder: Path, visits: list[Visit], done: StepDone | None = None, **totals: object) -> PlayedStep:
    """Write the files of a step of these visits and read it."""
    records = Records()
    for each in visits:
        records.add_visit(each)
        status = 200 if each.outcome == Outcome.SERVED else 503
        ends = (each.due_s, 0.0, each.due_s, each.ended_s, status, each.outcome)
        records.hits.add(tuple(Hit(each.customer, "url", "work", 1, "GET /work", *ends)))
    counts = ArrivalCounts(due=len(visits), played=len(visits), failed=0, broken=0, not_sent=0, lost=0)
    result = LoadResult(
        status="finished",
        arrivals=counts,
        lag_s=Lag(p50=1e-4, p99=1e-3, max=2e-3),
        visits=len(visits),
        visits_served=records.served,
        hits=len(visits),
        hits_kept=len(visits),
        played_s=12.0,
        host="http://127.0.0.1:9",
        generator=QUICK,
    )
    result = replace(result, **totals)  # type: ignore[arg-type]  # fields of the record
    records.write(folder, result)
    manifest = Manifest(run="0" * 16, command="locust", model="url", scenario=None, seed=1, status="finished")
    write_manifest(folder, replace(manifest, **result.for_manifest()))
    return read_step(folder, PLANNED, done or StepDone(length_s=10.0), (Criterion("p95(*) < 1s"),))


def evenly(n: int = 100, took_s: float = 0.1) -> list[Visit]:
    """Give visits in equal gaps over ten seconds, all served."""
    return [visit(k, k * 10 / n, took_s) for k in range(n)]


def test_the_figures_of_a_step_are_those_of_its_visits(tmp_path: Path) -> None:
    """Rates by its length, shares by its visits, percentiles by nearest rank; Little's law holds."""
    visits = [*evenly(80, 0.1), *(visit(100 + k, 5.0, 0.3, Outcome.THROTTLED) for k in range(20))]
    found = step(tmp_path, visits)
    figures = figures_of(found)
    assert found.invalid_reason == found.generator.bound_by == ""
    assert found.sent_per_s == found.requests_per_s == figures.offered_per_s == 10
    assert figures.throughput_per_s == 8
    assert figures.success_share == 0.8
    assert [figures.p50_s, figures.p95_s, figures.p99_s] == pytest.approx([0.1] * 3)
    assert found.generator.under_way_mean == pytest.approx((80 * 0.1 + 20 * 0.3) / 10, rel=0.01)
    assert list(found.logs) == ["url"]


def test_what_is_served_after_the_step_is_no_throughput(tmp_path: Path) -> None:
    """Customers under way at its end have been served by the drain time, and not by the load."""
    found = step(tmp_path, evenly(100, 5.0))
    assert figures_of(found).throughput_per_s == pytest.approx(5, abs=0.2)
    assert figures_of(found).success_share == 1
    assert found.under_way_at_end == pytest.approx(50, abs=1)


@pytest.mark.parametrize(
    ("line", "is_broken"),
    [
        ("success(*) >= 80%", False),
        ("success(*) >= 81%", True),
        ("success(url.work) >= 82% - 3pt", False),
        ("error(*) <= 20%", False),
        ("error(*) < 20%", True),
        ("p95(*) < 150ms", False),
        ("p95(*) < 100ms", True),
        ("mean(all *) < 120ms", True),
        ("success(shop.*) >= 99%", False),
    ],
)
def test_a_broken_criterion_is_named(tmp_path: Path, line: str, is_broken: bool) -> None:  # noqa: FBT001  a case
    """By the values found; one about other visits is not broken."""
    visits = [*evenly(80, 0.1), *(visit(100 + k, 5.0, 0.3, Outcome.THROTTLED) for k in range(20))]
    assert broken_by(step(tmp_path, visits), (Criterion(line),)) == (line if is_broken else "")


def test_without_a_visit_served_a_response_limit_is_broken(tmp_path: Path) -> None:
    """A service that only fails has no response time that could be below a limit."""
    visits = [visit(k, k * 0.1, 0.01, Outcome.ERROR) for k in range(50)]
    assert broken_by(step(tmp_path, visits), (Criterion("p95(*) < 1s"),)) == "p95(*) < 1s"


def test_a_relative_limit_follows_from_the_unloaded_step(tmp_path: Path) -> None:
    """Four times its 95th percentile; before that step, and where none is asked for, there is no limit."""
    asked = CapacityAsked(criteria=(), p95_times_unloaded=4.0)
    found = step(tmp_path, evenly())
    assert relative_limit_s([found], asked) == pytest.approx(0.4)
    assert relative_limit_s([], asked) is None
    assert relative_limit_s([found], replace(asked, p95_times_unloaded=None)) is None
    assert relative_limit_s([replace(found, invalid_reason="late")], asked) is None


@pytest.mark.parametrize(
    ("totals", "words"),
    [
        ({"generator": replace(QUICK, read_late_s_p99=0.2, loop_busy_share=0.9)}, "read answers"),
        ({"generator": replace(QUICK, cpu_share_by_s=(0.97,) * 12)}, "CPU was busy"),
        (
            {"lag_s": Lag(p50=0.4, p99=0.9, max=1.0), "generator": replace(QUICK, loop_busy_share=0.95)},
            "started arrivals 400 ms late",
        ),
        ({"connections": ConnectionCounts(opened=1, no_local_port=9)}, "no local port was free"),
        (
            {
                "generator": replace(
                    QUICK,
                    cpu_share_by_s=(0.95, *(0.1,) * 11),
                    loop_busy_share=0.97,
                    control=ControlRecord(
                        method_and_path="GET /work",
                        answered=TimeSummary(n=50, p50_s=0.003, p95_s=0.004, p99_s=0.005, max_s=0.01),
                        same_in_run=TimeSummary(n=900, p50_s=2.0, p95_s=6.4, p99_s=7.0, max_s=8.0),
                    ),
                )
            },
            "separate process",
        ),
    ],
)
def test_a_generator_at_its_limit_is_said_to_be_the_limit(
    tmp_path: Path, totals: dict[str, object], words: str
) -> None:
    """Such a step says nothing about the service, and more load would not either."""
    found = step(tmp_path, evenly(), None, **totals)
    assert words in found.generator.bound_by
    assert found.invalid_reason


def test_a_generator_that_was_stopped_for_a_moment_is_not_at_its_limit(tmp_path: Path) -> None:
    """One long turn of its loop: the step is invalid, and can be played again."""
    generator = replace(QUICK, turn=replace(QUICK.turn, max_s=0.9), read_late_s_p99=0.4, loop_busy_share=0.15)
    late, behind = Lag(p50=1e-4, p99=0.6, max=0.9), StepDone(length_s=4.0, fell_behind=True)
    found = step(tmp_path, evenly(), generator=generator, lag_s=late)
    assert found.generator.bound_by == ""
    assert "started 600 ms late" in found.invalid_reason
    assert step(tmp_path, evenly(), behind, generator=generator, lag_s=late).generator.bound_by == ""


@pytest.mark.parametrize(
    ("done", "words"),
    [
        (StepDone(length_s=4.0, is_whole=False), "stopped from outside"),
        (StepDone(length_s=4.0, fell_behind=True), "fell behind"),
    ],
)
def test_a_step_that_was_not_played_as_asked_is_invalid(tmp_path: Path, done: StepDone, words: str) -> None:
    """It is not what was planned."""
    assert words in step(tmp_path, evenly(), done).invalid_reason


def test_a_step_that_the_service_stopped_is_valid(tmp_path: Path) -> None:
    """Rates are by the time in which arrivals came."""
    visits = [visit(k, k * 0.1, 3.0) for k in range(40)]
    found = step(tmp_path, visits, StepDone(length_s=4.0, stopped_early=True))
    assert found.stopped_early
    assert not found.invalid_reason
    assert found.sent_per_s == 10
