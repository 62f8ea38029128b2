"""Runs started from Locust's web page: prepared, followed and judged in a separate process."""

import json
import os
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gevent
from gevent import Greenlet, Timeout
from gevent.event import Event
from gevent.lock import RLock

from footfall._load.result_files import HITS_FILE, VISITS_FILE, Row
from footfall._load.results import RunResults
from footfall._records.errors import BadInputError
from footfall._records.jobs import for_child, job_command, job_line
from footfall._records.runs import MANIFEST, now

# ── New results of a run since the previous request

Start = tuple[int, float]
"""Number of an arrival, and its lag in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Updates:
    """New results between two moments."""

    now_s: float
    starts: list[Start]
    visits: list[Row]

    def as_json(self) -> dict[str, Any]:
        """Return it as plain lists."""
        return {"now_s": self.now_s, "starts": self.starts, "visits": self.visits}


class ResultsReader:
    """Reads the results of a run while they grow; the effort is proportional to what is new."""

    def __init__(self, results: RunResults) -> None:
        """Begin with nothing read."""
        self._results = results
        self._visits = 0
        self._starts = 0

    def updates(self, now_s: float) -> Updates:
        """Return the results since the previous call."""
        visits = list(self._results.records.visits.since(self._visits))
        self._visits = len(self._results.records.visits)
        starts = self._results.states.starts_since(self._starts)
        self._starts += len(starts)
        return Updates(now_s=now_s, starts=starts, visits=visits)


# ── The process that makes the trace, predicts, judges and reports for one run of the page

PREPARE_S_MOST = 600.0
END_S_MOST = 300.0
_LINE_WORDS_MOST = 400
_CHUNK = 200
"""Rows that are turned into text at a time: more would make the next arrival late."""

OnLine = Callable[[str, bytes], None]
"""Called with each line: its first word, and the JSON after it as bytes."""


class RunSupervisor:
    """The process and its pipes; it ends when its input is closed, so it cannot outlive Locust for long."""

    def __init__(self, asked: Mapping[str, object], on_line: OnLine, job: str = "live") -> None:
        """Start the process; `asked` describes the run, as `footfall._runs.live` or `live_search` reads it.

        One that searches plays the load itself, so it must not outlive Locust at all.
        """
        # In a session of its own: Ctrl-C is for Locust, and the report is made after it.
        self._process: Any = subprocess.Popen(  # noqa: S603  our own program, arguments as a list
            job_command(job),
            env=None if job == "live" else for_child(os.environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._on_line = on_line
        self._errors: deque[bytes] = deque(maxlen=20)
        self._listening: list[Greenlet] = [gevent.spawn(self._keep_errors)]
        self._writing = RLock()
        self._write(job_line(asked).decode())

    def make_ready(self) -> dict[str, Any]:
        """Wait until the run can begin; returns the process's description of it.

        Raises:
            BadInputError: it cannot begin, or is not ready after `PREPARE_S_MOST`.
        """
        with Timeout(PREPARE_S_MOST, exception=False):
            for line in self._process.stdout:
                word, _, data = line.partition(b" ")
                if word == b"ready":
                    self._listening.append(gevent.spawn(self._listen))
                    ready: dict[str, Any] = json.loads(data)
                    return ready
                self._on_line(word.decode(), data)
            self._process.wait()
            gevent.joinall(self._listening, timeout=1)
            raise BadInputError("the run", self.reason())
        raise BadInputError("the run", f"is not ready after {PREPARE_S_MOST:g} s", "a shorter window")

    def send(self, updates: Updates, scopes: Sequence[str]) -> None:
        """Send new results, and request the state of the run and the curves of some scopes."""
        parts = [f'{{"now_s": {updates.now_s!r}, "ask": {json.dumps(list(scopes))}']
        for name, rows in (("starts", updates.starts), ("visits", updates.visits)):
            chunks = []
            for first in range(0, len(rows), _CHUNK):
                chunks.append(json.dumps(rows[first : first + _CHUNK])[1:-1])
                gevent.sleep(0)
            parts.append(f', "{name}": [{", ".join(chunks)}]')
        self._write("".join(parts) + "}\n")

    def end_run(self) -> None:
        """Report that the run is over and its files are written, so that the report can be made."""
        self._write('{"over": true}\n')

    def stop(self) -> None:
        """Stop a search as Ctrl-C does: it writes what it has found, and ends."""
        if self._process.poll() is None:
            self._process.terminate()

    def close(self) -> None:
        """Close its input: it finishes what it is doing and ends."""
        with suppress(OSError):  # it has ended already
            self._process.stdin.close()

    def end(self) -> None:
        """Terminate it: the run will not take place."""
        self.close()
        if self._process.poll() is None:
            self._process.terminate()

    def wait(self) -> None:
        """Wait for its end, at most `END_S_MOST`."""
        try:
            self._process.wait(END_S_MOST)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def reason(self) -> str:
        """Return the last line that it wrote to stderr, without the name of its command."""
        lines = [line.decode(errors="replace").strip() for line in self._errors]
        reasons = [line for line in lines if line.startswith("footfall: ")]
        words = (reasons or [line for line in lines if line] or ["no reason given"])[-1]
        return words.removeprefix("footfall: ")[-_LINE_WORDS_MOST:]

    def _write(self, line: str) -> None:
        try:
            with self._writing:
                self._process.stdin.write(line.encode())
                self._process.stdin.flush()
        except (OSError, ValueError):
            return  # it has ended; `_listen` reports it

    def _listen(self) -> None:
        for line in self._process.stdout:
            word, _, data = line.partition(b" ")
            self._on_line(word.decode(), data)
        self._process.wait()
        if self._process.returncode:
            gevent.joinall(self._listening[:1], timeout=1)
            self._on_line("broken", json.dumps(self.reason()).encode())

    def _keep_errors(self) -> None:
        self._errors.extend(self._process.stderr)


# ── One run of the page, from Start on

LOAD, CAPACITY, LOOP = "load", "capacity", "loop"
"""Kinds of runs."""
FILES = {
    "report.html": "report",
    "measures.csv": "measures",
    HITS_FILE: "hits",
    VISITS_FILE: "visits",
    "junit.xml": "JUnit",
    MANIFEST: "manifest",
}
"""The files of a load run that can be downloaded from the page, with their titles."""
KIND_FILES = {
    LOAD: FILES,
    CAPACITY: {
        "report.html": "report",
        "capacity.csv": "load steps",
        "capacity.json": "findings",
        "capacity.svg": "chart",
        MANIFEST: "manifest",
    },
    LOOP: {"loop.html": "report", "loop.json": "findings", MANIFEST: "manifest"},
}
"""The same for each kind of run."""
_WATCHED_S = 5.0
_SCOPES_MOST = 8
ALL = "*.*"


@dataclass(slots=True, eq=False)
class PageRun:
    """The state of a run on the page; mutable."""

    number: int
    """Number among the runs of this process, from 1."""
    folder: Path
    kind: str = LOAD
    state: str = "preparing"
    """Then `running`, `reporting` and `over`; or `failed`, or `stopped` before it began."""
    phase: str = ""
    error: str = ""
    about: dict[str, Any] = field(default_factory=dict)
    host: str = ""
    live: bytes = b"null"
    """JSON from the supervisor, which Locust's process does not parse."""
    verdict: str = ""
    status: str = ""
    answer: str = ""
    """The capacity that a search has found, with its unit."""
    files: list[str] = field(default_factory=list)
    started_at: str = field(default_factory=now)
    supervisor: RunSupervisor | None = None
    has_ended: Event = field(default_factory=Event)
    """Set when the run is over and its files are written."""
    is_released: bool = False
    is_claimed: bool = False
    """Whether this process holds the lock of its folder."""
    _asked: dict[str, float] = field(default_factory=dict)

    def hear(self, word: str, data: bytes) -> None:
        """Handle a line of the supervisor."""
        match word:
            case "phase":
                self.phase = json.loads(data)
            case "live":
                self.live = data
            case "over":
                self.live = data
                self._end(json.loads(data))
            case "broken" if self.state not in {"failed", "stopped"}:
                self.state, self.error = "failed", json.loads(data)
                self._find_files()

    def look_at(self, scope: str) -> None:
        """Record that a browser shows the curves of a scope."""
        if scope in self._asked or len(self._asked) < _SCOPES_MOST:
            self._asked[scope] = time.monotonic()

    def looked_at(self) -> list[str]:
        """Return the scopes that browsers have shown lately, and that of everything."""
        late = time.monotonic() - _WATCHED_S
        self._asked = {scope: at for scope, at in self._asked.items() if at > late}
        return [ALL, *(scope for scope in self._asked if scope != ALL)]

    def summary(self) -> dict[str, Any]:
        """Return the run's entry in the list of runs."""
        return {
            "number": self.number,
            "kind": self.kind,
            "state": self.state,
            "title": self.about.get("title") or "",
            "host": self.host,
            "started_at": self.started_at,
            "verdict": self.verdict,
            "status": self.status,
            "answer": self.answer,
            "error": self.error,
            "files": [{"name": name, "title": KIND_FILES[self.kind][name]} for name in self.files],
        }

    def _end(self, result: dict[str, Any]) -> None:
        self.verdict, self.status = result["verdict"] or "", result["status"]
        self.answer = result["answer"] if self.kind == CAPACITY else ""
        self._find_files()
        self.state = "over"

    def _find_files(self) -> None:
        self.files = [name for name in KIND_FILES[self.kind] if (self.folder / name).is_file()]
