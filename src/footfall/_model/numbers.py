"""What every spec has: frozen values that check themselves, and numbers with grade and source."""

import re
from collections.abc import Iterator, Mapping
from copy import copy
from enum import StrEnum
from math import inf
from numbers import Real
from typing import Annotated, Any, ClassVar, Self, TypeVar, overload

from annotated_types import Ge, Gt, Le
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    Strict,
    ValidationError,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from footfall._model.value_errors import BadModelError, Meaning, WrongValueError, in_words, user_line
from footfall._records.errors import NUMBER_MOST, BadInputError, seconds_in, shown

# ── Numbers that know where they come from

UNSOURCED = "not sourced"
"""Source of a number that was given without one."""
DEFAULT = "default"
"""Source of a number that was not given at all."""
_PERCENT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*%")
PartT = TypeVar("PartT")
NumberT = TypeVar("NumberT", bound="Number")


class Grade(StrEnum):
    """How far a number can be trusted."""

    ARTICLE = "A"
    """Stated in the source article."""
    PUBLIC = "B"
    """A public figure."""
    ASSUMED = "C"
    """Our assumption: to be measured, and varied in a sensitivity run."""
    FITTED = "fit"
    """Fitted to a user's own records, which the source names."""
    SET = "set"
    """Given by the user for this run."""


class Number(float):
    """A float with the grade and the source of its value."""

    grade: Grade
    source: str

    def __new__(cls, value: float, grade: Grade, source: str) -> Self:
        """Make one; arithmetic on it gives plain floats."""
        number = super().__new__(cls, value)
        number.grade = grade
        number.source = source
        return number

    def __getnewargs__(self) -> tuple[float, Grade, str]:  # type: ignore[override]  # float's own has one
        """Let a Number be copied and sent to another process."""
        return float(self), self.grade, self.source

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401  signature of pydantic
        """Accept a Number, and a plain number as one without a source."""
        return core_schema.no_info_plain_validator_function(
            number_of,
            serialization=core_schema.plain_serializer_function_ser_schema(float),
        )


@overload
def article(value: NumberT, source: str) -> NumberT: ...
@overload
def article(value: float | str, source: str) -> Number: ...
@overload
def article(value: Mapping[str, float | str], source: str) -> dict[str, Number]: ...
@overload
def article(value: PartT, source: str) -> PartT: ...
def article(value: Any, source: str) -> Any:
    """Return a number that the source article states; of a part of a model, its numbers without a source.

    Raises:
        BadModelError: it is not a number.

    Example:
        >>> article(0.978, "web query success, page 4").grade.value
        'A'
    """
    return sourced(value, Grade.ARTICLE, source)


@overload
def public(value: NumberT, source: str) -> NumberT: ...
@overload
def public(value: float | str, source: str) -> Number: ...
@overload
def public(value: Mapping[str, float | str], source: str) -> dict[str, Number]: ...
@overload
def public(value: PartT, source: str) -> PartT: ...
def public(value: Any, source: str) -> Any:
    """Return a public figure, with where it was published; of a part of a model, as `assumed` does.

    Raises:
        BadModelError: it is not a number.

    Example:
        >>> public(20, "statistical yearbook 2011, p. 212").source
        'statistical yearbook 2011, p. 212'
    """
    return sourced(value, Grade.PUBLIC, source)


@overload
def assumed(value: NumberT, source: str) -> NumberT: ...
@overload
def assumed(value: float | str, source: str) -> Number: ...
@overload
def assumed(value: Mapping[str, float | str], source: str) -> dict[str, Number]: ...
@overload
def assumed(value: PartT, source: str) -> PartT: ...
def assumed(value: Any, source: str) -> Any:
    """Return an assumption of ours, with the reason for it.

    Of a part of a model, or a tuple or dictionary of them, each number without a source has this one.

    Raises:
        BadModelError: it is not a number.

    Example:
        >>> assumed(3, "counted on a visit")
        3.0
        >>> assumed("2 min", "a caller's own words")
        120.0
        >>> assumed(exponential("6 min"), "timed, n = 40").mean_s.source
        'timed, n = 40'
    """
    return sourced(value, Grade.ASSUMED, source)


