"""Samples figures of the service during a run, in threads of the process that waits for the generator."""

import threading
import time
from collections.abc import Iterator, Sequence
from math import inf
from typing import NamedTuple, Protocol, Self

from footfall._records.server_rows import ServerRow

EVERY_S = 1.0
_ENDS_WITHIN_S = 5.0
_ROWS_MOST = 2_000_000
"""About 200 MB; a source that gives 20 figures a second reaches it after a day."""
_NOTES_MOST = 50


class Figure(NamedTuple):
    """One figure that a source has read."""

    name: str
    value: float
    unit: str


class Unread(NamedTuple):
    """One figure that could not be read this time."""

    text: str
    """Its name and why, without a secret."""
    is_lasting: bool = False
    """Whether it could never be read."""


class SourceError(Exception):
    """A source could not be read this time; the text says why, in a few words without a secret."""


class ServerSource(Protocol):
    """Something that figures of the service can be read from."""

    name: str
    """As in the column `source`."""
    every_s: float
    """How often it is read."""

    def read(self) -> Sequence[Figure | Unread]:
        """Read the figures of this moment; may wait.

        Raises:
            SourceError: they cannot be read.
        """

    def close(self) -> None:
        """Close connections and files; nothing is read afterwards."""


class _Sample(NamedTuple):
    at_unix_s: float
    source: str
    figure: Figure


class ServerSampler:
    """Reads each source as often as it says, from `start` to `stop`, in a thread of its own.

    It belongs in the process that started the load generator, never in the generator itself. A source that
    is slow or fails affects no other one. Rows are given by the Unix time of a run's second 0, so one sampler
    can accompany several runs in turn.
    """

    def __init__(self, sources: Sequence[ServerSource]) -> None:
        """Read nothing yet."""
        self._sources = list(sources)
        self._samples: list[_Sample] = []
        self._notes: dict[str, int] = {}
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start reading; the first reading of a rate only begins it."""
        for source in self._sources:
            thread = threading.Thread(
                target=self._watch, args=(source,), daemon=True, name=f"server figures: {source.name}"
            )
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """End; a source that hangs is left behind."""
        self._is_over.set()
        until_s = time.monotonic() + _ENDS_WITHIN_S
        for thread in self._threads:
            thread.join(max(until_s - time.monotonic(), 0.0))

    def rows(self, zero_unix_s: float, from_s: float = -inf, until_s: float = inf) -> list[ServerRow]:
        """Return what was read so far between two seconds of a run whose second 0 is a Unix time."""
        with self._lock:
            samples = list(self._samples)
        found = (
            ServerRow(round(at_unix_s - zero_unix_s, 3), source, *figure)
            for at_unix_s, source, figure in samples
        )
        return [row for row in found if from_s <= row.second <= until_s]

    @property
    def notes(self) -> list[str]:
        """What could not be read, and how often."""
        with self._lock:
            return [text if times == 1 else f"{text} ({times} times)" for text, times in self._notes.items()]

    def __enter__(self) -> Self:
        """Start reading."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop reading."""
        self.stop()

    def _watch(self, source: ServerSource) -> None:
        for _ in self._ticks(source.every_s):
            try:
                found = source.read()
            except SourceError as error:
                found = (Unread(str(error)),)
            at_unix_s = time.time()
            with self._lock:
                for each in found:
                    if isinstance(each, Unread):
                        text = f"{source.name}: {each.text}"
                        if len(self._notes) < _NOTES_MOST or text in self._notes:
                            self._notes[text] = self._notes.get(text, 0) + 1
                    elif len(self._samples) < _ROWS_MOST:
                        self._samples.append(_Sample(at_unix_s, source.name, each))
        source.close()

    def _ticks(self, every_s: float) -> Iterator[None]:
        """Tick at once, then once every `every_s` seconds; ticks missed are left out.

        A last time at the end, unless too little time has passed for a rate to be exact.
        """
        due_s = time.monotonic()
        while not self._is_over.wait(max(due_s - time.monotonic(), 0.0)):
            yield
            due_s = max(due_s + every_s, time.monotonic())
        if due_s - time.monotonic() < every_s / 2:
            yield
