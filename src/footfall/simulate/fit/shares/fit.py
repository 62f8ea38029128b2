"""Channel shares of a table as a whole: counted, forecast, and checked on the months that are known."""

from dataclasses import dataclass

import numpy as np

from footfall.records.errors import BadInputError
from footfall.records.log_file import Table
from footfall.simulate.fit.shares.check import Check, check
from footfall.simulate.fit.shares.counted import Counted, counted, month_name
from footfall.simulate.fit.shares.forecast import Forecast, forecast_of
from footfall.simulate.fit.shares.history import SEASON_MONTHS_LEAST, History
from footfall.simulate.fit.shares.learn import months_learned
from footfall.simulate.fit.shares.mapping import ShareMapping

MONTHS_LEAST = 3
"""Two months cannot tell a change from one month's chance."""
CHANCE_CASES = 10.0
"""Where so many cases are expected, that there is none is not chance (Poisson: less than 1 in 20,000)."""
_ENDED_MONTHS = 2


@dataclass(frozen=True, slots=True)
class SharesFit:
    """What was learned of a table's channel shares."""

    counted: Counted
    names: tuple[str, ...]
    """Channels that are forecast: all but those that ended."""
    history: History
    ahead: int
    forecast: Forecast
    check: Check
    notes: tuple[str, ...]
    """How the table was read, and what to know before believing the forecast."""

    @property
    def months_ahead(self) -> list[int]:
        """Months that are forecast, since year 0."""
        last = int(self.history.months[-1])
        return list(range(last + 1, last + 1 + self.ahead))

    @property
    def electronic(self) -> list[int]:
        """Places of the electronic channels among `names`."""
        return [place for place, name in enumerate(self.names) if name in self.counted.electronic]


def fit_shares(table: Table, mapping: ShareMapping, ahead: int) -> SharesFit:
    """Count a table's cases, learn the shares of its channels, and forecast `ahead` months.

    Raises:
        BadInputError: a column is missing, no row can be used, or months or channels are too few.
    """
    found = counted(table, mapping)
    if found.months.size < MONTHS_LEAST:
        months = " and ".join(map(month_name, found.months.tolist()))
        raise BadInputError(
            "the table",
            f"has cases in {months} only",
            f"at least {MONTHS_LEAST} months to learn a change from",
        )
    if len(found.names) == 1:
        problem = f"has one channel, {found.names[0]!r}, whose share is always 1"
        raise BadInputError("the table", problem, "at least two channels ([channels], or another column)")
    history, kept, notes = told_history(found)
    if len(kept) == 1:
        problem = f"has one channel that did not end, {found.names[kept[0]]!r}"
        raise BadInputError("the table", problem, "at least two channels in its last months")
    return SharesFit(
        counted=found,
        names=tuple(found.names[place] for place in kept),
        history=history,
        ahead=ahead,
        forecast=forecast_of(history, ahead),
        check=check(history, ahead),
        notes=(*found.notes, *notes, *_limits(history)),
    )


def told_history(found: Counted) -> tuple[History, list[int], list[str]]:
    """Give what the counts tell of shares, the channels that did not end, and what was taken for what.

    A month without a case of a channel tells nothing of its share where enough were expected: before its
    first case it had not begun, after its last it has ended, and in between the record has a gap.
    """
    counts, notes, kept = found.counts.copy(), [], []
    total = counts.sum(axis=1)
    for place, name in enumerate(found.names):
        mine = found.counts[:, place]
        some = np.flatnonzero(mine)
        first, last = int(some[0]), int(some[-1])
        expected = total * mine[first : last + 1].sum() / total[first : last + 1].sum()
        missing = (mine == 0) & (expected >= CHANCE_CASES)
        after = missing[last + 1 :]
        if after.size >= _ENDED_MONTHS and after.all():
            notes.append(
                f"{name}: none since {month_name(int(found.months[last]))}, taken as ended: no forecast"
            )
            continue
        kept.append(place)
        counts[missing, place] = np.nan
        if missing[:first].any():
            notes.append(f"{name}: begins in {month_name(int(found.months[first]))}")
        if gaps := np.flatnonzero(missing[first:]).tolist():
            named = ", ".join(month_name(int(found.months[first + gap])) for gap in gaps[:6])
            told = (
                f"{name}: none in {named}, where about {expected[first + gaps[0]]:,.0f} were to be expected"
            )
            notes.append(f"{told}: taken as a gap of the record")
    return History(found.months, counts[:, kept], found.covered), kept, notes


def _limits(history: History) -> list[str]:
    notes = []
    if history.span < SEASON_MONTHS_LEAST:
        notes.append(
            f"{history.span} months are too short to learn a season ({SEASON_MONTHS_LEAST} are needed): "
            "the forecast has none"
        )
    if history.months.size > (most := months_learned(history.channels)):
        notes.append(f"learned from the last {most} of {history.months.size} months")
    return notes
