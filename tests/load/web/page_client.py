"""What a browser does at Locust's page, without one."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from typing import Any

from tests.load.conftest import Locust

WAIT_S_MAX = 60
"""Sampling, predicting and judging each take seconds; on a busy machine many."""
WAIT_MS = WAIT_S_MAX * 1000


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer."""

    status: int
    headers: Message
    body: bytes


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Show a redirect as it is."""

    def redirect_request(self, *_: object) -> None:
        """Follow none."""


_OPENER = urllib.request.build_opener(_NoRedirect)


@dataclass(frozen=True, slots=True)
class Site:
    """Locust's page at a port of the loopback address."""

    port: int

    def ask(self, path: str, form: dict[str, str] | None = None, **headers: str) -> Answer:
        """Get a path, or send a form to it; a redirect is an answer like any other."""
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, named)
        try:
            with _OPENER.open(request, timeout=20) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())

    def is_up(self) -> bool:
        """Whether it answers."""
        try:
            return self.ask("/login").status in {200, 302}
        except OSError:
            return False

    def state(self) -> dict[str, Any]:
        """Give what the tab shows."""
        return dict(json.loads(self.ask("/footfall/state").body))

    def locust_state(self) -> str:
        """Return the data of Locust's own page."""
        return str(json.loads(self.ask("/stats/requests").body)["state"])

    def workers(self) -> int:
        """Count the workers that Locust's own page shows as there."""
        reported = json.loads(self.ask("/stats/requests").body)["workers"]
        return sum(worker["state"] != "missing" for worker in reported)

    def start(self, **form: str) -> None:
        """Press Start."""
        assert json.loads(self.ask("/swarm", form).body)["success"]

    def until(self, *states: str) -> dict[str, Any]:
        """Wait until the latest run is in one of these states; gives what the tab then shows."""
        found: dict[str, Any] = {}

        def is_there() -> bool:
            found.update(self.state())
            return found["page"]["state"] in states

        wait_for(is_there, lambda: str(found.get("page")))
        return found


def wait_for(holds: Callable[[], bool], reported: Callable[[], str]) -> None:
    """Wait until something holds; `reported` says what was there instead."""
    give_up_s = time.monotonic() + WAIT_S_MAX
    while not holds():
        assert time.monotonic() < give_up_s, reported()
        time.sleep(0.05)


def up(process: Locust, port: int) -> Site:
    """Wait until the page answers."""
    site = Site(port)
    wait_for(lambda: process.process.poll() is not None or site.is_up(), lambda: "it never answered")
    assert process.process.poll() is None, process.end() or process.words
    return site