@overload
def fitted(value: NumberT, source: str) -> NumberT: ...
@overload
def fitted(value: float | str, source: str) -> Number: ...
@overload
def fitted(value: Mapping[str, float | str], source: str) -> dict[str, Number]: ...
@overload
def fitted(value: PartT, source: str) -> PartT: ...
def fitted(value: Any, source: str) -> Any:
    """Return a number fitted to records, with the records and how many; parts of models as `assumed` does.

    Raises:
        BadModelError: it is not a number.

    Example:
        >>> fitted(4.2, "calls.csv, n = 1,200").grade.value
        'fit'
    """
    return sourced(value, Grade.FITTED, source)


def sourced(value: Any, grade: Grade, source: str) -> Any:  # noqa: ANN401  as given
    """Return a number with its source, or a part of a model in which each number without one has this source.

    Raises:
        BadModelError: it is neither.
    """
    try:
        text_of(source)
        if isinstance(value, BaseModel | Mapping | list | tuple):
            return _with_source(value, grade, source)
        return _of_source(number_of(as_share(as_time(value))), grade, source)
    except WrongValueError as error:
        expected = f'{error.expected}, a text such as "2 min" or "30%", or a part of a model'
        raise BadModelError(user_line(), "a number with a source", error.problem, expected) from None


def _with_source(part: Any, grade: Grade, source: str, *, as_given: bool = True) -> Any:  # noqa: ANN401  any part of a model
    """Return a part of a model, or some of them, with this source where a number has none."""
    if as_given and isinstance(part, float | int | str) and not isinstance(part, Number | bool):
        read = as_share(as_time(part))
        part = read if isinstance(read, str) else number_of(read)
    if isinstance(part, Number | Profile | Curve):
        return _of_source(part, grade, source) if part.source == UNSOURCED else part
    if isinstance(part, BaseModel):
        given = {name: getattr(part, name) for name in part.model_fields_set}
        return part.model_copy(update=_with_source(given, grade, source, as_given=False))
    if isinstance(part, Mapping):
        return {name: _with_source(value, grade, source, as_given=as_given) for name, value in part.items()}
    if isinstance(part, list | tuple):
        several = [_with_source(value, grade, source, as_given=as_given) for value in part]
        return several if isinstance(part, list) else tuple(several)
    return part


def _of_source(number: Any, grade: Grade, source: str) -> Any:  # noqa: ANN401  a Number, Profile or Curve
    if isinstance(number, BaseModel):
        return number.model_copy(update={"grade": grade, "source": source})
    found = copy(number)  # a rate stays one
    found.grade, found.source = grade, source
    return found


def default(value: float) -> Number:
    """Return the value of a field that a model leaves out."""
    return Number(value, Grade.ASSUMED, DEFAULT)


def number_of(value: object) -> Number:
    """Return a value as a Number: a plain number has no source; `{value, grade, source}` is its plain form.

    Raises:
        WrongValueError: it is no number.
    """
    if isinstance(value, Number):
        return value
    if isinstance(value, dict) and "value" in value and value.keys() <= {"value", "grade", "source"}:
        plain = number_of(value["value"])
        grade = grade_of(value.get("grade", Grade.ASSUMED))
        return Number(float(plain), grade, text_of(value.get("source", UNSOURCED)))
    if type(value) is bool or not isinstance(value, Real) or value != value:  # noqa: PLR0124  nan is no number
        raise WrongValueError(f"{shown(value)} is not a number", "a number")
    try:
        found = float(value)
    except OverflowError:
        found = NUMBER_MOST * 10
    if NUMBER_MOST < abs(found) < inf:
        raise WrongValueError(f"{shown(value)} is too large", f"a number up to {NUMBER_MOST:g}")
    return Number(found, Grade.ASSUMED, UNSOURCED)


def text_of(source: object) -> str:
    """Give the text that names a source.

    Raises:
        WrongValueError: it is none.
    """
    if not isinstance(source, str):
        raise WrongValueError(f"{shown(source)} is not a source", 'a text such as "yearbook 2011, page 4"')
    return source


def grade_of(grade: object) -> Grade:
    """Give a grade by its letter.

    Raises:
        WrongValueError: there is none of that letter.
    """
    if not isinstance(grade, str) or grade not in set(Grade):
        raise WrongValueError(f"{shown(grade)} is not a grade", " or ".join(Grade))
    return Grade(grade)


