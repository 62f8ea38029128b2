"""Accounts: a function of seed and number, and the reasons of business that follow from them."""

from collections.abc import Callable
from statistics import fmean, pstdev

import pytest

from footfall._behaviour.customer_rules import SubscriberAccount, account, msisdn, pin, refusal
from footfall._model.numbers import Number
from footfall._model.population import Accounts

COUNT = 4000


@pytest.fixture(scope="session")
def accounts(number: Callable[[float], Number]) -> Accounts:
    """Give accounts of 80 yuan on average, one in ten under contract, and a transaction of 10 yuan."""
    return Accounts(
        subscribers=number(COUNT),
        balance_yuan_mean=number(80),
        balance_cv=number(0.8),
        price_yuan={"transact": number(10)},
        under_contract_share=number(0.1),
    )


def test_balances_and_contracts_have_the_shares_that_were_given(accounts: Accounts) -> None:
    """Within 4 standard errors."""
    held = [account(accounts, 1, n) for n in range(COUNT)]
    yuan = [one.balance_fen / 100 for one in held]
    assert abs(fmean(yuan) - 80) < 4 * pstdev(yuan) / COUNT**0.5
    bound = sum(one.under_contract for one in held) / COUNT
    assert abs(bound - 0.1) < 4 * (0.09 / COUNT) ** 0.5
    assert held == [account(accounts, 1, n) for n in range(COUNT)]


@pytest.mark.parametrize(
    ("operation", "held", "cause"),
    [
        ("transact", SubscriberAccount(1000, under_contract=False), None),
        ("transact", SubscriberAccount(999, under_contract=False), "insufficient_funds"),
        ("transact", SubscriberAccount(10**6, under_contract=True), "under_contract"),
        ("query", SubscriberAccount(0, under_contract=True), None),
    ],
)
def test_the_business_refuses_for_want_of_money_or_for_a_contract(
    accounts: Accounts, operation: str, held: SubscriberAccount, cause: str | None
) -> None:
    """To the fen."""
    assert refusal(accounts, operation, held) == cause


def test_telephone_numbers_and_passwords_are_well_formed() -> None:
    """11 digits, all different; 6 digits, not all the same."""
    assert len({msisdn(n) for n in range(1000)}) == 1000
    assert all(len(msisdn(n)) == 11 for n in (0, 19_999))
    pins = {pin(1, n) for n in range(1000)}
    assert all(len(one) == 6 and one.isdigit() for one in pins)
    assert len(pins) > 900
