"""Which state of the sources a run is of, for its manifest and for histories."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping

_COMMIT = ("GITHUB_SHA", "CI_COMMIT_SHA")
_BRANCH = ("GITHUB_HEAD_REF", "GITHUB_REF_NAME", "CI_COMMIT_REF_NAME")
_LENGTH_MOST = 200
_WAIT_S = 5.0


def commit_and_branch(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Give `commit` and `branch`, each only where it is known: from CI's variables, else from git here."""
    found = {
        "commit": _first(environment, _COMMIT) or _git("rev-parse", "HEAD"),
        "branch": _first(environment, _BRANCH) or _git("symbolic-ref", "--quiet", "--short", "HEAD"),
    }
    return {name: text for name, text in found.items() if text}


def _first(environment: Mapping[str, str], names: Iterable[str]) -> str:
    return next((text for name in names if (text := _clean(environment.get(name, "")))), "")


def _git(*arguments: str) -> str:
    """Ask git about the folder we are in; nothing where there is none, or no repository."""
    program = shutil.which("git")
    if program is None:
        return ""
    try:
        done = subprocess.run(  # noqa: S603  a program of the machine, arguments as a list
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_WAIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "" if done.returncode else _clean(done.stdout)


def _clean(text: str) -> str:
    return "".join(letter for letter in text.strip() if letter.isprintable())[:_LENGTH_MOST]
