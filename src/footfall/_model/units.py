"""Units, so that a model says `minutes(6)` and `per_hour(20)`; each gives seconds, or a rate per second."""

import re
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, overload

from footfall._model.durations import NEVER
from footfall._model.numbers import (
    DAY_S,
    HOUR_S,
    Grade,
    Number,
    PartT,
    Profile,
    default,
    grade_of,
    number_of,
    sourced,
    text_of,
)
from footfall._model.profiles import Daily, by_hour, minute_of_day
from footfall._model.value_errors import BadModelError, WrongValueError, user_line
from footfall._records.errors import shown

never = NEVER
"""A time that does not end: `patience=never`."""
unlimited = default(float("inf"))
"""A number without a bound: `room=unlimited`."""
_MINUTE_S = 60.0
_RATE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(?:/|per\b|an?\b)\s*(s|second|min|minute|h|hour|d|day)")
_EVERY_S = {"s": 1.0, "m": _MINUTE_S, "h": HOUR_S, "d": DAY_S}


class Rate(Number):
    """A number per second, which knows how many that is in a day."""

    count: float
    every_s: float

    @property
    def per_day(self) -> float:
        """How many that is in a day."""
        return self.count * (DAY_S / self.every_s)


class RateProfile(Profile):
    """How many come in each part of the day; its values are for every `every_s` seconds."""

    every_s: float

    @property
    def per_day(self) -> float:
        """How many that is in a day."""
        return sum(self.values) * (self.interval_s / self.every_s)


def seconds(value: float) -> Number:
    """Return seconds as seconds; grade and source stay.

    Raises:
        BadModelError: it is not a number.

    Example:
        >>> seconds(90)
        90.0
    """
    return _times(value, 1.0, "seconds")


def minutes(value: float) -> Number:
    """Return minutes as seconds; grade and source stay.

    Raises:
        BadModelError: it is not a number.

    Example:
        >>> minutes(6)
        360.0
    """
    return _times(value, _MINUTE_S, "minutes")


def hours(value: float) -> Number:
    """Return hours as seconds; grade and source stay.

    Raises:
        BadModelError: it is not a number.

    Example:
        >>> hours(1.5)
        5400.0
    """
    return _times(value, HOUR_S, "hours")


@overload
def per_second(count: float) -> Rate: ...
@overload
def per_second(count: Profile | Mapping[Any, float] | Sequence[float]) -> RateProfile: ...
def per_second(count: Daily) -> Rate | RateProfile:
    """Return a number per second as a rate; by hours of the day, as a rate that varies over it.

    Raises:
        BadModelError: it is neither a number nor a day of them.

    Example:
        >>> per_second(100)
        100.0
    """
    return _rate(count, 1.0, "per_second")


@overload
def per_minute(count: float) -> Rate: ...
@overload
def per_minute(count: Profile | Mapping[Any, float] | Sequence[float]) -> RateProfile: ...
def per_minute(count: Daily) -> Rate | RateProfile:
    """Return a number per minute as a rate; by hours of the day, as a rate that varies over it.

    Raises:
        BadModelError: it is neither a number nor a day of them.

    Example:
        >>> per_minute(30)
        0.5
    """
    return _rate(count, _MINUTE_S, "per_minute")


@overload
def per_hour(count: float) -> Rate: ...
@overload
def per_hour(count: Profile | Mapping[Any, float] | Sequence[float]) -> RateProfile: ...
def per_hour(count: Daily) -> Rate | RateProfile:
    """Return a number per hour as a rate; by hours of the day, as a rate that varies over it.

    Raises:
        BadModelError: it is neither a number nor a day of them.

    Example:
        >>> per_hour({9: 20, 17: 0}).per_day
        160.0
    """
    return _rate(count, HOUR_S, "per_hour")


@overload
def per_day(count: float) -> Rate: ...
@overload
def per_day(count: Profile | Mapping[Any, float] | Sequence[float]) -> RateProfile: ...
def per_day(count: Daily) -> Rate | RateProfile:
    """Return a number per day as a rate; by hours of the day, as a rate that varies over it.

    Raises:
        BadModelError: it is neither a number nor a day of them.

    Example:
        >>> per_day(480).per_day
        480.0
    """
    return _rate(count, DAY_S, "per_day")


