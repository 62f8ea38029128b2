"""The pool of telephone numbers that all channels sell from: each is sold once."""

from footfall.service.ledger.handle import Handle
from footfall.service.refusals import refusal

_FREE = """SELECT number FROM numbers
WHERE sold_to IS NULL AND number >= :first AND reserved_until_s <= :now_s ORDER BY number LIMIT :most"""
_BOUNDS = "SELECT MIN(number), MAX(number) FROM numbers"
_STATE = "SELECT reserved_by, reserved_until_s, sold_to FROM numbers WHERE number = :number"
_RESERVE = """UPDATE numbers SET reserved_by = :subscriber, reserved_until_s = :until_s
WHERE number = :number AND sold_to IS NULL AND (reserved_by = :subscriber OR reserved_until_s <= :now_s)"""
_HOLD = """UPDATE numbers SET reserved_until_s = :until_s
WHERE number = :number AND reserved_by = :subscriber AND reserved_until_s < :until_s"""
_RELEASE = """UPDATE numbers SET reserved_by = NULL, reserved_until_s = 0
WHERE number = :number AND reserved_by = :subscriber AND sold_to IS NULL"""
_SELL = """UPDATE numbers SET sold_to = :subscriber
WHERE number = :number AND reserved_by = :subscriber AND sold_to IS NULL"""


def bounds(handle: Handle) -> tuple[int, int]:
    """First and last number of the pool."""
    row = handle.row(_BOUNDS)
    return (int(row[0]), int(row[1])) if row else (0, 0)


def free(handle: Handle, first: str, most: int, now_s: float) -> list[str]:
    """Numbers that can be reserved, from `first` on, and from the pool's start when too few follow."""
    found = handle.rows(_FREE, first=first, most=most, now_s=now_s)
    if len(found) < most:
        found += handle.rows(_FREE, first="", most=most - len(found), now_s=now_s)
    return list(dict.fromkeys(number for (number,) in found))


def reserve(handle: Handle, number: str, subscriber: int, now_s: float, until_s: float) -> None:
    """Keep a number for a subscriber until a time.

    Raises:
        RefusalError: it is sold, or kept for somebody else, or not of the pool.
    """
    row = handle.row(_STATE, number=number)
    if row is None:
        raise refusal("not_found", "The pool has no such number.")
    by, kept_until_s, sold_to = row
    if sold_to is not None or (by != subscriber and kept_until_s > now_s):
        raise refusal("number_taken")
    changed = handle.change(_RESERVE, number=number, subscriber=subscriber, now_s=now_s, until_s=until_s)
    if changed != 1:
        raise refusal("number_taken")


def release(handle: Handle, number: str, subscriber: int) -> None:
    """Give a reserved number back; one that is not theirs is left alone."""
    handle.change(_RELEASE, number=number, subscriber=subscriber)


def check_reserved(handle: Handle, number: str, subscriber: int, now_s: float) -> None:
    """See that a number is kept for this subscriber and not sold.

    Raises:
        RefusalError: it is not.
    """
    row = handle.row(_STATE, number=number)
    if row is None:
        raise refusal("unknown_item")
    by, kept_until_s, sold_to = row
    if sold_to is not None or by != subscriber or kept_until_s <= now_s:
        raise refusal("number_taken")


def hold_until(handle: Handle, number: str, subscriber: int, until_s: float) -> None:
    """Make a reservation last at least until a time: that of the second confirmation."""
    handle.change(_HOLD, number=number, subscriber=subscriber, until_s=until_s)


def sell(handle: Handle, number: str, subscriber: int) -> None:
    """Sell a number that is kept for this subscriber.

    Raises:
        RefusalError: it is not; the whole transaction is then rolled back.
    """
    if handle.change(_SELL, number=number, subscriber=subscriber) != 1:
        raise refusal("number_taken")
