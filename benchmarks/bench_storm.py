"""Retry storms, simulated and live: do points next to the border recover at the reference service, too?

Prints each border next to that of the formula λ(1 + min(r, b)) = μ, and how many points ended as simulated.

    .venv/bin/python benchmarks/bench_storm.py --points 24
"""

import argparse
from dataclasses import replace
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory

import footfall as ff
from footfall._runs.make_trace import make_trace
from footfall._runs.messages import QUIET
from footfall._runs.storm import StormAsked, asked_case
from footfall._runs.storm_live import LivePlayAsked, LivePoint, play_live
from footfall._runs.storm_search import Workers, played_map
from footfall._simulate.storm_points import StormCase, StormPoint, safe_load
from footfall._workload.trace import Trace
from footfall.theory.networks import largest_stable_rate

SERVER = ff.RequestServer(
    2, accept_queue=100_000, deadline=1, stale_work="served", retry=ff.Retry(retries_most=2, backoff_s=0.05)
)
MODEL = ff.Model(
    "storm",
    "Two slots of 33 requests/s each, stale work served",
    arrivals=ff.per_second(30),
    channels=ff.Channel("web", SERVER, service=ff.exponential("30ms")),
)
LOADS = tuple(n / 20 for n in range(3, 20))
STALL_S = 4.0
BORDERS = ((1, 0.0), (2, 0.0), (4, 0.0), (4, 0.1), (4, 0.5))


def maps(case: StormCase) -> list[tuple[str, StormCase, list[StormPoint]]]:
    """Give the maps: by retries, by budget, by the length of the trigger, and by its kind."""
    outage = replace(case, channel=channel_with(ff.Retry(retries_most=2, backoff_s=2, jitter_share=0)))
    return [
        ("retries", case, [StormPoint(load, r, 0.0, STALL_S) for r in (1, 2, 3) for load in LOADS]),
        ("budgets", case, [StormPoint(load, 3, b, STALL_S) for b in (0.2, 0.5, 1.0) for load in LOADS]),
        ("lengths", case, [StormPoint(load, 2, 0.0, s) for s in (0.7, 2.0, 6.0) for load in LOADS]),
        (
            "outages",
            replace(outage, trigger="outage"),
            [StormPoint(load, r, 0.0, 5.0) for r in (2, 4) for load in LOADS],
        ),
        (
            "bursts of load",
            replace(case, trigger="load"),
            [StormPoint(load, r, 0.0, STALL_S) for r in (2, 4) for load in LOADS],
        ),
    ]


def channel_with(retry: ff.Retry) -> ff.Channel:
    """Give the channel with other clients."""
    (channel,) = MODEL.channels
    return channel.model_copy(update={"station": SERVER.model_copy(update={"retry": retry})})


def borders(case: StormCase) -> None:
    """Print the largest loads that recover, next to those of the formula."""
    for retries, budget in BORDERS:
        found = safe_load(replace(case, longest_s=10.0), retries, budget, exact=True)
        formula = largest_stable_rate(1.0, retries, budget or inf)
        off = f"{found / formula - 1:+.1%}"
        print(f"border r={retries} b={budget:g}: {found:.4f}, formula {formula:.4f} ({off})")


def live(case: StormCase, pool: Trace, points: int) -> list[LivePoint]:
    """Play points of each map and print them."""
    played: list[LivePoint] = []
    asked = maps(case)
    with Workers(QUIET) as workers:
        for number, (name, of_map, on_map) in enumerate(asked):
            found, _ = played_map(of_map, on_map, [], 6, workers)
            # The points are dealt out one by one, the first maps first.
            count = (points + len(asked) - 1 - number) // len(asked)
            with TemporaryDirectory() as folder:
                for each in play_live(of_map, found, LivePlayAsked(count, None, Path(folder)), pool, QUIET):
                    played.append(each)
                    point = each.point
                    print(
                        f"{name}: load {point.load_share:.2f} r={point.retries} b={point.budget_share:g} "
                        f"trigger {point.trigger_s:g} s: simulated {each.simulated_share:.2f} recover, "
                        f"live {'recovers' if each.recovered else 'stays down'} "
                        f"{each.problem or ('agrees' if each.agrees else 'DIFFERS')}",
                        flush=True,
                    )
    return played


def main() -> None:
    """Run it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--points", type=int, default=24)
    options.add_argument("--no-borders", action="store_true")
    given = options.parse_args()
    pool = make_trace(model=MODEL, seed=1, window=600)
    case = asked_case(pool, StormAsked())
    if not given.no_borders:
        borders(case)
    played = live(case, pool, given.points)
    judged = [each for each in played if each.agrees is not None]
    agreed = sum(bool(each.agrees) for each in judged)
    print(f"agreed: {agreed} of {len(judged)} judged, {len(played)} played")


if __name__ == "__main__":
    main()
