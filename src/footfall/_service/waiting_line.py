"""A first-come-first-served queue for a number of servers, with patience."""

import asyncio
import time
from collections import deque
from math import inf
from typing import NamedTuple

from footfall._behaviour.capacity_rules import StallPlan
from footfall._service.http_messages import HttpRequest, api_error

# ── Start and deadline of a request's service, both on the monotonic clock


class ServiceWindow(NamedTuple):
    """Start and deadline of a request's service."""

    began_s: float
    deadline_s: float = inf
    stalls: StallPlan | None = None
    """Times at which the work rests; None: it never does."""

    def ends_s(self, service_s: float) -> float:
        """Return when a service of this length ends."""
        return self.began_s + service_s if self.stalls is None else self.stalls.ends(self.began_s, service_s)


def no_deadline() -> ServiceWindow:
    """Return the window of a request that starts now and has no deadline."""
    return ServiceWindow(time.monotonic())


async def sleep_until(second_s: float) -> None:
    """Sleep until a time of the monotonic clock, if it has not passed."""
    left_s = second_s - time.monotonic()
    if left_s > 0:
        await asyncio.sleep(left_s)


class LineTicket:
    """A place in the queue; `granted` becomes True with a server, False on leaving without one."""

    __slots__ = ("granted", "granted_s", "joined_s", "stale_from_s", "timer")

    def __init__(self, granted: "asyncio.Future[bool]", joined_s: float, stale_from_s: float = inf) -> None:
        """Create a place; both times are on the monotonic clock."""
        self.granted = granted
        self.joined_s = joined_s
        self.stale_from_s = stale_from_s
        """A server that becomes free from then on skips the place: its client has given up."""
        self.granted_s = joined_s
        """When the server became free, which may be slightly before the event loop noticed."""
        self.timer: asyncio.TimerHandle | None = None


class WaitingLine:
    """`servers` servers and the customers waiting for one."""

    __slots__ = ("_tickets", "busy", "is_still", "servers", "waiting")

    def __init__(self, servers: int) -> None:
        """Start with all servers free."""
        self._tickets: deque[LineTicket] = deque()
        self.servers = servers
        self.busy = 0
        self.waiting = 0
        self.is_still = False
        """Whether the servers stand still: no customer is called until `go_on`."""

    def take(self) -> bool:
        """Take a server if one is free and the queue is empty; return whether it was."""
        if self.busy < self.servers and not self.waiting and not self.is_still:
            self.busy += 1
            return True
        return False

    def join(self, patience_s: float, stale_from_s: float = inf) -> LineTicket:
        """Join the queue for at most `patience_s`; a server free from `stale_from_s` on skips the place."""
        loop = asyncio.get_running_loop()
        ticket = LineTicket(loop.create_future(), time.monotonic(), stale_from_s)
        if patience_s < inf:
            ticket.timer = loop.call_later(patience_s, self.leave, ticket)
        self._tickets.append(ticket)
        self.waiting += 1
        return ticket

    async def wait(self, patience_s: float) -> bool:
        """Wait for a server for at most `patience_s`; return whether one was granted."""
        ticket = self.join(patience_s)
        try:
            return await ticket.granted
        except asyncio.CancelledError:
            self.abandon(ticket)
            raise

    def leave(self, ticket: LineTicket) -> None:
        """Leave the queue, unless already served or gone."""
        if not ticket.granted.done():
            self.waiting -= 1
            self._settle(ticket, granted=False)
            while self._tickets and self._tickets[0].granted.done():
                self._tickets.popleft()

    def abandon(self, ticket: LineTicket) -> None:
        """Leave the queue after a cancellation, or release the server if it has just been granted."""
        granted = ticket.granted
        if granted.cancelled():
            # Cancelling a task cancels the future that it awaits: the ticket was still in the queue.
            self.waiting -= 1
            self._stop_timer(ticket)
        elif granted.done() and granted.result():
            self.release()
        else:
            self.leave(ticket)

    def release(self, at_s: float | None = None) -> None:
        """Release a server; the customer who has waited longest takes it at once.

        It was free at `at_s` of the monotonic clock (None: now), so that late timers do not slow down a
        server that is always in use.
        """
        self.busy -= 1
        self._admit(time.monotonic() if at_s is None else at_s)

    def set_servers(self, servers: int) -> None:
        """Change the number of servers; if it drops, busy servers finish their current customer."""
        self.servers = servers
        self._admit(time.monotonic())

    def go_on(self, at_s: float) -> None:
        """End a standstill, at a time of the monotonic clock."""
        self.is_still = False
        self._admit(at_s)

    def dismiss_all(self) -> None:
        """Dismiss all waiting customers without a server."""
        for ticket in list(self._tickets):
            self.leave(ticket)

    def _admit(self, at_s: float) -> None:
        while self._tickets and self.busy < self.servers and not self.is_still:
            ticket = self._tickets.popleft()
            if ticket.granted.done():
                continue
            self.waiting -= 1
            ticket.granted_s = max(ticket.joined_s, at_s)
            is_stale = ticket.granted_s >= ticket.stale_from_s
            self.busy += not is_stale
            self._settle(ticket, granted=not is_stale)

    def _settle(self, ticket: LineTicket, *, granted: bool) -> None:
        self._stop_timer(ticket)
        ticket.granted.set_result(granted)

    @staticmethod
    def _stop_timer(ticket: LineTicket) -> None:
        if ticket.timer is not None:
            ticket.timer.cancel()


# ── Wait for a server until patience runs out or the client disconnects


async def wait_for_server(line: WaitingLine, request: HttpRequest, patience_s: float) -> None:
    """Wait for a server of the queue; a client that disconnects leaves the queue.

    Raises:
        ApiError: patience ran out first, or the client disconnected.
    """
    ticket = line.join(patience_s)
    watch = asyncio.ensure_future(request.wait_for_disconnect())
    watch.add_done_callback(lambda _: line.leave(ticket))
    try:
        granted = await ticket.granted
    except asyncio.CancelledError:
        line.abandon(ticket)
        raise
    finally:
        wait_for_disconnect = watch.done()
        watch.cancel()
    if granted and wait_for_disconnect:
        line.release()
    if wait_for_disconnect or not granted:
        raise api_error("patience")
