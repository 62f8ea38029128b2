"""Every arrival in exactly one state, and how late each was started."""

from array import array
from enum import IntEnum
from math import ceil

from footfall.records.runs import ArrivalCounts, Lag


class State(IntEnum):
    """Where an arrival is."""

    WAITING = 0
    STARTED = 1
    PLAYED = 2
    FAILED = 3
    LOST = 4
    BROKEN = 5


class Tally:
    """The account of a play: arrivals are numbered from 0."""

    def __init__(self, due: int) -> None:
        """Start with all arrivals waiting."""
        self._states = bytearray(due)
        self._lags_s = array("d")
        self._numbers = array("q")
        """Of those whose lags these are."""

    @property
    def started(self) -> int:
        """Arrivals that were started so far."""
        return len(self._lags_s)

    def starts_since(self, count: int) -> list[tuple[int, float]]:
        """Give arrival and lag of all but the first `count` that were started, in their order."""
        return list(zip(self._numbers[count:], self._lags_s[count:], strict=True))

    @property
    def under_way(self) -> int:
        """Arrivals that were started and have not ended."""
        return self._states.count(State.STARTED)

    def start(self, arrival: int, lag_s: float) -> None:
        """Note that an arrival is started, `lag_s` after it was due.

        Raises:
            ValueError: it was started before.
        """
        self._move(arrival, State.WAITING, State.STARTED)
        self._lags_s.append(lag_s)
        self._numbers.append(arrival)

    def end(self, arrival: int, state: State) -> None:
        """Note that a started arrival has ended: played, failed or broken.

        Raises:
            ValueError: it is not under way.
        """
        self._move(arrival, State.STARTED, state)

    def lose(self, arrival: int) -> None:
        """Note that nobody will ever know what became of an arrival that was waiting or under way.

        Raises:
            ValueError: it has ended.
        """
        if self._states[arrival] not in (State.WAITING, State.STARTED):
            self._move(arrival, State.WAITING, State.LOST)
        self._states[arrival] = State.LOST

    def state(self, arrival: int) -> State:
        """Where an arrival is."""
        return State(self._states[arrival])

    @property
    def waiting(self) -> int:
        """Arrivals that may still be started."""
        return self._states.count(State.WAITING)

    def counts(self) -> ArrivalCounts:
        """Count the states; who was started and has not ended is failed."""
        return ArrivalCounts(
            due=len(self._states),
            played=self._states.count(State.PLAYED),
            failed=self._states.count(State.FAILED) + self.under_way,
            broken=self._states.count(State.BROKEN),
            not_sent=self._states.count(State.WAITING),
            lost=self._states.count(State.LOST),
        )

    def lag(self) -> Lag:
        """Exact percentiles of all started arrivals."""
        ordered = sorted(self._lags_s)
        p50, p99, most = (nearest_rank(ordered, share) for share in (0.50, 0.99, 1.0))
        return Lag(p50=p50, p99=p99, max=most)

    def _move(self, arrival: int, before: State, after: State) -> None:
        if self._states[arrival] != before:
            msg = f"arrival {arrival} is {State(self._states[arrival]).name}, not {before.name}"
            raise ValueError(msg)
        self._states[arrival] = after


def nearest_rank(ordered: list[float], share: float) -> float | None:
    """Smallest value that at least this share of the sorted values does not exceed; None of nothing."""
    return ordered[max(ceil(share * len(ordered)), 1) - 1] if ordered else None
