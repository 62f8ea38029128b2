"""What an answer of somebody's own service means: right, or an outcome of theirs; never right by default."""

from collections.abc import Iterable
from typing import Any

from footfall.load.endpoints.look import ABSENT, is_same, look
from footfall.load.endpoints.spec import Call, Endpoints, Step, Success
from footfall.load.errands.answers import SERVED, UNEXPECTED, Answer, Ending, ending_of
from footfall.load.errands.hidden import cleaned, shown_code
from footfall.records.connections import GENERATORS_OWN
from footfall.records.outcomes import Outcome

_OK = range(200, 300)
_CODE_MOST = 400


def ending_at(endpoints: Endpoints, call: Call, answer: Answer, hidden: Iterable[str] = ()) -> Ending:
    """Give `SERVED` for the right answer, with all in it that is to be saved; else outcome and cause.

    `hidden` texts, secrets that the service may repeat, are in no cause.
    """
    if answer.problem or not is_right(call.success or endpoints.success, answer):
        return _as_mapped(endpoints, answer, hidden)
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


def code_of(endpoints: Endpoints, answer: Answer) -> str:
    """Give the code by which the answer says what is wrong, as it stands there; empty when it does not."""
    found = look(answer.document, endpoints.code)
    if isinstance(found, bool) or not isinstance(found, str | int):
        return ""
    return str(found)[:_CODE_MOST]


def _as_mapped(endpoints: Endpoints, answer: Answer, hidden: Iterable[str]) -> Ending:
    """Give outcome and cause: of the file's `outcomes` by code, then by status; else as is usual."""
    code = answer.problem or code_of(endpoints, answer)
    shown = answer.problem or _shown(endpoints, code, hidden)
    cause = shown or (UNEXPECTED if answer.status in _OK else f"http_{answer.status}")
    if code not in GENERATORS_OWN:
        for key, outcome in endpoints.outcomes.items():
            if code and _is_named(key, code):
                return outcome, cause
        if str(answer.status) in endpoints.outcomes:
            return endpoints.outcomes[str(answer.status)], cause
    return ending_of(Answer(answer.status, {"code": code}, answer.problem))[0], cause


def _shown(endpoints: Endpoints, code: str, hidden: Iterable[str]) -> str:
    """Give a code as a cause: what the file names itself, and of all else what gives no secret away."""
    if any(_is_named(key, code) for key in endpoints.outcomes):
        return cleaned(code)
    return shown_code(code, hidden)


def _is_named(key: str, code: str) -> bool:
    return code == key or (cleaned(code) == cleaned(key) != "")


def _stands(found: Any) -> bool:  # noqa: ANN401  JSON
    return found is not ABSENT and found is not None and found not in ("", [], {})
