"""What goes out on a line is one request, whatever a service told before."""

import subprocess
import sys

import pytest

ASK = """
import sys
from locust.env import Environment
from footfall.load.errands.wire import Request, status_is
from footfall.load.play.direct import Line

port, path, header = sys.argv[1:]
line = Line(Environment(), f"http://127.0.0.1:{port}")
is_right = status_is(200)
request = Request(channel="web", method="GET", path=path, is_right=is_right, headers={"X-Of": header})
try:
    line.ask(request, lambda: None)
except (OSError, ValueError) as error:
    print(type(error).__name__)
"""
"""In a process of its own: Locust changes the library of the one that imports it."""


def asked(port: int, path: str, header: str) -> str:
    """Ask on a port where nobody listens; gives what came of it."""
    command = [sys.executable, "-c", ASK, str(port), path, header]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("path", "header"),
    [("/a\r\nX-Of: b", "c"), ("/a", "b\r\n\r\nGET /c HTTP/1.1"), ("/a", "b\u2028c"), ("/\u00e4", "b")],
)
def test_what_would_not_be_one_request_is_not_sent(path: str, header: str, free_port: int) -> None:
    """Had it been sent, the connection would have been refused."""
    assert asked(free_port, path, header) == "ValueError"


def test_nobody_there_is_said_by_the_system(free_port: int) -> None:
    """Not repeated, and not hidden."""
    assert asked(free_port, "/a", "b") == "ConnectionRefusedError"
