"""Change numbers, day profiles and words of a model: `--set path[hours]=value`, and outages of a scenario."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from footfall._model.channel import Outage
from footfall._model.model import Model
from footfall._model.numbers import (
    INTERVALS_OF_A_DAY,
    Curve,
    Grade,
    Number,
    Profile,
    Spec,
    item_names,
    leaves,
)
from footfall._model.station_specs import Station
from footfall._model.value_errors import BadModelError
from footfall._records.errors import NUMBER_MOST, BadInputError

# ── The grammar of `--set`, `--versus` and a scenario's changes: `path[hours]=value`, read and written

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
class ModelChange:
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


def read_assignment(text: str, *, where: str = "--set") -> ModelChange:
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
        raise BadInputError(f"{where} {text}", f"{value!r} is not a number", FORMS)
    return ModelChange(path, values, hours, is_factor, is_list)


def new_values(old: tuple[float, ...], change: ModelChange) -> tuple[float, ...]:
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
        raise BadInputError(where, f"[{text}] is not a range of hours", expected)
    starts, starts_min, ends, ends_min = (int(each or 0) for each in found.groups())
    if max(starts_min, ends_min) >= 60:  # noqa: PLR2004  minutes of an hour
        raise BadInputError(where, f"[{text}] has more than 59 minutes", expected)
    hours = Hours(starts * 60 + starts_min, ends * 60 + ends_min)
    if hours.starts_min >= DAY_MIN or hours.ends_min > DAY_MIN or hours.starts_min == hours.ends_min:
        raise BadInputError(where, f"[{text}] is not a part of a day", expected)
    return hours


# ── Words of a model that a run may change: fields with a fixed choice, such as a station's `discipline`


def words(station: Station | BaseModel) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every field of a station, or of a part of it, that is one of several words, with those words."""
    for name, field in type(station).model_fields.items():
        choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
        if len(choices) > 1:
            yield name, choices
        elif isinstance(part := getattr(station, name), BaseModel):
            yield from ((f"{name}.{inner}", found) for inner, found in words(part))


def replaced(station: Any, name: str, word: str) -> Any:  # noqa: ANN401  any of the five kinds
    """Give the station with one word changed, checked anew; `name` may lead into a part of it.

    Raises:
        ValueError: the word does not go with the rest of the station.
    """
    assert isinstance(station, BaseModel)  # noqa: S101  a station is one
    fields = {field: getattr(station, field) for field in type(station).model_fields}
    first, _, rest = name.partition(".")
    return type(station)(**fields | {first: replaced(fields[first], rest, word) if rest else word})


# ── Change numbers, day profiles and words of a model: `--set path=value`, and outages of a scenario


def set_number(model: Model, path: str, value: float, *, where: str = "--set") -> Model:
    """Give the model with one number (or one whole day profile) changed, all else the same.

    `path` is a path of `leaves(model)`; parts in the middle may be left out while it stays unique:
    `hotline.agents_factor` is `channels.hotline.station.agents_factor`.

    Raises:
        BadInputError: no number or several have this path, or the value is impossible there.
    """
    return assign(model, ModelChange(path, (value,)), where=where)


def set_text(model: Model, text: str, *, where: str = "--set") -> Model:
    """`assign` what a text says: `path=value`, `path[08:00-18:00]=value`, `path=[…]`, `path*=factor`.

    Raises:
        BadInputError: it is not of such a form, or cannot be set.
    """
    return assign(model, _read(model, text, where), where=where)


def assign(model: Model, change: ModelChange, *, where: str = "--set") -> Model:
    """Give the model with one number, day profile, or word changed, all else the same.

    Raises:
        BadInputError: no number or several have this path, or the value is impossible there.
    """
    path, values = change.path, change.values
    if isinstance(values, str):
        return set_word(model, path, values, where=where)
    full = resolve(model, path, where=where)
    for value in values:
        if not abs(value) <= NUMBER_MOST:
            expected = f"a number between -{NUMBER_MOST:g} and {NUMBER_MOST:g}"
            raise BadInputError(f"{where} {path}", f"{value:g} is out of range", expected)
    try:
        changed: Model = _replaced(model, full.split("."), change)
    except ValueError as error:
        problem = str(error)
        if isinstance(error, BadModelError):
            problem = error.expected or error.problem
        at = f"[{change.hours}]" if change.hours else ""
        said = f"{values[0]:g}" if not change.is_list else f"a list of {len(values)}"
        said = f"a factor of {said}" if change.is_factor else said
        raise BadInputError(f"{where} {path}{at}", f"{said} cannot be set", _lower(problem)) from error
    return changed


def flattened(model: Model, text: str, *, where: str = "--set") -> str | None:
    """Say that a text sets a profile that varies over the day to one number; None where it does not.

    Raises:
        BadInputError: it is not of a form that `set_text` reads, or its path is none.
    """
    change = _read(model, text, where)
    if isinstance(change.values, str) or change.hours or change.is_factor or change.is_list:
        return None
    found = dict(leaves(model))[resolve(model, change.path, where=where)]
    if not isinstance(found, Profile) or min(found.values) == max(found.values):
        return None
    had = f"{min(found.values):g} to {max(found.values):g}"
    example = ModelChange(change.path, change.values, Hours(8 * 60, 18 * 60))
    return (
        f"{change.path} was {had} over the day and is now {change.values[0]:g} all day; "
        f"to change some hours only, write {where} '{example}', to change all in proportion, "
        f"{where} '{change.path}*=1.2'"
    )


