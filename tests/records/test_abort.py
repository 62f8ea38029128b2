"""A run is ended when it is sure that it is not worth going on, and not before."""

from hypothesis import given
from hypothesis import strategies as st

from footfall.records.abort import Guard, abort_rule, abort_rules

RULE = abort_rule("error(*) > 20% for 30s abort", "x")
VISITS = st.lists(
    st.tuples(st.floats(0, 120), st.sampled_from(["served", "error", "rejected"])), max_size=200
)


def test_errors_beyond_the_share_for_long_enough_end_a_run() -> None:
    """Half of one visit a second: sure as soon as there have been thirty seconds."""
    guard = Guard(RULE)
    for second in range(60):
        guard.see(float(second), "error" if second % 2 else "served", 0.1)
    assert guard.breach is not None
    assert guard.breach.at_s == 30
    assert (guard.breach.bad, guard.breach.visits) == (15, 30)


def test_a_refusal_by_a_rule_of_business_is_no_error_and_yet_no_success() -> None:
    """`error` speaks of technical faults, `success` of all that is not served."""
    rules = ("error(*) > 50% for 5s abort", "success(*) < 50% for 5s abort")
    guards = [Guard(rule) for rule in abort_rules(rules, "x")]
    for guard in guards:
        for second in range(20):
            guard.see(float(second), "rejected", 0.1)
    assert [guard.breach is None for guard in guards] == [True, False]


def test_slowness_is_the_share_of_visits_beyond_the_limit() -> None:
    """A p95 above 2 s is more than 5 % of the visits above 2 s."""
    guard = Guard(abort_rule("p95(*) > 2s for 10s abort", "x"))
    for second in range(40):
        guard.see(second / 2, "served", 3.0 if second % 2 else 0.1)
    assert guard.breach is not None


def test_an_old_trouble_is_forgotten() -> None:
    """Bad visits leave the window after 30 s, whatever comes later."""
    guard = Guard(RULE)
    for second in range(29):
        guard.see(second / 10, "error", 0.1)
    for second in range(100):
        guard.see(40.0 + second, "served", 0.1)
    assert guard.breach is None


@given(visits=VISITS)
def test_a_breach_is_what_a_recount_of_its_window_finds(visits: list[tuple[float, str]]) -> None:
    """The window is counted up and down; a count from scratch gives the same, and no earlier breach."""
    ordered = sorted(visits, key=lambda visit: visit[0])
    guard = Guard(RULE)
    for ended_s, outcome in ordered:
        guard.see(ended_s, outcome, 0.1)
    if guard.breach is None:
        return
    at_s = guard.breach.at_s
    window = [outcome for ended_s, outcome in ordered if at_s - 30 < ended_s <= at_s]
    assert guard.breach.visits <= len(window)
    assert guard.breach.bad <= window.count("error")
    assert guard.breach.bad / guard.breach.visits > 0.2


def test_only_lines_that_abort_are_taken_from_the_criteria() -> None:
    """The others are for afterwards."""
    lines = (
        "success(*) >= 90%",
        "error(*) > 20% for 30s abort  # the service is down",
        "# p95(*) > 1s for 5s abort",
    )
    assert [rule.text for rule in abort_rules(lines, "x")] == ["error(*) > 20% for 30s abort"]
