"""Who the customer is to the service: number, PIN, what they buy; the same in every attempt."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from faker import Faker

from footfall.simulate.decide import keyed
from footfall.simulate.decide.account import msisdn, pin

PLANS = ("P18", "P38", "P58", "P88", "P128")
"""Codes of the plans on the page `plans`."""
RECHARGES_FEN = (1000, 2000, 3000, 5000, 10_000)
_BROWSERS = 64
_PINS = 1_000_000
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Person:
    """What a customer types."""

    msisdn: str
    pin: str
    wrong_pin: str
    plan: str
    recharge_fen: int
    browser: str
    """Sent as User-Agent on the channels with pages."""


def person(seed: int, subscriber: int, key: int) -> Person:
    """Give the person of an arrival; `key` is the customer's."""
    right = pin(seed, subscriber)
    wrong = (int(right) + 1 + int(keyed.uniform(key, "wrong_pin") * (_PINS - 1))) % _PINS
    return Person(
        msisdn=msisdn(subscriber),
        pin=right,
        wrong_pin=f"{wrong:06d}",
        plan=_one_of(PLANS, key, "plan"),
        recharge_fen=_one_of(RECHARGES_FEN, key, "recharge"),
        browser=_one_of(_browsers(), key, "browser"),
    )


def _one_of(things: tuple[_T, ...], key: int, purpose: str) -> _T:
    return things[int(keyed.uniform(key, purpose) * len(things))]


@lru_cache(maxsize=1)
def _browsers() -> tuple[str, ...]:
    faker = Faker("zh_CN", use_weighting=False)
    faker.seed_instance(0)
    return tuple(faker.user_agent() for _ in range(_BROWSERS))