def _read(model: Model, text: str, where: str) -> ModelChange:
    """Read a change; a text that is no number is one only where the path is that of a word."""
    change = read_assignment(text, where=where)
    is_plain = not (change.hours or change.is_factor or change.is_list)
    if is_plain and _word(model, change.path):
        return ModelChange(change.path, change.value_text)
    if isinstance(change.values, str):
        raise BadInputError(f"{where} {text}", "not an assignment", FORMS)
    return change


def set_word(model: Model, path: str, word: str, *, where: str = "--set") -> Model:
    """Give the model with one of a station's words changed: `web.discipline` to `sharing`.

    Raises:
        BadInputError: no word has this path, or the field knows no such word.
    """
    found = _word(model, path)
    if not found:
        raise BadInputError(f"{where} {path}", "no such setting in the model", "CHANNEL.FIELD of a station")
    channel, name, choices = found
    if word not in choices:
        raise BadInputError(f"{where} {path}", f"{word!r} cannot be set", " or ".join(choices))
    channels = tuple(
        known.model_copy(update={"station": replaced(known.station, name, word)})
        if known.name == channel
        else known
        for known in model.channels
    )
    return model.model_copy(update={"channels": channels})


def with_outage(model: Model, channel: str, starts_s: float, ends_s: float) -> Model:
    """Give the model whose channel fails every request from one second of the day to another.

    Raises:
        BadInputError: there is no such channel, or the times are impossible.
    """
    names = [known.name for known in model.channels]
    if channel not in names:
        raise BadInputError(f"outage of {channel}", "no such channel", " or ".join(names))
    if not 0 <= starts_s < ends_s:
        raise BadInputError(
            f"outage of {channel}", f"{starts_s:g} s to {ends_s:g} s", "a start before the end"
        )
    source = "what-if of the scenario"
    outage = Outage(starts_s=Number(starts_s, Grade.SET, source), ends_s=Number(ends_s, Grade.SET, source))
    channels = tuple(
        known.model_copy(update={"outages": (*known.outages, outage)}) if known.name == channel else known
        for known in model.channels
    )
    return model.model_copy(update={"channels": channels})


def resolve(model: Model, path: str, *, where: str = "--set") -> str:
    """Full path of the one number that a shortened path means.

    Raises:
        BadInputError: none or several are meant; the text names close or possible ones.
    """
    known = [full for full, _ in leaves(model)]
    if path in known:
        return path
    parts = path.split(".")
    fitting = [full for full in known if _is_shortened(parts, full.split("."))]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise BadInputError(
            f"{where} {path}", f"means {len(fitting)} numbers", f"one of {', '.join(fitting[:4])} …"
        )
    close = get_close_matches(path, known, n=3, cutoff=0.3)
    hint = f"a number that `footfall show` lists, such as {', '.join(close or known[:3])}"
    raise BadInputError(f"{where} {path}", "no such number in the model", hint)


def _word(model: Model, path: str) -> tuple[str, str, tuple[str, ...]] | None:
    """Channel, field and choices of the word that a path means: `web.discipline`, or the whole path."""
    for channel in model.channels:
        for name, choices in words(channel.station):
            if path in {f"{channel.name}.{name}", f"channels.{channel.name}.station.{name}"}:
                return channel.name, name, choices
    return None


def _is_shortened(parts: list[str], full: list[str]) -> bool:
    """Whether parts are some of full, in order, the last one last."""
    if parts[-1] != full[-1]:
        return False
    rest = iter(full)
    return all(part in rest for part in parts)


def _replaced(spec: Any, parts: list[str], change: ModelChange) -> Any:  # noqa: ANN401  any part of a spec
    source = "set for this run"
    if isinstance(spec, Profile):
        return Profile(values=new_values(spec.values, change), grade=Grade.SET, source=source)
    if isinstance(spec, Curve):
        msg = "a single number: a measured curve is changed in its file"
        raise ValueError(msg)  # noqa: TRY004  `assign` makes one line of it
    if isinstance(spec, Number):
        if change.hours or change.is_list:
            msg = f"path=number: it is one number for the whole day ({spec:g}), not a profile"
            raise ValueError(msg)
        value = float(change.values[0])
        return Number(spec * value if change.is_factor else value, Grade.SET, source)
    first, rest = parts[0], parts[1:]
    if isinstance(spec, dict):
        return {
            key: _replaced(item, rest, change) if str(key) == first else item for key, item in spec.items()
        }
    if isinstance(spec, tuple):
        return tuple(
            _replaced(item, rest, change) if name == first else item
            for name, item in zip(item_names(spec), spec, strict=True)
        )
    assert isinstance(spec, Spec)  # noqa: S101  `resolve` has found the path
    fields = {name: getattr(spec, name) for name in type(spec).model_fields}
    # Made anew rather than copied, so that the bounds of every field are checked again.
    return type(spec)(**fields | {first: _replaced(fields[first], rest, change)})


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
