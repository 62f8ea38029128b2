"""Claim and lock the folder that a run is written into."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from footfall._records.errors import BadInputError
from footfall._records.runs import MANIFEST, RUN_FILES, TRACE_FILE, read_json

_TRACE = "a trace"
_PLAYED = "load.json"
_FORMER = (
    *(*RUN_FILES, MANIFEST, "report.html", "junit.xml", "summary.md", "verdict.json", "endpoints.toml"),
    *("capacity.csv", "capacity.svg"),
)
"""Files of an earlier run that a new one might not overwrite."""
_STEPS = "steps"
"""Folder of the load steps of an earlier search for capacity, numbered from 001."""
_locked: dict[Path, int] = {}
"""Descriptors of the folders that this process writes; locks end with the process, however it ends."""


def claim(out: Path | None, ordinary: Path, *, overwrite: bool | None = None) -> Path:
    """Return a folder for a new run, locked for this process.

    Without `out` it is `ordinary`, or the first of `ordinary-2`, `ordinary-3` … that is free.

    `out` must be new or empty, except for hidden files. With `overwrite` the files of an earlier run in it
    are removed; None: the command has no such option.

    Raises:
        BadInputError: it is in use, holds a run or other files, or cannot be written.
    """
    if out is not None:
        _claim(out, overwrite=overwrite)
        return out
    for number in count(1):
        folder = ordinary if number == 1 else ordinary.with_name(f"{ordinary.name}-{number}")
        check_writable(folder)
        if _lock(folder):
            if not _visible(folder):
                return folder
            release(folder)
    raise AssertionError


def claim_for_run(folder: Path) -> None:
    """Lock a folder that a run is written into; it may be new or empty, or hold a trace.

    Raises:
        BadInputError: it is in use, holds a run or other files, or cannot be written.
    """
    where = f"--run-dir {folder}"
    is_new = not folder.exists()
    check_writable(folder, where)
    if not _lock(folder):
        raise BadInputError(where, "another run is being written into it", "a separate folder for each run")
    try:
        _check_usable(folder, where)
    except BaseException:
        release(folder)
        if is_new:
            with suppress(OSError):
                folder.rmdir()
        raise


def _check_usable(folder: Path, where: str) -> None:
    found = _visible(folder)
    held = _held(folder) if found else _TRACE
    if held == _TRACE and (folder / _PLAYED).exists():
        held = "a run"
    if held != _TRACE:
        problem = f"holds {held} already" if held else f"holds files that no run has left ({found[0]})"
        raise BadInputError(where, problem, "a new or an empty folder, or one with a trace")


@contextmanager
def locked_for_run(folder: Path) -> Iterator[int]:
    """Keep a folder locked while a run is written into it; gives the descriptor of its lock.

    Where this process has claimed it before, it stays claimed afterwards.

    Raises:
        BadInputError: as `claim_for_run`.
    """
    is_ours = lock_of(folder) is None
    if is_ours:
        claim_for_run(folder)
    try:
        yield _locked[folder.resolve()]
    finally:
        if is_ours:
            release(folder)


def lock_of(folder: Path) -> int | None:
    """Return the descriptor of this process's lock on a folder; None: it has none.

    A child that inherits it shares the lock, which then ends with the last of the two processes.
    """
    return _locked.get(folder.resolve())


def inherit(folder: Path, descriptor: int) -> None:
    """Take over the lock of a folder from the parent process.

    Raises:
        BadInputError: the descriptor is invalid, or belongs to another folder.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_same = os.path.samestat(os.fstat(descriptor), folder.stat())
    except OSError:
        is_same = False
    if not is_same:
        raise BadInputError(
            f"--run-dir {folder}", "its lock was not handed on", "a folder that is not in use"
        )
    os.set_inheritable(descriptor, False)  # noqa: FBT003  its only form
    _locked[folder.resolve()] = descriptor


