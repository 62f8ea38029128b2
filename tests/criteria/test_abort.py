"""A run is ended when it is sure that it is not worth going on, and not before."""

from collections.abc import Iterable, Iterator
from random import Random

import pytest
from hypothesis import given, strategies as st

from footfall._criteria.lists import AbortMonitor, Violation, criteria_of
from footfall._criteria.objects import AbortCriterion, Criterion


def abort(text: str) -> AbortCriterion:
    """Parse an abort criterion."""
    criterion = Criterion(text)
    assert isinstance(criterion, AbortCriterion)
    return criterion


RULE = abort("error(*) > 20% for 30s abort")
VISITS = st.lists(st.tuples(st.floats(0, 120), st.sampled_from(["error", "error", "served"])), max_size=300)


def hour(draws: Random, rate_per_s: float, share: float, episode: float = 1.0) -> Iterator[tuple[float, str]]:
    """Give an hour of visits, of which that share is bad, in episodes of so many on average."""
    at_s, is_bad = 0.0, False
    leave = 1 / episode
    enter = share * leave / (1 - share)
    while (at_s := at_s + draws.expovariate(rate_per_s)) < 3600:
        if episode <= 1:
            is_bad = draws.random() < share
        elif draws.random() < (leave if is_bad else enter):
            is_bad = not is_bad
        yield at_s, "error" if is_bad else "served"


def aborted(criterion: AbortCriterion, visits: Iterable[tuple[float, str]]) -> Violation | None:
    """Give the violation of a rule by some visits."""
    monitor = AbortMonitor(criterion)
    for ended_s, outcome in visits:
        monitor.see(ended_s, outcome, 0.1)
    return monitor.violation


@pytest.mark.parametrize(
    ("rate_per_s", "share", "episode", "hours"),
    [
        (0.1, 0.05, 1, 300),
        (0.5, 0.10, 1, 150),
        (0.5, 0.10, 5, 150),
        (2.0, 0.18, 1, 40),
        (2.0, 0.20, 1, 20),
        (5.0, 0.10, 5, 20),
        (20.0, 0.10, 20, 6),
    ],
)
def test_a_healthy_hour_is_not_ended(rate_per_s: float, share: float, episode: float, hours: int) -> None:
    """Below the limit, and even at it, whether failures are alone or come in episodes: none of these."""
    draws = Random(7)
    violationes = [aborted(RULE, hour(draws, rate_per_s, share, episode)) for _ in range(hours)]
    assert [violation for violation in violationes if violation is not None] == []


def test_a_healthy_hour_with_few_visits_and_a_strict_limit_is_not_ended() -> None:
    """Half a visit a second, 3.75 % of them bad in episodes of 5, against 5 %: 1 hour in 100 may be."""
    rule, draws = abort("error(*) > 5% for 30s abort"), Random(7)
    assert sum(aborted(rule, hour(draws, 0.5, 0.0375, 5)) is not None for _ in range(150)) <= 1


def test_visits_that_are_never_answered_are_errors() -> None:
    """As `error(…)` counts them after the run."""
    assert RULE.is_bad("unfinished", 1.0)
    assert aborted(RULE, ((k / 2, "unfinished") for k in range(200))) is not None


@pytest.mark.parametrize("rule", ["error(*) > 20% for 30s abort", "p95(*) > 2s for 30s abort"])
@pytest.mark.parametrize("rate_per_s", [2, 10, 60])
def test_a_total_break_ends_a_run_within_thirty_seconds(rate_per_s: int, rule: str) -> None:
    """From one second to the next, after a good quarter of an hour: nothing but errors, or slow ones."""
    monitor = AbortMonitor(abort(rule))
    for number in range(2000 * rate_per_s):
        is_bad = number >= 1000 * rate_per_s
        monitor.see(number / rate_per_s, "error" if is_bad else "served", 3.0 if is_bad else 0.1)
        if monitor.violation is not None:
            break
    assert monitor.violation is not None
    assert monitor.violation.is_total
    assert 1000 < monitor.violation.at_s <= 1030


def test_a_steady_excess_ends_a_run_once_it_is_sure() -> None:
    """Six in ten bad, where two are too many: within two minutes."""
    draws = Random(3)
    violation = aborted(
        RULE, ((n / 20, "error" if draws.random() < 0.6 else "served") for n in range(20 * 120))
    )
    assert violation is not None
    assert not violation.is_total
    assert 0.5 < violation.share < 0.7


def test_a_short_rule_ends_a_short_run() -> None:
    """Nine in ten bad over three seconds, of a run of eight."""
    draws = Random(4)
    rule = abort("error(*) > 20% for 3s abort")
    violation = aborted(rule, ((n / 68, "error" if draws.random() < 0.9 else "served") for n in range(550)))
    assert violation is not None
    assert violation.at_s < 6


@given(bad=st.integers(0, 359), every_s=st.sampled_from([10.0, 30.0]))
def test_one_bad_visit_of_a_run_with_few_ends_nothing(bad: int, every_s: float) -> None:
    """A visit each ten seconds, one of them bad, wherever it stands."""
    visits = ((number * every_s, "error" if number == bad else "served") for number in range(360))
    assert aborted(RULE, visits) is None


def test_a_refusal_by_a_rule_of_business_is_no_error_and_yet_no_success() -> None:
    """`error` speaks of technical faults, `success` of all that is not served."""
    rules = ("error(*) > 50% for 5s abort", "success(*) < 50% for 5s abort")
    monitors = [AbortMonitor(abort(rule)) for rule in rules]
    for monitor in monitors:
        for number in range(400):
            monitor.see(number / 20, "rejected", 0.1)
    assert [monitor.violation is None for monitor in monitors] == [True, False]


def test_slowness_is_the_share_of_visits_beyond_the_limit() -> None:
    """A p95 above 2 s is more than 5 % of the visits above 2 s."""
    monitor = AbortMonitor(abort("p95(*) > 2s for 10s abort"))
    for number in range(1200):
        monitor.see(number / 20, "served", 3.0 if number % 2 else 0.1)
    assert monitor.violation is not None


def test_an_old_trouble_is_forgotten() -> None:
    """Bad visits leave the window after 30 s, whatever comes later."""
    monitor = AbortMonitor(RULE)
    for number in range(290):
        monitor.see(number / 100, "error", 0.1)
    for number in range(1000):
        monitor.see(40.0 + number / 10, "served", 0.1)
    assert monitor.violation is None


@given(visits=VISITS)
def test_a_violation_is_what_a_recount_of_its_window_finds(visits: list[tuple[float, str]]) -> None:
    """The window is counted up and down; a count from scratch gives no fewer, and no earlier violation."""
    ordered = sorted(visits, key=lambda visit: visit[0])
    violation = aborted(RULE, ordered)
    if violation is None:
        return
    window = [outcome for ended_s, outcome in ordered if violation.at_s - 30 <= ended_s <= violation.at_s]
    assert violation.visits <= len(window)
    assert violation.bad <= window.count("error")
    assert violation.share > 0.2


def test_only_lines_that_abort_are_watched_during_a_run() -> None:
    """The others are for afterwards."""
    lines = (
        "success(*) >= 90%",
        "error(*) > 20% for 30s abort  # the service is down",
        "# p95(*) > 1s for 5s abort",
    )
    watched = [each for each in criteria_of(lines, "x") if isinstance(each, AbortCriterion)]
    assert [each.text for each in watched] == ["error(*) > 20% for 30s abort"]
