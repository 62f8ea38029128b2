"""Random numbers by key: repeatable, uniform, and independent from purpose to purpose."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import stats

from footfall._behaviour import keyed

KEYS = keyed.customer_keys(keyed.run_key(1, 0), np.arange(200_000))
NUMBERS = st.integers(0, 2**40)


def test_the_generator_is_splitmix64() -> None:
    """First outputs from state 1234567, as published with the reference code (Vigna, splitmix64.c)."""
    golden = 0x9E3779B97F4A7C15
    found = [keyed.mix((1_234_567 + k * golden) % 2**64) for k in (1, 2, 3, 4, 5)]
    assert found == [
        6_457_827_717_110_365_317,
        3_203_168_211_198_807_973,
        9_817_491_932_198_370_423,
        4_593_380_528_125_082_431,
        16_408_922_859_458_223_821,
    ]


@given(
    seed=NUMBERS,
    replication=st.integers(0, 1000),
    customers=st.lists(NUMBERS, min_size=1),
    attempt=st.integers(1, 9),
    turn=st.integers(0, 500),
)
def test_a_block_gives_the_same_bits_as_single_numbers(
    seed: int, replication: int, customers: list[int], attempt: int, turn: int
) -> None:
    """Scalar and vector agree exactly, keys and uniform numbers."""
    run = keyed.run_key(seed, replication)
    keys = keyed.customer_keys(run, np.array(customers, dtype=np.int64))
    assert keys.tolist() == [keyed.customer_key(run, customer) for customer in customers]
    found = keyed.uniforms(keys, "purpose", attempt, turn).tolist()
    assert found == [keyed.uniform(int(key), "purpose", attempt, turn) for key in keys]


@given(key=st.integers(0, 2**64 - 1), purpose=st.text(max_size=8))
def test_a_uniform_number_is_never_0_nor_1(key: int, purpose: str) -> None:
    """So it may go through any quantile function."""
    assert 0 < keyed.uniform(key, purpose) < 1


@pytest.mark.parametrize("purpose", ["choice", "service", "patience"])
def test_the_numbers_are_uniform(purpose: str) -> None:
    """Mean 1/2 and variance 1/12 within 4 standard errors, and Kolmogorov's distance small."""
    u = keyed.uniforms(KEYS, purpose)
    assert abs(u.mean() - 0.5) < 4 * np.sqrt(1 / 12 / len(u))
    assert abs(u.var() - 1 / 12) < 4 * np.sqrt(1 / 180 / len(u))
    assert stats.kstest(u, "uniform").pvalue > 1e-4


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("service", 1, 0), ("human", 1, 0)),
        (("service", 1, 0), ("service", 2, 0)),
        (("service", 1, 0), ("service", 1, 1)),
        (("service", 1, 1), ("service", 2, 0)),
    ],
)
def test_purposes_attempts_and_turns_are_independent(
    first: tuple[str, int, int], second: tuple[str, int, int]
) -> None:
    """Correlation within 4 standard errors of 0."""
    pair = keyed.uniforms(KEYS, *first), keyed.uniforms(KEYS, *second)
    assert abs(np.corrcoef(*pair)[0, 1]) < 4 / np.sqrt(len(KEYS))


def test_neighbours_are_independent() -> None:
    """One customer's number says nothing of the next one's."""
    u = keyed.uniforms(KEYS, "service")
    assert abs(np.corrcoef(u[:-1], u[1:])[0, 1]) < 4 / np.sqrt(len(u))
