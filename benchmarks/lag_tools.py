"""The programs that `bench_lag.py` sets side by side, each made to send so many requests a second."""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import polars as pl

from benchmarks.lag_server import PAGE
from footfall._behaviour.load_model import RunPace
from footfall._load.start_locust import LoadSettings, run_locust
from footfall._model.channel import Verb
from footfall._workload.trace import Trace, TraceInfo, cut, write_trace
from tests.load.small import SEED, SUBSCRIBERS, WEB, channel, small_model
from tests.made_up import turns

TOP = Path(__file__).parents[1]
_TASKS_PER_S = 10
"""Of one user of `lag_locustfile.py`, which only Locust can import."""
_MARGIN_S = 60.0
_K6_SCRIPT = """
import http from 'k6/http';
export const options = { scenarios: { steady: {
  executor: 'constant-arrival-rate', rate: %(rate)d, timeUnit: '1s', duration: '%(seconds)ds',
  preAllocatedVUs: %(users)d, maxVUs: %(users)d } } };
export default function () { http.get('http://127.0.0.1:%(port)d%(page)s'); }
"""
_K6_USERS_MOST = 500


@dataclass(frozen=True, slots=True)
class Load:
    """What a program is asked for."""

    port: int
    rate_per_s: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Did:
    """What a program says of its run, and what it took."""

    cpu_s: float
    own_lag_s: dict[str, float] = field(default_factory=dict)
    """Lag as the program itself keeps it; empty where it keeps none."""
    not_sent: int = 0
    """Sessions that it says it left out."""


Tool = Callable[[Load], Did]


def tools(k6: Path | None) -> dict[str, Tool]:
    """Give the programs that are here by name, ours first."""
    known: dict[str, Tool] = {"footfall": play_footfall, "locust constant_throughput": play_locust}
    return known | ({"k6 constant-arrival-rate": partial(play_k6, k6)} if k6 else {})


def find_k6(path: Path | None) -> Path | None:
    """Give k6 by its path, else the one on the search path; None where there is none."""
    found = shutil.which(path or "k6")
    return Path(found) if found else None


def play_footfall(load: Load) -> Did:
    """Play a trace of evenly spaced sessions of one request, by the same door as `footfall load`."""
    with tempfile.TemporaryDirectory() as name, _processor_time() as spent:
        folder = Path(name)
        write_trace(folder, even_trace(load.rate_per_s, load.seconds))
        settings = LoadSettings(trace=folder, run_dir=folder, host=f"http://127.0.0.1:{load.port}")
        result = run_locust(settings)
    assert result.visits_served == result.arrivals.due, result.causes
    lag = result.lag_s
    own = {"p50": lag.p50 or 0.0, "p99": lag.p99 or 0.0, "max": lag.max or 0.0}
    return Did(spent[0], own, result.arrivals.not_sent)


def even_trace(rate_per_s: int, seconds: int) -> Trace:
    """Give a trace of a small model in which somebody looks at one page, evenly, so many times a second."""
    dialogue = {"query": turns(Verb.BROWSE, human_s=0)}
    model = small_model(channels=(channel("web", WEB, dialogues=dialogue),))
    count = rate_per_s * seconds
    day = pl.DataFrame(
        {
            "at_s": [k / rate_per_s for k in range(count)],
            "customer": range(count),
            "segment": ["all"] * count,
            "operation": ["query"] * count,
            "channel": ["web"] * count,
        },
        schema_overrides={"at_s": pl.Float64, "customer": pl.Int64},
    )
    play = RunPace(starts_s=0, length_s=seconds, speed=1, human_time_factor=1)
    info = TraceInfo(
        model="lag.py", fingerprint=model.fingerprint(), seed=SEED, play=play, subscribers=SUBSCRIBERS
    )
    return Trace(info=info, model=model, arrivals=cut(day, play, 1, SUBSCRIBERS))


def play_locust(load: Load) -> Did:
    """Let Locust's users keep the rate by `constant_throughput`."""
    users = str(max(load.rate_per_s // _TASKS_PER_S, 1))
    command = [sys.executable, "-m", "locust", "-f", str(TOP / "benchmarks" / "lag_locustfile.py")]
    command += ["--headless", "--only-summary", "--loglevel", "ERROR", "-u", users, "-r", users]
    command += ["-t", f"{load.seconds}s", "--host", f"http://127.0.0.1:{load.port}"]
    with _processor_time() as spent:
        _run(command, load)
    return Did(spent[0])


def play_k6(k6: Path, load: Load) -> Did:
    """Let k6 keep the rate by its executor `constant-arrival-rate`."""
    users = min(max(load.rate_per_s // 4, 10), _K6_USERS_MOST)
    words = {"rate": load.rate_per_s, "seconds": load.seconds, "users": users, "port": load.port}
    with tempfile.TemporaryDirectory() as name:
        script, summary = Path(name) / "steady.js", Path(name) / "summary.json"
        script.write_text(_K6_SCRIPT % (words | {"page": PAGE}), encoding="utf-8")
        # An address of its own would be the same for two runs at once, and no one asks there.
        command = [str(k6), "run", "--quiet", "--no-usage-report", "--address", ""]
        with _processor_time() as spent:
            _run([*command, "--summary-export", str(summary), str(script)], load)
        metrics = json.loads(summary.read_text(encoding="utf-8"))["metrics"]
    return Did(spent[0], {}, int(metrics.get("dropped_iterations", {}).get("count", 0)))


def _run(command: list[str], load: Load) -> None:
    done = subprocess.run(
        command,
        cwd=TOP,
        env={name: value for name, value in os.environ.items() if not name.startswith(("LOCUST_", "K6_"))},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=load.seconds + _MARGIN_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def _processor_time() -> Iterator[list[float]]:
    """Give the processor seconds of the children that end in between; the service ends later."""
    spent: list[float] = []
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    yield spent
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