def as_time(value: object) -> object:
    """Read a text such as "90s" or "never" as seconds, and leave all else as it is."""
    if not isinstance(value, str):
        return value
    read = float("inf") if value == "never" else seconds_in(value)
    return value if read is None else Number(read, Grade.ASSUMED, UNSOURCED)


def as_share(value: object) -> object:
    """Read a text such as "30%" as a share, and leave all else as it is."""
    read = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    return Number(float(read[1]) / 100, Grade.ASSUMED, UNSOURCED) if read else value


def _of_count(value: object) -> object:
    return Number(float("inf"), Grade.ASSUMED, UNSOURCED) if value == "unlimited" else value


def _is_name(value: str) -> str:
    if not value.strip() or not value.isprintable() or len(value) > _NAME_MOST:
        raise WrongValueError(f"{shown(value)} is not a name", f"one line of 1 to {_NAME_MOST} characters")
    return value


def _is_finite(value: Number) -> Number:
    if abs(value) == float("inf"):
        raise WrongValueError(f"{value:g} is not a finite number", "a number")
    return value


def _is_whole(value: Number) -> Number:
    if value % 1 or value == float("inf"):
        raise WrongValueError(f"{value:g} is not a whole number", "a whole number")
    return value


def _is_whole_or_unlimited(value: Number) -> Number:
    return value if value == float("inf") else _is_whole(value)


_NAME_MOST = 200
Name = Annotated[str, Strict(), AfterValidator(_is_name), Meaning('a name, such as "web"')]
_Whole = AfterValidator(_is_whole)
Finite = Annotated[Number, AfterValidator(_is_finite)]
Share = Annotated[
    Number,
    BeforeValidator(as_share),
    Ge(0),
    Le(1),
    Meaning("a share from 0 to 1, such as 0.3 or percent(30)"),
]
Positive = Annotated[Finite, Gt(0), Meaning("a number above 0")]
NonNegative = Annotated[Finite, Ge(0), Meaning("a number, 0 or more")]
Count = Annotated[Number, Ge(0), _Whole, Meaning("a whole number, such as 3")]
CountFromOne = Annotated[Number, Ge(1), _Whole, Meaning("a whole number from 1 on, such as 3")]
Room = Annotated[
    Number,
    BeforeValidator(_of_count),
    Ge(0),
    AfterValidator(_is_whole_or_unlimited),
    Meaning("a whole number, such as 3, or unlimited"),
]
"""How many there is room for."""
_TIME = Meaning('a time, such as seconds(90), minutes(2) or "90s"')
Seconds = Annotated[Finite, BeforeValidator(as_time), Ge(0), _TIME]
SecondsOrNever = Annotated[Number, BeforeValidator(as_time), Ge(0), _TIME]
SecondsAboveZero = Annotated[Finite, BeforeValidator(as_time), Gt(0), _TIME]
Deadline = Annotated[Number, BeforeValidator(as_time), Gt(0), _TIME]
"""A time above 0, or never."""


def whole(value: float) -> int:
    """Return a count as an integer; one that is unlimited as more than ever come."""
    return UNLIMITED if value == float("inf") else int(value)


UNLIMITED = 2**62


# ── What every spec has: frozen, no unknown fields, errors in words; and the numbers of a whole day

HALF_HOURS = 48
HALF_HOUR_S = 1800.0
HOUR_S = 3600.0
DAY_S = 86_400.0
INTERVALS_OF_A_DAY = (HALF_HOURS, 96, 288, 1440)
"""How many values a day profile may have: one every 30, 15, 5 minutes or every minute."""


UNITS = ("_s_mean", "_per_s", "_s", "_yuan_mean", "_yuan")
"""Endings of a field's name that may be left out: `deadline=seconds(5)` is `deadline_s`."""
T = TypeVar("T")


