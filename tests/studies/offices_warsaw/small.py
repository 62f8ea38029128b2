"""Made-up queues at counters: how their days were is known exactly."""

from datetime import date

import numpy as np
import polars as pl

from footfall._model.numbers import fitted
from studies.offices_warsaw.hall import Luck, waiting_seen
from studies.offices_warsaw.records import Counts, QueueDay
from studies.offices_warsaw.spec import OfficeQueue, Offices
from tests.made_up import always, number

LOOK_S = 300.0
FIRST, SECOND, LATER = date(2020, 1, 2), date(2020, 1, 3), date(2020, 1, 7)
OPENS_S, CLOSES_S = 8 * 3600.0, 16 * 3600.0
FOREVER_S = 1e12


def offices(*queues: OfficeQueue, patience_s: float = FOREVER_S, absent_s: float = 30) -> Offices:
    """Give offices whose customers wait for ever, unless told otherwise."""
    return Offices(
        name="made_up",
        title="made up",
        calibrated_on=(FIRST, SECOND),
        opens_s=number(OPENS_S),
        closes_s=number(CLOSES_S),
        own_share_least=number(0.98),
        called_least=number(15),
        called_most_per_s=number(1 / 60),
        patience_s_mean=number(patience_s),
        absent_s=number(absent_s),
        replications=number(3),
        queues=queues,
    )


def queue(name: str, service_s_mean: float) -> OfficeQueue:
    """Give a queue of the office Town with even profiles."""
    return OfficeQueue(
        name=f"Town/{name}",
        office="Town",
        queue=name,
        title=f"Queue {name}",
        service_s_mean=fitted(service_s_mean, "made up"),
        arrivals=always(6),
        counters=always(2),
        waiting=always(1),
    )


def blank(
    came: Counts, counters: int, day: date = FIRST, name: str = "A", since_s: float = OPENS_S
) -> QueueDay:
    """Give a day of which only arrivals and counters are known."""
    looks = came.size
    return QueueDay(
        office="Town",
        queue=name,
        title=f"Queue {name}",
        letter=name,
        day=day,
        own_share=1.0,
        at_s=since_s + LOOK_S * np.arange(looks, dtype=np.float64),
        counters=np.full(looks, counters),
        waiting=np.concatenate([came[:1], np.zeros(looks - 1, dtype=np.int64)]),
        called=np.zeros(looks),
        tickets=("",) * looks,
    )


def lived(came: Counts, service_s: float, counters: int = 2, day: date = FIRST, name: str = "A") -> QueueDay:
    """Give a day as its display showed it: who waited and which ticket was the last one called."""
    bare = blank(came, counters, day, name)
    seen = waiting_seen(offices(), bare, came, service_s, Luck(99, 0)).round().astype(np.int64)
    # Whoever is called as the day's first look is taken came with it.
    calls = np.cumsum(came) - seen
    return QueueDay(
        office="Town",
        queue=name,
        title=bare.title,
        letter=name,
        day=day,
        own_share=1.0,
        at_s=bare.at_s,
        counters=bare.counters,
        waiting=seen,
        called=np.diff(calls, prepend=calls[0]).astype(np.float64),
        tickets=tuple(f"{name}{n:03d}" if n else "" for n in calls.tolist()),
    )


def some_came(day: int, looks: int = 96, mean: float = 1.5) -> Counts:
    """Give Poisson arrivals between looks; nobody is there at the first."""
    came: Counts = np.random.default_rng(day).poisson(mean, looks)
    came[0] = 0
    return came


def snapshots(days: list[QueueDay]) -> pl.DataFrame:
    """Give days as the table that `queue_days` reads."""
    midnight = pl.col("day").cast(pl.Datetime("ms"))
    tables = [
        pl.DataFrame(
            {
                "office": day.office,
                "queue_id": day.queue,
                "queue_letter": day.letter,
                "queue_name": day.title,
                "day": [day.day] * day.at_s.size,
                "at_s": day.at_s.astype(np.int64),
                "open_counters": day.counters,
                "queue_len": day.waiting,
                "ticket_now": day.tickets,
                "served": day.called,
                "own_share": day.own_share,
            }
        )
        for day in days
    ]
    return pl.concat(tables).select(
        pl.exclude("day", "at_s"), ts=midnight + pl.duration(seconds=pl.col("at_s"))
    )
