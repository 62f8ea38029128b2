"""JSON schemas of requests and responses."""

from typing import Any

from footfall._model.channel import Channel
from footfall._model.station_specs import CallCentre
from footfall._service.settings import PLANS, RECHARGE_FEN, ROAMING, VOUCHER

_NO_ZERO_BYTE = "^[^\\u0000]+$"
_TEXT: dict[str, Any] = {"type": "string"}
_ID: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 64, "pattern": _NO_ZERO_BYTE}
_MESSAGE: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 500, "pattern": _NO_ZERO_BYTE}
_CALLBACK: dict[str, Any] = {
    "type": ["string", "null"],
    "maxLength": 512,
    "pattern": r"^http://(127\.0\.0\.1|localhost|\[::1\])(:[1-9][0-9]{0,3})?(/[A-Za-z0-9/._-]*)?$",
    "description": "where answers are posted; other forms of such a URL are accepted, too",
}
_FEN: dict[str, Any] = {"type": "integer", "description": "money in fen"}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_SECONDS: dict[str, Any] = {"type": "number", "description": "seconds"}
_YES: dict[str, Any] = {"type": "boolean"}
INTERFACE = "footfall-reference-1"
"""The interface name that `/health` reports."""

PATH_PARAMETER: dict[str, Any] = {"type": "string", "minLength": 1, "pattern": _NO_ZERO_BYTE}
HEADER: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 256}
KEY_HEADER: dict[str, Any] = HEADER | {"maxLength": 64}


def order_schema(channel: Channel) -> dict[str, Any]:
    """Return the schema of an order on a channel, limited to the operations it offers."""
    amount = {
        "type": "integer",
        "minimum": RECHARGE_FEN.start,
        "maximum": RECHARGE_FEN.stop - 1,
        "description": "fen",
    }
    unused = {"type": ["integer", "null"], "description": "ignored"}
    kinds: dict[str, dict[str, Any]] = {
        "transact": _object(("amount_fen",), **_operation_schema("transact", *PLANS), amount_fen=unused),
        "recharge": _object(**_operation_schema("recharge", VOUCHER), amount_fen=amount),
        "purchase": _object(("amount_fen",), **_operation_schema("purchase"), amount_fen=unused),
        "roaming": _object(("amount_fen",), **_operation_schema("roaming", ROAMING), amount_fen=unused),
    }
    return {"anyOf": [kind for operation, kind in kinds.items() if operation in channel.dialogues]}


def visit_schema(channel: Channel) -> dict[str, Any]:
    """Return the schema of a visit to one of a channel's sites; a hotline accepts any site number."""
    site = dict(_COUNT)
    if not isinstance(channel.station, CallCentre):
        site["maximum"] = int(channel.sites) - 1
    return _object(("balk_wait_s",), site=site, patience_s=_SECONDS, balk_wait_s=_SECONDS)


def _operation_schema(name: str, *items: str) -> dict[str, Any]:
    item: dict[str, Any] = {"type": "string", "enum": list(items)} if items else _ID
    return {"operation": {"type": "string", "enum": [name]}, "item": item}


def _object(optional: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:  # noqa: ANN401  JSON
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


_ANSWER = _object(
    n=_COUNT,
    to_id={"type": ["string", "null"]},
    status={"type": "integer", "description": "HTTP status of the same answer on the other channels"},
    code=_TEXT,
    text=_TEXT,
)

SCHEMAS: dict[str, Any] = {
    "Refusal": _object(code=_TEXT, detail=_TEXT),
    "Login": _object(msisdn=_ID, pin=_ID),
    "Session": _object(token=_TEXT, name=_TEXT),
    "Page": {"type": "object"},
    "Account": _object(
        msisdn=_TEXT,
        name=_TEXT,
        balance_fen=_FEN,
        plan=_TEXT,
        under_contract=_YES,
        roaming=_YES,
        address=_TEXT,
    ),
    "Bill": _object(entries=_list(_object(operation=_TEXT, item=_TEXT, amount_fen=_FEN))),
    "Usage": _object(plan=_TEXT, orders={"type": "object", "additionalProperties": _COUNT}),
    "Order": _object(
        ("expires_s",),
        order=_COUNT,
        state={"type": "string", "enum": ["done", "pending", "cancelled", "expired"]},
        expires_s=_SECONDS,
    ),
    "Numbers": _object(numbers=_list(_TEXT)),
    "Reservation": _object(expires_s=_SECONDS),
    "Visit": _object(visit=_TEXT, waited_s=_SECONDS),
    "Patience": _object(patience_s=_SECONDS),
    "Waited": _object(waited_s=_SECONDS),
    "Message": _object(("callback",), msisdn=_ID, text=_MESSAGE, id=_ID, callback=_CALLBACK),
    "Accepted": _object(accepted=_YES),
    "Answers": _object(answers=_list(_ANSWER)),
    "Health": _object(
        ("code", "detail"),
        status={"type": "string", "enum": ["ok", "unhealthy"]},
        interface={"type": "string", "enum": [INTERFACE]},
        code=_TEXT,
        detail=_TEXT,
        model=_TEXT,
        channels=_list(_TEXT),
        subscribers=_COUNT,
        seed=_COUNT,
        version=_TEXT,
    ),
    "Play": _object(starts_in_s=_SECONDS),
    "Ledger": _object(
        balance_fen_total=_FEN, issued_fen=_FEN, taken_fen=_FEN, conserved=_YES, numbers_sold=_COUNT
    ),
    "Counts": {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": _COUNT}},
    "Document": {"type": "object"},
}
