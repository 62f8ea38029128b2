"""Random numbers by key: each is a function of (seed, replication, customer, attempt, purpose, turn).

So a result does not depend on the order of events, and two runs differ only by what was changed.
The generator is SplitMix64 used as a counter hash (Steele, Lea and Flood 2014, figure 17).
"""

import hashlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_ATTEMPT = 0xD1B54A32D192ED03
_TURN = 0x8CB92BA72F3D8DD7
_TO_UNIT = 2.0**-53
_HALF = 2.0**-54
"""Added so that a uniform number is never 0: it lies in (0, 1) and may go through any quantile function."""


def mix(x: int) -> int:
    """Scramble 64 bits: the finaliser of SplitMix64."""
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & _MASK
    return x ^ (x >> 31)


@lru_cache(maxsize=4096)
def run_key(seed: int, replication: int) -> int:
    """Key of all numbers of one replication."""
    return mix(mix((seed + _GOLDEN) & _MASK) + replication * _GOLDEN & _MASK)


@lru_cache(maxsize=65_536)
def offset(purpose: str, attempt: int, turn: int) -> int:
    """What a purpose, attempt and turn add to a customer's key."""
    name = int.from_bytes(hashlib.sha256(purpose.encode()).digest()[:8], "little")
    return (name + attempt * _ATTEMPT + turn * _TURN) & _MASK


def customer_key(run: int, customer: int) -> int:
    """Key of one customer's numbers in a replication."""
    return mix((run + (customer + 1) * _GOLDEN) & _MASK)


def uniform(key: int, purpose: str, attempt: int = 0, turn: int = 0) -> float:
    """Uniform number in (0, 1) of a customer's key for one purpose."""
    return (mix((key + offset(purpose, attempt, turn)) & _MASK) >> 11) * _TO_UNIT + _HALF


def customer_keys(run: int, customers: NDArray[np.int64]) -> NDArray[np.uint64]:
    """`customer_key` for a whole array."""
    with np.errstate(over="ignore"):
        return _mix_all(np.uint64(run) + (customers.astype(np.uint64) + np.uint64(1)) * np.uint64(_GOLDEN))


def uniforms(keys: NDArray[np.uint64], purpose: str, attempt: int = 0, turn: int = 0) -> NDArray[np.float64]:
    """`uniform` for a whole array of keys, bit for bit the same numbers."""
    with np.errstate(over="ignore"):
        mixed = _mix_all(keys + np.uint64(offset(purpose, attempt, turn)))
    return (mixed >> np.uint64(11)).astype(np.float64) * _TO_UNIT + _HALF


def _mix_all(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
