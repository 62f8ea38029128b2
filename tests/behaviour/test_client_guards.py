"""The circuit breaker and the retry budget, step by step."""

from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from footfall._behaviour.client_guards import Breaker, RetryBudget
from footfall._model.station_specs import CircuitBreaker, Retry
from tests import made_up


def breaker(**numbers: float) -> Breaker:
    """Make one that opens for 5 s when half of at least four answers of the last 10 s have failed."""
    whole = {"failure_share": 0.5, "window_s": 10, "requests_least": 4, "open_s": 5, "probes": 1} | numbers
    return Breaker(CircuitBreaker(**{name: made_up.number(value) for name, value in whole.items()}))


def ask(one: Breaker, now_s: float, *, failed: bool) -> bool:
    """Send a request that is answered at once; whether it passed."""
    period = one.enter(now_s)
    if period is not None:
        one.note(period, now_s, failed=failed)
    return period is not None


def test_it_opens_at_the_share_and_not_before_enough_answers() -> None:
    """Three failures of three are too few; served, failed, failed, served is half of four."""
    one = breaker()
    assert all(ask(one, at_s, failed=True) for at_s in (0, 1, 2))
    assert one.times_opened == 0
    two = breaker()
    assert all(ask(two, at_s, failed=at_s in {1, 2}) for at_s in (0, 1, 2, 3))
    assert two.enter(3.5) is None
    assert two.times_opened == 1


def test_answers_older_than_the_window_count_no_more() -> None:
    """Three failures at 0 s are forgotten at 10.5 s, but not yet at 10 s sharp."""
    for now_s, opens in ((10.0, 1), (10.5, 0)):
        one = breaker()
        for _ in range(3):
            ask(one, 0, failed=True)
        ask(one, now_s, failed=False)
        assert one.times_opened == opens


def test_while_open_nothing_passes_and_then_so_many_probes() -> None:
    """Opened at 3 s: nothing before 8 s; from then on two probes and no third."""
    one = opened(probes=2)
    assert [one.enter(now_s) is not None for now_s in (3, 7.999, 8, 8, 8)] == [
        False,
        False,
        True,
        True,
        False,
    ]


def test_all_probes_must_succeed_to_close_it() -> None:
    """Two served: closed, with nothing counted yet. One failed: open again for 5 s from then."""
    one = opened(probes=2)
    assert [ask(one, 8, failed=False) for _ in range(6)] == [True] * 6
    two = opened(probes=2)
    assert ask(two, 8, failed=False)
    assert ask(two, 9, failed=True)
    assert [two.enter(now_s) is not None for now_s in (9, 13.9, 14)] == [False, False, True]
    assert (one.times_opened, two.times_opened) == (1, 2)


def test_an_answer_from_before_it_opened_says_nothing_of_the_probe() -> None:
    """A request sent at 2 s and answered at 9 s neither closes nor opens what its probe shall decide."""
    one = breaker(requests_least=1)
    early = one.enter(2)
    ask(one, 3, failed=True)
    probe = one.enter(8)
    assert early is not None
    assert probe is not None
    one.note(early, 9, failed=False)
    assert one.enter(9) is None
    one.note(probe, 9.5, failed=False)
    one.note(early, 9.6, failed=True)
    assert one.enter(10) is not None


def opened(**numbers: float) -> Breaker:
    """Give one that opened at 3 s."""
    one = breaker(**numbers)
    for at_s in range(4):
        ask(one, at_s, failed=True)
    assert one.times_opened == 1
    return one


@pytest.fixture(scope="module")
def budget() -> Callable[[float, int], RetryBudget]:
    """Make a budget of a share and a burst."""
    return lambda share, burst: RetryBudget(
        Retry(retry_budget_share=made_up.number(share), retry_budget_burst=made_up.number(burst))
    )


def test_ten_requests_pay_for_a_retry(budget: Callable[[float, int], RetryBudget]) -> None:
    """At a share of 0.1, with the one token of the start gone: not nine, though tenths do not sum exactly."""
    one = budget(0.1, 1)
    assert [one.withdraw(), one.withdraw()] == [True, False]
    for n in range(10):
        assert not one.withdraw(), n
        one.deposit()
    assert [one.withdraw(), one.withdraw()] == [True, False]


def test_no_share_is_no_budget(budget: Callable[[float, int], RetryBudget]) -> None:
    """0 stands for as many as each client may make."""
    one = budget(0, 1)
    assert all(one.withdraw() for _ in range(100))


@given(share=st.floats(0.01, 3), burst=st.integers(1, 5), asks=st.lists(st.booleans(), max_size=200))
def test_retries_never_exceed_the_share_and_the_burst(
    share: float, burst: int, asks: list[bool], budget: Callable[[float, int], RetryBudget]
) -> None:
    """Whatever the order of requests and retries."""
    one = budget(share, burst)
    requests = retries = 0
    for is_request in asks:
        if is_request:
            one.deposit()
            requests += 1
        else:
            retries += one.withdraw()
    assert retries <= burst + share * requests + 1e-6
