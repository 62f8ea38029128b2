"""Connections of a message gateway: side by side, each at its own rate and with its own window."""

from collections import deque
from heapq import heapify, heapreplace

from footfall.simulate.spec.station import MessageGateway

_ROUNDING = 1e-6
"""Of a message's time: sums of a day's times are exact to far less."""


class Connections:
    """A queue of messages before connections, in which every time is known as soon as one comes in.

    A connection takes its next message when the last one is through (1/rate after it began) and, with a
    window of W, the one W places before has been acknowledged: so it lets through min(rate, W/(1/rate + ack))
    messages a second at most (Little's law of the window). Messages begin in the order in which they came.
    """

    def __init__(self, spec: MessageGateway) -> None:
        """Start with an empty queue and nothing unacknowledged."""
        self._s_per_message = 1.0 / float(spec.messages_per_s)
        self._ack_s = float(spec.ack_s)
        self._most_waiting = int(spec.queue)
        self._instant_s = _ROUNDING * self._s_per_message
        count, window = int(spec.connections), int(spec.window)
        self._free = [(0.0, number) for number in range(count)]
        heapify(self._free)
        self._unacknowledged: list[deque[float]] = [deque(maxlen=window) for _ in range(count)]
        self._starts_s: deque[float] = deque()

    def enter(self, now_s: float) -> float | None:
        """Time at which a message that comes now is through; None when the queue is full."""
        waiting = self._starts_s
        while waiting and waiting[0] <= now_s + self._instant_s:
            waiting.popleft()
        free_at_s, number = self._free[0]
        starts_s = max(now_s, free_at_s)
        if starts_s > now_s + self._instant_s:
            if len(waiting) >= self._most_waiting:
                return None
            waiting.append(starts_s)
        through_s = starts_s + self._s_per_message
        heapreplace(self._free, (self._next_s(number, through_s), number))
        return through_s

    def _next_s(self, number: int, through_s: float) -> float:
        """Time at which a connection takes its next message."""
        acks_s = self._unacknowledged[number]
        acks_s.append(through_s + self._ack_s)
        is_full = acks_s.maxlen and len(acks_s) == acks_s.maxlen
        return max(through_s, acks_s[0]) if is_full else through_s
