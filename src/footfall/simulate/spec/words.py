"""Words of a model that a run may change: fields with a fixed choice, such as a station's `discipline`."""

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from footfall.simulate.spec.station import Station


def words(station: Station) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every field of a station that is one of several words, with those words."""
    for name, field in type(station).model_fields.items():
        choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
        if len(choices) > 1:
            yield name, choices


def replaced(station: Any, name: str, word: str) -> Any:  # noqa: ANN401  any of the five kinds
    """Give the station with one word changed, checked anew.

    Raises:
        ValueError: the word does not go with the rest of the station.
    """
    assert isinstance(station, BaseModel)  # noqa: S101  a station is one
    fields = {field: getattr(station, field) for field in type(station).model_fields}
    return type(station)(**fields | {name: word})
