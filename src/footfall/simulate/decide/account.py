"""What a subscriber's account holds: a function of the seed and the number of the account.

The reference service fills its database with it and the simulated day asks it, so an order that
is refused for want of money in one world is refused in the other.
"""

from dataclasses import dataclass
from math import exp

from footfall.simulate.decide import keyed
from footfall.simulate.spec.duration import lognormal_parameters
from footfall.simulate.spec.people import Accounts

FEN = 100
"""Fen in a yuan; money is counted in whole fen."""
FEN_MOST = 10**17
"""What an account holds at most: sums of many still fit into 64 bits."""
_ACCOUNTS = -1
"""A replication number of their own: accounts are the same in all replications."""


@dataclass(frozen=True, slots=True)
class Account:
    """The opening state of one account."""

    balance_fen: int
    under_contract: bool


def account(accounts: Accounts, seed: int, subscriber: int) -> Account:
    """Opening state of account `subscriber` (from 0)."""
    from scipy.special import ndtri  # half a second, that a process which only plays need not spend

    key = keyed.customer_key(keyed.run_key(seed, _ACCOUNTS), subscriber)
    mu, sigma = lognormal_parameters(float(accounts.balance_yuan_mean), float(accounts.balance_cv))
    yuan = exp(mu + sigma * float(ndtri(keyed.uniform(key, "balance"))))
    return Account(
        balance_fen=min(round(yuan * FEN), FEN_MOST),
        under_contract=keyed.uniform(key, "contract") < accounts.under_contract_share,
    )


def price_fen(accounts: Accounts, operation: str) -> int:
    """Fen that an order of this operation takes from the balance."""
    return round(accounts.price_yuan.get(operation, 0.0) * FEN)


def refusal(accounts: Accounts, operation: str, held: Account) -> str | None:
    """Cause for which the business refuses this order (`rejected`), if any."""
    if operation == "transact" and held.under_contract:
        return "under_contract"
    if held.balance_fen < price_fen(accounts, operation):
        return "insufficient_funds"
    return None


def msisdn(subscriber: int) -> str:
    """Telephone number of account `subscriber`: 11 digits."""
    return str(13_800_000_000 + subscriber)


def pin(seed: int, subscriber: int) -> str:
    """Service password of account `subscriber`: 6 digits."""
    key = keyed.customer_key(keyed.run_key(seed, _ACCOUNTS), subscriber)
    return f"{int(keyed.uniform(key, 'pin') * 1_000_000):06d}"
