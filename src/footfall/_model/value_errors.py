"""What is wrong with a part of a model, in words and with the line of the user's own file."""

import sys
from difflib import get_close_matches
from pathlib import Path
from types import FrameType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError
from pydantic_core import ErrorDetails

from footfall._records.errors import BadInputError

_KIT = str(Path(__file__).parents[1])
_LIMITS = {
    "greater_than": ("is not above {gt:g}", "a number above {gt:g}"),
    "greater_than_equal": ("is below {ge:g}", "{ge:g} or more"),
    "less_than": ("is not below {lt:g}", "a number below {lt:g}"),
    "less_than_equal": ("is above {le:g}", "{le:g} or less"),
}
_SHOWN_MOST = 60


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
        """Say what is wrong and what was expected; `{name}` in it stands for the field's name."""
        super().__init__(f"{problem}; expected {expected}" if expected else problem)
        self.problem = problem
        self.expected = expected


class Meaning:
    """What a field holds, in words for an error; a marker within `Annotated`."""

    def __init__(self, text: str) -> None:
        """`{name}` in the text stands for the field's name."""
        self.text = text


def in_words(error: ValidationError, spec: type[BaseModel], where: str = "") -> BadModelError:
    """Give the first problem of a failed check of a spec as one line."""
    detail = error.errors(include_url=False)[0]
    path, meaning, owner = _place(spec, detail["loc"])
    problem, expected = _described(detail, owner, meaning)
    name = path.rpartition(".")[2].partition("[")[0].replace("_", " ")
    place = f"{spec.__name__} {path}".rstrip()
    return BadModelError(where, place, problem, expected.replace("{name}", name))


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


def _described(detail: ErrorDetails, owner: type[BaseModel], meaning: str) -> tuple[str, str]:
    """Give what is wrong, and what was expected."""
    kind, context = detail["type"], detail.get("ctx", {})
    value, cause = _shown(detail["input"]), context.get("error")
    if isinstance(cause, WrongValueError):
        return cause.problem, meaning or cause.expected
    if kind == "value_error":
        return str(cause), ""
    if kind in _LIMITS:
        problem, expected = (text.format(**context) for text in _LIMITS[kind])
        return f"{value} {problem}", meaning or expected
    known = {
        "missing": ("is missing", meaning or "a value"),
        "extra_forbidden": ("is not one of its fields", _close(owner, detail["loc"])),
        "literal_error": (f"{value} is not one of its words", str(context.get("expected"))),
        "enum": (f"{value} is not one of its words", str(context.get("expected"))),
    }
    found = meaning or _lower(detail["msg"].removeprefix("Input should be "))
    return known.get(kind, (f"{value} is of another kind", found))


def _close(owner: type[BaseModel], loc: tuple[int | str, ...]) -> str:
    """Give the field that an unknown one may have meant, else all."""
    known = list(owner.model_fields)
    close = get_close_matches(str(loc[-1]) if loc else "", known, n=1, cutoff=0.5)
    return close[0] if close else " or ".join(known)


def _place(spec: type[BaseModel], loc: tuple[int | str, ...]) -> tuple[str, str, type[BaseModel]]:
    """Give the path to a value as a user writes it, what its field holds, and the part that it belongs to."""
    path, meaning, owner = "", "", spec
    kind: Any = spec
    for step in loc:
        members = get_args(kind) if get_origin(kind) in {Union, UnionType} else ()
        if members:
            kind, meaning = _stripped(next((m for m in members if step in _tags(m)), Any), meaning)
            continue
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            owner = kind
        if owner is kind and step in owner.model_fields:
            field = owner.model_fields[str(step)]
            kind, meaning = _stripped(field.annotation, _meaning(field.metadata))
        else:  # a dictionary's values come last, a tuple's items first
            inside = get_args(kind)
            kind, meaning = _stripped(inside[-1 if get_origin(kind) is dict else 0] if inside else Any, "")
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    return path.removeprefix("."), meaning, owner


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


def _shown(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= _SHOWN_MOST else f"{text[:_SHOWN_MOST]}…"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
