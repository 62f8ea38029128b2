"""Which channels are served by the user's own Locust users, as plain data; needs no Locust to import."""

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
    """Operations that it serves; None: its tasks serve all of them."""
    speaks_http: bool

    def serves(self, operation: str) -> bool:
        """Whether it serves an operation."""
        return self.operations is None or operation in self.operations


class OwnUsers(Spec):
    """The own users of one locustfile."""

    locustfile: str = ""
    """Name of the file, for errors and reports."""
    users: tuple[OwnUser, ...] = ()
    unmapped: Unmapped = "refuse"
    """Whether unmapped visits refuse the run, or are left out of the trace."""

    def of(self, channel: str) -> OwnUser | None:
        """Return the own user of a channel; None: it has none."""
        return next((each for each in self.users if each.channel == channel), None)

    @property
    def channels(self) -> set[str]:
        """Channels with an own user."""
        return {each.channel for each in self.users}


NO_USERS = OwnUsers()


def served_by(trace: Trace, users: OwnUsers, endpoints: Path | None = None) -> dict[str, Any]:
    """Return the manifest's entries on what served each channel; empty without own users."""
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
    """Return the own users of a locustfile, which another process runs, since Locust patches its interpreter.

    Raises:
        BadInputError: the file cannot be run, or none of its users serves a channel.
    """
    where = f"--locustfile {locustfile}"
    if not locustfile.is_file():
        expected = "a Python file with Locust users, as in docs/how-to/own-locust-user.md"
        raise BadInputError(where, "no such file", expected)
    command = [sys.executable, "-m", "footfall._load.own_users", str(locustfile)]
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


def main(path: str) -> None:
    """Print as JSON which channels the users of a locustfile serve.

    Run as `python -m footfall._load.own_users FILE`.

    Raises:
        SystemExit: with exit code 2 and one line, if the file cannot be run or a user in it is wrong.
    """
    from locust.util.load_locustfile import load_locustfile

    from footfall._load.channel_users import driven_users, own_users_of
    from footfall._load.locust_options import give_up

    try:
        classes, _ = load_locustfile(str(Path(path).absolute()))
        found = own_users_of(driven_users(classes.values()), Path(path).name)
    except BadInputError as error:
        give_up(str(error))
    except Exception as error:  # noqa: BLE001  a user's file may raise anything, and its user gets one line
        give_up(f"{type(error).__name__}: {str(error).partition(chr(10))[0]}")
    else:
        sys.stdout.write(found.model_dump_json() + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
