"""JSON schemas of what goes over the wire."""

from typing import Any

from footfall.service.catalogue import OPERATIONS, RECHARGE_FEN

_TEXT: dict[str, Any] = {"type": "string"}
_ID: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 64}
_FEN: dict[str, Any] = {"type": "integer", "description": "money in fen"}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_SECONDS: dict[str, Any] = {"type": "number", "description": "seconds"}
_YES: dict[str, Any] = {"type": "boolean"}


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
    "Wish": _object(
        ("amount_fen",),
        operation={"type": "string", "enum": list(OPERATIONS)},
        item=_ID,
        amount_fen={
            "type": ["integer", "null"],
            "description": f"fen of a recharge, {RECHARGE_FEN.start} to {RECHARGE_FEN.stop - 1}",
        },
    ),
    "Order": _object(
        ("expires_s",),
        order=_COUNT,
        state={"type": "string", "enum": ["done", "pending", "cancelled", "expired"]},
        expires_s=_SECONDS,
    ),
    "Numbers": _object(numbers=_list(_TEXT)),
    "Reservation": _object(expires_s=_SECONDS),
    "VisitWish": _object(("balk_wait_s",), site=_COUNT, patience_s=_SECONDS, balk_wait_s=_SECONDS),
    "Visit": _object(visit=_TEXT, waited_s=_SECONDS),
    "Patience": _object(patience_s=_SECONDS),
    "Waited": _object(waited_s=_SECONDS),
    "Message": _object(
        ("callback",), msisdn=_ID, text={"type": "string", "maxLength": 500}, id=_ID, callback=_TEXT
    ),
    "Accepted": _object(accepted=_YES),
    "Answers": _object(answers=_list(_ANSWER)),
    "Health": _object(
        status=_TEXT, model=_TEXT, channels=_list(_TEXT), subscribers=_COUNT, seed=_COUNT, version=_TEXT
    ),
    "Play": _object(starts_in_s=_SECONDS),
    "Ledger": _object(
        balance_fen_total=_FEN, issued_fen=_FEN, taken_fen=_FEN, conserved=_YES, numbers_sold=_COUNT
    ),
    "Counts": {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": _COUNT}},
    "Document": {"type": "object"},
}
