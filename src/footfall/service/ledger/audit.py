"""The invariants of the ledger, computed from the tables alone."""

from typing import Any

from footfall.service.ledger.handle import Handle
from footfall.service.ledger.schema import REVENUE, VOUCHERS

_TOTALS = "SELECT COALESCE(SUM(balance_fen), 0), COALESCE(SUM(opening_fen), 0) FROM subscribers"
_ISSUED = f"SELECT COALESCE(SUM(amount_fen), 0) FROM entries WHERE from_account = {VOUCHERS}"  # noqa: S608  a constant
_TAKEN = f"SELECT COALESCE(SUM(amount_fen), 0) FROM entries WHERE to_account = {REVENUE}"  # noqa: S608  a constant
_WRONG_ACCOUNTS = """SELECT COUNT(*) FROM subscribers s
LEFT JOIN (SELECT to_account a, SUM(amount_fen) fen FROM entries GROUP BY to_account) i ON i.a = s.id
LEFT JOIN (SELECT from_account a, SUM(amount_fen) fen FROM entries GROUP BY from_account) o ON o.a = s.id
WHERE s.balance_fen <> s.opening_fen + COALESCE(i.fen, 0) - COALESCE(o.fen, 0)"""
_IN_DEBT = "SELECT COUNT(*) FROM subscribers WHERE balance_fen < 0"
_SOLD = "SELECT COUNT(*) FROM numbers WHERE sold_to IS NOT NULL"
_SOLD_ORDERS = "SELECT COUNT(*) FROM orders WHERE operation = 'purchase' AND state = 'done'"
_SOLD_TWICE = """SELECT COUNT(*) FROM (SELECT item FROM orders
WHERE operation = 'purchase' AND state = 'done' GROUP BY item HAVING COUNT(*) > 1) twice"""
_ORDERS = "SELECT state, COUNT(*) FROM orders GROUP BY state"
_PAID_TWICE = """SELECT COUNT(*) FROM (SELECT order_id FROM entries
GROUP BY order_id, to_account HAVING COUNT(*) > 1) twice"""


def audit(handle: Handle) -> dict[str, Any]:
    """Count money, numbers and orders, and what of them breaks a law (0 and true in a sound ledger)."""

    def one(sql: str) -> int:
        row = handle.row(sql)
        return int(row[0]) if row else 0

    balance, opening = handle.row(_TOTALS) or (0, 0)
    issued, taken = one(_ISSUED), one(_TAKEN)
    wrong_accounts = one(_WRONG_ACCOUNTS)
    return {
        "opening_fen_total": int(opening),
        "balance_fen_total": int(balance),
        "issued_fen": issued,
        "taken_fen": taken,
        "conserved": int(opening) + issued - taken == int(balance) and wrong_accounts == 0,
        "accounts_off": wrong_accounts,
        "accounts_in_debt": one(_IN_DEBT),
        "numbers_sold": one(_SOLD),
        "numbers_sold_twice": one(_SOLD_TWICE),
        "numbers_sold_without_order": one(_SOLD) - one(_SOLD_ORDERS),
        "orders_executed_twice": one(_PAID_TWICE),
        "orders": {state: int(count) for state, count in handle.rows(_ORDERS)},
    }