class Spec(BaseModel):
    """Frozen data that checks itself and does nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=False)
    heads: ClassVar[tuple[str, ...]] = ()
    """Fields that may be given without their names, in this order."""
    written_as: ClassVar[str] = ""
    """How it is written, in words for an error; empty: as a call of its class."""

    def __init__(self, *head: Any, **fields: Any) -> None:  # noqa: ANN401  the fields check themselves
        """Check the fields.

        Raises:
            BadModelError: a field is missing, unknown, or cannot be what it was given as.
        """
        if len(head) > len(self.heads):
            names = ", ".join(self.heads) or "none"
            problem = f"{len(head)} values without a name"
            raise BadModelError(
                user_line(), type(self).__name__, problem, f"names of fields but for: {names}"
            )
        try:
            super().__init__(**dict(zip(self.heads, head, strict=False)), **fields)
        except ValidationError as error:
            raise in_words(error, type(self), user_line()) from None
        except BadInputError as error:
            if isinstance(error, BadModelError) or not (where := user_line()):
                raise
            raise BadInputError(where, str(error)) from None

    # Data that is read is checked without this, and so are parts within it: their errors keep the whole path.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]  # pydantic's own mark for it

    @model_validator(mode="before")
    @classmethod
    def _names_without_units(cls, data: Any) -> Any:  # noqa: ANN401  signature of pydantic
        if not isinstance(data, dict) or data.keys() <= cls.model_fields.keys():
            return data
        return {_with_unit(name, cls): value for name, value in data.items()}


def _with_unit(name: object, spec: type[BaseModel]) -> object:
    if not isinstance(name, str) or name in spec.model_fields:
        return name
    return next((name + unit for unit in UNITS if name + unit in spec.model_fields), name)


def _as_tuple(value: object) -> object:
    return value if isinstance(value, tuple | list) else (value,)


Several = Annotated[tuple[T, ...], BeforeValidator(_as_tuple)]
"""Some of a kind; one may stand alone."""


class Profile(Spec):
    """One number for each interval of a day (48, 96, 288 or 1440), with one grade and source."""

    values: tuple[float, ...]
    grade: Grade = Grade.ASSUMED
    source: str = UNSOURCED

    def at(self, at_s: float) -> float:
        """Value in force at a second of the day; the day repeats."""
        count = len(self.values)
        return self.values[int(at_s // (DAY_S / count)) % count]

    @property
    def interval_s(self) -> float:
        """Seconds for which each value holds."""
        return DAY_S / len(self.values)

    def by_half_hour(self) -> tuple[float, ...]:
        """Return the mean of the values in each half hour (48)."""
        parts = len(self.values) // HALF_HOURS
        if parts == 1:
            return self.values
        return tuple(sum(self.values[k : k + parts]) / parts for k in range(0, len(self.values), parts))


class Curve(Spec):
    """A cumulated distribution as it was measured, with one grade and source."""

    seconds: tuple[float, ...]
    shares: tuple[float, ...]
    """Share of times that are no longer than each of the seconds."""
    grade: Grade = Grade.ASSUMED
    source: str = UNSOURCED

    def times(self, factor: float) -> "Curve":
        """Return the curve with every second multiplied by a factor."""
        seconds = tuple(second * factor for second in self.seconds)
        return self.model_copy(update={"seconds": seconds, "source": f"{self.source} (times {factor:g})"})


def leaves(spec: Any, path: str = "") -> Iterator[tuple[str, Number | Profile | Curve]]:  # noqa: ANN401  any part of a spec
    """Return every number of a spec with its dotted path; items of a tuple go by their `item_names`."""
    if isinstance(spec, Number | Profile | Curve):
        yield path, spec
    elif isinstance(spec, BaseModel):
        for name in type(spec).model_fields:
            yield from leaves(getattr(spec, name), _join(path, name))
    elif isinstance(spec, dict):
        for key, value in spec.items():
            yield from leaves(value, _join(path, str(key)))
    elif isinstance(spec, tuple):
        for name, value in zip(item_names(spec), spec, strict=True):
            yield from leaves(value, _join(path, name))


def item_names(items: tuple[Any, ...]) -> list[str]:
    """Return what the items of a tuple go by in paths: their `name`, a fault's `cause`, else their place."""
    names = [str(getattr(item, "name", getattr(item, "cause", place))) for place, item in enumerate(items)]
    is_clear = [names.count(name) == 1 and "." not in name for name in names]
    # Channels and segments have names of their own each, whatever is in them.
    return [
        name if clear or hasattr(item, "name") else str(place)
        for place, (name, clear, item) in enumerate(zip(names, is_clear, items, strict=True))
    ]


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
