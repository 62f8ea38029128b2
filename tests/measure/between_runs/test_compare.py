"""Two sets of runs: what differs is found, what does not is not, and few runs tell nothing."""

import math
from random import Random

import pytest
from hypothesis import given, strategies as st

from footfall._measure.run_comparison import Difference, Finding, Minimum, Sides, compare_runs, holm
from footfall._measure.run_metrics import Metric

P95, SUCCESS, GOODPUT = Metric("p95", "web", "query"), Metric("success", "sms"), Metric("goodput")
SWAPPED = {Finding.BETTER: Finding.WORSE, Finding.WORSE: Finding.BETTER}


def runs(rng: Random, n: int, level: float, variation: float = 0.03) -> list[float]:
    """Give the p95 of n runs that vary from run to run by so much."""
    return [level * math.exp(rng.gauss(0, variation)) for _ in range(n)]


def compare_one(
    metric: Metric, baseline: list[float], candidate: list[float], **minimum: float
) -> Difference:
    """Compare a single metric."""
    return compare_runs({metric: Sides(baseline, candidate)}, Minimum(**minimum))[0]


@pytest.mark.parametrize("others", [0, 74])
def test_a_fifth_more_in_eight_runs_each_is_found_also_among_many_metrics(others: int) -> None:
    """Of 100 planted slow-downs at 3 % variation all are worse, and their mean is 20 %."""
    rng, found = Random(1), []
    for _ in range(100):
        samples = {P95: Sides(runs(rng, 8, 0.5), runs(rng, 8, 0.6))}
        samples |= {
            Metric("mean", f"c{n}"): Sides(runs(rng, 8, 1), runs(rng, 8, 1)) for n in range(others // 25)
        }
        samples |= {Metric("p50", f"c{n}"): Sides([1.0] * 8, [1.0] * 8) for n in range(others - others // 25)}
        found.append(compare_runs(samples)[0])
    assert sum(each.finding is Finding.WORSE for each in found) >= (100 if not others else 97)
    assert sum(each.difference or 0 for each in found) / 100 == pytest.approx(0.2, abs=0.01)


def test_alike_runs_give_a_false_alarm_in_a_twentieth_of_cases_and_not_more() -> None:
    """Without a minimum: of 1,000 comparisons 5 %, within three standard errors either way."""
    rng = Random(2)
    alarms = sum(
        compare_one(P95, runs(rng, 8, 1), runs(rng, 8, 1), relative=0).finding
        in {Finding.BETTER, Finding.WORSE}
        for _ in range(1000)
    )
    assert 0.03 <= alarms / 1000 <= 0.07


def test_twenty_metrics_together_give_a_false_alarm_in_a_twentieth_of_cases_at_most() -> None:
    """That is what Holm's adjustment is for."""
    rng, alarms = Random(3), 0
    for _ in range(150):
        samples = {Metric("p95", f"c{n}"): Sides(runs(rng, 8, 1), runs(rng, 8, 1)) for n in range(20)}
        found = {each.finding for each in compare_runs(samples, Minimum(relative=0))}
        alarms += bool(found & {Finding.BETTER, Finding.WORSE})
    assert alarms / 150 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 150)


def test_alike_runs_are_told_to_be_alike() -> None:
    """At 1 % variation eight runs each show that there is no difference of 5 %."""
    rng = Random(4)
    told = [compare_one(P95, runs(rng, 8, 1, 0.01), runs(rng, 8, 1, 0.01)) for _ in range(50)]
    assert {each.finding for each in told} == {Finding.SAME}


@pytest.mark.parametrize("n", [1, 2, 3])
def test_three_runs_each_cannot_tell_even_tenfold_times_and_say_how_many_could(n: int) -> None:
    """Nor can they tell that there is none."""
    for candidate in ([10.0] * n, [1.0] * n):
        told = compare_one(P95, [1.0] * n, candidate)
        assert (told.finding, told.runs_needed) == (Finding.UNKNOWN, 4)
        runs_each = "one run each" if n == 1 else f"{n} runs each"
        assert told.reason.startswith(f"{runs_each} can never show it at 95 %")
        assert (told.low, told.high) == (None, None)


def test_what_four_runs_show_of_one_metric_they_cannot_show_of_many() -> None:
    """The reason names the runs that could: 7 each among 75 metrics."""
    four = Sides([1.0, 1.01, 1.02, 1.03], [2.0, 2.1, 2.2, 2.3])
    assert compare_runs({P95: four})[0].finding is Finding.WORSE
    others = {Metric("p50", f"c{n}"): Sides([1.0] * 4, [1.0] * 4) for n in range(74)}
    told = compare_runs({P95: four} | others)[0]
    assert (told.finding, told.runs_needed) == (Finding.UNKNOWN, 7)
    assert "4 runs each can never show it among 75 metrics at once" in told.reason


def test_an_interval_over_the_minimum_cannot_be_told_and_says_about_how_many_runs_could() -> None:
    """A difference of 6 % that is surely one, though not surely of 5 %."""
    rng = Random(8)
    told = compare_one(P95, runs(rng, 8, 1), runs(rng, 8, 1.06))
    assert told.finding is Finding.UNKNOWN
    assert told.p is not None
    assert told.p <= 0.05
    assert told.reason.startswith("surely differs, but not surely by more than 5 %")
    assert told.runs_needed is None or told.runs_needed > 8


@given(
    st.lists(st.floats(0.1, 10), min_size=4, max_size=7),
    st.lists(st.floats(0.1, 10), min_size=4, max_size=7),
    st.sampled_from([P95, SUCCESS, GOODPUT]),
)
def test_swapping_the_sides_swaps_better_and_worse(
    baseline: list[float], candidate: list[float], metric: Metric
) -> None:
    """And leaves the rest as it is: a ratio of 1.05 counts as much as one of 1/1.05."""
    if metric.is_share:
        baseline, candidate = ([value / 10 for value in side] for side in (baseline, candidate))
    there, back = compare_one(metric, baseline, candidate), compare_one(metric, candidate, baseline)
    assert back.finding is SWAPPED.get(there.finding, there.finding)
    assert back.p == pytest.approx(there.p)
    assert there.difference is not None
    assert back.difference is not None
    if metric.is_share:
        assert back.difference == pytest.approx(-there.difference)
    else:
        assert (1 + back.difference) * (1 + there.difference) == pytest.approx(1)


@pytest.mark.parametrize(
    ("metric", "more"), [(P95, Finding.WORSE), (GOODPUT, Finding.BETTER), (SUCCESS, Finding.BETTER)]
)
def test_more_is_worse_of_a_time_and_better_of_success_and_goodput(metric: Metric, more: Finding) -> None:
    """Half as much again, in five runs each."""
    low, high = [0.50, 0.51, 0.52, 0.53, 0.54], [0.75, 0.76, 0.77, 0.78, 0.79]
    assert compare_one(metric, low, high).finding is more
    assert compare_one(metric, high, low).finding is SWAPPED[more]


def test_success_differs_in_points_and_not_in_percent() -> None:
    """From 2 % to 4 % are two points."""
    told = compare_one(SUCCESS, [0.02] * 5, [0.04] * 5)
    assert told.difference == pytest.approx(0.02)
    assert told.finding is Finding.BETTER


def test_goodput_that_was_nothing_or_becomes_nothing_is_compared_too() -> None:
    """From nothing to something is infinitely more, from nothing to nothing is alike."""
    nothing, some = [0.0] * 5, [1.0] * 5
    assert compare_one(GOODPUT, nothing, some).difference == math.inf
    assert compare_one(GOODPUT, some, nothing).difference == -1
    assert compare_one(GOODPUT, some, nothing).finding is Finding.WORSE
    assert compare_one(GOODPUT, nothing, nothing).finding is Finding.SAME


def test_a_metric_that_one_side_does_not_have_cannot_be_told_and_takes_nothing_from_the_others() -> None:
    """It does not count among those that are adjusted for."""
    four = Sides([1.0, 1.01, 1.02, 1.03], [2.0, 2.1, 2.2, 2.3])
    missing, told = compare_runs({SUCCESS: Sides([None] * 4, [0.5] * 4), P95: four})
    assert (missing.finding, missing.baseline_runs, missing.candidate_runs) == (Finding.UNKNOWN, 0, 4)
    assert "no run of the baseline" in missing.reason
    assert told.p_holm == told.p


def test_holm_adjusts_a_worked_example() -> None:
    """Four p-values, in any order; the adjusted ones never fall as the p-values rise."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1, 1]
