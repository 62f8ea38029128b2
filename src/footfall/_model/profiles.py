"""Numbers for each part of a day: by hours, by half hours, or finer."""

import re
from collections.abc import Mapping, Sequence
from math import inf
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from footfall._model.numbers import (
    HALF_HOURS,
    INTERVALS_OF_A_DAY,
    Grade,
    Profile,
    grade_of,
    number_of,
    text_of,
)
from footfall._model.value_errors import BadModelError, Meaning, WrongValueError, user_line
from footfall._records.errors import shown

DAY_MIN = 1440
_CLOCK = re.compile(r"(\d{1,2})(?::(\d\d))?")


def profile(values: list[float], grade: Grade, source: str) -> Profile:
    """Return a profile from 24 hourly values, or from one value every 30, 15, 5 minutes or every minute.

    Raises:
        WrongValueError: another count of values, or one that is negative, infinite or not a number.
    """
    if len(values) == HALF_HOURS // 2:
        values = [value for value in values for _ in range(2)]
    _check_values(values, "24 or ")
    return Profile(values=tuple(map(float, values)), grade=grade, source=source)


def constant(value: float, grade: Grade, source: str) -> Profile:
    """Return a profile that is the same all day."""
    return profile([value] * HALF_HOURS, grade, source)


def by_hour(
    values: Mapping[Any, float] | Sequence[float], source: str = "", grade: Grade | str = Grade.ASSUMED
) -> Profile:
    """Return a day profile from what holds from each time of the day on.

    `{9: 2, "17:30": 0}` is 2 from 9:00 and 0 from 17:30 on; 9.5 is half past nine. Before the first time of
    the day the last one's value holds. A list has one value an hour, half hour, quarter, 5 minutes or minute.
    Without a source of its own it has that of the values' first; a plain number has none, and grade C.

    Raises:
        BadModelError: a time is none, a value is not a number, or a list has another length.

    Example:
        >>> by_hour({9: 2, "12:30": 3, 17: 0}).at(13 * 3600)
        3.0
    """
    try:
        return _by_hour(values, text_of(source), grade_of(grade))
    except WrongValueError as error:
        raise BadModelError(user_line(), "by_hour", error.problem, error.expected) from None


def _by_hour(values: object, source: str, grade: Grade) -> Profile:
    if isinstance(values, Mapping):
        steps = {_minute_of(at): number_of(value) for at, value in values.items()}
        numbers, found = list(steps.values()), _steps(steps)
    elif isinstance(values, Sequence) and not isinstance(values, str):
        numbers = [number_of(value) for value in values]
        found = list(map(float, numbers))
    else:
        numbers, found = [number_of(values)], [float(number_of(values))] * HALF_HOURS
    if not numbers:
        raise WrongValueError("has no hours", EXAMPLE_OF_HOURS)
    first = numbers[0]
    return profile(found, grade if source else first.grade, source or first.source)


def _steps(steps: Mapping[int, float]) -> list[float]:
    """Return the values of a day from what holds from some minutes on, at the coarsest intervals that fit."""
    ordered = sorted(steps)
    count = next((c for c in INTERVALS_OF_A_DAY if all(at % (DAY_MIN // c) == 0 for at in ordered)), DAY_MIN)
    found, held = [], float(steps[ordered[-1]]) if ordered else 0.0
    for minute in range(0, DAY_MIN, DAY_MIN // count):
        held = float(steps.get(minute, held))
        found.append(held)
    return found


def steps_of(profile: Profile) -> dict[str, float]:
    """Return a day as `by_hour` reads it: times at which another value begins to hold, with that value."""
    interval_min = DAY_MIN // len(profile.values)
    found: dict[str, float] = {}
    before = None
    for k, value in enumerate(profile.values):
        if value != before:
            found["{}:{:02}".format(*divmod(k * interval_min, 60))] = before = value
    return found


def minute_of_day(at: object) -> int | None:
    """Read a time of day: 9, 9.5, "9", "9:30"; None: it is none. 24 is the end of the day."""
    if isinstance(at, str):
        read = _CLOCK.fullmatch(at.strip())
        if read is None or int(read[2] or 0) >= 60:  # noqa: PLR2004  minutes of an hour
            return None
        minute = int(read[1]) * 60 + int(read[2] or 0)
    elif isinstance(at, int | float) and not isinstance(at, bool) and float(at * 60).is_integer():
        minute = int(at * 60)
    else:
        return None
    return minute if 0 <= minute <= DAY_MIN else None


def _minute_of(at: object) -> int:
    minute = minute_of_day(at)
    if minute is None or minute == DAY_MIN:
        raise WrongValueError(f"{shown(at)} is not a time of day", 'hours such as 9, 9.5 or "9:30"')
    return minute


EXAMPLE_OF_HOURS = "hours and what holds from each on, such as by_hour({9: 2, 17: 0})"


def _as_profile(value: object) -> object:
    """Let a number hold all day, and hours with numbers be a day."""
    if isinstance(value, Profile) or (isinstance(value, Mapping) and "values" in value):
        return value
    if isinstance(value, Mapping) and "value" in value:
        return _by_hour(number_of(value), "", Grade.ASSUMED)
    if isinstance(value, Mapping) and "by_hour" in value:
        found = _by_hour(value["by_hour"], "", Grade.ASSUMED)
        return {"values": found.values} | {key: part for key, part in value.items() if key != "by_hour"}
    return _by_hour(value, "", Grade.ASSUMED)


def _is_a_profile(value: Profile) -> Profile:
    try:
        _check_values(value.values)
    except WrongValueError as error:
        raise ValueError(str(error)) from None  # more exact than what the field means
    return value


def _check_values(values: Sequence[float], hourly: str = "") -> None:
    if len(values) not in INTERVALS_OF_A_DAY:
        counts = ", ".join(str(count) for count in INTERVALS_OF_A_DAY)
        expected = f"{hourly}{counts} values (one every 30, 15, 5 minutes or every minute)"
        raise WrongValueError(f"a day of {len(values)} values", f"{expected}, not {len(values)}")
    wrong = next((value for value in values if not 0 <= value < inf), None)
    if wrong is not None:
        raise WrongValueError(f"{shown(wrong)} in a day of values", "finite values, none negative")


Daily = float | Mapping[Any, float] | Sequence[float] | Profile
"""What a DayProfile may be given as."""
DayProfile = Annotated[
    Profile,
    BeforeValidator(_as_profile),
    AfterValidator(_is_a_profile),
    Meaning("a number of {name}, such as 3, or by_hour({9: 2, 17: 0})"),
]
"""A number for each part of the day; given as a number, as hours, as a list, or as a Profile."""
