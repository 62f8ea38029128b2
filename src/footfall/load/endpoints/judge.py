"""What an answer of somebody's own service means: right, or an outcome of theirs; never right by default."""

import re
from collections.abc import Iterable
from typing import Any

from footfall.load.endpoints.look import ABSENT, is_same, look
from footfall.load.endpoints.spec import Call, Endpoints, Step, Success
from footfall.load.errands.answers import SERVED, UNEXPECTED, Answer, Ending, ending_of
from footfall.records.outcomes import Outcome

_OK = range(200, 300)
_CODE_MOST = 40
_NOT_IN_CODES = re.compile(r"[^A-Za-z0-9_.:-]+")


def ending_at(endpoints: Endpoints, call: Call, answer: Answer, hidden: Iterable[str] = ()) -> Ending:
    """Give `SERVED` for the right answer, with all in it that is to be saved; else outcome and cause.

    `hidden` texts, secrets that the service may repeat, are in no cause.
    """
    if answer.problem:
        return _as_mapped(endpoints, answer, answer.problem)
    if not is_right(call.success or endpoints.success, answer):
        return _as_mapped(endpoints, answer, code_of(endpoints, answer, hidden))
    for name, path in call.save.items() if isinstance(call, Step) else ():
        found = look(answer.document, path)
        if found is None or found is ABSENT:
            return Outcome.ERROR, f"no_{name}"
    return SERVED


def is_right(success: Success, answer: Answer) -> bool:
    """Whether all holds that is said of a right answer."""
    if answer.problem or answer.status not in (success.status or _OK):
        return False
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return (
        all(is_same(look(answer.document, path), wanted) for path, wanted in success.json_is.items())
        and all(_stands(look(answer.document, path)) for path in success.has)
        and all(text in answer.text for text in success.contains)
        and not any(text in answer.text for text in success.not_contains)
        and all(text in headers.get(name.lower(), "") for name, text in success.header.items())
    )


def code_of(endpoints: Endpoints, answer: Answer, hidden: Iterable[str] = ()) -> str:
    """Give the code by which the answer says what is wrong; empty when it does not.

    Only what a code is made of is kept, since it goes into tables and reports.
    """
    found = look(answer.document, endpoints.code)
    if isinstance(found, bool) or not isinstance(found, str | int):
        return ""
    code = str(found)
    for text in hidden:
        code = code.replace(text, "***") if text else code
    return _cleaned(code)


def _as_mapped(endpoints: Endpoints, answer: Answer, code: str) -> Ending:
    cause = code or (UNEXPECTED if answer.status in _OK else f"http_{answer.status}")
    mapped = {_cleaned(key): outcome for key, outcome in endpoints.outcomes.items()}
    for key in (code, str(answer.status)):
        if key in mapped:
            return mapped[key], cause
    return ending_of(Answer(answer.status, {"code": code}, answer.problem))[0], cause


def _cleaned(code: str) -> str:
    return _NOT_IN_CODES.sub("_", code)[:_CODE_MOST].strip("_")


def _stands(found: Any) -> bool:  # noqa: ANN401  JSON
    return found is not ABSENT and found is not None and found not in ("", [], {})
