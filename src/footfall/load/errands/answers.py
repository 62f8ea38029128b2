"""What an answer means for a visit: one table, and never success by default."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from footfall.load.errands.hidden import cleaned, shown_code
from footfall.records.outcomes import Outcome

Ending = tuple[Outcome, str]
"""How a visit ends, and why; the reason is empty when it is served."""
SERVED: Ending = (Outcome.SERVED, "")
UNREACHABLE = "unreachable"
CONNECTION_LOST = "connection_lost"
NO_ANSWER = "no_answer"
TOO_LONG = "answer_too_long"
HEAD_TOO_LONG = "answer_head_too_long"
CUT_SHORT = "answer_cut_short"
UNREADABLE = "unreadable_answer"
UNEXPECTED = "unexpected_answer"
UNTRUSTED = "certificate_not_trusted"
TLS_FAILED = "tls_failed"

_BY_CODE = {
    "wrong_pin": Outcome.REJECTED,
    "insufficient_funds": Outcome.REJECTED,
    "under_contract": Outcome.REJECTED,
    "unknown_item": Outcome.REJECTED,
    "unknown_command": Outcome.REJECTED,
    "number_taken": Outcome.REJECTED,
    "expired": Outcome.UNCONFIRMED,
    "nothing_pending": Outcome.UNCONFIRMED,
    "patience": Outcome.ABANDONED,
    "long_queue": Outcome.BALKED,
    "throttled": Outcome.THROTTLED,
    "no_line": Outcome.BLOCKED,
    "no_room": Outcome.BLOCKED,
    "closed": Outcome.CLOSED,
    "out_of_order": Outcome.ERROR,
    "outage": Outcome.ERROR,
    "no_visit": Outcome.ERROR,
    "no_session": Outcome.ERROR,
    "key_reused": Outcome.ERROR,
    "deadline": Outcome.TIMEOUT,
}
_BY_STATUS = {
    408: Outcome.ABANDONED,
    409: Outcome.REJECTED,
    410: Outcome.UNCONFIRMED,
    429: Outcome.THROTTLED,
    504: Outcome.TIMEOUT,
}
"""For codes that the table above does not know: causes that a model names itself."""
_SUCCESS = range(200, 300)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one request."""

    status: int
    """HTTP status; 0 when there was no answer."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """The JSON object of the body; empty when there was none."""
    problem: str = ""
    """Why there was no answer, or none that can be read; empty when there was one."""
    text: str = ""
    """The body, where the request keeps it."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """As `text`."""
    document: Any = None
    """The JSON of the body, of any kind; None when it is none. As `text`."""

    @property
    def code(self) -> str:
        """The code that the answer names, as it stands there; empty if it names none."""
        code = self.data.get("code", "")
        return code if isinstance(code, str) else ""


def ending_of(answer: Answer, hidden: Iterable[str] = ()) -> Ending:
    """How a visit ends with an answer other than the one that was asked for; never `served`.

    `hidden` texts, secrets that the service may repeat, are in no cause.
    """
    if answer.problem:
        return Outcome.TIMEOUT if answer.problem == NO_ANSWER else Outcome.ERROR, answer.problem
    if answer.status in _SUCCESS:
        return Outcome.ERROR, UNEXPECTED
    if answer.code in _BY_CODE:
        return _BY_CODE[answer.code], answer.code
    cause = shown_code(answer.code, hidden) or cleaned(f"http_{answer.status}")
    return _BY_STATUS.get(answer.status, Outcome.ERROR), cause
