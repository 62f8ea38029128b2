"""The control: a request that a separate process sends again and again while a run lasts."""

import json
import logging
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from footfall._load.endpoints.endpoints_file import EndpointStep
from footfall._load.endpoints.target_service import TargetService
from footfall._load.http.connection_options import USUAL, TransportOptions, address_of
from footfall._records.load_generator import ControlRecord, TimeSummary
from footfall._stats.intervals import percentiles

HEALTH_PATH = "/health"
_CLIENT = Path(__file__).parent / "control_client.py"
_EVERY_S = 0.2
_SHARE_OF_ARRIVALS = 0.01
"""At an own service the control sends no more than this share of the arrivals, so that it is no load."""
_ENDS_WITHIN_S = 6.0
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ControlTarget:
    """What the control asks for, and how often."""

    path: str
    every_s: float
    step: str = ""
    """Name of the run's own requests of that path; empty: it has none."""


def control_target(own: TargetService | None, arrivals_per_s: float) -> ControlTarget | None:
    """Give the reference service's `/health`, or the first plain GET of an endpoints file; None: it has none.

    Plain is what everybody may send at any time: without placeholders, headers and authentication.
    """
    if own is None:
        return ControlTarget(HEALTH_PATH, _EVERY_S)
    steps = (step for errand in own.endpoints.errand for step in errand.step)
    plain = next((step for step in steps if _is_plain(step, has_auth=own.endpoints.auth is not None)), None)
    if plain is None or arrivals_per_s <= 0:
        return None
    return ControlTarget(plain.path, max(_EVERY_S, 1 / (arrivals_per_s * _SHARE_OF_ARRIVALS)), plain.title)


def _is_plain(step: EndpointStep, *, has_auth: bool) -> bool:
    asks_openly = not (has_auth and step.auth) and not step.headers
    return step.method == "GET" and asks_openly and not step.words and step.until is None


class Control:
    """The process of the control, from its start to its figures."""

    def __init__(self, host: str, target: ControlTarget, transport: TransportOptions = USUAL) -> None:
        """Start nothing yet; it will make connections and check certificates as the run does."""
        self._url = address_of(host, f"--host {host}").url(target.path)
        self._target = target
        self._manner = {
            "keeps": transport.connections != "request",
            "insecure": transport.insecure,
            "trusted": transport.trusted if self._url.startswith("https:") else {},
        }
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start asking; where no process can be started, the run goes on without."""
        command = [sys.executable, "-I", "-S", str(_CLIENT), self._url, str(self._target.every_s)]
        try:
            # Its input is our end of a pipe: one line, and when we end, however that is, so does it.
            self._process = subprocess.Popen(  # noqa: S603  our own program, arguments as a list
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                start_new_session=True,
            )
            if (told := self._process.stdin) is not None:
                told.write(json.dumps(self._manner) + "\n")
                told.flush()
        except OSError as error:
            logger.warning("no control request: %s", (error.strerror or str(error)).lower())

    def end(self, same_in_run: TimeSummary) -> ControlRecord | None:
        """Stop asking; gives what was seen, None if that is not known."""
        process, self._process = self._process, None
        if process is None:
            return None
        try:
            said, _ = process.communicate(timeout=_ENDS_WITHIN_S)
            data: dict[str, Any] = json.loads(said)
        except (OSError, ValueError, subprocess.SubprocessError):
            process.kill()
            process.wait()
            return None
        return ControlRecord(
            method_and_path=f"GET {self._target.path}",
            sent=data["sent"],
            failed=data["failed"],
            answered=summary_of(data["times_s"]),
            same_in_run=same_in_run,
            woken_late=summary_of(data["late_s"]),
            cpu_10ms=summary_of(data["cpu_s"]),
        )


def summary_of(times_s: Sequence[float]) -> TimeSummary:
    """Give a sample of times, seconds, in a few figures."""
    ordered = sorted(times_s)
    p50, p95, p99, most = percentiles(ordered, 0.5, 0.95, 0.99, 1.0)
    return TimeSummary(n=len(ordered), p50_s=p50, p95_s=p95, p99_s=p99, max_s=most)
