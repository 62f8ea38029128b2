"""How often a verdict is wrong, on synthetic runs whose truth is known.

The tables of docs/background/error-rates.md.

    .venv/bin/python -m tests.statistics.error_rates [--runs 1000] [--cells NAME]

The truth lies exactly at the limit, where a pass and a failure are both wrong; then beyond it, where one is
right.
"""

import argparse
import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from footfall._measure.quantile_bounds import quantile_bounds
from footfall._stats import LONGEST_EPISODE, STRICT_EPISODE
from footfall._stats.episodes import (
    Side,
    apart_bounds,
    bad_share_bounds,
    combined,
    episodes_of,
    paired_bounds,
)
from footfall._stats.intervals import Interval
from footfall._stats.response_times import mean_bounds, memory_of, slow_of, slow_share_bounds
from tests.statistics.series import (
    LOGNORMAL_MEAN,
    Flags,
    Values,
    bursts,
    by_customer,
    independent,
    lognormal,
    lognormal_quantile,
    queue,
    queue_mean,
    queue_quantile,
)

SEED = 2012
LIMIT = 0.05
TOLERANCE = 0.03
Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares of runs that passed and that failed, 0..1."""

    passed: float
    failed: float


def rates(bounds: Iterable[Interval], limit: float) -> Rates:
    """Of figures that must not be above a limit."""
    each = list(bounds)
    return Rates(sum(b.high <= limit for b in each) / len(each), sum(b.low > limit for b in each) / len(each))


def within(bounds: Iterable[Interval], tolerance: float) -> Rates:
    """Of differences that must lie within a tolerance on either side."""
    each = list(bounds)
    passed = sum(-tolerance <= b.low and b.high <= tolerance for b in each)
    failed = sum(b.low > tolerance or b.high < -tolerance for b in each)
    return Rates(passed / len(each), failed / len(each))


def share_bounds(kind: str, share: float, runs: int, n: int, longest: float) -> list[Interval]:
    """Bounds of the share of bad visits in runs of that kind of dependence."""
    rng = np.random.default_rng(SEED)
    if kind == "customers of 1 to 5 visits":
        flags, customers = by_customer(share, runs, n, rng)
        return [bad_share_bounds(episodes_of(row, customers), longest) for row in flags]
    return [bad_share_bounds(episodes_of(row), longest) for row in flags_of(kind, share, runs, n, rng)]


def flags_of(kind: str, share: float, runs: int, n: int, rng: Rng) -> Flags:
    """Bad visits: `independent`, or `episodes of 5`."""
    if kind == "independent":
        return independent(share, runs, n, rng)
    return bursts(float(kind.rpartition(" ")[2]), share, runs, n, rng)


SHARES = (
    "independent",
    "episodes of 2",
    "episodes of 5",
    "episodes of 20",
    "episodes of 60",
    "customers of 1 to 5 visits",
)


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of response times with its true figures."""

    make: Callable[[int, int, Rng], Values]
    p95_s: float
    mean_s: float


def _queue(servers: int, load: float) -> Source:
    return Source(
        lambda runs, n, rng: queue(servers, load, runs, n, rng),
        queue_quantile(servers, load, 0.95),
        queue_mean(servers, load),
    )


def _lognormal(memory: float) -> Source:
    return Source(
        lambda runs, n, rng: lognormal(memory, runs, n, rng), lognormal_quantile(0.95), LOGNORMAL_MEAN
    )


TIMES = {
    "independent": _lognormal(0.0),
    "AR(1) 0.5": _lognormal(0.5),
    "AR(1) 0.9": _lognormal(0.9),
    "M/M/1, load 0.5": _queue(1, 0.5),
    "M/M/1, load 0.8": _queue(1, 0.8),
    "M/M/1, load 0.9": _queue(1, 0.9),
    "M/M/4, load 0.5": _queue(4, 0.5),
    "M/M/4, load 0.8": _queue(4, 0.8),
    "M/M/4, load 0.9": _queue(4, 0.9),
    "M/M/10, load 0.8": _queue(10, 0.8),
    "M/M/20, load 0.9": _queue(20, 0.9),
}


def percentile_bounds(times: Values, limit_s: float) -> list[Interval]:
    """Bounds of the share of visits beyond a limit of the 95th percentile."""
    return [slow_share_bounds(slow_of(row > limit_s, memory_of(row, 0.95))) for row in times]


def agreement_bounds(kind: str, difference: float, runs: int, n: int) -> list[Interval]:
    """Bounds of predicted - measured: 4 % fail in both worlds, more in the measured one by `difference`."""
    rng = np.random.default_rng(SEED)
    # Those who fail in one world may be among those who fail in both.
    alone = (0.01, 0.01 + difference / (1 - 0.04))
    both, one, two = (flags_of(kind, share, runs, n, rng) for share in (0.04, *alone))
    ones = np.ones(n)
    return [
        paired_bounds(Side(served=1.0 - (b | p), visits=ones), Side(served=1.0 - (b | m), visits=ones))
        for b, p, m in zip(both, one, two, strict=True)
    ]


def baseline_bounds(kind: str, worse: float, runs: int, n: int) -> list[Interval]:
    """Bounds of the worsening of a share of failures that was 5 %."""
    rng = np.random.default_rng(SEED)
    now, then = (flags_of(kind, share, runs, n, rng) for share in (0.05 + worse, 0.05))
    return [apart_bounds(episodes_of(one), episodes_of(two)) for one, two in zip(now, then, strict=True)]


