"""The simulated day next to the same network in idiomatic SimPy: customers per second, in one run.

    .venv/bin/python benchmarks/bench_day.py [--rounds 3] [--share 0.1]

The peer is written as SimPy's own documentation would have it: a process a customer,
`simpy.Resource`, `request | timeout` for patience, numbers from `random` where they are needed, the
logit's exponentials taken for every choice. Both play the province with the same dialogues, pages,
faults, retries and reminders, and sleep as often in a visit, but for the message gateway, which the
peer makes a `Resource`. Staff is constant and terminals do not break, as SimPy has neither. Rounds are
interleaved; each side's figure is the median of its processor seconds.
"""

import argparse
import gc
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, median, variance
from time import process_time

import polars as pl

from benchmarks.idiomatic_day import IdiomaticDay
from footfall._model.changes import set_number
from footfall._model.model import Model
from footfall._simulate.day import simulate_day
from models.guangxi import MODEL

SEED = 8
EVENTS_AT = {0.05: 288_377}
"""Timed events of our day at `SEED`, replication 0, by share of the province: the same work as before."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one run of one side took and gave."""

    seconds: float
    customers: int
    visits: int
    served: int
    human_s: float
    hall_waits_s: list[float]
    """Mean wait of each own hall, seconds."""


def network(share: float) -> Model:
    """Give the province at a share of its size, with constant staff."""
    scaled = {
        "population": MODEL.population,
        "own_hall.sites": 200,
        "partner_hall.sites": 445,
        "kiosk.sites": 300,
        "hotline.lines": 900,
        "hotline.agents": 170,
        "sms.messages_per_s": 100,
        "web.slots": 24,
        "wap.slots": 16,
    }
    model = MODEL
    for path, value in scaled.items():
        model = set_number(model, path, max(1, round(value * share)))
    for path, value in {"own_hall.clerks": 6, "partner_hall.clerks": 3, "kiosk.up.mean_s": 0}.items():
        model = set_number(model, path, value)
    return set_number(model, "busyness_cv", 0)


def ours(model: Model, replication: int) -> tuple[Round, int]:
    """Run one day of the kit; returns also its count of events."""
    gc.collect()
    began = process_time()
    result = simulate_day(model, SEED, replication)
    seconds = process_time() - began
    visits = result.visits
    halls = visits.filter(pl.col("channel") == "own_hall", pl.col("served_s").is_not_null())
    return Round(
        seconds=seconds,
        customers=result.arrivals.height,
        visits=visits.height,
        served=visits.filter(pl.col("outcome") == "served").height,
        human_s=float(visits["human_s"].sum()),
        hall_waits_s=halls.group_by("site").agg(pl.col("wait_s").mean())["wait_s"].to_list(),
    ), result.events


def theirs(model: Model, replication: int) -> Round:
    """Run one day of the peer."""
    gc.collect()
    began = process_time()
    day = IdiomaticDay(model, SEED, replication)
    day.run()
    seconds = process_time() - began
    waits: dict[int, list[float]] = {}
    for row in day.log:
        if row.channel == "own_hall" and row.began:
            waits.setdefault(row.site, []).append(row.wait_s)
    return Round(
        seconds=seconds,
        customers=sum(row.attempt == 1 for row in day.log),
        visits=len(day.log),
        served=sum(row.outcome == "served" for row in day.log),
        human_s=sum(row.human_s for row in day.log),
        hall_waits_s=[fmean(found) for found in waits.values()],
    )


def check_same_network(mine: list[Round], peer: list[Round]) -> None:
    """Assert that both sides give the same means within sampling error."""
    counts = ("customers", "visits", "served", "human_s")
    totals = [{name: sum(getattr(one, name) for one in rounds) for name in counts} for rounds in (mine, peer)]
    for name, base, spread in (
        ("visits", "customers", 0.5),
        ("served", "visits", 0.3),
        ("human_s", "visits", 120.0),
    ):
        means = [total[name] / total[base] for total in totals]
        error = spread * sqrt(sum(1 / total[base] for total in totals))
        print(f"  {name} / {base}: {means[0]:.4f} and {means[1]:.4f} (error {error:.4f})")
        assert abs(means[0] - means[1]) < 5 * error, name
    halls = [[wait_s for one in rounds for wait_s in one.hall_waits_s] for rounds in (mine, peer)]
    error = sqrt(sum(variance(waits) / len(waits) for waits in halls))
    waits_s = [fmean(waits) for waits in halls]
    print(f"  mean wait in own halls: {waits_s[0]:.1f} s and {waits_s[1]:.1f} s (error {error:.1f} s)")
    assert abs(waits_s[0] - waits_s[1]) < 4 * error, "waits"


def main() -> None:
    """Run the rounds and print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--share", type=float, default=0.05, help="share of the province's size")
    given = options.parse_args()
    model = network(given.share)
    mine, peer = [], []
    for replication in range(given.rounds):
        one, events = ours(model, replication)
        if replication == 0:
            print(f"{one.customers:,} customers, {one.visits:,} visits, {events:,} timed events of ours")
            assert events == EVENTS_AT.get(given.share, events), "another count of events: another model?"
        mine.append(one)
        peer.append(theirs(model, replication))
    check_same_network(mine, peer)
    rates = {
        name: median(one.customers / one.seconds for one in rounds)
        for name, rounds in (("footfall", mine), ("idiomatic SimPy", peer))
    }
    print(f"\n{'':18}{'customers/s':>12}{'ratio':>8}")
    for name, rate in rates.items():
        print(f"{name:18}{rate:12,.0f}{rate / rates['idiomatic SimPy']:8.2f}")


if __name__ == "__main__":
    main()
