"""The station of SMS: messages are let through one by one at the gateway's rate, few may wait."""

from collections.abc import Callable

from footfall.simulate.spec.station import MessageGateway


class Gateway:
    """A D/1 queue of messages; its backlog is one number: when the last one is through."""

    def __init__(self, spec: MessageGateway, time_s: Callable[[], float]) -> None:
        """Start with an empty queue."""
        self._time_s = time_s
        self._s_per_message = 1.0 / float(spec.messages_per_s)
        # A millionth of a message more, against the rounding of sums.
        self._most_backlog_s = (float(spec.queue) + 1e-6) * self._s_per_message
        self._free_at_s = 0.0
        self.dropped = 0
        """Messages to customers for which there was no room."""

    def enter(self) -> float | None:
        """Seconds until the gateway has let a message through that comes now; None: no room."""
        now_s = self._time_s()
        starts_s = max(now_s, self._free_at_s)
        # One message is being let through and takes at most one turn; `queue` others may wait behind it.
        if starts_s - now_s > self._most_backlog_s:
            return None
        self._free_at_s = starts_s + self._s_per_message
        return self._free_at_s - now_s
