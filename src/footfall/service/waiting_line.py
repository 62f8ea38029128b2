"""A waiting line before a number of servers, first come first served, with patience."""

import asyncio
import time
from collections import deque
from math import inf
from typing import NamedTuple

from footfall.service.api_errors import api_error
from footfall.service.http_messages import HttpRequest

# ── When service of a request began, and until when it must have ended; both on the monotonic clock


class ServiceTurn(NamedTuple):
    """A request's time at a station."""

    began_s: float
    deadline_s: float = inf


def no_deadline() -> ServiceTurn:
    """Give the turn of a request that is served at once and may take what it takes."""
    return ServiceTurn(time.monotonic())


async def sleep_until(second_s: float) -> None:
    """Sleep until a second of the monotonic clock, if it has not passed."""
    left_s = second_s - time.monotonic()
    if left_s > 0:
        await asyncio.sleep(left_s)


class LineTicket:
    """A place in a line; `granted` becomes True with a server, False when it is given up."""

    __slots__ = ("granted", "granted_s", "joined_s", "timer")

    def __init__(self, granted: "asyncio.Future[bool]", joined_s: float) -> None:
        """Take a place, on the monotonic clock."""
        self.granted = granted
        self.joined_s = joined_s
        self.granted_s = joined_s
        """When the server was free, which may be a moment before anybody came to say so."""
        self.timer: asyncio.TimerHandle | None = None


class WaitingLine:
    """`servers` servers and those who wait for one."""

    __slots__ = ("_tickets", "busy", "servers", "waiting")

    def __init__(self, servers: int) -> None:
        """Open with all servers free."""
        self._tickets: deque[LineTicket] = deque()
        self.servers = servers
        self.busy = 0
        self.waiting = 0

    def take(self) -> bool:
        """Take a free server at once, if there is one and nobody waits for it."""
        if self.busy < self.servers and not self.waiting:
            self.busy += 1
            return True
        return False

    def join(self, patience_s: float) -> LineTicket:
        """Take a place in the line and keep it for at most `patience_s`."""
        loop = asyncio.get_running_loop()
        ticket = LineTicket(loop.create_future(), time.monotonic())
        ticket.timer = loop.call_later(patience_s, self.leave, ticket)
        self._tickets.append(ticket)
        self.waiting += 1
        return ticket

    async def wait(self, patience_s: float) -> bool:
        """Wait for a server, at most `patience_s`; give whether one was granted."""
        ticket = self.join(patience_s)
        try:
            return await ticket.granted
        except asyncio.CancelledError:
            self.abandon(ticket)
            raise

    def leave(self, ticket: LineTicket) -> None:
        """Give a place up, unless it has been granted or given up already."""
        if not ticket.granted.done():
            self.waiting -= 1
            self._settle(ticket, granted=False)
            while self._tickets and self._tickets[0].granted.done():
                self._tickets.popleft()

    def abandon(self, ticket: LineTicket) -> None:
        """Give up a place, or the server if it has just been granted: nobody is there to use it."""
        granted = ticket.granted
        if granted.cancelled():
            # Cancelling whoever awaits a future cancels the future: it was still in the line.
            self.waiting -= 1
            self._stop_timer(ticket)
        elif granted.done() and granted.result():
            self.release()
        else:
            self.leave(ticket)

    def release(self, at_s: float | None = None) -> None:
        """Give the server back; the longest waiting customer takes it at once.

        It was free at `at_s` of the monotonic clock (None: now). A timer that came late does not make a
        server that is always in use slower than it is meant to be.
        """
        self.busy -= 1
        self._admit(time.monotonic() if at_s is None else at_s)

    def staff(self, servers: int) -> None:
        """Change the number of servers; one who is busy when it drops finishes the customer at hand."""
        self.servers = servers
        self._admit(time.monotonic())

    def send_away(self) -> None:
        """Let all who wait go without a server."""
        for ticket in list(self._tickets):
            self.leave(ticket)

    def _admit(self, at_s: float) -> None:
        while self._tickets and self.busy < self.servers:
            ticket = self._tickets.popleft()
            if not ticket.granted.done():
                self.waiting -= 1
                self.busy += 1
                ticket.granted_s = max(ticket.joined_s, at_s)
                self._settle(ticket, granted=True)

    def _settle(self, ticket: LineTicket, *, granted: bool) -> None:
        self._stop_timer(ticket)
        ticket.granted.set_result(granted)

    @staticmethod
    def _stop_timer(ticket: LineTicket) -> None:
        if ticket.timer is not None:
            ticket.timer.cancel()


# ── Wait for a server as long as the patience lasts and the client is there


async def wait_for_server(line: WaitingLine, call: HttpRequest, patience_s: float) -> None:
    """Return with a server of the line; a client that goes away leaves the line.

    Raises:
        RefusalError: patience ended first, or the client has gone.
    """
    ticket = line.join(patience_s)
    watch = asyncio.ensure_future(call.gone())
    watch.add_done_callback(lambda _: line.leave(ticket))
    try:
        granted = await ticket.granted
    except asyncio.CancelledError:
        line.abandon(ticket)
        raise
    finally:
        gone = watch.done()
        watch.cancel()
    if granted and gone:
        line.release()
    if gone or not granted:
        raise api_error("patience")
