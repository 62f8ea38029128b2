"""The page of all checks, for a planner who doubts: what agrees, by which measure, figure by figure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import floor, log10

import polars as pl

from studies.validation.checks import Check

_DIGITS_MOST = 9
_TINY = 1e-5
"""Bounds narrower than this are told by their half width."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """Checks of one kind."""

    title: str
    text: str
    """When two figures count as agreeing, and how to see it oneself."""
    checks: tuple[Check, ...]
    is_forecast: bool = False
    """Whether these are predictions with declared bars, which may be missed, rather than figures to meet."""


def page(chapters: Sequence[Chapter], left_out: Sequence[str], made_by: str) -> str:
    """Give the page as Markdown."""
    lines = ["# Why to trust the simulator", "", *_summary(chapters), "", made_by]
    for chapter in chapters:
        lines += ["", f"## {chapter.title}", "", chapter.text]
        for source in dict.fromkeys(check.source for check in chapter.checks):
            lines += ["", f"**{source}**", ""]
            lines += [
                "| figure | expected | obtained | agrees from – to | |",
                "| --- | ---: | ---: | ---: | --- |",
            ]
            lines += [_row(check) for check in chapter.checks if check.source == source]
    if left_out:
        lines += ["", "## Left out", "", *(f"- {what}" for what in left_out)]
    return "\n".join(lines) + "\n"


def table(chapters: Sequence[Chapter]) -> pl.DataFrame:
    """Give a row a check, with its chapter and whether it agrees."""
    return pl.DataFrame(
        [
            {"chapter": chapter.title} | asdict(check) | {"agrees": check.agrees}
            for chapter in chapters
            for check in chapter.checks
        ]
    )


def score(checks: Sequence[Check]) -> str:
    """Say how many agree."""
    return f"{sum(check.agrees for check in checks)} of {len(checks)}"


def numbers(check: Check) -> tuple[str, str, str]:
    """Give expected and obtained figure and bounds, with as many digits as tell them apart."""
    if check.is_least:
        return f"≥ {check.expected:.3g}", f"{check.obtained:.3g}", ""
    half = (check.high - check.low) / 2
    if 0 < half < _TINY:
        obtained = f"{check.obtained:.10g}" if check.expected else f"{check.obtained:.0e}"
        return f"{check.expected:.10g}", obtained, f"± {half:.0e}"
    digits = min(max(0, 1 - floor(log10(half))), _DIGITS_MOST) if half > 0 else _DIGITS_MOST
    obtained, low, high = (f"{value:.{digits}f}" for value in (check.obtained, check.low, check.high))
    return _expected(check.expected, digits), obtained, f"{low} – {high}"


def _expected(value: float, digits: int) -> str:
    """Give a digit more than ours has; a short number, as others print it, as it is."""
    as_printed, cut = f"{value:.8g}", f"{value:.{digits + 1}f}"
    return min(as_printed, cut, key=len)


def _summary(chapters: Sequence[Chapter]) -> list[str]:
    must = [check for chapter in chapters if not chapter.is_forecast for check in chapter.checks]
    forecasts = [check for chapter in chapters if chapter.is_forecast for check in chapter.checks]
    lines = [f"{score(must)} figures that are known exactly or printed by others come out of Footfall."]
    if forecasts:
        lines += [
            f"{score(forecasts)} predictions of what was recorded lie within bars that were set before."
        ]
    lines += ["", "| | agree |", "| --- | ---: |"]
    return lines + [f"| {chapter.title} | {score(chapter.checks)} |" for chapter in chapters]


def _row(check: Check) -> str:
    name = f"{check.name}, {check.unit}" if check.unit else check.name
    cells = (name.replace("|", "/"), *numbers(check), "yes" if check.agrees else "**no**")
    return f"| {' | '.join(cells)} |"
