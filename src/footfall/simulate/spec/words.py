"""Words of a model that a run may change: fields with a fixed choice, such as a station's `discipline`."""

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from footfall.simulate.spec.station import Station


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
