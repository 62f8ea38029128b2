"""What a job reports while it works, and its figures as text."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

# ── What a long job says while it works: a line of text, or the share of a stage that is done


class Messages:
    """Receives what a job reports while it works, and ignores it; override a method to show it.

    >>> import footfall as ff
    >>> class Printed(ff.Messages):
    ...     def note(self, text):
    ...         print(text)
    >>> trace = ff.make_trace(model="models/mm3.py", window="10min", messages=Printed())
    """

    def note(self, text: str) -> None:
        """Receive a line of text for people."""

    @contextmanager
    def progress(self, title: str) -> Iterator[Callable[[float], None]]:  # noqa: ARG002  for others to show
        """Enclose a stage of the work; yields a function to call with the share done, from 0 to 1."""
        yield lambda _share: None

    @contextmanager
    def busy(self, text: str) -> Iterator[None]:  # noqa: ARG002  for others to show
        """Enclose work of unknown length; a terminal shows the text while it lasts, and then no more."""
        yield


QUIET = Messages()


# ── Numbers as text: shares, times, and both with their half-widths, in one unit and with no digit too many

_Form = Callable[[float | None, float | None], str]
_DIGITS_MOST = 3
_TWO_FIGURES_BELOW = 3.55
_MINUTES_FROM_S = 120


def percent(share: float | None) -> str:
    """Give a share of 0 to 1 as `97.8 %`; `–` where it is not known."""
    return "–" if share is None else f"{share:.1%}".replace("%", " %")


def seconds(value: float | None) -> str:
    """Give a time as `120 ms`, `2.3 s` or `4.5 min`; `–` where it is not known."""
    if value is None:
        return "–"
    if value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.1f} s" if value < _MINUTES_FROM_S else f"{value / 60:.1f} min"


def clock(second_of_day: float) -> str:
    """Give a second of the day as hours and minutes, such as `09:30`."""
    minutes = round(second_of_day / 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def share(value: float | None, half_width: float | None) -> str:
    """Give a share as `96.06 ± 0.02 %`."""
    if value is None or half_width is None:
        return percent(value) + _unknown(value)
    return _said(value, half_width, 0.01, "%")


def time(value: float | None, half_width: float | None) -> str:
    """Give a time as `2.3 ± 0.4 s`, in milliseconds or minutes where these read better."""
    if value is None or half_width is None:
        return seconds(value) + _unknown(value)
    return _said(value, half_width, *_unit(max(abs(value), half_width)))


def form_of(quantity: str) -> _Form:
    """Give the form of a quantity by its name."""
    return time if _is_time(quantity) else share


def plain_of(quantity: str) -> Callable[[float | None], str]:
    """Give the form of a quantity alone, whose half-width stands elsewhere."""
    return seconds if _is_time(quantity) else percent


def difference_of(quantity: str) -> Callable[[float, float], str]:
    """Give the form of a difference, with its sign: of shares in percentage points."""
    return _difference_of_times if _is_time(quantity) else _difference_of_shares


def between(quantity: str, low: float | None, high: float | None) -> str:
    """Give the bounds of a quantity as `2.1–2.7 s` or `97.6–98.3 %`, in one unit; `–` where none is known."""
    if low is None or high is None:
        return "–"
    unit, name = _unit(high) if _is_time(quantity) else (0.01, "%")
    digits = min(max(_digits((high - low) / 2 / unit), 0), _DIGITS_MOST)
    return f"{low / unit:.{digits}f}–{high / unit:.{digits}f} {name}"


def with_bounds(share: float | None, low: float | None, high: float | None) -> str:
    """Give a share with bounds that need not lie evenly about it: `98.0 % (97.6–98.3)`."""
    if share is None or low is None or high is None:
        return percent(share)
    return f"{percent(share)} ({low * 100:.1f}–{high * 100:.1f})"


def half_of(row: Mapping[str, float | None], name: str) -> float | None:
    """Give half the distance between the bounds `NAME_low` and `NAME_high`; None where one is not known."""
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return None if low is None or high is None else (high - low) / 2


def _is_time(quantity: str) -> bool:
    return "_s_" in quantity.partition("(")[0]


def _difference_of_shares(value: float, half_width: float) -> str:
    return _said(value, half_width, 0.01, "pt", sign="+")


def _difference_of_times(value: float, half_width: float) -> str:
    return _said(value, half_width, *_unit(max(abs(value), half_width)), sign="+")


def _unit(size_s: float) -> tuple[float, str]:
    if size_s < 1:
        return 0.001, "ms"
    return (1.0, "s") if size_s < _MINUTES_FROM_S else (60.0, "min")


def _said(value: float, half_width: float, unit: float, name: str, sign: str = "") -> str:
    value, half_width = value / unit, half_width / unit
    digits = min(max(_digits(half_width), 0), _DIGITS_MOST)
    # Adding 0 turns a rounded -0 into 0.
    return f"{round(value, digits) + 0.0:{sign}.{digits}f} ± {half_width:.{digits}f} {name}"


def _digits(half_width: float) -> int:
    """Decimals of a half-width: two figures where it begins with 1 to 3.54, else one.

    Source: the rounding rule of the Particle Data Group, Review of Particle Physics, introduction.
    """
    if half_width == 0:
        return 1
    power = math.floor(math.log10(half_width))
    return -power + (half_width / 10.0**power < _TWO_FIGURES_BELOW)


def _unknown(value: float | None) -> str:
    return "" if value is None else " ± ?"
