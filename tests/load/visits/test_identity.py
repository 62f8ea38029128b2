"""The same customer types the same things in every attempt."""

from footfall._behaviour.customer_rules import msisdn, pin
from footfall._load.identity import PLANS, RECHARGES_FEN, Identity
from tests.load.small import SEED


def test_a_person_is_a_function_of_seed_account_and_key() -> None:
    """Asked twice, the same; number and PIN are those that the service keeps."""
    for subscriber in range(20):
        one = Identity(SEED, subscriber, subscriber * 7 + 1)
        assert one == Identity(SEED, subscriber, subscriber * 7 + 1)
        assert one.msisdn == msisdn(subscriber)
        assert one.pin == pin(SEED, subscriber)
        assert one.plan in PLANS
        assert one.recharge_fen in RECHARGES_FEN
        assert one.browser


def test_a_wrong_pin_has_six_digits_and_is_never_the_right_one() -> None:
    """For many keys of one account."""
    for key in range(2000):
        one = Identity(SEED, 3, key * 0x9E3779B97F4A7C15 % 2**64)
        assert one.wrong_pin != one.pin
        assert len(one.wrong_pin) == 6
        assert one.wrong_pin.isdigit()


def test_people_differ() -> None:
    """All plans and amounts are bought."""
    many = [Identity(SEED, 0, key * 0x9E3779B97F4A7C15 % 2**64) for key in range(300)]
    assert {one.plan for one in many} == set(PLANS)
    assert {one.recharge_fen for one in many} == set(RECHARGES_FEN)
