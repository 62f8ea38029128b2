"""Hands a run's rows to the exporting process, once a second; never waits where arrivals would."""

import json
import logging
import os
import sys
from typing import Any

import gevent
from gevent import Greenlet, Timeout, subprocess
from gevent.event import Event

from footfall import __version__
from footfall._load.endpoints.endpoints_file import EndpointCall, Login
from footfall._load.endpoints.target_service import LOGIN, TargetService
from footfall._load.http.wire_format import address_of
from footfall._load.locust_options import GATEWAY_VARIABLE, TOKEN_VARIABLE
from footfall._load.preparation import PreparedRun
from footfall._load.results import RunResults
from footfall._load.telemetry.telemetry_asked import ENDPOINT_VARIABLE
from footfall._records.load_generator import TelemetryRecord

_PROGRAM = "footfall._load.telemetry.telemetry_export"
_EVERY_S = 1.0
_ROWS_AT_ONCE = 250
"""Writing so many as JSON takes about a millisecond; other customers run in between."""
_READY_S_MOST = 20.0
_ENDS_WITHIN_S = 8.0
_STOPS_WITHIN_S = 2.0
_SECRETS = (TOKEN_VARIABLE, GATEWAY_VARIABLE)
logger = logging.getLogger(__name__)


def feed_of(prepared: PreparedRun, results: RunResults) -> "TelemetryFeed | None":
    """Return the feed of a run that is to be exported; None: nothing is to be done."""
    options = prepared.settings.options
    return TelemetryFeed(prepared, results) if options.otel and options.otel_run else None


class TelemetryFeed:
    """The exporting process of one run, and what it has been given."""

    def __init__(self, prepared: PreparedRun, results: RunResults) -> None:
        """Start nothing yet."""
        self._prepared = prepared
        self._results = results
        self._process: Any = None
        self._feeding: Greenlet | None = None
        self._is_over = Event()
        self._hits = self._visits = self._requests = 0
        """Rows and requests that were handed over."""
        self._problem = ""

    def start(self) -> None:
        """Start the process and wait until it is ready: its start would disturb the run's first seconds."""
        endpoint = self._prepared.settings.options.otel or ""
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", _PROGRAM],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_without_secrets() | {ENDPOINT_VARIABLE: endpoint},
                start_new_session=True,
            )
            with Timeout(_READY_S_MOST):
                self._write(self._settings())
                is_ready = bool(self._process.stdout.readline())
        except (OSError, Timeout):
            is_ready = False
        if is_ready:
            self._feeding = gevent.spawn(self._feed)
        else:
            self._problem = "the exporting process did not start"
            self._kill()

    def end(self) -> TelemetryRecord:
        """Hand over the rest and wait for its end, for a limited time; returns what was exported."""
        said: dict[str, Any] = {}
        if self._process is not None and self._feeding is not None:
            try:
                said = self._said(self._feeding)
            except (OSError, ValueError):
                self._problem = self._problem or "the exporting process ended during the run"
            finally:
                self._kill()
        sent = int(said.get("requests", 0))
        record = TelemetryRecord(
            requests=sent,
            requests_dropped=len(self._results.records.hits) - sent,
            problem=said.get("problem", self._problem),
        )
        if record.problem or record.requests_dropped:
            logger.warning("OpenTelemetry: %s", record.describe())
        return record

    def _said(self, feeding: Greenlet) -> dict[str, Any]:
        """Return what the process says at its end; if that takes too long, it is stopped."""
        self._is_over.set()
        try:
            with Timeout(_ENDS_WITHIN_S):
                feeding.join()
                if not self._problem:
                    self._process.stdin.close()
                return dict(json.loads(self._process.stdout.read()))
        except Timeout:
            self._process.terminate()
        try:
            with Timeout(_STOPS_WITHIN_S):
                return dict(json.loads(self._process.stdout.read()))
        except Timeout:
            return {"problem": "the receiver did not take everything in time"}

    def _feed(self) -> None:
        try:
            while not self._is_over.wait(_EVERY_S):
                self._hand_over()
            self._hand_over()
        except OSError:
            self._problem = "the exporting process ended during the run"

    def _hand_over(self) -> None:
        """Write the rows that are new, in pieces."""
        results = self._results
        if results.zero_unix_s is None:
            return
        while True:
            records = results.records
            # Hits first: the visit that ends them comes after its requests.
            visits_to, hits_to = len(records.visits), len(records.hits)
            hits = records.hits.since(self._hits)[:_ROWS_AT_ONCE]
            is_last = self._hits + len(hits) >= hits_to
            visits = records.visits.since(self._visits)[:_ROWS_AT_ONCE] if is_last else ()
            self._hits = max(self._hits, records.hits.spilled) + len(hits)
            self._visits = max(self._visits, records.visits.spilled if is_last else 0) + len(visits)
            requests, self._requests = records.hits_seen - self._requests, records.hits_seen
            batch = {"zero_unix_s": results.zero_unix_s, "under_way": results.states.under_way}
            self._write(batch | {"hits": hits, "visits": visits, "requests": requests})
            if is_last and self._visits >= visits_to:
                return
            gevent.sleep(0)

    def _write(self, data: object) -> None:
        self._process.stdin.write(json.dumps(data).encode() + b"\n")
        self._process.stdin.flush()

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            if process.poll() is None:
                process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                try:
                    pipe.close()
                except OSError:
                    continue

    def _settings(self) -> dict[str, Any]:
        prepared = self._prepared
        info, settings = prepared.trace.info, prepared.settings
        address = address_of(settings.host, "--host")
        resource = {
            "service.name": os.environ.get("OTEL_SERVICE_NAME", "footfall"),
            "service.version": __version__,
            "footfall.run": settings.options.otel_run,
            "footfall.scenario": info.scenario or "",
            "footfall.model": prepared.trace.model.name,
            "footfall.label": settings.options.label,
            "footfall.hits_sample_share": settings.options.hits_sample_share,
        }
        return {
            "resource": {name: value for name, value in resource.items() if value != ""},
            "run": settings.options.otel_run,
            "host": address.name,
            "port": address.port,
            "scheme": address.scheme,
            "requests": _requests_of(prepared.own),
        }


def _requests_of(own: TargetService | None) -> dict[str, tuple[str, str]]:
    """Return method and path of each request of an endpoints file, by its name."""
    if own is None:
        return {}
    calls: dict[str, EndpointCall] = {
        step.title: step for operation in own.endpoints.operation for step in operation.step
    }
    if isinstance(own.endpoints.auth, Login):
        calls[LOGIN] = own.endpoints.auth
    return {name: (call.method, call.path.partition("?")[0]) for name, call in calls.items()}


def _without_secrets() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _SECRETS}
