"""The progress of a run is in a file, without which the run continues."""

from pathlib import Path

from footfall._load.loop_watch import PROGRESS_FILE, Progress, end_progress, read_progress, write_progress

NOW = Progress(1.5, 3, 9)


def test_progress_that_is_written_is_read(tmp_path: Path) -> None:
    """And is gone when it is over."""
    assert write_progress(tmp_path, NOW)
    assert read_progress(tmp_path) == NOW
    end_progress(tmp_path)
    assert read_progress(tmp_path) is None


def test_progress_that_cannot_be_written_is_no_end_of_the_run(tmp_path: Path) -> None:
    """A full disk, too many open files, a folder that is gone: it says no, and raises nothing."""
    (tmp_path / PROGRESS_FILE).mkdir()
    assert not write_progress(tmp_path, NOW)
    assert read_progress(tmp_path) is None
    end_progress(tmp_path)
