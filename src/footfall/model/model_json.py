"""A model as a JSON file: what a trace carries, so that playing it needs no model file and no SimPy."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from footfall.model.errors import in_words
from footfall.model.model import Model
from footfall.model.numbers import Grade, Number
from footfall.records.errors import BadInputError
from footfall.records.runs import read_limited
from footfall.records.tables import write_text

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
        told = in_words(error, Model)
        raise BadInputError(where, f"damaged ({told.place}: {told.problem})", told.expected) from error
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
