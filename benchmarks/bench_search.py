"""Searches for the capacity of simulated services of known knee: is it in the interval, and how wide is that?

    .venv/bin/python benchmarks/bench_search.py [--each 20] [--kind pool] [--budget 300] [--seed 1] [--plan]

Each service is a station of one of nine kinds, drawn at random and played by simulation through the steps
that a load generator would play. The truth is the knee of the station itself, simulated for much longer than
any step. Printed by kind: services, knees found, intervals that hold the truth, median error, median
half-width, intervals wider than 10 % to either side, play time, and plateaus within 4 % of those stated.
`--plan` plays the steps of a search at rates around the truth, so that only what they show is worked out: a
third of the time, for many services.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from footfall._calibrate.learned_station import GoodnessOfFit, LearnedStation
from footfall._calibrate.station_parameters import LawFamily, StationParameters
from footfall._capacity.findings import findings
from footfall._capacity.load_steps import CapacityAsked, PlannedStep, PlayedStep
from footfall._capacity.reading import CONFIRM, STRUCTURE, question_of
from footfall._capacity.search import OVERLOAD_SHARE
from footfall._capacity.service_model import ServiceModel, traffic_of
from footfall._capacity.simulated_knee import Effort, simulated_knee
from footfall._capacity.step_evidence import OVERLOAD, RECOVERY
from footfall._capacity.step_figures import UNLOADED
from footfall._criteria.objects import Criterion
from tests.capacity.synthetic import Searched, SyntheticService, search, station

FAMILIES: tuple[LawFamily, ...] = ("exponential", "gamma", "lognormal", "weibull", "uniform", "constant")
TRUTH = Effort(draws=0, arrivals=12_000, streams=32)


@dataclass(frozen=True)
class Score:
    """What one search made of one service."""

    kind: str
    seed: int
    truth: float
    searched: Searched
    capacity: float
    station: StationParameters

    @property
    def holds(self) -> bool:
        """Whether the interval holds the truth."""
        knee = self.searched.found.knee
        return knee is not None and knee.low <= self.truth <= knee.high

    @property
    def error(self) -> float:
        """Of the value, as a share of the truth."""
        knee = self.searched.found.knee
        return abs(knee.value / self.truth - 1) if knee else 1.0

    @property
    def plateau_error(self) -> float | None:
        """Of the plateau, as a share of what the station can work off; None: none was stated."""
        plateau = self.searched.found.plateau
        return abs(plateau.value / self.capacity - 1) if plateau else None


def pool(rng: np.random.Generator) -> StationParameters:
    """A pool of slots with an endless queue."""
    family = FAMILIES[rng.integers(len(FAMILIES))]
    cv = {"exponential": 1.0, "constant": 0.0, "uniform": float(rng.uniform(0.2, 0.55))}.get(
        family, float(rng.uniform(0.3, 1.5))
    )
    slots = int(np.exp(rng.uniform(0, np.log(40))))
    return station(
        family,
        float(np.exp(rng.uniform(np.log(0.015), np.log(0.12)))),
        cv,
        slots=max(slots, 1),
        network_s=float(rng.uniform(0.0005, 0.004)),
        fault_share=float(rng.choice([0.0, 0.0, 0.003])),
    )


def _with(
    change: Callable[[np.random.Generator, StationParameters], dict[str, object]],
) -> Callable[[np.random.Generator], StationParameters]:
    def drawn(rng: np.random.Generator) -> StationParameters:
        base = pool(rng)
        fields = {name: getattr(base, name) for name in StationParameters.__slots__}
        return StationParameters(**{**fields, **change(rng, base)})

    return drawn


def _slots_of(rng: np.random.Generator, least: int, most: int) -> int:
    return int(rng.integers(least, most + 1))


KINDS: dict[str, Callable[[np.random.Generator], StationParameters]] = {
    "pool": pool,
    "loss system": _with(lambda rng, _: {"slots": _slots_of(rng, 3, 24), "accept_queue": 0}),
    "bounded queue": _with(
        lambda rng, _: {"slots": _slots_of(rng, 2, 12), "accept_queue": _slots_of(rng, 1, 20)}
    ),
    "rate limit": _with(
        lambda rng, _: {
            "slots": 10**6,
            "rate_limit_per_s": float(rng.uniform(20, 300)),
            "rate_limit_burst": _slots_of(rng, 3, 40),
        }
    ),
    "deadline": _with(
        lambda rng, base: {
            "deadline_s": base.laws[0].mean_s * float(rng.uniform(6, 25)),
            "stale_work": str(rng.choice(["cut", "served"])),
        }
    ),
    "connection pool": _with(
        lambda rng, base: {"queue_timeout_s": base.laws[0].mean_s * float(rng.uniform(4, 20))}
    ),
    "stalls": _with(
        lambda rng, _: {
            "stall_length_s": (length := float(rng.uniform(0.5, 2))),
            "stall_every_s": length * float(rng.uniform(7, 12)),
        }
    ),
    "separate queues": _with(
        lambda rng, _: {
            "slots": (n := _slots_of(rng, 2, 6)),
            "queues": n,
            "dispatch": str(rng.choice(["round_robin", "random"])),
        }
    ),
    "shared cores": _with(lambda rng, _: {"slots": 10**6, "cores": _slots_of(rng, 1, 4)}),
}


def truth_of(
    one: StationParameters, steps: Sequence[PlayedStep], asked: CapacityAsked
) -> tuple[float, float]:
    """The knee of the station itself, and what it can work off."""
    fit = GoodnessOfFit(
        blocks=0,
        agreeing_share=1.0,
        autocorrelation=0.0,
        work_trend=0.0,
        refusals=0,
        refusals_misread=0,
        response_quantiles=(),
    )
    known = LearnedStation(parameters=one, draws=(), numbers=(), unknown=(), flags=(), fit=fit)
    traffic = traffic_of(steps)
    model = ServiceModel(traffic=traffic, stations={"web": known}, seed=77)
    effort = Effort(draws=0, arrivals=2000, streams=12) if one.cores else TRUTH
    knee = simulated_knee(model, question_of(steps, asked), effort)
    return (knee.knee.value if knee else float("nan")), model.rate_most_per_s() * (1 - one.fault_shares[0])


def score(kind: str, seed: int, budget_s: float, *, is_planned: bool = False) -> Score:
    """Search one service."""
    rng = np.random.default_rng([seed, *kind.encode()])
    one = KINDS[kind](rng)
    if rng.random() < 0.5:
        asked = CapacityAsked(
            criteria=(Criterion("success(*) >= 99%"),), p95_times_unloaded=4.0, budget_s=budget_s, seed=seed
        )
    else:
        limit_ms = round(
            1000 * one.laws[0].mean_s * float(rng.uniform(4, 10)) + 1000 * one.stall_length_s * 1.5
        )
        criteria = (Criterion("success(*) >= 98%"), Criterion(f"p95(*) < {limit_ms}ms"))
        asked = CapacityAsked(criteria=criteria, budget_s=budget_s, seed=seed)
    service = SyntheticService(one, seed=seed)
    if is_planned:
        service.play(PlannedStep(number=1, offered_per_s=4.0, length_s=20.0, purpose=UNLOADED))
        truth, capacity = truth_of(one, service.played, asked)
        searched = planned(service, asked, truth * float(np.exp(rng.normal(0, 0.03))), capacity)
    else:
        searched = search(service, asked)
        truth, capacity = truth_of(one, searched.steps, asked)
    return Score(kind, seed, truth, searched, capacity, one)


def planned(service: SyntheticService, asked: CapacityAsked, at: float, most: float) -> Searched:
    """Play what a search would after the unloaded step, where it expects the knee at a rate."""
    at = at if at > 0 else 4.0
    shares = [(STRUCTURE, 0.7, 14.0), (CONFIRM, 0.95, 45.0), (CONFIRM, 1.05, 45.0)]
    rates = [(purpose, share * at, length_s) for purpose, share, length_s in shares]
    rates += [(OVERLOAD, OVERLOAD_SHARE * max(at, min(most, 2.5 * at)), 12.0), (RECOVERY, 0.65 * at, 15.0)]
    for number, (purpose, rate, length_s) in enumerate(rates, 2):
        drain_s = 0.2 if purpose == OVERLOAD else 6.0
        most_inside = None if purpose in {OVERLOAD, RECOVERY} else max(200, round(8 * rate))
        service.play(
            PlannedStep(
                number=number,
                offered_per_s=rate,
                length_s=length_s,
                purpose=purpose,
                drain_s=drain_s,
                under_way_most=most_inside,
            )
        )
    steps = tuple(service.played)
    play_s = sum(step.length_s for step in steps)
    return Searched(findings(steps, asked), steps, play_s, play_s)


def table(scores: list[Score]) -> str:
    """A line a kind, and one of all."""
    heads = (
        ("n", 4),
        ("found", 7),
        ("holds", 7),
        ("error", 8),
        ("half", 8),
        (">10 %", 7),
        ("play s", 8),
        ("plateau", 9),
    )
    lines = [f"{'kind':<18}" + "".join(f"{head:>{width}}" for head, width in heads)]
    for kind in [*dict.fromkeys(one.kind for one in scores), "all"]:
        mine = [one for one in scores if kind in {one.kind, "all"} and one.truth == one.truth]
        if not mine:
            continue
        found = [one for one in mine if one.searched.found.knee]
        halves = [one.searched.found.knee.half_width_share for one in found if one.searched.found.knee]
        plateaus = [one.plateau_error for one in mine if one.plateau_error is not None]
        near = f"{sum(error <= 0.04 for error in plateaus)}/{len(plateaus)}"
        lines.append(
            f"{kind:<18}{len(mine):>4}{len(found):>7}{sum(one.holds for one in mine):>7}"
            f"{median(one.error for one in mine):>8.1%}{median(halves or [0.0]):>8.1%}"
            f"{sum(half > 0.1 for half in halves):>7}"
            f"{median(one.searched.play_s for one in mine):>8.0f}{near:>9}"
        )
    return "\n".join(lines)


def main() -> None:
    """Search and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--each", type=int, default=20, help="services of each kind")
    parser.add_argument(
        "--kind", choices=list(KINDS), action="append", help="only this kind; may be repeated"
    )
    parser.add_argument("--budget", type=float, default=300.0, help="seconds of each search")
    parser.add_argument("--seed", type=int, default=1, help="of the first service of each kind")
    parser.add_argument("--plan", action="store_true", help="steps around the truth instead of a search")
    parser.add_argument("--verbose", action="store_true", help="a line a service")
    given = parser.parse_args()
    scores = []
    for kind in given.kind or list(KINDS):
        for seed in range(given.seed, given.seed + given.each):
            one = score(kind, seed, given.budget, is_planned=given.plan)
            scores.append(one)
            if given.verbose:
                knee = one.searched.found.knee
                said = f"{knee.value:.4g} ({knee.low:.4g}-{knee.high:.4g})" if knee else "none"
                found = one.searched.found
                print(
                    f"{kind} {seed}: truth {one.truth:.4g}, knee {said} {'' if one.holds else 'MISSED'} "
                    f"{found.limited_by} {found.beyond} {found.flags}",
                    flush=True,
                )
    print(table(scores))


if __name__ == "__main__":
    main()
