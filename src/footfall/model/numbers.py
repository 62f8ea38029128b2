"""What every spec has: frozen values that check themselves, and numbers with grade and source."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from math import inf
from typing import Annotated, Any, Self

from annotated_types import Ge, Gt, Le, MultipleOf
from pydantic import AfterValidator, BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

# ── Numbers that know where they come from


class Grade(StrEnum):
    """How far a number can be trusted."""

    ARTICLE = "A"
    """Stated in the source article."""
    PUBLIC = "B"
    """A public figure."""
    ASSUMED = "C"
    """Our assumption: to be measured, and varied in a sensitivity run."""
    FITTED = "fit"
    """Fitted to somebody's own records, which the source names."""
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
        """Accept only a Number: every number of a model says where it comes from."""
        return core_schema.no_info_plain_validator_function(
            _must_be_sourced,
            serialization=core_schema.plain_serializer_function_ser_schema(float),
        )


def article(value: float, source: str) -> Number:
    """Give a number that the source article states."""
    return Number(value, Grade.ARTICLE, source)


def public(value: float, source: str) -> Number:
    """Give a public figure, with where it was published."""
    return Number(value, Grade.PUBLIC, source)


def assumed(value: float, source: str) -> Number:
    """Give an assumption of ours, with the reason for it."""
    return Number(value, Grade.ASSUMED, source)


def fitted(value: float, source: str) -> Number:
    """Give a number fitted to records, with the records and how many there are."""
    return Number(value, Grade.FITTED, source)


Share = Annotated[Number, Ge(0), Le(1)]
Positive = Annotated[Number, Gt(0)]
NonNegative = Annotated[Number, Ge(0)]
Count = Annotated[Number, Ge(0), MultipleOf(1)]
CountFromOne = Annotated[Number, Ge(1), MultipleOf(1)]


def _must_be_sourced(value: object) -> Number:
    if not isinstance(value, Number):
        msg = f"{value!r} has no source: write assumed({value!r}, 'why'), public(…) or article(…)"
        raise ValueError(msg)  # noqa: TRY004  pydantic turns a ValueError into a named error
    return value


# ── What every spec has: frozen, no unknown keys, errors that name the key

HALF_HOURS = 48
HALF_HOUR_S = 1800.0
HOUR_S = 3600.0
DAY_S = 86_400.0
INTERVALS_OF_A_DAY = (HALF_HOURS, 96, 288, 1440)
"""How many values a day profile may have: one every 30, 15, 5 minutes or every minute."""


class Spec(BaseModel):
    """Frozen data that checks itself and does nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=False)


class Profile(Spec):
    """One number for each interval of a day (48, 96, 288 or 1440), with one grade and source."""

    values: tuple[float, ...]
    grade: Grade
    source: str

    def at(self, at_s: float) -> float:
        """Value in force at a second of the day; the day repeats."""
        count = len(self.values)
        return self.values[int(at_s // (DAY_S / count)) % count]

    @property
    def interval_s(self) -> float:
        """Seconds for which each value holds."""
        return DAY_S / len(self.values)

    def by_half_hour(self) -> tuple[float, ...]:
        """Give the mean of the values in each half hour (48)."""
        parts = len(self.values) // HALF_HOURS
        if parts == 1:
            return self.values
        return tuple(sum(self.values[k : k + parts]) / parts for k in range(0, len(self.values), parts))


class Curve(Spec):
    """A cumulated distribution as it was measured, with one grade and source."""

    seconds: tuple[float, ...]
    shares: tuple[float, ...]
    """Share of times that are no longer than each of the seconds."""
    grade: Grade
    source: str

    def times(self, factor: float) -> "Curve":
        """Give the curve with every second multiplied by a factor."""
        seconds = tuple(second * factor for second in self.seconds)
        return self.model_copy(update={"seconds": seconds, "source": f"{self.source} (times {factor:g})"})


def profile(values: list[float], grade: Grade, source: str) -> Profile:
    """Give a profile from 24 hourly values, or from one value every 30, 15, 5 minutes or every minute.

    Raises:
        ValueError: another count of values, or one that is negative, infinite or not a number.
    """
    if len(values) == HALF_HOURS // 2:
        values = [value for value in values for _ in range(2)]
    _check_values(values, "24 or ")
    return Profile(values=tuple(map(float, values)), grade=grade, source=source)


def constant(value: float, grade: Grade, source: str) -> Profile:
    """Give a profile that is the same all day."""
    return profile([value] * HALF_HOURS, grade, source)


def _is_a_profile(value: Profile) -> Profile:
    _check_values(value.values)
    return value


def _check_values(values: Sequence[float], hourly: str = "") -> None:
    if len(values) not in INTERVALS_OF_A_DAY:
        counts = ", ".join(str(count) for count in INTERVALS_OF_A_DAY)
        msg = f"{hourly}{counts} values (one every 30, 15, 5 minutes or every minute), not {len(values)}"
        raise ValueError(msg)
    if not all(0 <= value < inf for value in values):
        msg = "finite values, none negative"
        raise ValueError(msg)


DayProfile = Annotated[Profile, AfterValidator(_is_a_profile)]


def leaves(spec: Any, path: str = "") -> Iterator[tuple[str, Number | Profile | Curve]]:  # noqa: ANN401  any part of a spec
    """Every number of a spec with its dotted path; items of a tuple go by their `name`."""
    if isinstance(spec, Number | Profile | Curve):
        yield path, spec
    elif isinstance(spec, BaseModel):
        for name in type(spec).model_fields:
            yield from leaves(getattr(spec, name), _join(path, name))
    elif isinstance(spec, dict):
        for key, value in spec.items():
            yield from leaves(value, _join(path, str(key)))
    elif isinstance(spec, tuple):
        for position, value in enumerate(spec):
            yield from leaves(value, _join(path, str(getattr(value, "name", position))))


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
