"""After a failure: retry, switch or give up, by the shares and no more often than the limit."""

from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from footfall._behaviour.customer_rules import Action, after
from footfall._model.population import RetryPolicy
from footfall._records.rows import Outcome

SMALL = 1e-9


@pytest.fixture(scope="session")
def rules(follow_ups: Callable[..., RetryPolicy]) -> RetryPolicy:
    """Give rules for errors only: 30 % retry, 50 % switch, after 60 s, three attempts."""
    return follow_ups(3, error=(0.3, 0.5, 60))


@pytest.mark.parametrize(
    ("u", "action"),
    [
        (SMALL, Action.RETRY),
        (0.3 - SMALL, Action.RETRY),
        (0.3, Action.SWITCH),
        (0.8 - SMALL, Action.SWITCH),
        (0.8, Action.GIVE_UP),
        (1 - SMALL, Action.GIVE_UP),
    ],
)
def test_the_shares_bound_the_actions(rules: RetryPolicy, u: float, action: Action) -> None:
    """Just below and just at each bound."""
    decision = after(rules, Outcome.ERROR, 1, u, 0.5)
    assert decision.action is action
    assert decision.delay_s == (0 if action is Action.GIVE_UP else 60)


@given(u=st.floats(0, 1), attempt=st.integers(1, 9))
def test_whoever_was_served_is_done(rules: RetryPolicy, u: float, attempt: int) -> None:
    """At any attempt."""
    assert after(rules, Outcome.SERVED, attempt, u, 0.5).action is Action.DONE


@given(u=st.floats(0, 1), attempt=st.integers(3, 9))
def test_nobody_tries_more_often_than_the_limit(rules: RetryPolicy, u: float, attempt: int) -> None:
    """The third attempt of three is the last."""
    assert after(rules, Outcome.ERROR, attempt, u, 0.5).action is Action.GIVE_UP


@pytest.mark.parametrize("outcome", [o for o in Outcome if o not in {Outcome.SERVED, Outcome.ERROR}])
def test_a_failure_without_a_rule_ends_the_errand(rules: RetryPolicy, outcome: Outcome) -> None:
    """Nothing is made up."""
    assert after(rules, outcome, 1, 0.0, 0.5).action is Action.GIVE_UP


def test_shares_of_more_than_all_are_refused(follow_ups: Callable[..., RetryPolicy]) -> None:
    """60 % and 50 % cannot both be."""
    with pytest.raises(ValueError, match="add up to more than 1"):
        follow_ups(3, error=(0.6, 0.5, 1))