def release(folder: Path) -> None:
    """Unlock a folder that this process has written."""
    descriptor = _locked.pop(folder.resolve(), None)
    if descriptor is not None:
        os.close(descriptor)


def check_not_in_use(folder: Path) -> None:
    """Check that no run is currently being written into a folder.

    Raises:
        BadInputError: one is.
    """
    if folder.resolve() in _locked or not folder.is_dir():
        return
    if not _lock(folder):
        raise BadInputError(str(folder), "a run is being written into it", "a run that has ended")
    release(folder)


def check_writable(folder: Path, where: str = "") -> None:
    """Check that results can be written, before any work is done; `where` names the folder in errors.

    Raises:
        BadInputError: the folder cannot be created or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BadInputError(where or f"--out {folder}", reason, "a folder that can be written") from error


def check_before_work(folder: Path) -> None:
    """Check early that results can be written, and leave no folder behind: other input may still be wrong.

    Raises:
        BadInputError: the folder cannot be created or written.
    """
    new: list[Path] = []
    with suppress(OSError):
        new = [each for each in (folder, *folder.parents) if not each.exists()]
    check_writable(folder)
    with suppress(OSError):
        for each in new:
            each.rmdir()


def check_free(out: Path | None, *, overwrite: bool | None = None) -> None:
    """Check early that a named folder is new or empty, or has a run that may be replaced.

    Raises:
        BadInputError: it does not.
    """
    where = f"--out {out}"
    try:
        found = _visible(out) if out is not None and out.is_dir() else []
    except OSError as error:
        raise BadInputError(
            where, (error.strerror or str(error)).lower(), "a folder that can be read"
        ) from error
    if out is None or not found:
        return
    held = _held(out)
    if held is None:
        problem = f"holds files that no run has left ({found[0]})"
        raise BadInputError(where, problem, "a new or an empty folder")
    if not overwrite:
        other = "a new or an empty folder" if overwrite is None else "another folder, or --overwrite"
        raise BadInputError(where, f"holds {held} already", other)


def _claim(out: Path, *, overwrite: bool | None) -> None:
    where = f"--out {out}"
    check_writable(out)
    if not _lock(out):
        check_free(out, overwrite=overwrite)
        raise BadInputError(where, "another run is being written into it", "a separate folder for each run")
    try:
        check_free(out, overwrite=overwrite)
        if _visible(out):
            _remove_former(out)
    except OSError as error:
        release(out)
        raise BadInputError(where, (error.strerror or str(error)).lower(), "a writable folder") from error
    except BadInputError:
        release(out)
        raise


def _remove_former(out: Path) -> None:
    """Remove the files of the run that a folder holds."""
    for name in _FORMER:
        (out / name).unlink(missing_ok=True)
    for step in (out / _STEPS).glob("[0-9][0-9][0-9]*"):
        if step.name.isdigit() and (step / TRACE_FILE).is_file():
            shutil.rmtree(step)
    (out / _STEPS / "end").unlink(missing_ok=True)


def _lock(folder: Path) -> bool:
    """Lock a folder for this process; False: locked by another one, or by an earlier run of this one."""
    place = folder.resolve()
    if place in _locked:
        return False
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise BadInputError(str(folder), (error.strerror or str(error)).lower(), "a folder") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    except OSError:
        # Some network file systems do not support locks; the manifest still identifies an existing run.
        pass
    _locked[place] = descriptor
    return True


def _visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def _held(folder: Path) -> str | None:
    """Describe the run or trace in a folder; None: there is none."""
    if (folder / MANIFEST).is_file():
        try:
            data = read_json(folder / MANIFEST, "a manifest")
        except BadInputError:
            return None
        if isinstance(data, dict) and {"run", "command", "status"} <= data.keys():
            return f"run {data['run']}"
    if inside := sorted(path.parent.name for path in folder.glob(f"*/{MANIFEST}")):
        return f"run {inside[0]}"
    return _TRACE if (folder / TRACE_FILE).is_file() else None
