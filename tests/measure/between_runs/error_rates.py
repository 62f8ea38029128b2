"""How often a comparison errs, on made-up sets of runs whose metrics depend on each other.

Run by itself, with the number of comparisons, it prints the table of docs/how-to/comparing.md:
`python -m tests.measure.between_runs.error_rates 1000`.
"""

import math
import sys
from collections import Counter
from dataclasses import dataclass
from random import Random

from footfall._measure.run_comparison import Comparison, Sides, compare_runs, decide_comparison
from footfall._measure.run_metrics import MAIN, Metric

OTHERS = 10
"""Channels and operations in addition to the whole, each with success, p50, p95 and mean."""
STATISTICS = ("success", "p50", "p95", "mean")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is true of two services, and how their runs vary."""

    name: str
    factor: float = 1.0
    """All of the candidate's times are this many times as long."""
    factor_of_one: float = 1.0
    """Those of one operation alone, which the times of all visits do not show."""
    success_drop: float = 0.0
    """The candidate's success is lower by this, everywhere."""
    run_variation: float = 0.03
    """Standard deviation of the logarithm of what all times of a run share: a slow machine, a busy minute."""
    own_variation: float = 0.03
    """The same of each metric alone."""


WORLDS = (
    World(name="nothing differs"),
    World(name="nothing differs, runs vary by 20 %", run_variation=0.2, own_variation=0.1),
    World(name="times x 1.05, exactly the minimum", factor=1.05),
    World(name="times x 1.1", factor=1.1),
    World(name="times x 1.3", factor=1.3),
    World(name="times x 2", factor=2.0),
    World(name="times x 25", factor=25.0),
    World(name="times x 2, runs vary by 20 %", factor=2.0, run_variation=0.2, own_variation=0.1),
    World(name="one operation x 1.3, the rest alike", factor_of_one=1.3),
    World(name="one operation x 2, the rest alike", factor_of_one=2.0),
    World(
        name="one operation x 2, runs vary by 50 %", factor_of_one=2.0, run_variation=0.1, own_variation=0.5
    ),
    World(name="success 1 pt lower, exactly the minimum", success_drop=0.01),
    World(name="success 3 pt lower", success_drop=0.03),
)


def rates(world: World, runs: int, comparisons: int, seed: int = 1) -> dict[Comparison, float]:
    """Give the share of comparisons that came to each verdict, of so many runs a side."""
    draws = Random(f"{seed} {world.name} {runs}")
    counts: Counter[Comparison] = Counter()
    for _ in range(comparisons):
        sides = [[_run(world, draws, candidate=which) for _ in range(runs)] for which in (False, True)]
        samples = {
            metric: Sides(*([run[metric] for run in side] for side in sides)) for metric in sides[0][0]
        }
        counts[decide_comparison(compare_runs(samples, None, MAIN), named=False).verdict] += 1
    return {verdict: counts[verdict] / comparisons for verdict in Comparison}


def _run(world: World, draws: Random, *, candidate: bool) -> dict[Metric, float]:
    """Make one run: its times share a factor, and what is left of success follows from the same slowness."""
    shared = draws.gauss(0, world.run_variation)
    values = {}
    for scope in range(OTHERS + 1):
        own = draws.gauss(0, world.own_variation)
        factor = world.factor * (world.factor_of_one if scope == 1 else 1.0) if candidate else 1.0
        for statistic in STATISTICS:
            metric = Metric(statistic, f"c{scope}") if scope else Metric(statistic)
            if metric.is_share:
                drop = world.success_drop if candidate else 0.0
                values[metric] = min(1.0, max(0.0, 0.95 - drop - 0.02 * shared + draws.gauss(0, 0.003)))
            else:
                noise = draws.gauss(0, world.own_variation / 3)
                values[metric] = factor * math.exp(shared + own + noise)
    return values


def main() -> None:
    """Print the table."""
    comparisons = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    numbers = (4, 5, 6, 8)
    lines = [
        "| true | " + " | ".join(f"{n} runs" for n in numbers) + " |",
        "| --- |" + " --- |" * len(numbers),
    ]
    for world in WORLDS:
        cells = []
        for n in numbers:
            found = rates(world, n, comparisons)
            order = (Comparison.NOT_WORSE, Comparison.WORSE, Comparison.UNKNOWN)
            cells.append(" / ".join(f"{found[verdict] * 100:.1f}" for verdict in order))
        lines.append(f"| {world.name} | " + " | ".join(cells) + " |")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
