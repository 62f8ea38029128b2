"""Parse times and shares: `90s`, `2min`, `1h30m`, `90 %`."""

import re

from footfall.records.errors import BadInputError

_NUMBER = r"([0-9]+(?:\.[0-9]+)?)\s*"
_PLAIN = re.compile(_NUMBER)
_WITH_UNITS = re.compile(
    rf"(?:{_NUMBER}h(?:ours?)?)?\s*(?:{_NUMBER}m(?:in(?:utes?)?)?)?\s*(?:{_NUMBER}s(?:econds?)?)?\s*"
    rf"(?:{_NUMBER}ms)?"
)
_UNITS_S = (3600.0, 60.0, 1.0, 0.001)
_SHARE = re.compile(rf"{_NUMBER}(%?)")


def seconds_of(text: str, where: str) -> float:
    """Read a time in seconds; a number alone is seconds, and Locust's own `1h30m` and `45s` are understood.

    Raises:
        BadInputError: the text is no time.
    """
    found_s = seconds_in(text)
    if found_s is None:
        raise BadInputError(
            f"{where} {text}", "is not a duration", "seconds, or a time such as 90s, 2min or 1h30m"
        )
    return found_s


def seconds_in(text: str) -> float | None:
    """Read a time as `seconds_of` does; None: the text is no time."""
    if plain := _PLAIN.fullmatch(text.strip()):
        return float(plain[1])
    parts = _WITH_UNITS.fullmatch(text.strip())
    if parts is None or not any(parts.groups()):
        return None
    return sum(float(part) * unit_s for part, unit_s in zip(parts.groups(), _UNITS_S, strict=True) if part)


def share_of(text: str, where: str) -> float:
    """Read a share: `25 %` is 0.25, and so is `0.25`.

    Raises:
        BadInputError: the text is no share.
    """
    parts = _SHARE.fullmatch(text.strip())
    if parts is None:
        raise BadInputError(
            f"{where} {text}", "is not a share", "a number such as 0.25, or a text such as '25 %'"
        )
    return float(parts[1]) / 100 if parts[2] else float(parts[1])
