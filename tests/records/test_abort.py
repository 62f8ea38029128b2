"""A run is ended when it is sure that it is not worth going on, and not before."""

from collections.abc import Iterable, Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.records.abort import AbortMonitor, AbortRule, Violation, abort_rule, abort_rules

RULE = abort_rule("error(*) > 20% for 30s abort", "x")
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


def aborted(rule: AbortRule, visits: Iterable[tuple[float, str]]) -> Violation | None:
    """Give the breach of a rule by some visits."""
    guard = AbortMonitor(rule)
    for ended_s, outcome in visits:
        guard.see(ended_s, outcome, 0.1)
    return guard.breach


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
    breaches = [aborted(RULE, hour(draws, rate_per_s, share, episode)) for _ in range(hours)]
    assert [breach for breach in breaches if breach is not None] == []


def test_a_healthy_hour_with_few_visits_and_a_strict_limit_is_not_ended() -> None:
    """Half a visit a second, 3.75 % of them bad in episodes of 5, against 5 %: 1 hour in 100 may be."""
    rule, draws = abort_rule("error(*) > 5% for 30s abort", "x"), Random(7)
    assert sum(aborted(rule, hour(draws, 0.5, 0.0375, 5)) is not None for _ in range(150)) <= 1


def test_visits_that_are_never_answered_are_errors() -> None:
    """As `error(…)` counts them after the run."""
    assert RULE.is_bad("unfinished", 1.0)
    assert aborted(RULE, ((k / 2, "unfinished") for k in range(200))) is not None


@pytest.mark.parametrize("rule", ["error(*) > 20% for 30s abort", "p95(*) > 2s for 30s abort"])
@pytest.mark.parametrize("rate_per_s", [2, 10, 60])
def test_a_total_break_ends_a_run_within_thirty_seconds(rate_per_s: int, rule: str) -> None:
    """From one second to the next, after a good quarter of an hour: nothing but errors, or slow ones."""
    guard = AbortMonitor(abort_rule(rule, "x"))
    for number in range(2000 * rate_per_s):
        is_bad = number >= 1000 * rate_per_s
        guard.see(number / rate_per_s, "error" if is_bad else "served", 3.0 if is_bad else 0.1)
        if guard.breach is not None:
            break
    assert guard.breach is not None
    assert guard.breach.is_total
    assert 1000 < guard.breach.at_s <= 1030


def test_a_steady_excess_ends_a_run_once_it_is_sure() -> None:
    """Six in ten bad, where two are too many: within two minutes."""
    draws = Random(3)
    breach = aborted(RULE, ((n / 20, "error" if draws.random() < 0.6 else "served") for n in range(20 * 120)))
    assert breach is not None
    assert not breach.is_total
    assert 0.5 < breach.share < 0.7


def test_a_short_rule_ends_a_short_run() -> None:
    """Nine in ten bad over three seconds, of a run of eight."""
    draws = Random(4)
    rule = abort_rule("error(*) > 20% for 3s abort", "x")
    breach = aborted(rule, ((n / 68, "error" if draws.random() < 0.9 else "served") for n in range(550)))
    assert breach is not None
    assert breach.at_s < 6


@given(bad=st.integers(0, 359), every_s=st.sampled_from([10.0, 30.0]))
def test_one_bad_visit_of_a_run_with_few_ends_nothing(bad: int, every_s: float) -> None:
    """A visit each ten seconds, one of them bad, wherever it stands."""
    visits = ((number * every_s, "error" if number == bad else "served") for number in range(360))
    assert aborted(RULE, visits) is None


def test_a_refusal_by_a_rule_of_business_is_no_error_and_yet_no_success() -> None:
    """`error` speaks of technical faults, `success` of all that is not served."""
    rules = ("error(*) > 50% for 5s abort", "success(*) < 50% for 5s abort")
    guards = [AbortMonitor(rule) for rule in abort_rules(rules, "x")]
    for guard in guards:
        for number in range(400):
            guard.see(number / 20, "rejected", 0.1)
    assert [guard.breach is None for guard in guards] == [True, False]


def test_slowness_is_the_share_of_visits_beyond_the_limit() -> None:
    """A p95 above 2 s is more than 5 % of the visits above 2 s."""
    guard = AbortMonitor(abort_rule("p95(*) > 2s for 10s abort", "x"))
    for number in range(1200):
        guard.see(number / 20, "served", 3.0 if number % 2 else 0.1)
    assert guard.breach is not None


def test_an_old_trouble_is_forgotten() -> None:
    """Bad visits leave the window after 30 s, whatever comes later."""
    guard = AbortMonitor(RULE)
    for number in range(290):
        guard.see(number / 100, "error", 0.1)
    for number in range(1000):
        guard.see(40.0 + number / 10, "served", 0.1)
    assert guard.breach is None


@given(visits=VISITS)
def test_a_breach_is_what_a_recount_of_its_window_finds(visits: list[tuple[float, str]]) -> None:
    """The window is counted up and down; a count from scratch gives no fewer, and no earlier breach."""
    ordered = sorted(visits, key=lambda visit: visit[0])
    breach = aborted(RULE, ordered)
    if breach is None:
        return
    window = [outcome for ended_s, outcome in ordered if breach.at_s - 30 <= ended_s <= breach.at_s]
    assert breach.visits <= len(window)
    assert breach.bad <= window.count("error")
    assert breach.share > 0.2


def test_only_lines_that_abort_are_taken_from_the_criteria() -> None:
    """The others are for afterwards."""
    lines = (
        "success(*) >= 90%",
        "error(*) > 20% for 30s abort  # the service is down",
        "# p95(*) > 1s for 5s abort",
    )
    assert [rule.text for rule in abort_rules(lines, "x")] == ["error(*) > 20% for 30s abort"]
