"""Whoever samples, predicts, judges and reports for one run of the page, in a process of its own."""

import json
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import gevent
from gevent import Greenlet, Timeout
from gevent.lock import RLock

from footfall.load.web.news import News
from footfall.records.errors import BadInputError

PREPARE_S_MOST = 600.0
END_S_MOST = 300.0
_LINE_WORDS_MOST = 400
_CHUNK = 200
"""Rows turned into text at one go: longer, and the next arrival would be late."""

Told = Callable[[str, bytes], None]
"""Called with each line: its word, and the JSON after it as it is."""


class Attendant:
    """The process and its two pipes; its input's end ends it, so it cannot outlive Locust by much."""

    def __init__(self, run_dir: Path, options: Sequence[str], told: Told) -> None:
        """Start it for a run folder, with the options of `footfall attend`."""
        command = [sys.executable, "-m", "footfall", "attend", str(run_dir), *options]
        # A session of its own: Ctrl-C is for Locust, and the report is made after it.
        self._process: Any = subprocess.Popen(  # noqa: S603  our own program, arguments as a list
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._told = told
        self._errors: deque[bytes] = deque(maxlen=20)
        self._listening: list[Greenlet] = [gevent.spawn(self._keep_errors)]
        self._writing = RLock()

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

    def tell(self, news: News, scopes: Sequence[str]) -> None:
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
        for name in ("footfall: ", "attend: "):
            words = words.removeprefix(name)
        return words.partition(" (see footfall")[0][-_LINE_WORDS_MOST:]

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
