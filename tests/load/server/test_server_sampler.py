"""The sampler: each source by itself, and rows on the clock of a run."""

import threading
from collections.abc import Sequence

import pytest

from footfall._load.server import server_sampler as module
from footfall._load.server.server_sampler import Figure, ServerSampler, SourceError


class Counting:
    """A source that counts how often it was read, and says when it has been read often enough."""

    every_s = 0.01

    def __init__(self, name: str, enough: int) -> None:
        """Begin at nothing."""
        self.name = name
        self.reads = 0
        self.enough = enough
        self.is_enough = threading.Event()

    def read(self) -> Sequence[Figure]:
        """Give the count."""
        self.reads += 1
        if self.reads == self.enough:
            self.is_enough.set()
        return (Figure("reads", float(self.reads), "times"),)

    def close(self) -> None:
        """Have nothing open."""


class Failing(Counting):
    """A source that can never be read."""

    def read(self) -> Sequence[Figure]:
        """Fail.

        Raises:
            SourceError: always.
        """
        super().read()
        msg = "connection refused"
        raise SourceError(msg)


class Hanging:
    """A source that does not answer until it is released."""

    name = "hanging"
    every_s = 0.01

    def __init__(self) -> None:
        """Hold."""
        self.release = threading.Event()

    def read(self) -> Sequence[Figure]:
        """Wait."""
        self.release.wait(30)
        return ()

    def close(self) -> None:
        """Have nothing open."""


def test_a_source_that_fails_or_hangs_affects_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readings of the good one are kept, failures are counted, and stopping does not wait for ever."""
    monkeypatch.setattr(module, "_ENDS_WITHIN_S", 0.2)
    good, bad, hanging = Counting("good", 5), Failing("bad", 3), Hanging()
    with ServerSampler([good, bad, hanging]) as sampler:
        assert good.is_enough.wait(30)
        assert bad.is_enough.wait(30)
    hanging.release.set()
    rows = sampler.rows(0.0)
    assert [row.value for row in rows] == list(range(1, len(rows) + 1))
    assert {row.source for row in rows} == {"good"}
    assert len(rows) >= 5
    (note,) = sampler.notes
    assert note.startswith("bad: connection refused (")


def test_rows_are_on_the_clock_of_the_run_they_are_asked_for() -> None:
    """One sampler accompanies two runs: each gets its own rows, and together they are all of them."""
    source = Counting("good", 6)
    with ServerSampler([source]) as sampler:
        assert source.is_enough.wait(30)
    every = sampler.rows(0.0)
    middle = every[3].second
    first = sampler.rows(every[0].second, 0.0, middle - every[0].second - 0.0005)
    second = sampler.rows(middle, 0.0)
    assert [row.value for row in (*first, *second)] == [row.value for row in every]
    assert second[0].second == pytest.approx(0.0, abs=1e-3)


def test_nothing_is_read_before_the_start() -> None:
    """A sampler that was never started has no rows, and can be stopped."""
    source = Counting("good", 1)
    sampler = ServerSampler([source])
    sampler.stop()
    assert (sampler.rows(0.0), sampler.notes, source.reads) == ([], [], 0)
