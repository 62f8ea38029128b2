"""A model as the Python text of a model file, in the form that the formatter leaves alone."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from itertools import islice
from typing import Any

from pydantic import BaseModel

from footfall.fit.fitted_model import Named
from footfall.model.model import Model
from footfall.model.numbers import Curve, Grade, Number, Profile, leaves

WIDTH = 110
_STEP = "    "
_MAKERS = {Grade.ARTICLE: "article", Grade.PUBLIC: "public", Grade.ASSUMED: "assumed", Grade.FITTED: "fitted"}
_PASSED_OVER = frozenset({"channels", "segments", "station", "callers", "curve", "follow_ups", "by_outcome"})
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_TAGS = frozenset({"kind", "law"})
_NUMBERS_A_ROW = 8
Days = Mapping[str, tuple[Mapping[str, Sequence[float]], Sequence[float]]]
"""By weekday: arrivals of each kind in each half hour, and staff."""


def model_text(model: Model, named: Named, days: Days, cautions: Sequence[str] = ()) -> str:
    """Give the whole file: the same model when it is run, and `MODELS` by weekday where there are some."""
    writer = _Writer(named.log)
    writer.tables = dict(_tables(model))
    channel, segments = model.channels[0], model.segments
    body = [f"{channel.name.upper()} = {writer.value(channel)}", f"SEGMENTS = {writer.value(segments)}"]
    writer.named = [(model.channels, f"({channel.name.upper()},)"), (segments, "SEGMENTS")]
    body.append(f"MODEL = {writer.value(model)}")
    tables = [_table(name, table) for table, name in writer.tables.values()]
    if days:
        writer.uses.add(("footfall.fit.fitted_model", "on_day"))
        body += [_days_text(days)]
    head = [_docstring(named, cautions), "\n".join(_imports(writer.uses)), _constant("LOG", named.log)]
    numbers = ["# fmt: off\n" + "\n".join(tables) + "\n# fmt: on"] if tables else []
    return "\n\n".join([*head, *numbers, *body]) + "\n"


def _tables(model: Model) -> list[tuple[int, tuple[Profile | Curve, str]]]:
    """Give every profile and curve a name from its path, by identity."""
    found: dict[int, tuple[Profile | Curve, str]] = {}
    taken = {"LOG", "MODEL", "MODELS", "SEGMENTS", "WEEKDAYS"} | {c.name.upper() for c in model.channels}
    for path, number in leaves(model):
        if isinstance(number, Number) or id(number) in found:
            continue
        parts = [
            part for part in path.split(".") if part not in _PASSED_OVER and part != model.channels[0].name
        ]
        name = re.sub(r"\W+", "_", "_".join(parts).upper())
        name = name if name.isidentifier() else f"N_{name}"
        while name in taken:
            name += "_"
        taken.add(name)
        found[id(number)] = (number, name)
    return list(found.items())


def _table(name: str, table: Profile | Curve) -> str:
    if isinstance(table, Profile):
        return f"{name} = {_rows(table.values, '[', ']')}"
    seconds, shares = _rows(table.seconds, "(", ")"), _rows(table.shares, "(", ")")
    return f"{name}_S = {seconds}\n{name}_SHARES = {shares}"


def _rows(values: Sequence[float], opened: str, closed: str, indent: str = "") -> str:
    numbers = iter(map(_number, values))
    rows = []
    while row := ", ".join(islice(numbers, _NUMBERS_A_ROW)):
        rows.append(f"{indent}{_STEP}{row},")
    return "\n".join([opened, *rows, indent + closed])


def _days_text(days: Days) -> str:
    lines = ["# fmt: off", "WEEKDAYS = {"]
    for weekday, (arrivals, staff) in days.items():
        lines.append(f"{_STEP}{_text(weekday)}: (")
        lines.append(f"{_STEP * 2}{{")
        for kind, values in arrivals.items():
            rows = _rows(values, "[", "]", _STEP * 3)
            lines.append(f"{_STEP * 3}{_text(kind)}: {rows},")
        lines += [f"{_STEP * 2}}},", f"{_STEP * 2}{_rows(staff, '[', ']', _STEP * 2)},", f"{_STEP}),"]
    lines += ["}", "# fmt: on", ""]
    lines += ["MODELS = {"]
    lines += [
        f'{_STEP}weekday: on_day(MODEL, arrivals, staff, f"{{LOG}}; every {{weekday}}")',
        f"{_STEP}for weekday, (arrivals, staff) in WEEKDAYS.items()",
        "}",
        '"""By weekday: the arrivals and the staff of its days, all else alike."""',
    ]
    return "\n".join(lines)


def _docstring(named: Named, cautions: Sequence[str]) -> str:
    lines = [f"{named.title}: the mean day of a log.", "", f"{named.log}."]
    if cautions:
        lines += ["", "Fitted with these warnings:", *(f"- {line}" for line in cautions)]
    plain = "\n".join(_CONTROLS.sub(" ", line) for line in lines).replace("\\", "/").replace('"', "'")
    return f'"""{plain}\n"""'


def _imports(uses: set[tuple[str, str]]) -> list[str]:
    by_module: dict[str, list[str]] = {}
    for module, name in sorted(uses):
        by_module.setdefault(module, []).append(name)
    lines = []
    for module, names in by_module.items():
        # As the sorter of imports has it: constants, classes, then functions.
        ordered = sorted(names, key=lambda n: (not n.isupper(), not n[0].isupper(), n))
        line = f"from {module} import {', '.join(ordered)}"
        if len(line) > WIDTH:
            line = f"from {module} import (\n" + "".join(f"{_STEP}{n},\n" for n in ordered) + ")"
        lines.append(line)
    return lines


def _constant(name: str, text: str) -> str:
    return f"{name} = {_text(text)}"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))  # noqa: PLR2004  exact


class _Writer:
    """Values as Python text, and what has to be imported for them."""

    def __init__(self, log: str) -> None:
        self.uses: set[tuple[str, str]] = set()
        self.tables: dict[int, tuple[Profile | Curve, str]] = {}
        self.named: list[tuple[Any, str]] = []
        self._log = log

    def value(self, value: Any, indent: str = "", before: int = 0) -> str:  # noqa: ANN401  any part of a spec
        """Write a value that begins `before` columns after the indent."""
        for known, name in self.named:
            if value is known:
                return name
        for kind, write in self._kinds().items():
            if isinstance(value, kind):
                return write(value, indent, before)
        return repr(value)

    def _kinds(self) -> dict[type, Callable[[Any, str, int], str]]:
        return {
            Number: self._sourced,
            Profile: self._profile,
            Curve: self._curve,
            BaseModel: self._spec,
            Enum: self._enum,
            str: lambda value, _indent, _before: _text(value),
            bool: lambda value, _indent, _before: str(value),
            dict: self._dict,
            tuple: self._tuple,
            float: lambda value, _indent, _before: _number(value),
        }

    def _sourced(self, number: Number, indent: str, before: int) -> str:
        source = self._source(number.source)
        if number.grade not in _MAKERS:
            self.uses.add(("footfall.model.numbers", "Number"))
            return self._call("Number", [_number(number), self._grade(number.grade), source], indent, before)
        maker = _MAKERS[number.grade]
        self.uses.add(("footfall.model.numbers", maker))
        return self._call(maker, [_number(number), source], indent, before)

    def _source(self, source: str) -> str:
        if source == self._log:
            return "LOG"
        if source.startswith(self._log):
            rest = _text(source[len(self._log) :])[1:-1].replace("{", "{{").replace("}", "}}")
            return f'f"{{LOG}}{rest}"'
        return _text(source)

    def _profile(self, value: Profile, indent: str, before: int) -> str:
        self.uses.add(("footfall.model.numbers", "profile"))
        parts = [self.tables[id(value)][1], self._grade(value.grade), self._source(value.source)]
        return self._call("profile", parts, indent, before)

    def _curve(self, value: Curve, indent: str, before: int) -> str:
        self.uses.add(("footfall.model.numbers", "Curve"))
        name = self.tables[id(value)][1]
        parts = [f"seconds={name}_S", f"shares={name}_SHARES", f"grade={self._grade(value.grade)}"]
        return self._call("Curve", [*parts, f"source={self._source(value.source)}"], indent, before)

    def _grade(self, grade: Grade) -> str:
        return self._enum(grade, "", 0)

    def _enum(self, value: Enum, _indent: str, _before: int) -> str:
        self.uses.add((type(value).__module__, type(value).__name__))
        return f"{type(value).__name__}.{value.name}"

    def _spec(self, value: BaseModel, indent: str, before: int) -> str:
        self.uses.add((type(value).__module__, type(value).__name__))
        fields = type(value).model_fields.items()
        told = [
            (name, getattr(value, name)) for name, field in fields if getattr(value, name) != field.default
        ]
        told = [
            (name, part) for name, part in told if part != {} or type(value).model_fields[name].is_required()
        ]
        # A tag of one value only, such as a station's kind, says itself; a law is an enumeration.
        tags = {name for name, part in told if isinstance(part, str) and not isinstance(part, Enum)} & _TAGS
        parts = [(f"{name}=", part) for name, part in told if name not in tags]
        return self._items(f"{type(value).__name__}(", ")", parts, indent, before)

    def _dict(self, value: dict[Any, Any], indent: str, before: int) -> str:
        return self._items(
            "{", "}", [(f"{self.value(key)}: ", part) for key, part in value.items()], indent, before
        )

    def _tuple(self, value: tuple[Any, ...], indent: str, before: int) -> str:
        if len(value) == 1:
            whole = self.value(value[0], indent, before + 1)
            if "\n" not in whole and len(indent) + before + len(whole) + 3 <= WIDTH:
                return f"({whole},)"
        return self._items("(", ")", [("", part) for part in value], indent, before)

    def _call(self, name: str, parts: list[str], indent: str, before: int) -> str:
        return _joined(f"{name}(", ")", parts, parts, (indent, before))

    def _items(self, opened: str, closed: str, parts: list[tuple[str, Any]], indent: str, before: int) -> str:
        deeper = indent + _STEP
        flat = [key + self.value(part, indent, -10_000) for key, part in parts]
        broken = [key + self.value(part, deeper, len(key) + 1) for key, part in parts]
        return _joined(opened, closed, flat, broken, (indent, before))


def _joined(opened: str, closed: str, flat: list[str], broken: list[str], place: tuple[str, int]) -> str:
    """Write parts on one line where they fit, else each on its own; room is left for a comma after it."""
    indent, before = place
    line = f"{opened}{', '.join(flat)}{closed}"
    if "\n" not in line and len(indent) + before + len(line) <= WIDTH:
        return line
    deeper = indent + _STEP
    whole = ", ".join(broken)
    if (
        "\n" not in whole
        and len(deeper) + len(whole) <= WIDTH
        and opened.endswith("(")
        and len(broken) > 0
        and "=" not in opened
    ):
        return f"{opened}\n{deeper}{whole}\n{indent}{closed}"
    return "\n".join([opened, *(f"{deeper}{part}," for part in broken), indent + closed])
