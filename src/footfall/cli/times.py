"""A time as people write it on the command line: `90`, `90s`, `2min`, `1h30m`."""

import re

from footfall.records.errors import BadInputError

_NUMBER = r"([0-9]+(?:\.[0-9]+)?)\s*"
_PLAIN = re.compile(_NUMBER)
_WITH_UNITS = re.compile(rf"(?:{_NUMBER}h)?\s*(?:{_NUMBER}m(?:in)?)?\s*(?:{_NUMBER}s)?")
_UNITS_S = (3600.0, 60.0, 1.0)


def seconds_of(text: str, where: str) -> float:
    """Read a time; a number alone is seconds, and Locust's own `1h30m` and `45s` are understood.

    Raises:
        BadInputError: the text is no time.
    """
    if plain := _PLAIN.fullmatch(text.strip()):
        return float(plain[1])
    parts = _WITH_UNITS.fullmatch(text.strip())
    if parts is None or not any(parts.groups()):
        raise BadInputError(f"{where} {text}", "no time", "seconds, or a time such as 90s, 2min or 1h30m")
    return sum(float(part) * unit_s for part, unit_s in zip(parts.groups(), _UNITS_S, strict=True) if part)


def window_of(text: str) -> float:
    """Read the window of a play, at least a second.

    Raises:
        BadInputError: the text is no time, or too short a one.
    """
    window_s = seconds_of(text, "--window")
    if window_s < 1:
        raise BadInputError(f"--window {text}", "too short", "at least 1 second")
    return window_s
