"""Look into a JSON document: `data.items.0.id` is the id of the first of the items of the data."""

from typing import Any

ABSENT = object()
"""What is found where nothing is."""


def look(document: Any, path: str) -> Any:  # noqa: ANN401  JSON
    """Give what stands at a path: names and positions (from 0) with dots between; `ABSENT` if nothing does.

    An empty path is the document itself.
    """
    here = document
    for name in path.split(".") if path else ():
        if isinstance(here, dict) and name in here:
            here = here[name]
        elif isinstance(here, list) and name.isdecimal() and int(name) < len(here):
            here = here[int(name)]
        else:
            return ABSENT
    return here


def is_same(found: Any, wanted: Any) -> bool:  # noqa: ANN401  JSON
    """Whether two values are equal as in JSON, where `true` is not 1; a list wants one of its values."""
    if isinstance(wanted, list | tuple):
        return any(is_same(found, each) for each in wanted)
    return isinstance(found, bool) is isinstance(wanted, bool) and bool(found == wanted)