def percent(value: float) -> Number:
    """Return a percentage as a share, 0 to 1; grade and source stay.

    Raises:
        BadModelError: it is not a number.

    Example:
        >>> percent(97.8)
        0.978
    """
    number = _number(value, "percent")
    return Number(number / 100, number.grade, number.source)


def points(value: float) -> Number:
    """Return percentage points as a difference of shares; grade and source stay.

    Raises:
        BadModelError: it is not a number.

    Example:
        >>> points(6)
        0.06
    """
    number = _number(value, "points")
    return Number(number / 100, number.grade, number.source)


class Source:
    """Where numbers come from: call it with a number, and what in the source says so."""

    def __init__(self, grade: Grade, text: str) -> None:
        """Name the source."""
        self.grade = grade
        self.text = text

    @overload
    def __call__(self, value: float | str, note: str = ...) -> Number: ...
    @overload
    def __call__(self, value: Mapping[float, float] | Sequence[float], note: str = ...) -> Profile: ...
    @overload
    def __call__(self, value: Mapping[str, float | str], note: str = ...) -> dict[str, Number]: ...
    @overload
    def __call__(self, value: PartT, note: str = ...) -> PartT: ...
    def __call__(self, value: Any, note: str = "") -> Any:
        """Return a number, a day of them, or the numbers of a part of a model, with this source.

        Raises:
            BadModelError: it is none of these.
        """
        try:
            combined = "; ".join(text for text in (text_of(note), self.text) if text)
        except WrongValueError as error:
            raise BadModelError(user_line(), "a note", error.problem, error.expected) from None
        if isinstance(value, Profile):
            return value.model_copy(update={"grade": self.grade, "source": combined})
        is_day = (
            all(minute_of_day(at) is not None for at in value)
            if isinstance(value, Mapping)
            else isinstance(value, list | tuple) and all(isinstance(each, Real) for each in value)
        )
        return by_hour(value, combined, self.grade) if is_day else sourced(value, self.grade, combined)


def source(grade: str, text: str = "") -> Source:
    """Return a source, to be called with each number that it has.

    Grades: "A" stated in the source article, "B" a public figure, "C" our assumption, "fit" fitted to
    records.

    Raises:
        BadModelError: there is no such grade.

    Example:
        >>> yearbook = source("B", "statistical yearbook 2011")
        >>> yearbook(20, "p. 212").source
        'p. 212; statistical yearbook 2011'
    """
    try:
        return Source(grade_of(grade), text_of(text))
    except WrongValueError as error:
        raise BadModelError(user_line(), "source", error.problem, error.expected) from None


def rate_of(value: object) -> Rate | RateProfile:
    """Return what a model says of its arrivals as a rate; a text such as "20 per hour" is one.

    Raises:
        WrongValueError: it has no unit, or is no rate.
    """
    if isinstance(value, Rate | RateProfile):
        return value
    if isinstance(value, str) and (read := _RATE.fullmatch(value.strip())):
        return _rate(float(read[1]), _EVERY_S[read[2][0]], "arrivals")
    problem = f"{shown(value)} {'is not a rate' if isinstance(value, str) else 'has no unit'}"
    raise WrongValueError(problem, "a rate, such as per_hour(20) or per_hour({9: 20, 17: 0})")


@overload
def _rate(count: float, every_s: float, name: str) -> Rate: ...
@overload
def _rate(count: Daily, every_s: float, name: str) -> Rate | RateProfile: ...
def _rate(count: Daily, every_s: float, name: str) -> Rate | RateProfile:
    if isinstance(count, Mapping | list | tuple):
        count = by_hour(count)
    if isinstance(count, Profile):
        return RateProfile(values=count.values, grade=count.grade, source=count.source, every_s=every_s)
    number = _number(count, name)
    rate = Rate(number / every_s, number.grade, number.source)
    rate.count, rate.every_s = float(number), every_s
    return rate


def _times(value: float, factor: float, name: str) -> Number:
    number = _number(value, name)
    return Number(number * factor, number.grade, number.source)


def _number(value: object, name: str) -> Number:
    try:
        return number_of(value)
    except WrongValueError as error:
        raise BadModelError(user_line(), name, error.problem, error.expected) from None
