"""Models as TOML, as people read them, and as JSON, as traces carry them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import tomlkit
from pydantic import BaseModel, ValidationError
from tomlkit.items import AoT, Array, InlineTable, Item, Table

from footfall._model.channel import Channel, Work
from footfall._model.model import Model
from footfall._model.numbers import HALF_HOURS, UNSOURCED, Grade, Number, Profile, leaves
from footfall._model.profiles import by_hour, steps_of
from footfall._model.value_errors import in_words
from footfall._records.errors import BadInputError
from footfall._records.runs import read_limited
from footfall._records.tables import write_text
from footfall._records.toml_lines import at_line, parsed_toml

# ── A model as a JSON file: what a trace carries, so that playing it needs no model file and no SimPy

MODEL_FILE = "model.json"
_NUMBER = {"value", "grade", "source"}


def write_model(model: Model, path: Path) -> None:
    """Write a model with the grade and source of every number.

    Raises:
        BadInputError: the folder cannot be written.
    """
    write_text(model_text(model), path)


def read_model(path: Path) -> Model:
    """Read a model that `write_model` wrote.

    Raises:
        BadInputError: the file is missing or damaged, or the model contradicts itself.
    """
    return model_of_text(read_limited(path, "the model of a trace"), str(path))


def model_text(model: Model) -> str:
    """Give a model as `write_model` writes it."""
    return json.dumps(_plain(model), ensure_ascii=False, indent=1) + "\n"


def model_of_text(text: str, where: str) -> Model:
    """Give the model that `model_text` put into words; `where` names it in errors.

    Raises:
        BadInputError: the text is damaged, or the model contradicts itself.
    """
    try:
        return Model.model_validate(json.loads(text, object_hook=_object))
    except ValidationError as error:
        found = in_words(error, Model)
        raise BadInputError(where, f"damaged ({found.place}: {found.problem})", found.expected) from error
    except (ValueError, TypeError, RecursionError) as error:
        raise BadInputError(where, f"damaged ({error})", "a model") from error


def _plain(value: Any) -> Any:  # noqa: ANN401  any part of a model
    if isinstance(value, Number):
        return {"value": float(value), "grade": str(value.grade), "source": value.source}
    if isinstance(value, BaseModel):
        fields = type(value).model_fields.items()
        return {name: _plain(getattr(value, name)) for name, field in fields if not field.exclude}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _object(data: dict[str, Any]) -> Any:  # noqa: ANN401  JSON
    if data.keys() == _NUMBER:
        return Number(float(data["value"]), Grade(data["grade"]), str(data["source"]))
    return data


# ── A model as plain data: TOML that people read and change, and that gives the same model again

_WIDTH = 110
_NUMBERS_A_ROW = 8
_STEPS_MOST = 24
_EXPECTED = "a model such as `footfall fit` writes"


def toml_of(model: Model, notes: Sequence[str] = ()) -> str:
    """Give a model as TOML: what it leaves out is as by default; `notes` become comments at its head.

    A number with a source is `{ value = 3, grade = "C", source = "…" }`, one without stands alone.
    """
    document = tomlkit.document()
    for note in notes:
        document.add(tomlkit.comment(" ".join(note.split())))
    for name, item in _values_first([(name, _item(value, name)) for name, value in _said(model)]):
        document.add(name, item)
    return tomlkit.dumps(document)


def model_of_toml(text: str, where: str) -> Model:
    """Read a model from TOML; `where` names the file in errors.

    Raises:
        BadInputError: it is not TOML, or not a model.
    """
    data = parsed_toml(text, where, _EXPECTED)
    try:
        return Model.model_validate(data)
    except ValidationError as error:
        raise in_words(error, Model, at_line(where, text, error.errors()[0]["loc"])) from None
    except RecursionError:
        raise BadInputError(where, "is nested too deeply", _EXPECTED) from None


def _said(spec: BaseModel) -> list[tuple[str, Any]]:
    """Give the fields of a spec that a file must name, with their values."""
    implied = _implied(spec)
    return [
        (name, value)
        for name, field in type(spec).model_fields.items()
        if not (field.exclude or name in implied or (value := getattr(spec, name)) is None)
        and (
            _is_tag(field.annotation) or not _is_default(value, field.get_default(call_default_factory=True))
        )
    ]


def _implied(spec: BaseModel) -> set[str]:
    """Give the fields that follow from the others."""
    found = {"title"} if getattr(spec, "title", "") == getattr(spec, "name", None) else set()
    if isinstance(spec, Channel):
        verbs = (turn.verb for turns in spec.dialogues.values() for turn in turns)
        found |= {"works"} if _is_default(spec.works, dict.fromkeys(verbs, Work())) else set()
    if isinstance(spec, Model):
        short_forms = {name: getattr(spec, name) for name in ("choice", "share_definitions")}
        fields = {name: getattr(spec, name) for name in type(spec).model_fields if name not in short_forms}
        plain = Model.model_validate(fields)
        found |= {name for name, value in short_forms.items() if _is_default(value, getattr(plain, name))}
    return found


def _is_tag(kind: Any) -> bool:  # noqa: ANN401  a type of any form
    """Whether a field has one possible word, which tells what the rest is."""
    return get_origin(kind) is Literal and len(get_args(kind)) == 1


def _is_default(value: Any, default: Any) -> bool:  # noqa: ANN401  any part of a model
    return value == default and _sources(value) == _sources(default)


def _sources(part: Any) -> list[tuple[Grade, str]]:  # noqa: ANN401  any part of a model
    return [(number.grade, number.source) for _, number in leaves(part)]


def _item(value: Any, name: str) -> Item:  # noqa: ANN401  any part of a model
    if isinstance(value, Number):
        return _number(value)
    if isinstance(value, BaseModel):
        short = _short(value) if isinstance(value, Profile) else None
        return short or _fields([(key, _item(part, key)) for key, part in _said(value)], name)
    if isinstance(value, dict):
        return _fields(_alike([(str(key), _item(part, str(key))) for key, part in value.items()]), name)
    if isinstance(value, tuple):
        of_specs = value and isinstance(value[0], BaseModel)
        return _several([_item(part, name) for part in value]) if of_specs else _array(value)
    plain: Item = tomlkit.item(value)
    return plain


def _number(number: Number) -> Item:
    value = tomlkit.item(_plain_toml(number))
    if (number.grade, number.source) == (Grade.ASSUMED, UNSOURCED):
        return value
    table = tomlkit.inline_table()
    table.update({"value": value} | _source(number))
    return table


def _source(number: Number | Profile) -> dict[str, str]:
    """Give grade and source, where they are not those of a plain number."""
    found = {} if number.grade is Grade.ASSUMED else {"grade": str(number.grade)}
    return found if number.source == UNSOURCED else found | {"source": number.source}


def _short(profile: Profile) -> Item | None:
    """Give a day as one number, or as hours and what holds from each on; None: it changes too often."""
    steps = steps_of(profile)
    if len(steps) == 1 and len(profile.values) == HALF_HOURS:
        return _number(Number(profile.values[0], profile.grade, profile.source))
    if not 1 < len(steps) <= _STEPS_MOST or by_hour(steps).values != profile.values:
        return None
    hours = tomlkit.inline_table()
    hours.update({at: _plain_toml(value) for at, value in steps.items()})
    if len(hours.as_string()) > _WIDTH:
        return None
    if not (source := _source(profile)):
        return hours
    table = tomlkit.inline_table()
    table.update({"by_hour": hours} | source)
    return table if len(table.as_string()) <= _WIDTH else None


def _plain_toml(value: float) -> float | int:
    """Give a whole number as an integer, where that is exact."""
    return int(value) if abs(value) < 2**53 and value == int(value) else float(value)


def _fields(fields: list[tuple[str, Item]], name: str) -> InlineTable | Table:
    """Give fields on one line, where they fit and hold only values; else as a table."""
    if not any(_is_table(item) for _, item in fields):
        line = tomlkit.inline_table()
        line.update(dict(fields))
        text = f"{name} = {line.as_string()}"
        if "\n" not in text and len(text) <= _WIDTH:
            return line
    return _table(_values_first(fields))


def _values_first(fields: list[tuple[str, Item]]) -> list[tuple[str, Item]]:
    """Put tables last, as what follows a table would be part of it."""
    return sorted(fields, key=lambda field: _is_table(field[1]))


def _alike(fields: list[tuple[str, Item]]) -> list[tuple[str, Item]]:
    """Make tables of all values of a dictionary where one is a table, so that its order stays."""
    if not any(_is_table(item) for _, item in fields):
        return fields
    return [(key, _as_table(item) if isinstance(item, InlineTable) else item) for key, item in fields]


def _is_table(item: Item) -> bool:
    return isinstance(item, AoT | Table)


def _as_table(line: InlineTable) -> Table:
    return _table([(str(key), tomlkit.item(value)) for key, value in line.unwrap().items()])


def _table(fields: list[tuple[str, Item]]) -> Table:
    table = tomlkit.table()
    for key, item in fields:
        table.add(key, item)
    return table


def _several(parts: Sequence[Item]) -> AoT | Array:
    """Give specs one below the other: as lines of an array where each is a line, else as tables."""
    if all(isinstance(part, InlineTable) for part in parts):
        array = tomlkit.array()
        if len(parts) == 1:
            array.append(parts[0])
            return array
        for part in parts:
            array.add_line(part)
        array.add_line(indent="")
        return array
    tables = tomlkit.aot()
    for part in parts:
        tables.append(_as_table(part) if isinstance(part, InlineTable) else part)
    return tables


def _array(values: Sequence[Any]) -> Array:
    items = [_plain_toml(value) if isinstance(value, float) else value for value in values]
    array = tomlkit.array()
    if len(items) <= _NUMBERS_A_ROW:
        array.extend(items)
        return array
    for at in range(0, len(items), _NUMBERS_A_ROW):
        array.add_line(*items[at : at + _NUMBERS_A_ROW])
    array.add_line(indent="")
    return array
