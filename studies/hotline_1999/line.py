"""Who waits, by kind of call; an agent takes the one who counts as having come first."""

from collections import defaultdict
from collections.abc import Iterable
from heapq import heappop, heappush


class Line:
    """Callers waiting for an agent who serves their kind."""

    def __init__(self) -> None:
        """Start empty."""
        self._heaps: dict[str, list[tuple[float, int]]] = defaultdict(list)
        self._kind_of: dict[int, str] = {}
        self._counts: dict[str, int] = defaultdict(int)
        self._unseen: set[int] = set()

    @property
    def waiting(self) -> int:
        """All who are seen to wait."""
        return len(self._kind_of) - len(self._unseen)

    def has(self, n: int) -> bool:
        """Whether this caller waits."""
        return n in self._kind_of

    def waiting_for(self, kinds: Iterable[str]) -> int:
        """How many are seen to wait whom an agent of these kinds could serve."""
        return sum(self._counts[kind] for kind in kinds)

    def join(self, n: int, kind: str, came_s: float, *, seen: bool = True) -> None:
        """Wait, as if having come at this time; unseen by callers and agents, who do not count it."""
        heappush(self._heaps[kind], (came_s, n))
        self._kind_of[n] = kind
        if seen:
            self._counts[kind] += 1
        else:
            self._unseen.add(n)

    def take_out(self, n: int) -> None:
        """Wait no longer."""
        kind = self._kind_of.pop(n)
        if n in self._unseen:
            self._unseen.remove(n)
        else:
            self._counts[kind] -= 1

    def next_for(self, kinds: Iterable[str]) -> int | None:
        """Take out the first whom an agent of these kinds could serve; None: there is none."""
        first: tuple[float, int] | None = None
        for kind in kinds:
            heap = self._heaps[kind]
            while heap and heap[0][1] not in self._kind_of:
                heappop(heap)
            if heap and (first is None or heap[0] < first):
                first = heap[0]
        if first is None:
            return None
        self.take_out(first[1])
        return first[1]
