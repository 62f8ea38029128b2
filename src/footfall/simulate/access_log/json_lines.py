"""Logs of one JSON object a line, however deep time and path lie in it, and wrappers of containers' lines."""

import json
import re
from collections.abc import Sequence
from typing import Any

_DEPTH_MOST = 6
_HEX = re.compile(r"\\x([0-9A-Fa-f]{2})")
_CARRIED = re.compile(r"^\S+ (?:stdout|stderr) [FP] ")
"""What Kubernetes writes before each line of a container."""
_MOST = 0.5


def object_of(line: str) -> dict[str, Any] | None:
    """Give the object of a line, also behind a prefix or before a comma; None: there is none."""
    begin = line.find("{")
    if begin < 0:
        return None
    text = line[begin:].rstrip().rstrip(",")
    for told in (text, _HEX.sub(r"\\u00\1", text)):  # nginx escapes bytes in a way that JSON does not know
        try:
            found = json.loads(told)
        except (ValueError, RecursionError):
            continue
        return found if isinstance(found, dict) else None
    return None


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


def is_wrapped(sample: Sequence[str]) -> bool:
    """Tell whether most lines are a container's own, wrapped by what runs it."""
    return bool(sample) and sum(unwrapped(line) != line for line in sample) > _MOST * len(sample)


def unwrapped(line: str) -> str:
    """Give the container's own line of one that Docker or Kubernetes wrapped."""
    if line.startswith('{"log":') or ('"stream":' in line and line.startswith("{")):
        inner = (object_of(line) or {}).get("log")
        return inner.rstrip("\n") if isinstance(inner, str) else line
    return _CARRIED.sub("", line, count=1)
