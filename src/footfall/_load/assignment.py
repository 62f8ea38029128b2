"""Which worker owns which arrival, and what becomes of them when it goes: no I/O, no clock of its own."""

from collections.abc import Callable, Iterable, Sequence

from footfall._load.result_rows import ArrivalState, ArrivalStates

NO_CHANNEL = -1


class Assignment:
    """Ownership of the arrivals of a trace: at any time each has one worker at most.

    Arrival k belongs to slot k mod n. Nobody starts an arrival before it is due, so whoever is silent since
    second t can have started only what was due by t: that is lost, and what is due later is somebody else's.
    """

    def __init__(self, due_s: Sequence[float], tally: ArrivalStates) -> None:
        """Own nothing yet; `due_s` is sorted, `tally` is the account of the same arrivals."""
        self._due_s = due_s
        self._tally = tally
        self._owners = [NO_CHANNEL] * len(due_s)
        self._slots = [0] * len(due_s)
        self._workers: list[str] = []

    def begin(self, workers: Sequence[str]) -> dict[str, list[int]]:
        """Give arrival k to worker k mod n; returns the arrivals of each.

        Raises:
            ValueError: there are no workers.
        """
        n = len(workers)
        shares = self.give(range(len(self._owners)), workers)
        self._slots = [arrival % n for arrival in range(len(self._owners))]
        return shares

    def give(self, arrivals: Iterable[int], workers: Sequence[str]) -> dict[str, list[int]]:
        """Deal arrivals that nobody owns over the workers in turn; returns the arrivals of each.

        Raises:
            ValueError: there are no workers, or an arrival has an owner.
        """
        if not workers:
            msg = "arrivals are assigned to no worker"
            raise ValueError(msg)
        numbers = [self._number(worker) for worker in workers]
        shares: dict[str, list[int]] = {worker: [] for worker in workers}
        for k, arrival in enumerate(arrivals):
            if self._owners[arrival] != NO_CHANNEL:
                msg = f"arrival {arrival} has an owner"
                raise ValueError(msg)
            self._owners[arrival] = numbers[k % len(workers)]
            shares[workers[k % len(workers)]].append(arrival)
        return shares

    def owns(self, worker: str, arrival: int) -> bool:
        """Whether an arrival is this worker's."""
        return worker in self._workers and self._owners[arrival] == self._number(worker)

    def slots(self, worker: str) -> tuple[int, ...]:
        """Slots of which the worker owns arrivals, or owned them when it went."""
        number = self._number(worker)
        return tuple(
            sorted({slot for slot, owner in zip(self._slots, self._owners, strict=True) if owner == number})
        )

    def lose(self, worker: str, silent_since_s: float) -> list[int]:
        """Take everything from a worker that is silent: what it may have started is lost; returns the rest.

        The rest is nobody's then, in the order of the trace.
        """
        return self._take(worker, lambda arrival: self._due_s[arrival] <= silent_since_s)

    def leave(self, worker: str) -> list[int]:
        """Take what it has not started from a worker that said good-bye; returns it.

        Whoever it started has ended, as it told; if not, nobody knows of them.
        """
        return self._take(worker, lambda _arrival: False)

    def _take(self, worker: str, may_be_started: Callable[[int], bool]) -> list[int]:
        number, free = self._number(worker), []
        for arrival, owner in enumerate(self._owners):
            if owner != number:
                continue
            state = self._tally.state(arrival)
            if state is ArrivalState.STARTED or (state is ArrivalState.WAITING and may_be_started(arrival)):
                self._tally.lose(arrival)
            elif state is ArrivalState.WAITING:
                self._owners[arrival] = NO_CHANNEL
                free.append(arrival)
        return free

    def _number(self, worker: str) -> int:
        if worker not in self._workers:
            self._workers.append(worker)
        return self._workers.index(worker)


def clock_offset(pings: Iterable[tuple[float, float, float]]) -> tuple[float, float] | None:
    """Another clock less ours, and the time there and back, from the quickest of several pings.

    A ping is (sent, the other clock's time, returned); the offset is known to half its time there and back.
    None: none came back. Source: D. L. Mills, IEEE Transactions on Communications 39 (1991) 1482-1493.
    """
    quickest = min(pings, key=lambda ping: ping[2] - ping[0], default=None)
    if quickest is None:
        return None
    sent, there, returned = quickest
    return there - (sent + returned) / 2, returned - sent
