"""Two runs never write one folder, and no former run or other file is replaced without being asked."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from footfall._cli.app import run
from footfall._records.errors import BadInputError
from footfall._records.folders import (
    check_not_in_use,
    claim,
    claim_for_run,
    inherit,
    lock_of,
    locked_for_run,
    release,
)
from footfall._records.runs import MANIFEST, TRACE_FILE, folder_name, read_manifest
from footfall._runs.folder import begin, end
from tests.cli.runs_made import make_run, web_model

CLERK = "models/mm3.py"


@contextmanager
def locked_by_another(folder: Path) -> Iterator[None]:
    """Hold a folder's lock by a descriptor of its own, as another process does."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def refused(out: Path, *, overwrite: bool | None = None) -> str:
    """Claim what must be refused; gives the line."""
    with pytest.raises(BadInputError) as caught:
        claim(out, out, overwrite=overwrite)
    return str(caught.value)


def test_the_same_command_twice_has_two_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second is told by a number, whether or not the first has ended; both are whole."""
    monkeypatch.chdir(tmp_path)
    model = web_model()
    first, manifest = begin("load", model, 1, None, settings={})
    second, other = begin("load", model, 1, None, settings={})
    end(first, manifest)
    end(second, other)
    third, _ = begin("load", model, 1, None, settings={})
    assert [path.name for path in (second, third)] == [f"{first.name}-2", f"{first.name}-3"]
    assert read_manifest(first).status == read_manifest(second).status == "finished"


def test_a_folder_that_another_run_writes_is_refused(tmp_path: Path) -> None:
    """When it is named; when it is the ordinary one, the next is taken. A gate waits for the end."""
    folder = tmp_path / "run"
    folder.mkdir()
    with locked_by_another(folder):
        assert "another run is being written into it" in refused(folder)
        assert "another run is being written into it" in refused(folder, overwrite=True)
        assert claim(None, folder) == tmp_path / "run-2"
        with pytest.raises(BadInputError, match="a run is being written into it"):
            check_not_in_use(folder)
    check_not_in_use(folder)
    assert claim(folder, folder) == folder
    with pytest.raises(BlockingIOError), locked_by_another(folder):
        pass
    release(folder)
    with locked_by_another(folder):
        pass


def test_of_two_that_start_at_the_same_moment_one_wins(tmp_path: Path) -> None:
    """Both claim one folder before either has written anything."""
    folder = tmp_path / "run"
    assert claim(folder, folder) == folder
    assert "another run is being written into it" in refused(folder)
    release(folder)


def test_a_former_run_is_replaced_only_where_that_is_asked(tmp_path: Path) -> None:
    """What a verdict rests on is removed first, so that nothing of it is taken for the new run's."""
    folder = make_run(tmp_path / "run", 1)
    (folder / "visits-ordinary.parquet").write_bytes(b"old")
    (folder / "notes.txt").write_text("mine")
    said = refused(folder, overwrite=False)
    assert f"holds run {read_manifest(folder).run} already; expected another folder, or --overwrite" in said
    assert "expected a new or an empty folder" in refused(folder)
    claim(folder, folder, overwrite=True)
    assert sorted(path.name for path in folder.iterdir()) == ["notes.txt"]
    release(folder)


@pytest.mark.parametrize("overwrite", [None, False, True])
def test_somebodys_own_files_are_never_written_over(tmp_path: Path, *, overwrite: bool | None) -> None:
    """A report of another tool, or a manifest.json that is none of ours."""
    for name, text in (("report.html", "mine"), (MANIFEST, '{"name": "an app"}')):
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_text(text)
        assert f"holds files that no run has left ({name})" in refused(folder, overwrite=overwrite)
        assert (folder / name).read_text() == text


def for_play(folder: Path) -> str:
    """Claim for a play what must be refused; gives the line."""
    with pytest.raises(BadInputError) as caught:
        claim_for_run(folder)
    assert lock_of(folder) is None
    return str(caught.value)


def test_a_play_by_hand_takes_a_new_folder_or_one_with_a_trace_and_no_other(tmp_path: Path) -> None:
    """Two at once never write one folder, nor does a later one write over what an earlier one left."""
    trace, run_there = tmp_path / "trace", make_run(tmp_path / "run", 1)
    trace.mkdir()
    (trace / TRACE_FILE).touch()
    with locked_by_another(trace):
        assert f"--run-dir {trace}: another run is being written into it" in for_play(trace)
    for folder in (trace, tmp_path / "new"):
        with locked_for_run(folder) as descriptor:
            assert lock_of(folder) == descriptor
            with locked_for_run(folder) as same:
                assert same == descriptor
            assert lock_of(folder) == descriptor
        assert lock_of(folder) is None
    (trace / "load.json").touch()
    assert "holds a run already; expected a new or an empty folder, or one with a trace" in for_play(trace)
    assert f"holds run {read_manifest(run_there).run} already" in for_play(run_there)
    (tmp_path / "new" / "notes.txt").touch()
    assert "holds files that no run has left (notes.txt)" in for_play(tmp_path / "new")
    nowhere = tmp_path / "notes.txt" / "run"
    nowhere.parent.touch()
    assert "--run-dir" in for_play(nowhere)


def test_a_lock_is_handed_on_with_its_descriptor_and_to_its_own_folder_alone(tmp_path: Path) -> None:
    """What a child inherits holds the folder after its parent has let go."""
    folder, other = tmp_path / "run", tmp_path / "other"
    other.mkdir()
    claim_for_run(folder)
    ours = lock_of(folder)
    assert ours is not None
    childs = os.dup(ours)
    for wrong, at in ((childs, other), (99_999, folder)):
        with pytest.raises(BadInputError, match="its lock was not handed on"):
            inherit(at, wrong)
    release(folder)
    with pytest.raises(BlockingIOError), locked_by_another(folder):
        pass
    inherit(folder, childs)
    release(folder)
    with locked_by_another(folder):
        pass


def test_a_hidden_file_keeps_no_run_out(tmp_path: Path) -> None:
    """Such as the one that keeps an empty folder in a repository."""
    (tmp_path / ".gitignore").touch()
    assert claim(tmp_path, tmp_path) == tmp_path
    release(tmp_path)


def test_a_trace_is_not_written_over_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the command: the second is refused, and made with --overwrite."""
    command = ("trace", "--model", CLERK, "--window", "600", "--out", str(tmp_path / "trace"))
    assert run(command) == 0
    assert run(command) == 2
    assert "holds a trace already; expected another folder, or --overwrite" in capsys.readouterr().err
    assert run((*command, "--overwrite")) == 0


@given(st.text(max_size=200))
def test_a_name_of_a_folder_is_plain(name: str) -> None:
    """Whatever a scenario or model is called."""
    plain = folder_name(name)
    assert plain
    assert set(plain) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-")
    assert len(plain) <= 80


def test_an_ordinary_name_stays_as_it_is() -> None:
    """And what is none becomes one."""
    assert folder_name("ordinary_day") == "ordinary_day"
    assert folder_name("<img src=x>/../A b") == "img-src-x-a-b"
