"""Accounts: who has a number, what they hold, what they have ordered."""

from dataclasses import dataclass

from footfall.service.ledger.handle import Handle
from footfall.service.ledger.pins import is_right
from footfall.service.refusals import refusal

_BY_MSISDN = "SELECT id, name, pin_hash FROM subscribers WHERE msisdn = :msisdn"
_BY_ID = """SELECT msisdn, name, balance_fen, plan, under_contract, roaming, address
FROM subscribers WHERE id = :subscriber"""
_BILL = """SELECT o.operation, o.item, e.amount_fen, e.to_account FROM entries e
JOIN orders o ON o.id = e.order_id WHERE o.subscriber = :subscriber ORDER BY e.id DESC LIMIT 20"""
_USAGE = "SELECT state, COUNT(*) FROM orders WHERE subscriber = :subscriber GROUP BY state"
_NO_HASH = bytes(16)


@dataclass(frozen=True, slots=True)
class Holder:
    """One account as it stands."""

    msisdn: str
    name: str
    balance_fen: int
    plan: str
    under_contract: bool
    roaming: bool
    address: str


def log_in(handle: Handle, pepper: bytes, msisdn: str, pin: str) -> tuple[int, str]:
    """Number and name of the account that this telephone number and PIN open.

    Raises:
        RefusalError: they do not belong together, or there is no such number.
    """
    row = handle.row(_BY_MSISDN, msisdn=msisdn)
    # An unknown number takes as long as a wrong PIN, and says the same.
    subscriber, name, kept = row or (0, "", _NO_HASH)
    if not is_right(pepper, subscriber, pin, kept) or row is None:
        raise refusal("wrong_pin")
    return subscriber, name


def subscriber_of(handle: Handle, msisdn: str) -> int:
    """Number of the account of a telephone number.

    Raises:
        RefusalError: there is none.
    """
    row = handle.row(_BY_MSISDN, msisdn=msisdn)
    if row is None:
        raise refusal("not_found", "No subscriber has this number.")
    return int(row[0])


def holder(handle: Handle, subscriber: int) -> Holder:
    """Account `subscriber` as it stands.

    Raises:
        RefusalError: there is none.
    """
    row = handle.row(_BY_ID, subscriber=subscriber)
    if row is None:
        raise refusal("not_found")
    msisdn, name, balance_fen, plan, under_contract, roaming, address = row
    return Holder(msisdn, name, balance_fen, plan, bool(under_contract), bool(roaming), address)


def bill(handle: Handle, subscriber: int) -> list[dict[str, object]]:
    """Last twenty movements of money; recharges are positive."""
    return [
        {"operation": operation, "item": item, "amount_fen": amount if to == subscriber else -amount}
        for operation, item, amount, to in handle.rows(_BILL, subscriber=subscriber)
    ]


def usage(handle: Handle, subscriber: int) -> dict[str, int]:
    """Orders by state."""
    return dict(handle.rows(_USAGE, subscriber=subscriber))
