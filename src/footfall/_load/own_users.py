"""Which channels are served by Locust users of the user's own: plain data that is known without Locust."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from footfall._model.numbers import Spec
from footfall._records.errors import BadInputError
from footfall._workload.trace import Trace

Unmapped = Literal["refuse", "skip"]
_DESCRIBED_S_MOST = 60.0
_LINE_MOST = 400


class OwnUser(Spec):
    """A user class that serves the visits at one channel."""

    channel: str
    user: str
    """Name of the class."""
    operations: tuple[str, ...] | None
    """Operations that it has something to do for; None: its own tasks serve any of them."""
    speaks_http: bool

    def serves(self, operation: str) -> bool:
        """Whether it has something to do for an operation."""
        return self.operations is None or operation in self.operations


class OwnUsers(Spec):
    """All of them in one locustfile."""

    locustfile: str = ""
    """Name of the file, for errors and reports."""
    users: tuple[OwnUser, ...] = ()
    unmapped: Unmapped = "refuse"
    """Whether visits that nothing is there for refuse the run, or are left out of the trace."""

    def of(self, channel: str) -> OwnUser | None:
        """Give the user of a channel; None: it has none of its own."""
        return next((each for each in self.users if each.channel == channel), None)

    @property
    def channels(self) -> set[str]:
        """Channels that have one."""
        return {each.channel for each in self.users}


NO_USERS = OwnUsers()


def served_by(trace: Trace, users: OwnUsers, endpoints: Path | None = None) -> dict[str, Any]:
    """Give what a manifest says of who served each channel; nothing where no user is the user's own."""
    if not users.users:
        return {}
    file = endpoints or trace.info.endpoints
    other = str(file) if file else "the reference service's routes"
    found = {}
    for channel in trace.model.channels:
        user = users.of(channel.name)
        if user is not None:
            found[channel.name] = f"{user.user} of {users.locustfile}"
        elif channel.dialogues:
            found[channel.name] = other
    return {"served_by": found, "left_out": trace.info.left_out}


@cache
def users_in(locustfile: Path, unmapped: Unmapped = "refuse") -> OwnUsers:
    """Give the own users of a locustfile, which another process runs, since Locust patches its interpreter.

    Raises:
        BadInputError: the file cannot be run, or it drives no user.
    """
    where = f"--locustfile {locustfile}"
    if not locustfile.is_file():
        expected = "a Python file with Locust users, as in docs/how-to/own-locust-user.md"
        raise BadInputError(where, "no such file", expected)
    command = [sys.executable, "-m", "footfall._load.describe_users", str(locustfile)]
    try:
        done = subprocess.run(  # noqa: S603  our own program, arguments as a list
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_DESCRIBED_S_MOST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        problem = f"has not been imported after {_DESCRIBED_S_MOST:g} s"
        raise BadInputError(where, problem, "a file that defines users and starts nothing") from None
    lines = done.stdout.splitlines()
    try:
        found = OwnUsers.model_validate(json.loads(lines[-1]))
    except (IndexError, ValueError, ValidationError):
        words = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise BadInputError(where, words.removeprefix("error: ")[-_LINE_MOST:]) from None
    if not found.users:
        expected = 'a class with channel = "…", or drive(CLASS, channel="…")'
        raise BadInputError(where, "no user in it serves a channel", expected)
    return found.model_copy(update={"unmapped": unmapped})
