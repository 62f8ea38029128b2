"""SMS: messages come in one by one at the gateway's rate, with a bounded queue in front."""

from array import array

from footfall._behaviour import load_model
from footfall._model.channel import Channel
from footfall._model.station_specs import MessageGateway
from footfall._simulate.customer_state import Customer
from footfall._simulate.day_counts import StationCounts, work_seconds
from footfall._simulate.engine import Body
from footfall._simulate.stations.guarded_server import Connections
from footfall._simulate.stations.station import SimContext, Station

_ROUNDING = 1e-6
"""Of a message's time: sums of a day's times are exact to far less."""


class MessageGatewayStation(Station):
    """A D/1 queue of messages, which needs no event of its own: its backlog is one number.

    Several connections, or a window, keep a few more (`Connections`).
    """

    def __init__(self, channel: Channel, spec: MessageGateway, place: SimContext) -> None:
        """Start with an empty queue."""
        super().__init__(channel, place)
        self._s_per_message = 1.0 / float(spec.messages_per_s)
        self._most_backlog_s = float(spec.queue) * self._s_per_message
        self._free_at_s = 0.0
        self._work = 0.0
        """Time integral of the seconds of work in hand, up to `_noted_s`."""
        self._noted_s = 0.0
        self._came_s = array("d")
        self._gone_s = array("d")
        self._connections = Connections(spec) if load_model.of_server(spec) else None
        self.reminders = 0
        self.reminders_dropped = 0

    def serve(self, customer: Customer) -> Body:
        """Exchange the messages of the visit."""
        return self.dialogue(customer, self.steps[customer.operation])

    def begin(self, customer: Customer, service_s: float) -> float | None:
        """Let a message through the gateway, then the systems behind it; None when its queue is full."""
        now_s = self.env.now
        let_through_s = self._enter()
        if let_through_s is None:
            return None
        delay_s = let_through_s - now_s + service_s
        if customer.served_s < 0:
            # The clock may come to rest a last bit before the time that was computed.
            customer.served_s = min(let_through_s, now_s + delay_s)
        customer.wait_s += let_through_s - now_s
        return delay_s

    def worked_s(self, service_s: float) -> float:  # noqa: ARG002  see there
        """Now: a message is handled behind the gateway and the delay of the systems."""
        return self.env.now

    def remind(self) -> None:
        """Send a logout reminder through the same gateway; a full queue drops it, counted."""
        if self._enter() is None:
            self.reminders_dropped += 1
        else:
            self.reminders += 1

    def books(self) -> tuple[StationCounts, ...]:
        """Give both accounts of the work in hand: the gateway's backlog, and its messages' waits.

        Connections know nothing but their messages' times: there is no second account of them.
        """
        if self._connections is not None:
            return ()
        return (
            StationCounts(
                "work in hand",
                self._work_until,
                lambda edges_s: work_seconds(self._came_s, self._gone_s, self._s_per_message, edges_s),
            ),
        )

    def _work_until(self, now_s: float) -> float:
        """Give the time integral of the backlog, which shrinks by a second a second."""
        left_s = self._free_at_s - self._noted_s
        if left_s > 0:
            passed_s = min(now_s - self._noted_s, left_s)
            self._work += passed_s * (left_s - passed_s / 2)
        self._noted_s = now_s
        return self._work

    def _enter(self) -> float | None:
        """Time at which the gateway has let this message through; None when the queue is full."""
        now_s = self.env.now
        if self._connections is not None:
            return self._connections.enter(now_s)
        starts_s = max(now_s, self._free_at_s)
        # One message is being let through, `queue` others may wait behind it: with one more inside, the
        # newcomer would wait longer than `queue` messages take.
        if starts_s - now_s > self._most_backlog_s + _ROUNDING * self._s_per_message:
            return None
        left_s = self._free_at_s - self._noted_s
        if left_s > 0:  # as in `_work_until`, a call less for each of a million messages
            passed_s = now_s - self._noted_s
            self._work += passed_s * (left_s - passed_s / 2) if passed_s < left_s else left_s * left_s / 2
        self._noted_s = now_s
        done_s = self._free_at_s = starts_s + self._s_per_message
        self._came_s.append(now_s)
        self._gone_s.append(done_s)
        return done_s
