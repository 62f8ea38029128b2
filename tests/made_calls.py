"""A made-up file of a hotline's calls, with the columns that `footfall validate` reads."""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

import polars as pl

OPENS_S, CLOSES_S = 32_400.0, 43_200.0
"""Nine to noon: few calls, soon simulated."""
_PAUSE_S = 5.0


def calls(
    days: Sequence[date],
    between_s: float = 90.0,
    service_s: float = 140.0,
    agents: int = 2,
    patience_s: float = 120.0,
) -> pl.DataFrame:
    """Give calls of some days at some agents, first come first served; everything is exponential.

    Nobody comes before nine or after noon; `patience_s` is the mean time after which callers leave.
    """
    return pl.DataFrame(
        [row for day in days for row in _day(day, (between_s, service_s, patience_s), agents)]
    )


def _day(day: date, means_s: tuple[float, float, float], agents: int) -> list[dict[str, Any]]:
    between_s, service_s, patience_s_mean = means_s
    luck = Random(f"{day}")
    midnight = pl.Series([day]).cast(pl.Datetime("us"))[0]
    free_s = {f"R{n}": OPENS_S for n in range(agents)}
    at_s, rows = OPENS_S + luck.expovariate(1 / between_s), []
    while at_s < CLOSES_S:
        agent = min(free_s, key=lambda name: free_s[name])
        wait_s, patience_s = max(0.0, free_s[agent] - at_s), luck.expovariate(1 / patience_s_mean)
        left, talk_s = wait_s > patience_s, luck.expovariate(1 / service_s)
        waited_s = min(wait_s, patience_s)
        came, began = (midnight + timedelta(seconds=s) for s in (at_s, at_s + waited_s))
        if not left:
            free_s[agent] = at_s + wait_s + talk_s + _PAUSE_S
        rows.append(
            {
                "date": midnight, "type": luck.choice(("PS", "PS", "NW", "IN")),
                "status": "abandoned_queue" if left else "served", "priority": 0,
                "agent": "" if left else agent, "vru_entry": came, "vru_exit": came,
                "ser_start": None if left else began,
                "ser_exit": None if left else began + timedelta(seconds=talk_s),
                "vru_s": 5, "wait_s": waited_s, "service_s": 0.0 if left else talk_s,
            }
        )  # fmt: skip
        at_s += luck.expovariate(1 / between_s)
    return rows


def working_days(first: date, weeks: int) -> list[date]:
    """Give Sunday to Thursday of some weeks from a Sunday on."""
    return [first + timedelta(days=7 * week + k) for week in range(weeks) for k in range(5)]
