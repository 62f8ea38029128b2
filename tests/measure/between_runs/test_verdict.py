"""What findings amount to, and which runs count."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from scipy.stats import binom

from footfall._measure.run_comparison import (
    Comparison,
    Difference,
    Finding,
    Sides,
    compare_runs,
    decide_comparison,
    is_not_worse,
    why_left_out,
)
from footfall._measure.run_metrics import MAIN, Metric
from footfall._records.runs import ArrivalCounts, Lag, Manifest, WorkerRecord
from tests.measure.between_runs.error_rates import World, rates

LOW, HIGH = [1.0, 1.01, 1.02, 1.03, 1.04], [2.0, 2.01, 2.02, 2.03, 2.04]
WIDE = [1.0, 3.0, 0.2, 1.1, 2.2]
SIDES = {
    Finding.WORSE: Sides(LOW, HIGH),
    Finding.BETTER: Sides(HIGH, LOW),
    Finding.SAME: Sides([1.0] * 5, [1.0] * 5),
    Finding.UNKNOWN: Sides(LOW, WIDE),
}


def told(finding: Finding, name: str = "web", *, main: bool = False) -> Difference:
    """Give a difference of that finding."""
    metric = Metric("p95", name)
    (difference,) = compare_runs({metric: SIDES[finding]}, None, (metric,) if main else ())
    assert difference.finding is finding
    return difference


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("other", list(Finding))
def test_one_metric_that_is_worse_makes_it_worse(other: Finding, *, named: bool) -> None:
    """Whatever the others say."""
    decided = decide_comparison([told(other, "a"), told(Finding.WORSE, "b")], named=named)
    assert decided.verdict is Comparison.WORSE
    assert "p95(b.*): surely by more than 5 %" in decided.reason


def test_a_metric_that_was_named_must_be_told() -> None:
    """Where none is named, that is asked of the main ones; the others must not look far worse."""
    differences = [told(Finding.SAME, "a", main=True), told(Finding.UNKNOWN, "b")]
    assert decide_comparison(differences, named=True).verdict is Comparison.UNKNOWN
    blind = decide_comparison(differences, named=False)
    assert blind.verdict is Comparison.UNKNOWN
    assert "p95(b.*) varies so much from run to run that 2 times the time" in blind.reason
    (narrow,) = compare_runs({Metric("p95", "b"): Sides(LOW, [1.0, 1.1, 1.2, 0.9, 0.8])})
    assert narrow.finding is Finding.UNKNOWN
    decided = decide_comparison([differences[0], narrow], named=False)
    assert decided.verdict is Comparison.NOT_WORSE
    assert decided.reason == (
        "p95(a.*): surely not worse by the minimum; "
        "of 1 others none looks worse, 1 may be, though not by 2 times, or 10 pt"
    )


def test_what_ends_before_the_minimum_is_not_worse_however_much_better_it_may_be() -> None:
    """A named metric from a tenth better to as good: not told how much better, and surely not worse."""
    (wide,) = compare_runs({Metric("p95"): Sides([1.0, 1.01, 1.02, 1.03], [0.99, 0.94, 0.9, 1.0])})
    assert wide.finding is Finding.UNKNOWN
    assert is_not_worse(wide)
    assert decide_comparison([wide], named=True).verdict is Comparison.NOT_WORSE


@pytest.mark.parametrize("runs", [4, 5, 6])
@pytest.mark.parametrize("factor", [1.3, 2.0, 25.0])
def test_a_slower_service_is_never_not_worse_however_many_metrics_and_few_runs(
    runs: int, factor: float
) -> None:
    """46 metrics, success alike: five runs each say *worse* of the main metrics, four cannot tell."""
    draws = Random(runs)
    metrics = [Metric(name, f"c{n}") for name in ("p50", "p95", "p99", "mean") for n in range(11)]

    def runs_of(level: float) -> list[float]:
        return [level * draws.uniform(0.97, 1.03) for _ in range(runs)]

    samples = {metric: Sides(runs_of(1), runs_of(factor)) for metric in (*MAIN[1:], *metrics)}
    samples |= {MAIN[0]: Sides([1.0] * runs, [1.0] * runs)}
    decided = decide_comparison(compare_runs(samples, None, MAIN), named=False)
    assert decided.verdict is (Comparison.UNKNOWN if runs == 4 else Comparison.WORSE)
    if runs == 4:
        assert "at least 5 each" in decided.reason


def test_the_slowness_of_one_operation_that_few_runs_cannot_prove_keeps_the_verdict_open() -> None:
    """It looks worse, and five runs each can never show it among so many: said with the runs that could."""
    alike = Sides([1.0, 1.01, 1.02, 1.03, 1.04], [1.0, 1.01, 1.02, 1.03, 1.04])
    samples = dict.fromkeys(MAIN, alike) | {Metric("p95", f"c{n}"): alike for n in range(40)}
    samples[Metric("p95", "c0")] = Sides(LOW, HIGH)
    decided = decide_comparison(compare_runs(samples, None, MAIN), named=False)
    assert decided.verdict is Comparison.UNKNOWN
    assert "p95(c0.*): by itself beyond 5 %" in decided.reason
    assert "at least 7 each, or fewer metrics" in decided.reason


@pytest.mark.parametrize(
    ("world", "least", "most"),
    [
        (World(name="nothing differs"), {}, {Comparison.WORSE: 0.05}),
        (World(name="at the minimum", factor=1.05, success_drop=0.01), {}, {Comparison.WORSE: 0.05}),
        (World(name="just beyond", factor=1.055), {}, {Comparison.NOT_WORSE: 0.025}),
        (World(name="one doubled", factor_of_one=2.0, own_variation=0.4), {}, {Comparison.NOT_WORSE: 0.025}),
        (World(name="slow", factor=2.0, run_variation=0.1), {Comparison.WORSE: 0.9}, {}),
    ],
    ids=lambda each: each.name if isinstance(each, World) else "",
)
def test_a_comparison_errs_as_seldom_as_promised_with_metrics_that_depend_on_each_other(
    world: World, least: dict[Comparison, float], most: dict[Comparison, float]
) -> None:
    """Six runs a side, 43 metrics; the bound is what a true rate of the promise exceeds once in 1,000."""
    comparisons = 60
    found = rates(world, 6, comparisons)
    for verdict, share in most.items():
        assert found[verdict] * comparisons <= binom.ppf(0.999, comparisons, share)
    for verdict, share in least.items():
        assert found[verdict] * comparisons >= binom.ppf(0.001, comparisons, share)


def test_what_surely_differs_for_the_worse_is_never_passed_over() -> None:
    """Also if it is not one of the main metrics, and it may be less than the minimum."""
    six_percent_more = Sides([0.97, 0.98, 0.99, 1.0, 1.01, 1.02], [1.03, 1.04, 1.05, 1.06, 1.07, 1.08])
    (unsure,) = compare_runs({Metric("p95"): six_percent_more})
    assert unsure.finding is Finding.UNKNOWN
    decided = decide_comparison([told(Finding.SAME, "a", main=True), unsure], named=False)
    assert decided.verdict is Comparison.UNKNOWN
    assert "surely differs" in decided.reason


@pytest.mark.parametrize("differences", [[], [told(Finding.UNKNOWN)]])
def test_nothing_told_is_never_not_worse(differences: list[Difference]) -> None:
    """No metric at all, or none that is told."""
    assert decide_comparison(differences, named=False).verdict is Comparison.UNKNOWN


ARRIVALS = ArrivalCounts(due=10, played=10)
GOOD_LAG = Lag(p50=0.001, p99=0.01, max=0.02)


def test_a_whole_run_in_time_counts_whatever_its_verdict(make_manifest: Callable[..., Manifest]) -> None:
    """Failing its criteria is no reason to leave it out."""
    manifest = make_manifest(arrivals=ARRIVALS, lag_s=GOOD_LAG)
    assert why_left_out(replace(manifest, verdict="fail")) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "partial"}, "its status is 'partial'"),
        ({"status": "running"}, "its status is 'running'"),
        ({"lag_s": Lag(p50=0.001, p99=0.2, max=0.3)}, "the generator ran late"),
        ({"lag_s": None}, "no lag is known"),
        ({"arrivals": ArrivalCounts(due=10, played=9, not_sent=1)}, "1 not sent"),
        ({"arrivals": None}, "no arrival was due"),
        ({"workers": (WorkerRecord(id="a", status="lost"),)}, "a worker was lost"),
    ],
)
def test_a_run_that_says_nothing_of_its_service_is_left_out_with_the_reason(
    changes: dict[str, object], reason: str, make_manifest: Callable[..., Manifest]
) -> None:
    """Cut short, late, or not all sent."""
    found = why_left_out(make_manifest(**({"arrivals": ARRIVALS, "lag_s": GOOD_LAG} | changes)))
    assert found is not None
    assert reason in found


def test_the_bounds_of_validity_are_those_of_the_runs_own_criteria(
    make_manifest: Callable[..., Manifest],
) -> None:
    """A scenario may allow more lag, or fewer arrivals, than is usual."""
    late = make_manifest(
        arrivals=ArrivalCounts(due=100, played=99, not_sent=1), lag_s=Lag(p50=0.001, p99=0.2, max=0.3)
    )
    lines = ["success(web.*) >= 99%", "p99(lag) < 1s else invalid", "arrivals(*) within 2% of trace"]
    assert why_left_out(late) is not None
    assert why_left_out(replace(late, settings={"criteria": lines})) is None
