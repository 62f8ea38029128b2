"""The axes of a storm map as they are written on a command line."""

from collections.abc import Sequence
from math import floor, isfinite

from footfall._records.errors import BadInputError
from footfall._simulate.storm_points import StormPoint

_STEP = 0.1
_VALUES_MOST = 200
_EXPECTED = "numbers such as 0.5,0.7, or a range such as 0.5..1.0 or 0.5..1.0:0.05"


def numbers_in(text: str | None, option: str) -> tuple[float, ...] | None:
    """Read numbers: a list `0.5,0.7`, a range `0.5..1.0` in steps of 0.1, or `0.5..1.0:0.05`.

    Raises:
        BadInputError: the text is neither, or has too many values.
    """
    if text is None:
        return None
    try:
        found = [value for part in text.split(",") for value in _values(part)]
    except ValueError:
        raise BadInputError(f"{option} {text}", "is no list of numbers", _EXPECTED) from None
    if len(found) > _VALUES_MOST:
        raise BadInputError(
            f"{option} {text}", f"{len(found)} values are too many", f"at most {_VALUES_MOST}"
        )
    return tuple(found)


def whole_in(text: str | None, option: str) -> tuple[int, ...] | None:
    """Read whole numbers: a list `0,1,2`, or a range `0..4` in steps of 1.

    Raises:
        BadInputError: the text is neither.
    """
    if text is None:
        return None
    low, dots, high = text.partition("..")
    numbers = numbers_in(f"{low}..{high}:1" if dots and ":" not in text else text, option) or ()
    if any(value != int(value) for value in numbers):
        raise BadInputError(f"{option} {text}", "has numbers that are not whole", "such as 0,1,2 or 0..4")
    return tuple(int(value) for value in numbers)


def one_or_more(values: Sequence[float] | None, default: float) -> float | Sequence[float]:
    """Give a single value as it is, and several as an axis of the map."""
    if values is None:
        return default
    return values[0] if len(values) == 1 else values


def value_of(point: StormPoint, axis: str) -> float:
    """Give a point's value on an axis of the map."""
    return {
        "retries": float(point.retries),
        "budgets": point.budget_share,
        "trigger_s": point.trigger_s,
    }[axis]


def _values(part: str) -> list[float]:
    low_text, dots, rest = part.partition("..")
    if not dots:
        return [_number(part)]
    high_text, _, step_text = rest.partition(":")
    low, high, step = _number(low_text), _number(high_text), _number(step_text or str(_STEP))
    if step <= 0 or high < low:
        raise ValueError(part)
    count = floor((high - low) / step + 1e-9) + 1
    # Rounded, so that 0.1 + 0.2 is 0.3.
    return [round(low + step * n, 9) for n in range(min(count, _VALUES_MOST + 1))]


def _number(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise ValueError(text)
    return value
