"""First choices become visits served, by the rules of retry and switch."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from footfall._choice.choice_situations import Failing, expected_shares, expected_visits, failing
from footfall._model.model import Model
from models.guangxi import MODEL as PROVINCE

FIRST = np.array([[0.5, 0.3, 0.2]])
NONE = np.zeros(3)


def test_without_failures_every_errand_is_one_visit() -> None:
    """And it is served."""
    tried, served = expected_visits(FIRST, Failing(NONE, NONE, NONE), 3)
    assert tried.tolist() == served.tolist() == FIRST.tolist()


def test_retries_are_a_geometric_sum() -> None:
    """With a fifth failing and half of those tried again: 1 + 0.1 + 0.01 visits, 0.8 of them served."""
    tried, served = expected_visits(FIRST, Failing(np.full(3, 0.2), np.full(3, 0.1), NONE), 3)
    assert tried == pytest.approx(FIRST * 1.11)
    assert served == pytest.approx(FIRST * 0.888)


def test_two_attempts_with_switching_are_as_counted_by_hand() -> None:
    """Every path of one failure and one other channel, in proportion to its first choices."""
    failed, switching = np.array([0.1, 0.4, 0.2]), np.array([0.05, 0.3, 0.1])
    tried, _ = expected_visits(FIRST, Failing(failed, NONE, switching), 2)
    by_hand = FIRST[0].copy()
    for came, goes in product(range(3), range(3)):
        if came != goes:
            by_hand[goes] += FIRST[0, came] * switching[came] * FIRST[0, goes] / (1 - FIRST[0, came])
    assert tried[0] == pytest.approx(by_hand)
    assert tried.sum() == pytest.approx(1 + FIRST[0] @ switching)


def test_who_has_one_channel_cannot_switch() -> None:
    """The errand ends there, and nothing is divided by the others."""
    tried, _ = expected_visits(
        np.array([[0.0, 1.0, 0.0]]), Failing(np.full(3, 0.5), NONE, np.full(3, 0.5)), 3
    )
    assert tried.tolist() == [[0.0, 1.0, 0.0]]


def test_failures_may_grow_until_all_visits_fail() -> None:
    """A factor of a thousand makes a share of 1, not of 80."""
    many = Failing(np.array([0.08, 0.0]), np.array([0.02, 0.0]), NONE[:2]).times(np.array([[1000.0, 1000.0]]))
    assert many.failed.tolist() == [[1.0, 0.0]]
    assert many.retrying[0, 0] == pytest.approx(0.25)


def test_who_is_refused_tries_in_vain() -> None:
    """A tenth are refused everywhere: they visit 1.3 times if 30 % retry once, and are never served."""
    tried, served = expected_visits(FIRST, Failing(NONE, NONE, NONE, 0.1, (0.3, 0.0)), 2)
    assert tried == pytest.approx(FIRST * (0.9 + 0.1 * 1.3))
    assert served == pytest.approx(FIRST * 0.9)


@pytest.mark.parametrize(("channel", "operation"), [(t.channel, t.operation) for t in PROVINCE.targets])
def test_the_causes_of_failure_add_up_to_the_article_s_success(channel: str, operation: str) -> None:
    """97.8, 93.3 and 91.1 % of visits, within half a point, as in the simulated day."""
    names = [known.name for known in PROVINCE.channels]
    shares = expected_shares(PROVINCE, operation)
    first = np.array([[shares.get(name, 0.0) for name in names]])
    tried, served = expected_visits(
        first, failing(PROVINCE, operation), int(PROVINCE.follow_ups.attempts_most)
    )
    success_share = (served / np.maximum(tried, 1e-300))[0, names.index(channel)]
    assert success_share == pytest.approx(PROVINCE.target(channel, operation), abs=0.005)


def test_rules_of_an_outcome_apply_to_its_failures(operator: Callable[..., Model]) -> None:
    """Errors are retried by 30 % and switched from by 30 %."""
    fails = failing(operator(), "query")
    assert fails.failed == pytest.approx([0.02, 0.08, 0.05])
    assert fails.retrying == pytest.approx(fails.failed * 0.3)
    assert fails.switching == pytest.approx(fails.failed * 0.3)