def ratio_bounds(kind: str, statistic: str, worse: float, runs: int, n: int) -> list[Interval]:
    """Bounds of new / old - 1 of a 95th percentile or a mean, where new is `1 + worse` times as long."""
    rng = np.random.default_rng(SEED)
    now, then = (TIMES[kind].make(runs, n, rng) for _ in range(2))
    found = []
    for one, two in zip(now * (1 + worse), then, strict=True):
        if statistic == "mean":
            sides = [(row.mean(), mean_bounds(row)) for row in (one, two)]
        else:
            sides = [
                (np.quantile(row, 0.95, method="inverted_cdf"), quantile_bounds(row, 0.95))
                for row in (one, two)
            ]
        logs = [
            (math.log(value), Interval(*(math.log(x) if x > 0 else -math.inf for x in bounds)))
            for value, bounds in sides
        ]
        apart = combined(logs[0][0], logs[0][1], logs[1][0], logs[1][1])
        found.append(Interval(math.expm1(apart.low), math.expm1(min(apart.high, 700.0))))
    return found


def percent(found: Rates) -> str:
    """Passed / failed in percent."""
    return f"{found.passed * 100:.1f} / {found.failed * 100:.1f}"


def _runs(n: int, runs: int) -> int:
    return runs if n <= 2000 else max(runs // 4, 100)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _row(name: str, cells: Iterable[str]) -> None:
    _say("| " + " | ".join([name, *cells]) + " |")


def _head(first: str, cells: Iterable[str]) -> None:
    names = [first, *cells]
    _say("\n| " + " | ".join(names) + " |\n|" + " --- |" * len(names))


def table_of_shares(runs: int) -> None:
    """Default and strict, at the limit; then two points better and two worse."""
    sizes = (400, 2000, 10_000)
    for name, longest in (("5 visits (default)", LONGEST_EPISODE), ("strict", STRICT_EPISODE)):
        heads = [f"n = {n:,}" for n in sizes]
        _head(f"declared: {name}; failures", [*heads, "truly 97 %, n = 2,000", "truly 93 %, n = 2,000"])
        for kind in SHARES:
            at = [percent(rates(share_bounds(kind, LIMIT, _runs(n, runs), n, longest), LIMIT)) for n in sizes]
            off = [percent(rates(share_bounds(kind, q, runs, 2000, longest), LIMIT)) for q in (0.03, 0.07)]
            _row(kind, [*at, *off])


def table_of_times(runs: int) -> None:
    """95th percentile and mean, at the limit; then the limit half as long again, and a third shorter."""
    sizes = (400, 2000, 10_000)
    for statistic in ("p95", "mean"):
        heads = [f"n = {n:,}" for n in sizes]
        _head(f"{statistic} of times", [*heads, "limit 1.5 times, n = 2,000", "limit two thirds, n = 2,000"])
        for kind, source in TIMES.items():
            at = []
            off = []
            for n in sizes:
                times = source.make(_runs(n, runs), n, np.random.default_rng(SEED))
                at.append(percent(_judged(times, source, statistic, 1.0)))
                if n == 2000:
                    off = [percent(_judged(times, source, statistic, factor)) for factor in (1.5, 2 / 3)]
            _row(kind, [*at, *off])


def _judged(times: Values, source: Source, statistic: str, factor: float) -> Rates:
    if statistic == "mean":
        return rates([mean_bounds(row) for row in times], source.mean_s * factor)
    return rates(percentile_bounds(times, source.p95_s * factor), LIMIT)


def table_of_agreement(runs: int) -> None:
    """Truly 3 points apart, then not at all."""
    sizes = (1000, 4000)
    _head("failures", [f"{d} pt apart, n = {n:,}" for d in (3, 0) for n in sizes])
    for kind in SHARES[:-1]:
        cells = []
        for difference in (TOLERANCE, 0.0):
            for n in sizes:
                found = agreement_bounds(kind, difference, _runs(n, runs), n)
                cells.append(percent(within(found, TOLERANCE)))
        _row(kind, cells)


def table_of_baselines(runs: int) -> None:
    """Truly worse by the tolerance, then not at all."""
    sizes = (1000, 4000)
    _head("`success … by 1pt`; failures", [f"{d} pt worse, n = {n:,}" for d in (1, 0) for n in sizes])
    for kind in SHARES[:-1]:
        cells = [
            percent(rates(baseline_bounds(kind, worse, _runs(n, runs), n), 0.01))
            for worse in (0.01, 0.0)
            for n in sizes
        ]
        _row(kind, cells)
    for statistic in ("p95", "mean"):
        _head(f"`{statistic} … by 5%`; times", [f"{d} % worse, n = {n:,}" for d in (5, 0) for n in sizes])
        for kind in ("independent", "AR(1) 0.5", "AR(1) 0.9", "M/M/1, load 0.8"):
            cells = [
                percent(rates(ratio_bounds(kind, statistic, worse, _runs(n, runs), n), 0.05))
                for worse in (0.05, 0.0)
                for n in sizes
            ]
            _row(kind, cells)


TABLES = {
    "shares": table_of_shares,
    "times": table_of_times,
    "agreement": table_of_agreement,
    "baselines": table_of_baselines,
}


def main() -> None:
    """Print the tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--cells", choices=sorted(TABLES), nargs="*", default=list(TABLES))
    asked = parser.parse_args()
    for name in asked.cells:
        TABLES[name](asked.runs)


if __name__ == "__main__":
    main()
