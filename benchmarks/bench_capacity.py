"""What `footfall capacity` finds at services of known capacity that are not ours, against the truth.

    .venv/bin/python benchmarks/bench_capacity.py [--only NAME …] [--budget 4m] [--services DIR] [--json]
        [--keep DIR]
                                                  [--keep DIR]

The truth is that of an event simulation which shares nothing with Footfall. `--services DIR` takes services
of your own instead: each a folder with `start.sh` and a `truth.json` with the port, `theory.criteria` and
`theory.knee_per_s`; its program finds an environment in `$VENV`. A knee counts as found if it is within 6 %
of the truth and the truth inside an interval of at most ±10 %. `--keep DIR` keeps the folder of each search.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.known_services import launch

ERROR_MOST, HALF_WIDTH_MOST = 0.06, 0.10
SETTLES_S = 3.0


def main() -> None:
    """Play every service and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--budget", default="4m")
    parser.add_argument("--services", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    rows = []
    for row in _of_folder(asked) if asked.services else _of_ours(asked):
        rows.append(row)
        print(json.dumps(row) if asked.json else _line(row), flush=True)
    known = [row for row in rows if row["truth_per_s"] is not None]
    if known and not asked.json:
        print(f"found: {sum(row['is_found'] for row in known)} of {len(known)}")


def _of_ours(asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    for service in launch.SERVICES:
        if asked.only and service.name not in asked.only:
            continue
        truth = service.truth()
        try:
            with launch.running(service) as host:
                yield _row(
                    service.name,
                    _capacity(host, _criteria(truth), asked, service.name),
                    truth | {"flag": service.flag},
                )
        except FileNotFoundError as error:
            print(f"{service.name}: {error.args[0]} is not installed", file=sys.stderr)


def _criteria(truth: dict[str, float]) -> list[str]:
    p95 = [f"p95(*) < {1000 * truth['p95_s_most']:.0f}ms"] if truth else ["p95(*) < 200ms"]
    return ["success(*) >= 99%", *p95]


def _of_folder(asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    for folder in sorted(path.parent for path in asked.services.glob("*/truth.json")):
        if asked.only and folder.name not in asked.only:
            continue
        truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        known = {
            "knee_per_s": truth["theory"]["knee_per_s"],
            "plateau_per_s": truth["oracle"]["plateau_per_s"],
        }
        with _started(folder):
            host = f"http://127.0.0.1:{truth['port']}"
            found = _capacity(host, truth["theory"]["criteria"], asked, folder.name)
            yield _row(folder.name, found, known)


@contextmanager
def _started(folder: Path) -> Iterator[None]:
    with tempfile.TemporaryDirectory() as scratch:
        process = subprocess.Popen(
            [str(folder / "start.sh")],
            env=os.environ | {"NGINX_DIR": scratch},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            time.sleep(SETTLES_S)
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def _capacity(host: str, criteria: list[str], asked: argparse.Namespace, name: str) -> dict[str, Any]:
    """Run `footfall capacity` and return what it says."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = (asked.keep or Path(scratch)) / name
        command = [
            str(Path(sys.executable).parent / "footfall"),
            "capacity",
            "--host",
            host,
            "--url",
            "/work",
        ]
        options = [word for each in criteria for word in ("--criterion", each)]
        out = ["--budget", asked.budget, "--out", str(folder), "--json"]
        began_s = time.monotonic()
        done = subprocess.run([*command, *options, *out], capture_output=True, text=True, check=False)
        took_s = time.monotonic() - began_s
    if not done.stdout.strip():
        return {"error": done.stderr.strip()[-300:], "took_s": took_s}
    found: dict[str, Any] = json.loads(done.stdout)
    return found | {"took_s": took_s}


def _row(name: str, found: dict[str, Any], truth: dict[str, Any]) -> dict[str, Any]:
    knee, expected = found.get("knee_per_s"), truth.get("knee_per_s")
    if knee and knee["value"] is None:
        knee = None
    row = {
        "service": name,
        "truth_per_s": expected,
        "knee_per_s": knee,
        "plateau_truth_per_s": truth.get("plateau_per_s"),
        "plateau_per_s": found.get("plateau_per_s"),
        "limited_by": found.get("limited_by"),
        "flags": found.get("flags"),
        "flag_expected": truth.get("flag", ""),
        "took_s": round(found["took_s"], 1),
        "error": found.get("error", ""),
        "is_found": False,
    }
    if knee and expected:
        half_width = (knee["high"] - knee["low"]) / 2 / knee["value"]
        is_inside = knee["low"] <= expected <= knee["high"]
        is_near = abs(knee["value"] / expected - 1) <= ERROR_MOST
        row["is_found"] = is_inside and is_near and half_width <= HALF_WIDTH_MOST
    return row


def _line(row: dict[str, Any]) -> str:
    knee, plateau = row["knee_per_s"], row["plateau_per_s"]
    found = "none" if not knee else "{value:.1f} ({low:.1f} to {high:.1f})".format(**knee)
    beyond = "none" if not plateau else "{value:.1f} ({low:.1f} to {high:.1f})".format(**plateau)
    truth = "none" if row["truth_per_s"] is None else f"{row['truth_per_s']:.1f}"
    plateau_truth = "none" if row["plateau_truth_per_s"] is None else f"{row['plateau_truth_per_s']:.1f}"
    flags = f"{', '.join(row['flags'] or []) or 'no flags'} (expected: {row['flag_expected'] or 'none'})"
    return (
        f"{row['service']:22} knee {found} of {truth}; plateau {beyond} of {plateau_truth}; limited by "
        f"{row['limited_by']}; {flags}; {row['took_s']} s {'ok' if row['is_found'] else ''}{row['error']}"
    )


if __name__ == "__main__":
    main()
