"""Runs that are started from Locust's web page: prepared, followed and judged in a process of its own."""

import json
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

from footfall._load.result_files import HITS_FILE, VISITS_FILE
from footfall._load.result_rows import Row
from footfall._load.results import RunResults
from footfall._records.errors import BadInputError
from footfall._records.jobs import job_command, job_line
from footfall._records.runs import MANIFEST, now

# ── What is new in an account since somebody last asked

Start = tuple[int, float]
"""Number of an arrival, and how late it was started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Updates:
    """What came between two moments."""

    now_s: float
    starts: list[Start]
    visits: list[Row]

    def as_json(self) -> dict[str, Any]:
        """Give it as plain lists."""
        return {"now_s": self.now_s, "starts": self.starts, "visits": self.visits}


class Reader:
    """Reads an account while it grows; each time in proportion to what is new."""

    def __init__(self, account: RunResults) -> None:
        """Begin with nothing read."""
        self._account = account
        self._visits = 0
        self._starts = 0

    def news(self, now_s: float) -> Updates:
        """Give what came since the last time."""
        visits = list(self._account.records.visits.since(self._visits))
        self._visits = len(self._account.records.visits)
        starts = self._account.tally.starts_since(self._starts)
        self._starts += len(starts)
        return Updates(now_s=now_s, starts=starts, visits=visits)


# ── Whoever samples, predicts, judges and reports for one run of the page, in a process of its own

PREPARE_S_MOST = 600.0
END_S_MOST = 300.0
_LINE_WORDS_MOST = 400
_CHUNK = 200
"""Rows turned into text at one go: longer, and the next arrival would be late."""

Told = Callable[[str, bytes], None]
"""Called with each line: its word, and the JSON after it as it is."""


class RunSupervisor:
    """The process and its two pipes; its input's end ends it, so it cannot outlive Locust by much."""

    def __init__(self, asked: Mapping[str, object], told: Told) -> None:
        """Start it for what a run is made of, as `footfall._runs.live` reads it."""
        # A session of its own: Ctrl-C is for Locust, and the report is made after it.
        self._process: Any = subprocess.Popen(  # noqa: S603  our own program, arguments as a list
            job_command("live"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._told = told
        self._errors: deque[bytes] = deque(maxlen=20)
        self._listening: list[Greenlet] = [gevent.spawn(self._keep_errors)]
        self._writing = RLock()
        self._write(job_line(asked).decode())

    def make_ready(self) -> dict[str, Any]:
        """Wait until the run can begin; gives what the attendant says of it.

        Raises:
            BadInputError: it cannot, or nothing happens for `PREPARE_S_MOST`.
        """
        with Timeout(PREPARE_S_MOST, exception=False):
            for line in self._process.stdout:
                word, _, data = line.partition(b" ")
                if word == b"ready":
                    self._listening.append(gevent.spawn(self._listen))
                    ready: dict[str, Any] = json.loads(data)
                    return ready
                self._told(word.decode(), data)
            self._process.wait()
            gevent.joinall(self._listening, timeout=1)
            raise BadInputError("the run", self.last_words())
        raise BadInputError("the run", f"is not ready after {PREPARE_S_MOST:g} s", "a shorter window")

    def tell(self, news: Updates, scopes: Sequence[str]) -> None:
        """Hand on what is new, and ask how the run stands and for the curves of some scopes."""
        parts = [f'{{"now_s": {news.now_s!r}, "ask": {json.dumps(list(scopes))}']
        for name, rows in (("starts", news.starts), ("visits", news.visits)):
            chunks = []
            for first in range(0, len(rows), _CHUNK):
                chunks.append(json.dumps(rows[first : first + _CHUNK])[1:-1])
                gevent.sleep(0)
            parts.append(f', "{name}": [{", ".join(chunks)}]')
        self._write("".join(parts) + "}\n")

    def end_run(self) -> None:
        """Say that the run is over and its files are written: the report can be made."""
        self._write('{"over": true}\n')

    def let_go(self) -> None:
        """Let it finish what it is doing, and end."""
        with suppress(OSError):  # it has gone before
            self._process.stdin.close()

    def end(self) -> None:
        """End it, whatever it is doing: there will be no such run."""
        self.let_go()
        if self._process.poll() is None:
            self._process.terminate()

    def wait(self) -> None:
        """Wait for its end, for at most `END_S_MOST`."""
        try:
            self._process.wait(END_S_MOST)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def last_words(self) -> str:
        """Give the reason that it gave, without the name of its command."""
        lines = [line.decode(errors="replace").strip() for line in self._errors]
        reasons = [line for line in lines if line.startswith("footfall: ")]
        words = (reasons or [line for line in lines if line] or ["it gave no reason"])[-1]
        return words.removeprefix("footfall: ")[-_LINE_WORDS_MOST:]

    def _write(self, line: str) -> None:
        try:
            with self._writing:
                self._process.stdin.write(line.encode())
                self._process.stdin.flush()
        except (OSError, ValueError):
            return  # it has gone; `_listen` says so

    def _listen(self) -> None:
        for line in self._process.stdout:
            word, _, data = line.partition(b" ")
            self._told(word.decode(), data)
        self._process.wait()
        if self._process.returncode:
            gevent.joinall(self._listening[:1], timeout=1)
            self._told("broken", json.dumps(self.last_words()).encode())

    def _keep_errors(self) -> None:
        self._errors.extend(self._process.stderr)


# ── One run of the page, from the moment that somebody presses Start

FILES = {
    "report.html": "report",
    "measures.csv": "measures",
    HITS_FILE: "hits",
    VISITS_FILE: "visits",
    "junit.xml": "JUnit",
    MANIFEST: "manifest",
}
"""Names of a run's files that the page hands out, and what they are called there; no other is."""
_WATCHED_S = 5.0
_SCOPES_MOST = 8
ALL = "*.*"


@dataclass(slots=True, eq=False)
class PageRun:
    """What the page knows of a run; it changes as the run goes on."""

    number: int
    """Of the runs of this process, from 1."""
    folder: Path
    state: str = "preparing"
    """Then `playing`, `reporting` and `over`; or `failed`, or `stopped` before it began."""
    phase: str = ""
    error: str = ""
    about: dict[str, Any] = field(default_factory=dict)
    host: str = ""
    live: bytes = b"null"
    """JSON as the attendant gave it: the process that plays does not read it."""
    verdict: str = ""
    status: str = ""
    files: list[str] = field(default_factory=list)
    started_at: str = field(default_factory=now)
    attendant: RunSupervisor | None = None
    has_ended: Event = field(default_factory=Event)
    """Locust has played it, and its files are written."""
    is_let_go: bool = False
    is_claimed: bool = False
    """This process holds the lock of its folder."""
    _asked: dict[str, float] = field(default_factory=dict)

    def hear(self, word: str, data: bytes) -> None:
        """Take a line of the attendant."""
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
        """Note that somebody looks at the curves of a scope."""
        if scope in self._asked or len(self._asked) < _SCOPES_MOST:
            self._asked[scope] = time.monotonic()

    def looked_at(self) -> list[str]:
        """Give the scopes that somebody has looked at lately, and that of all."""
        late = time.monotonic() - _WATCHED_S
        self._asked = {scope: at for scope, at in self._asked.items() if at > late}
        return [ALL, *(scope for scope in self._asked if scope != ALL)]

    def summary(self) -> dict[str, Any]:
        """Give what the list of runs shows."""
        return {
            "number": self.number,
            "state": self.state,
            "title": self.about.get("title") or "",
            "host": self.host,
            "started_at": self.started_at,
            "verdict": self.verdict,
            "status": self.status,
            "error": self.error,
            "files": [{"name": name, "title": FILES[name]} for name in self.files],
        }

    def _end(self, told: dict[str, Any]) -> None:
        self.verdict, self.status = told["verdict"], told["status"]
        self._find_files()
        self.state = "over"

    def _find_files(self) -> None:
        self.files = [name for name in FILES if (self.folder / name).is_file()]
