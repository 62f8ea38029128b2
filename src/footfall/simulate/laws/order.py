"""Times: none negative, none out of order."""

import polars as pl

from footfall.records.errors import BrokenLawError
from footfall.records.tables import check_visits
from footfall.simulate.laws.counts import Counts
from footfall.simulate.laws.evidence import interval

_ROUNDING = 1e-9
"""Of the clock: a wait is a difference of times."""


def order(visits: pl.DataFrame, counts: Counts) -> int:
    """Hold every visit's times to their order, and its row to the laws of `Visit`; returns the checks.

    Raises:
        BrokenLawError: a wait is negative or longer than its visit, or a time lies before an earlier one.
    """
    started = pl.col("started_s").fill_null(pl.col("due_s"))
    served = pl.col("served_s").fill_null(started)
    ended, wait, human = pl.col("ended_s"), pl.col("wait_s"), pl.col("human_s")
    rules = {
        "no negative wait": (wait, pl.lit(0.0)),
        "no negative time of one's own": (human, pl.lit(0.0)),
        "no wait longer than its visit": (ended - pl.col("due_s") + _ROUNDING * ended, wait),
        "started no sooner than due": (started, pl.col("due_s")),
        "served no sooner than started": (served, started),
        "ended no sooner than served": (ended, served),
    }
    # A comparison with a number that is none proves nothing.
    holds = {
        law: ((value >= least) & value.is_not_nan() & least.is_not_nan()).fill_null(value=False)
        for law, (value, least) in rules.items()
    }
    for law, all_hold in (
        visits.select(rule.all().alias(law) for law, rule in holds.items()).row(0, named=True).items()
    ):
        if not all_hold:
            value, least = rules[law]
            broken = visits.filter(~holds[law])
            one = broken.select("channel", "due_s", "ended_s", value=value, least=least).row(0, named=True)
            raise BrokenLawError(
                law,
                f"{one['channel']}, {interval(one['due_s'], one['ended_s'])}",
                f"{one['value']:.9g} s is below {one['least']:.9g} s ({broken.height} visits)",
            )
    check_visits(visits)
    return len(rules) * len(counts.channels)
