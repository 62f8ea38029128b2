"""The grammar of `--set`, `--versus` and a scenario's changes: `path[hours]=value`, read and written."""

import re
from dataclasses import dataclass
from math import isfinite

from footfall.records.errors import BadInputError
from footfall.simulate.spec.base import INTERVALS_OF_A_DAY

DAY_MIN = 1440
FORMS = "path=number, path[08:00-18:00]=number, path=[number, number, …], path*=factor"
_TEXT = re.compile(
    r"\s*(?P<path>[^\[\]=*\s][^\[\]=*]*?)\s*(\[(?P<hours>[^\]=]*)\])?\s*(?P<sign>\*?=)(?P<value>.*)",
    re.DOTALL,
)
_HOURS = re.compile(r"\s*(\d{1,2})(?::(\d\d))?\s*[-–]\s*(\d{1,2})(?::(\d\d))?\s*")


@dataclass(frozen=True, slots=True)
class Hours:
    """A part of the day, in whole minutes; one that ends before it starts goes on past midnight."""

    starts_min: int
    """0 … 1439."""
    ends_min: int
    """0 … 1440, not the start."""

    def __str__(self) -> str:
        """Give it as it is written: `08:00-18:00`."""
        return "-".join(f"{at // 60:02}:{at % 60:02}" for at in (self.starts_min, self.ends_min))

    @property
    def length_min(self) -> int:
        """Minutes from the start to the end."""
        return (self.ends_min - self.starts_min) % DAY_MIN or DAY_MIN


@dataclass(frozen=True, slots=True)
class Assignment:
    """One change of a model, as it is written."""

    path: str
    values: tuple[float, ...] | str
    """A number, several for equal parts of the hours (or of the day), or a word."""
    hours: Hours | None = None
    """None: the whole day."""
    is_factor: bool = False
    """Whether what is there is multiplied."""
    is_list: bool = False

    def __str__(self) -> str:
        """Give the text that `read_assignment` reads as this."""
        hours = f"[{self.hours}]" if self.hours else ""
        return f"{self.path}{hours}{'*=' if self.is_factor else '='}{self.value_text}"

    @property
    def value_text(self) -> str:
        """Give what stands behind the sign."""
        if isinstance(self.values, str):
            return self.values
        numbers = [repr(value).removesuffix(".0") for value in self.values]
        return f"[{','.join(numbers)}]" if self.is_list else numbers[0]


def read_assignment(text: str, *, where: str = "--set") -> Assignment:
    """Read `path=value`, `path[hours]=value`, `path=[value, …]` or `path*=factor`.

    Raises:
        BadInputError: it is of no such form; the text says what was expected.
    """
    found = _TEXT.fullmatch(text)
    if not found:
        raise BadInputError(f"{where} {text}", "not an assignment", FORMS)
    path, value = found["path"], found["value"].strip()
    hours = None if found["hours"] is None else _hours(found["hours"], f"{where} {text}")
    is_list = value.startswith("[") and value.endswith("]")
    values = _numbers(value, f"{where} {text}", is_list=is_list)
    is_factor = found["sign"] == "*="
    if isinstance(values, str) and (is_factor or hours):
        raise BadInputError(f"{where} {text}", f"{value!r} is no number", FORMS)
    return Assignment(path, values, hours, is_factor, is_list)


def new_values(old: tuple[float, ...], change: Assignment) -> tuple[float, ...]:
    """Give the values of a day profile after a change, at the coarsest intervals that can hold them.

    `old` has 48, 96, 288 or 1440 values for equal parts of a day; so has the result.

    Raises:
        ValueError: a list has as many entries as no equal parts of the hours; the text says what fits.
    """
    assert not isinstance(change.values, str)  # noqa: S101  a profile has no words
    hours = change.hours or Hours(0, DAY_MIN)
    length_min = hours.length_min
    entries = len(change.values)
    if change.is_list and entries not in (fitting := _entries(length_min)):
        msg = f"as many numbers as the hours have equal parts ({_alternatives(fitting)}), not {entries}"
        raise ValueError(msg)
    part_min = length_min // entries if change.is_list else length_min
    count = next(
        each
        for each in INTERVALS_OF_A_DAY
        if each % len(old) == 0
        and all(at % (DAY_MIN // each) == 0 for at in (hours.starts_min, hours.ends_min, part_min))
    )
    step_min = DAY_MIN // count
    found = [old[k * len(old) // count] for k in range(count)]
    for since_min in range(0, length_min, step_min):
        k = (hours.starts_min + since_min) % DAY_MIN // step_min
        value = change.values[since_min // part_min]
        found[k] = found[k] * value if change.is_factor else value
    return tuple(found)


def _entries(length_min: int) -> list[int]:
    """How many entries a list for so many minutes may have: parts of 60, 30, 15, 5 minutes or 1."""
    return [length_min // part for part in (60, 30, 15, 5, 1) if length_min % part == 0]


def _alternatives(counts: list[int]) -> str:
    *others, last = map(str, counts)
    return f"{', '.join(others)} or {last}" if others else last


def _numbers(value: str, where: str, *, is_list: bool) -> tuple[float, ...] | str:
    texts = value[1:-1].split(",") if is_list else [value]
    numbers = []
    for position, text in enumerate(texts, start=1):
        try:
            number = float(text)
        except ValueError:
            if not is_list:
                return value
            problem = f"entry {position} of the list is {text.strip()!r}"
            raise BadInputError(where, problem, "numbers with commas between them") from None
        if is_list and not isfinite(number):
            raise BadInputError(where, f"entry {position} of the list is {number:g}", "finite numbers")
        numbers.append(number)
    return tuple(numbers)


def _hours(text: str, where: str) -> Hours:
    expected = "hours of the day such as [09:00-12:00], or [22:00-06:00] past midnight"
    found = _HOURS.fullmatch(text)
    if not found:
        raise BadInputError(where, f"[{text}] are no hours", expected)
    starts, starts_min, ends, ends_min = (int(each or 0) for each in found.groups())
    if max(starts_min, ends_min) >= 60:  # noqa: PLR2004  minutes of an hour
        raise BadInputError(where, f"[{text}] has more than 59 minutes", expected)
    hours = Hours(starts * 60 + starts_min, ends * 60 + ends_min)
    if hours.starts_min >= DAY_MIN or hours.ends_min > DAY_MIN or hours.starts_min == hours.ends_min:
        raise BadInputError(where, f"[{text}] are no hours of one day", expected)
    return hours
