"""Pauses before retries: capped, doubling, shortened by chance."""

import pytest
from hypothesis import given, strategies as st

from footfall._behaviour.client_guards import pause_s
from footfall._model.station_specs import Retry
from tests import made_up


def policy(**numbers: float) -> Retry:
    """Make a policy of pauses from 1 s to 5 s without jitter, any number changed."""
    whole = {"backoff_s": 1, "backoff_s_most": 5, "jitter_share": 0} | numbers
    return Retry(**{name: made_up.number(value) for name, value in whole.items()})


def test_pauses_double_up_to_the_longest() -> None:
    """1, 2, 4, then 5 s, whatever the chance."""
    assert [pause_s(policy(), number, 0.5) for number in range(1, 6)] == [1, 2, 4, 5, 5]


@given(number=st.integers(1, 100), u=st.floats(0, 1), jitter_share=st.floats(0, 1))
def test_jitter_shortens_by_at_most_its_share(number: int, u: float, jitter_share: float) -> None:
    """Also far beyond where doubling would overflow a day."""
    longest_s = pause_s(policy(), number, u)
    found_s = pause_s(policy(jitter_share=jitter_share), number, u)
    assert longest_s * (1 - jitter_share) - 1e-12 <= found_s <= longest_s


def test_full_jitter_is_anything_from_nothing_to_the_whole() -> None:
    """Linear in the uniform number."""
    assert [pause_s(policy(jitter_share=1), 3, u) for u in (0, 0.25, 1)] == [4, 3, 0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("retries_most", 101),
        ("retries_most", 1.5),
        ("jitter_share", 1.1),
        ("backoff_s", -1),
        ("retry_budget_burst", 0),
    ],
)
def test_an_impossible_policy_is_refused(name: str, value: float) -> None:
    """Too many, half a retry, more than the whole pause, a negative one, an empty bucket."""
    with pytest.raises(ValueError, match=name):
        policy(**{name: value})
