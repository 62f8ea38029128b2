"""One run of the page, from the moment that somebody presses Start."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gevent.event import Event

from footfall.load.result import HITS_FILE, VISITS_FILE
from footfall.load.web.attendant import Attendant
from footfall.records.runs import MANIFEST, now

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
    attendant: Attendant | None = None
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
