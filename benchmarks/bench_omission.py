"""A service that stands still for 3 s of 15: what an open and a closed load make of it.

    .venv/bin/python benchmarks/bench_omission.py [--chart docs/pictures/coordinated-omission.svg]

Both send 200 requests a second at a bare service that stops once. Footfall's sessions come when they
are due, and their latency runs from then. Locust's forty users (`constant_throughput(5)`) each wait for
their answer before they ask again: while the service stands still no one asks, and what was not asked is
not slow. That is *coordinated omission* (G. Tene, How NOT to Measure Latency, 2013).
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from benchmarks.lag_server import Stall, stamping_server
from benchmarks.lag_tools import TOP, even_trace
from footfall import __version__
from footfall._chart.style import MEASURED, PALE, PREDICTED, Heading, Stamp, duration, figure, look, svg_text
from footfall._load.result_files import VISITS_FILE
from footfall._load.start_locust import LoadSettings, run_locust
from footfall._records.tables import write_text
from footfall._workload.trace import write_trace
from tests.load.small import SEED

PER_S, SECONDS = 200, 15
STALL = Stall(after_s=5, for_s=3)
USERS = 40
SHARES = (0.50, 0.90, 0.95, 0.99, 0.999)
_MARGIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What one program has measured."""

    ended_s: tuple[float, ...]
    """Seconds since the start of play."""
    latency_s: tuple[float, ...]

    @property
    def asked_s(self) -> list[float]:
        """Seconds since the start of play at which latency begins."""
        return [ended - latency for ended, latency in zip(self.ended_s, self.latency_s, strict=True)]

    def percentile_s(self, share: float) -> float:
        """Exact, by nearest rank."""
        return sorted(self.latency_s)[math.ceil(share * len(self.latency_s)) - 1]


def measure() -> dict[str, Seen]:
    """Play both at once, each at a service of its own."""
    with ThreadPoolExecutor(2) as pool:
        ours, theirs = pool.submit(play_open), pool.submit(play_closed)
        return {"footfall": ours.result(), "closed": theirs.result()}


def play_open() -> Seen:
    """Let Footfall play an even trace."""
    with stamping_server(None, STALL) as port, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_trace(folder, even_trace(PER_S, SECONDS))
        run_locust(LoadSettings(trace=folder, run_dir=folder, host=f"http://127.0.0.1:{port}"))
        visits = pl.read_parquet(folder / VISITS_FILE)
    latency_s = (visits["ended_s"] - visits["due_s"] - visits["human_s"]).to_list()
    return Seen(tuple(visits["ended_s"].to_list()), tuple(latency_s))


def play_closed() -> Seen:
    """Let Locust's users keep the same rate."""
    with stamping_server(None, STALL) as port, tempfile.TemporaryDirectory() as name:
        rows = Path(name) / "rows.json"
        locustfile = str(TOP / "benchmarks" / "omission_locustfile.py")
        command = [sys.executable, "-m", "locust", "-f", locustfile, "--headless", "--only-summary"]
        command += [
            "-u",
            str(USERS),
            "-r",
            str(USERS),
            "-t",
            f"{SECONDS}s",
            "--host",
            f"http://127.0.0.1:{port}",
        ]
        subprocess.run(
            command,
            cwd=TOP,
            env=os.environ | {"OMISSION_ROWS": str(rows)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS + _MARGIN_S,
            check=True,
        )
        found = json.loads(rows.read_text(encoding="utf-8"))
    begin_s = found[0][0]
    return Seen(tuple(at - begin_s for at, _ in found), tuple(latency for _, latency in found))


def draw(seen: dict[str, Seen], path: Path) -> None:
    """Draw each request by when it ended, and the percentiles of both."""
    ours_s, theirs_s = (seen[name].percentile_s(0.95) for name in ("footfall", "closed"))
    heading = Heading(
        title=f"A stall of 3 s: p95 is {duration(ours_s)} open, {duration(theirs_s)} to a closed load",
        subtitle=f"Latency of {PER_S} requests a second over {SECONDS} s at a service that stands still once "
        f"(grey). The closed load is Locust's own: {USERS} users with constant_throughput(5), who ask for "
        "nothing while they wait.",
        stamp=Stamp(run="bench_omission", seed=SEED, version=__version__),
    )
    with look():
        made = figure(heading, 4.4, legend_below=True)
        made.dpi = 160
        dots, curves = made.subplots(1, 2, width_ratios=(3, 2), sharey=True)
        for name, colour, words in (
            ("footfall", MEASURED, "Footfall, open"),
            ("closed", PREDICTED, "Locust, closed"),
        ):
            found = seen[name]
            label = f"{words}: {len(found.latency_s):,} requests"
            dots.plot(found.asked_s, found.latency_s, ".", ms=4, color=colour, alpha=0.6, rasterized=True)
            known = [found.percentile_s(k / 1000) for k in range(500, 1000)]
            curves.plot([k / 10 for k in range(500, 1000)], known, color=colour, lw=1.8, label=label)
            p95_s = found.percentile_s(0.95)
            curves.plot([95], [p95_s], "o", color=colour)
            curves.annotate(
                f"p95 {duration(p95_s)}",
                (95, p95_s),
                (-8, 5),
                textcoords="offset points",
                ha="right",
                color=colour,
            )
        dots.axvspan(STALL.after_s, STALL.after_s + STALL.for_s, color=PALE, alpha=0.5, lw=0, zorder=0)
        dots.set(xlabel="second of play at which a request was due (closed: was sent)", ylabel="latency, s")
        dots.set(xlim=(0, SECONDS + 0.5), ylim=(-0.08, 3.4))
        curves.set(xlabel="percentile of all requests", xlim=(50, 100))
        made.legend(loc="outside lower left", ncols=2)
    write_text(svg_text(made), path)


def main() -> None:
    """Print both, and their ratio."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--chart", type=Path, help="SVG file to draw")
    chart = parser.parse_args().chart
    seen = measure()
    names = " ".join(f"{'p' + format(100 * share, 'g'):>9}" for share in SHARES)
    print(f"{'latency, ms':<12}{'requests':>9} {names}")
    for name, found in seen.items():
        print(
            f"{name:<12}{len(found.latency_s):>9} "
            + " ".join(f"{1000 * found.percentile_s(share):9.1f}" for share in SHARES)
        )
    ratio = seen["footfall"].percentile_s(0.95) / seen["closed"].percentile_s(0.95)
    print(f"p95 from the due time is {ratio:,.0f} times that of the closed load")
    if chart:
        draw(seen, chart)


if __name__ == "__main__":
    main()
