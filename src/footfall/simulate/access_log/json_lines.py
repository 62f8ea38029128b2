"""Logs of one JSON object a line, however deep time and path lie in it, and wrappers of containers' lines."""

import json
import re
from collections.abc import Sequence
from typing import Any

from footfall.simulate.access_log.lines import time_in

_DEPTH_MOST = 6
_HEX = re.compile(r"\\x([0-9A-Fa-f]{2})")
_CARRIED = re.compile(r"^\S+ (?:stdout|stderr) [FP] ")
"""What Kubernetes writes before each line of a container."""
_DOCUMENT = re.compile(r"\{$|\[\s*(?:\{|\[|$)")
_MOST = 0.5
_DECODER = json.JSONDecoder()
_BEHIND = frozenset({"", ",", "]", "],"})
"""What may follow an object that stands in an array."""
BEFORE = "before the object"
"""Name of the leaf that holds a time in front of an object, as Caddy's console lines have it."""


def object_of(line: str) -> dict[str, Any] | None:
    """Give the object of a line, also behind a prefix or before a comma; None: there is none."""
    begin = line.find("{")
    if begin < 0:
        return None
    text = line[begin:]
    for told in (text, _HEX.sub(r"\\u00\1", text)):  # nginx escapes bytes in a way that JSON does not know
        try:
            found, end = _DECODER.raw_decode(told)
        except (ValueError, RecursionError):
            continue
        return found if isinstance(found, dict) and told[end:].strip() in _BEHIND else None
    return None


def leaves_of(line: str) -> dict[str, str]:
    """Give the leaves of a line's object, and under `BEFORE` a time in front of it; empty: no object."""
    found = object_of(line)
    if found is None:
        return {}
    before = line[: line.find("{")]
    time = time_in(before) if before else None
    return flat(found) | ({} if time is None else {BEFORE: time})


def flat(found: dict[str, Any]) -> dict[str, str]:
    """Give the leaves of an object as text, by their path such as `request.uri`."""
    leaves: dict[str, str] = {}
    ways: list[tuple[str, Any, int]] = [("", found, 0)]
    while ways:
        name, value, depth = ways.pop()
        if isinstance(value, dict) and depth < _DEPTH_MOST:
            ways += [(f"{name}.{key}" if name else str(key), part, depth + 1) for key, part in value.items()]
        elif value is not None and not isinstance(value, dict | list):
            leaves.setdefault(name, _text(value))
    return leaves


def _text(value: object) -> str:
    return repr(value) if isinstance(value, float) else str(value)


def is_json(sample: Sequence[str]) -> bool:
    """Tell whether most of some lines hold an object."""
    return bool(sample) and sum(object_of(line) is not None for line in sample) > _MOST * len(sample)


def is_document(sample: Sequence[str]) -> bool:
    """Tell whether lines, of which few hold an object, begin a JSON document of many lines or rows."""
    return bool(sample) and _DOCUMENT.match(sample[0]) is not None


def is_wrapped(sample: Sequence[str]) -> bool:
    """Tell whether most lines are a container's own, wrapped by what runs it."""
    return bool(sample) and sum(unwrapped(line) != line for line in sample) > _MOST * len(sample)


def unwrapped(line: str) -> str:
    """Give the container's own line of one that Docker or Kubernetes wrapped."""
    if line.startswith('{"log":') or ('"stream":' in line and line.startswith("{")):
        inner = (object_of(line) or {}).get("log")
        return inner.rstrip("\n") if isinstance(inner, str) else line
    return _CARRIED.sub("", line, count=1)
