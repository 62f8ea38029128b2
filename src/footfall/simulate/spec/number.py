"""Numbers that know where they come from."""

from enum import StrEnum
from typing import Annotated, Any, Self

from annotated_types import Ge, Gt, Le, MultipleOf
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


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
