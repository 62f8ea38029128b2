"""What is wrong with a part of a model, in words and with the line of the user's own file."""

import sys
from enum import StrEnum
from pathlib import Path
from types import FrameType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError
from pydantic_core import ErrorDetails

from footfall._records.errors import BadInputError, one_of, problem_of, requirement, shown

_KIT = str(Path(__file__).parents[1])
_LIMITS = {
    "greater_than": "is not above {gt:g}",
    "greater_than_equal": "is below {ge:g}",
    "less_than": "is not below {lt:g}",
    "less_than_equal": "is above {le:g}",
}
_STEP_MOST = 40
_OF_A_KEY = "[key]"
"""Last step of pydantic's place of an error in a key of a dictionary."""


class BadModelError(BadInputError, ValueError):
    """A part of a model cannot be what it was given as; its text is one line."""

    def __init__(self, where: str, place: str, problem: str, expected: str = "") -> None:
        """Say in which file and line, in which part of the model, what is wrong, and what was expected."""
        super().__init__(f"{where}: {place}" if where else place, problem, expected)
        self.place = place
        self.problem = problem
        self.expected = expected

    def __reduce__(self) -> tuple[Any, ...]:
        """Let it come back from another process."""
        return _again, (str(self), self.place, self.problem, self.expected)


class WrongValueError(ValueError):
    """A value does not fit a field: raised while a spec is checked, and put into words by `in_words`."""

    def __init__(self, problem: str, expected: str = "") -> None:
        """Say what is wrong and what was expected."""
        super().__init__(f"{problem}; expected {expected}" if expected else problem)
        self.problem = problem
        self.expected = expected


class Meaning:
    """What a field holds, in words for an error; a marker within `Annotated`."""

    def __init__(self, text: str) -> None:
        """` of {name}` in the text stands for the field's name, where that is a plural."""
        self.text = text


def in_words(error: ValidationError, spec: type[BaseModel], where: str = "") -> BadModelError:
    """Give the first problem of a failed check of a spec as one line."""
    detail = error.errors(include_url=False)[0]
    path, meaning, owner, kind = _place(spec, detail["loc"])
    problem, expected = _described(detail, owner, meaning, _words_of(kind) if path else "")
    name = path.rpartition(".")[2].partition("[")[0]
    of_name = f" of {name}" if name.endswith("s") and "_" not in name else ""
    place = f"{spec.__name__} {path}".rstrip()
    return BadModelError(where, place, problem, expected.replace(" of {name}", of_name))


def user_line() -> str:
    """Give file and line of the innermost code that is neither Footfall's nor pydantic's; empty: none."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  the documented way to the caller's line
    while frame is not None:
        path = frame.f_code.co_filename
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if not path.startswith(_KIT) and package not in {"pydantic", "importlib"}:
            return f"{shown_path(path)}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


def _again(text: str, place: str, problem: str, expected: str) -> BadModelError:
    error = BadModelError("", place, problem, expected)
    error.args = (text,)
    return error


def shown_path(path: str) -> str:
    """Give a file as a person knows it: from the current folder, where it is in it."""
    if path.startswith("<") or "ipykernel" in path:
        return "line"
    found = Path(path)
    return str(found.relative_to(Path.cwd())) if found.is_relative_to(Path.cwd()) else path


def _described(detail: ErrorDetails, owner: type[BaseModel], meaning: str, words: str) -> tuple[str, str]:
    """Give what is wrong, and what was expected: what the field means, else what its type holds."""
    kind, cause = detail["type"], detail.get("ctx", {}).get("error")
    if isinstance(cause, WrongValueError):
        return cause.problem, meaning or cause.expected
    if isinstance(cause, Exception):
        return problem_of(cause)
    if kind == "missing":
        return "missing", meaning or words or "a value"
    if kind == "extra_forbidden":
        return "no such field", one_of(str(detail["loc"][-1]), owner.model_fields)
    if kind in _LIMITS:
        problem = f"{shown(detail['input'])} {_LIMITS[kind].format(**detail['ctx'])}"
        return problem, meaning or requirement(detail)
    return f"{shown(detail['input'])} is not allowed here", meaning or words or requirement(detail)


def _place(spec: type[BaseModel], loc: tuple[int | str, ...]) -> tuple[str, str, type[BaseModel], Any]:
    """Give the path to a value as a user writes it, what its field means, the part it is of, and its type."""
    path, meaning, owner = "", "", spec
    kind: Any = spec
    keys: Any = str
    for step in loc:
        members = get_args(kind) if get_origin(kind) in {Union, UnionType} else ()
        if members:
            kind, meaning = _stripped(next((m for m in members if step in _tags(m)), Any), meaning)
            continue
        if step == _OF_A_KEY:
            return path.removeprefix("."), "", owner, keys
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            owner = kind
        if owner is kind and step in owner.model_fields:
            field = owner.model_fields[str(step)]
            kind, meaning = _stripped(field.annotation, _meaning(field.metadata))
        else:  # a dictionary's values come last, a tuple's items first
            inside = get_args(kind)
            keys = inside[0] if inside else str
            kind, meaning = _stripped(inside[-1 if get_origin(kind) is dict else 0] if inside else Any, "")
        path += f"[{step}]" if isinstance(step, int) else f".{' '.join(step.split())[:_STEP_MOST]}"
    return path.removeprefix("."), meaning, owner, kind


def _words_of(kind: Any) -> str:  # noqa: ANN401  a type of any form
    """Give what a type holds, in words; empty: pydantic's own kind of error says it."""
    kind, meaning = _stripped(kind, "")
    if meaning:
        return meaning
    if get_origin(kind) is dict:
        values = _words_of(get_args(kind)[-1])
        return f"a dictionary, each value {values}" if values else "a dictionary"
    if not isinstance(kind, type):
        return ""
    if issubclass(kind, BaseModel):
        return getattr(kind, "written_as", "") or f"{kind.__name__}(…) or a dictionary of its fields"
    if issubclass(kind, StrEnum):
        return " or ".join(repr(str(word)) for word in kind)
    return next((words for of, words in ((str, "a text"), (float, "a number")) if issubclass(kind, of)), "")


def _stripped(kind: Any, meaning: str) -> tuple[Any, str]:  # noqa: ANN401  a type of any form
    """Take `Annotated` and `None` off a type."""
    while True:
        if get_origin(kind) is Annotated:
            kind, *marks = get_args(kind)
            meaning = _meaning(marks) or meaning
        elif type(None) in (members := get_args(kind)) and len(members) == 2:  # noqa: PLR2004  X or None
            kind = next(member for member in members if member is not type(None))
        else:
            return kind, meaning


def _meaning(marks: Any) -> str:  # noqa: ANN401  a list of any markers
    return next((mark.text for mark in marks if isinstance(mark, Meaning)), "")


def _tags(member: Any) -> set[str]:  # noqa: ANN401  a type of any form
    """Give the names by which pydantic calls a member of a union."""
    found = {mark.tag for mark in get_args(member)[1:] if isinstance(mark, Tag)}
    kind, _ = _stripped(member, "")
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        found.add(kind.__name__)
        if "kind" in kind.model_fields:
            found.add(str(kind.model_fields["kind"].default))
    return found
