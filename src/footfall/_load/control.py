"""The control: a request that a separate process sends repeatedly during a run."""

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
from footfall._load.http.wire_format import DEFAULT_TRANSPORT, TransportOptions, address_of
from footfall._records.load_generator import ControlRecord, TimeSummary
from footfall._stats.intervals import percentiles

HEALTH_PATH = "/health"
_CLIENT = Path(__file__).parent / "control_client.py"
_EVERY_S = 0.2
SHARE_OF_ARRIVALS, SHARE_OF_STEP = 0.01, 0.002
"""At the user's service the control sends at most this share of the arrivals, so that it adds no load; in a
load step, whose rate is to be exact, a smaller one."""
_ENDS_WITHIN_S = 6.0
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ControlTarget:
    """The request of the control, and how often it is sent."""

    path: str
    every_s: float
    step: str = ""
    """Name of the run's requests of that path; empty: the run has none."""


def control_target(
    own: TargetService | None, arrivals_per_s: float, most_share: float = SHARE_OF_ARRIVALS
) -> ControlTarget | None:
    """Return the reference service's `/health`, or an endpoints file's first plain GET; None: it has none.

    A plain GET can be sent at any time: it has no placeholders, headers or authentication.
    """
    if own is None:
        return ControlTarget(HEALTH_PATH, _EVERY_S)
    steps = (step for operation in own.endpoints.operation for step in operation.step)
    plain = next((step for step in steps if _is_plain(step, has_auth=own.endpoints.auth is not None)), None)
    if plain is None or arrivals_per_s <= 0:
        return None
    return ControlTarget(plain.path, max(_EVERY_S, 1 / (arrivals_per_s * most_share)), plain.title)


def _is_plain(step: EndpointStep, *, has_auth: bool) -> bool:
    is_open = not (has_auth and step.auth) and not step.headers
    return step.method == "GET" and is_open and not step.words and step.until is None


class Control:
    """The process of the control, from its start to its measurements."""

    def __init__(
        self, host: str, target: ControlTarget, transport: TransportOptions = DEFAULT_TRANSPORT
    ) -> None:
        """Start nothing yet; connections and certificates are handled as in the run."""
        self._url = address_of(host, f"--host {host}").url(target.path)
        self._target = target
        self._client_settings = {
            "keeps": transport.connections != "request",
            "insecure": transport.insecure,
            "trusted": transport.trusted if self._url.startswith("https:") else {},
        }
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start the process; if it cannot be started, the run continues without a control."""
        command = [sys.executable, "-I", "-S", str(_CLIENT), self._url, str(self._target.every_s)]
        try:
            # It reads one line from a pipe and ends when the pipe is closed, so it ends with this process.
            self._process = subprocess.Popen(  # noqa: S603  our own program, arguments as a list
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                start_new_session=True,
            )
            if (stdin := self._process.stdin) is not None:
                stdin.write(json.dumps(self._client_settings) + "\n")
                stdin.flush()
        except OSError as error:
            logger.warning("the control could not be started: %s", (error.strerror or str(error)).lower())

    def end(self, same_in_run: TimeSummary) -> ControlRecord | None:
        """Stop the process; returns its measurements, None if they are not known."""
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
            answered=_summary_of(data["times_s"]),
            same_in_run=same_in_run,
            woken_late=_summary_of(data["late_s"]),
            cpu_10ms=_summary_of(data["cpu_s"]),
        )


def _summary_of(times_s: Sequence[float]) -> TimeSummary:
    """Summarise a sample of times, seconds."""
    ordered = sorted(times_s)
    p50, p95, p99, most = percentiles(ordered, 0.5, 0.95, 0.99, 1.0)
    return TimeSummary(n=len(ordered), p50_s=p50, p95_s=p95, p99_s=p99, max_s=most)
