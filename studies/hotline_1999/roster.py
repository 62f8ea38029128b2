"""Who is on duty, by half hour, and whom each agent serves: read from the calls that they took."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from footfall._model.numbers import HALF_HOUR_S
from studies.hotline_1999.records import RecordedDay

Floats = NDArray[np.float64]
Span = tuple[float, float]
SLOTS = 56
"""Half hours from midnight to four in the next morning: some calls cross midnight."""
_NONE = 1e-6


def presence(day: RecordedDay, gap_s: float, hours_s: Span) -> dict[str, Floats]:
    """Share of each half hour that each agent was on duty: from one call to the next, gaps up to `gap_s`.

    Who takes the first call within `gap_s` of the opening was there from then on, and likewise at the close.
    """
    return {
        agent: _shares(_to_the_hours(joined(calls, gap_s), gap_s, hours_s))
        for agent, calls in day.calls_by_agent().items()
    }


def _to_the_hours(spans: list[Span], gap_s: float, hours_s: Span) -> list[Span]:
    (first_s, until_s), opens_s, closes_s = spans[0], *hours_s
    if 0 < first_s - opens_s <= gap_s:
        spans[0] = (opens_s, until_s)
    from_s, last_s = spans[-1]
    if 0 < closes_s - last_s <= gap_s:
        spans[-1] = (from_s, closes_s)
    return spans


def joined(calls: Sequence[tuple[float, float, int]], gap_s: float) -> list[Span]:
    """Join calls in order, given as begin, end and number, where at most `gap_s` lies between."""
    spans: list[Span] = []
    for began_s, ended_s, _ in calls:
        if spans and began_s - spans[-1][1] <= gap_s:
            spans[-1] = (spans[-1][0], max(spans[-1][1], ended_s))
        else:
            spans.append((began_s, ended_s))
    return spans


def _shares(spans: Sequence[Span]) -> Floats:
    shares = np.zeros(SLOTS)
    starts = np.arange(SLOTS) * HALF_HOUR_S
    for began_s, ended_s in spans:
        inside = np.minimum(ended_s, starts + HALF_HOUR_S) - np.maximum(began_s, starts)
        shares += np.maximum(inside, 0.0) / HALF_HOUR_S
    return np.minimum(shares, 1.0)


def shifts(shares: Floats) -> list[Span]:
    """Give times on duty with these shares of the half hours; absence lies next to the emptier neighbour."""
    parts: list[Span] = []
    for slot, share in enumerate(shares):
        if share <= _NONE:
            continue
        at_s, length_s = slot * HALF_HOUR_S, float(share) * HALF_HOUR_S
        before = shares[slot - 1] if slot else 0.0
        after = shares[slot + 1] if slot + 1 < len(shares) else 0.0
        rest_s = HALF_HOUR_S - length_s
        if before > after:
            parts.append((at_s, at_s + length_s))
        elif after > before:
            parts.append((at_s + rest_s, at_s + HALF_HOUR_S))
        elif before > _NONE:
            parts += [(at_s, at_s + length_s / 2), (at_s + HALF_HOUR_S - length_s / 2, at_s + HALF_HOUR_S)]
        else:
            parts.append((at_s + rest_s / 2, at_s + rest_s / 2 + length_s))
    return joined([(began_s, ended_s, 0) for began_s, ended_s in parts], 1.0)


def skills(days: Sequence[RecordedDay], rare_kinds: Sequence[str]) -> list[dict[str, frozenset[str]]]:
    """Kinds that each agent serves, by day: those of the day's calls, and the rare ones of the month's."""
    of_month: dict[str, set[str]] = defaultdict(set)
    by_day: list[Mapping[str, set[str]]] = []
    for day in days:
        seen: dict[str, set[str]] = defaultdict(set)
        for agent, kind in zip(day.agents, day.kinds, strict=True):
            if agent:
                seen[agent].add(kind)
                of_month[agent].add(kind)
        by_day.append(seen)
    rare = set(rare_kinds)
    return [
        {agent: frozenset(kinds | (of_month[agent] & rare)) for agent, kinds in seen.items()}
        for seen in by_day
    ]
