"""The handler of one channel: its capacity, its sessions, and how one request is served."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from footfall._model.channel import Channel, Fault, Verb
from footfall._model.model import Model
from footfall._records.rows import Outcome
from footfall._service.database import Database
from footfall._service.fault_injection import FaultInjector
from footfall._service.http_messages import ApiError, HttpRequest, HttpResponse, api_error
from footfall._service.ledger import Rules
from footfall._service.sessions import Sessions
from footfall._service.settings import RunClock, ServiceSettings
from footfall._service.waiting_line import ServiceWindow, sleep_until

Work = Callable[["ChannelHandler", HttpRequest], Awaitable[HttpResponse]]

_FAULT_STATUS = {Outcome.REJECTED: 409, Outcome.UNCONFIRMED: 410, Outcome.ERROR: 502, Outcome.TIMEOUT: 504}


class ChannelStation(Protocol):
    """Limits how many requests of a channel are served at once."""

    async def enter(self, request: HttpRequest) -> ServiceWindow:
        """Wait for service; return when it began and its deadline.

        Raises:
            ApiError: the request is not admitted.
        """

    def leave(self, ended_s: float) -> None:
        """Release the capacity of a request that ended at `ended_s` of the monotonic clock."""

    def begin_stop(self) -> None:
        """Dismiss all waiting customers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHandler:
    """A channel and everything that its requests need."""

    channel: Channel
    settings: ServiceSettings
    database: Database
    pepper: bytes
    clock: RunClock
    injector: FaultInjector
    sessions: Sessions
    rules: Rules
    station: ChannelStation

    def check_outage(self) -> None:
        """Reject requests during an outage of the channel.

        Raises:
            ApiError: the channel is down.
        """
        if self.channel.outages:
            run_s = self.clock.run_s()
            if run_s is not None and self.channel.out_at(run_s):
                raise api_error("outage")

    async def serve(
        self, verb: Verb, request: HttpRequest, work: Work, *, may_fail: bool = True
    ) -> HttpResponse:
        """Serve one request: wait for capacity, do the work, then wait out the rest of its service time.

        An injected fault happens before the work, so the work is never left half done.

        Raises:
            ApiError: the channel is down, full or too slow, a fault was injected, or the work failed.
        """
        self.check_outage()
        window = await self.station.enter(request)
        ended_s: float | None = None
        try:
            draw = self.injector.draw(verb, may_fail=may_fail)
            ends_s = window.ends_s(draw.service_s)
            if ends_s > window.deadline_s:
                await sleep_until(window.deadline_s)
                ended_s = window.deadline_s
                raise api_error("deadline")
            if draw.fault is not None:
                await sleep_until(ends_s)
                ended_s = ends_s
                raise fault_error(draw.fault)
            if draw.service_s == 0:
                return await work(self, request)
            response, ended_s = await self._timed(request, work, window, draw.service_s)
        finally:
            # An interrupted request, or one without service time, ends now.
            self.station.leave(time.monotonic() if ended_s is None else ended_s)
        if isinstance(response, ApiError):
            raise response
        return response

    async def _timed(
        self, request: HttpRequest, work: Work, window: ServiceWindow, service_s: float
    ) -> tuple[HttpResponse | ApiError, float]:
        """Do the work and wait out the rest of its service time; returns the response and its end time.

        The end time is computed from the start of service and not read from the clock, so that a late
        timer or a busy event loop does not prolong how long a slot is held.
        """
        since_s = time.monotonic()
        response: HttpResponse | ApiError
        try:
            response = await work(self, request)
        except ApiError as error:
            response = error
        ends_s = max(window.ends_s(service_s), window.began_s + time.monotonic() - since_s)
        if ends_s > window.deadline_s:
            # Done, but too late to report: a retry with the same idempotency key finds it done.
            response = api_error("deadline")
        await sleep_until(ends_s)
        return response, ends_s


def rules_of(model: Model, channel: Channel) -> Rules:
    """Return which operations of a channel need a second confirmation, and within how many seconds."""
    confirm_s = {
        operation: float(channel.confirm_expiry_s)
        for operation, steps in channel.dialogues.items()
        if channel.confirm_expiry_s is not None and any(step.verb is Verb.CONFIRM for step in steps)
    }
    return Rules(accounts=model.accounts, confirm_s=confirm_s)


def fault_error(fault: Fault) -> ApiError:
    """Return the error of an injected fault."""
    return ApiError(_FAULT_STATUS[fault.outcome], fault.cause, "A fault of the operator's systems.")
