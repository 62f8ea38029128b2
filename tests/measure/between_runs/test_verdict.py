"""What findings amount to, and which runs count."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from footfall.measure.between_runs.compare import Difference, Finding, Sides, compare_runs
from footfall.measure.between_runs.metrics import Metric
from footfall.measure.between_runs.verdict import Comparison, decide_comparison, why_left_out
from footfall.records.runs import ArrivalCounts, Lag, Manifest

LOW, HIGH = [1.0, 1.01, 1.02, 1.03, 1.04], [2.0, 2.01, 2.02, 2.03, 2.04]
WIDE = [1.0, 3.0, 0.2, 1.1, 2.2]
SIDES = {
    Finding.WORSE: Sides(LOW, HIGH),
    Finding.BETTER: Sides(HIGH, LOW),
    Finding.SAME: Sides([1.0] * 5, [1.0] * 5),
    Finding.UNKNOWN: Sides(LOW, WIDE),
}


def told(finding: Finding, name: str = "web") -> Difference:
    """Give a difference of that finding."""
    (difference,) = compare_runs({Metric("p95", name): SIDES[finding]})
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
    """One that nobody named need not."""
    differences = [told(Finding.SAME, "a"), told(Finding.UNKNOWN, "b")]
    assert decide_comparison(differences, named=True).verdict is Comparison.UNKNOWN
    decided = decide_comparison(differences, named=False)
    assert decided.verdict is Comparison.NOT_WORSE
    assert decided.reason == "of 2 metrics 0 better, 1 without a difference of that size, 1 cannot be told"


def test_what_surely_differs_for_the_worse_is_never_passed_over() -> None:
    """Also if nobody named it, and it may be less than the minimum."""
    six_percent_more = Sides([0.97, 0.98, 0.99, 1.0, 1.01, 1.02], [1.03, 1.04, 1.05, 1.06, 1.07, 1.08])
    (unsure,) = compare_runs({Metric("p95"): six_percent_more})
    assert unsure.finding is Finding.UNKNOWN
    decided = decide_comparison([told(Finding.SAME, "a"), unsure], named=False)
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
