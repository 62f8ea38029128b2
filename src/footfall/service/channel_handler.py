"""One channel at work: what limits it, what it remembers, and how a turn is served."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from footfall.model.channel import Channel, Fault, Verb
from footfall.model.model import Model
from footfall.records.rows import Outcome
from footfall.service.api_errors import ApiError, api_error
from footfall.service.database import Database
from footfall.service.fault_injection import FaultInjector
from footfall.service.http_messages import Answer, HttpRequest
from footfall.service.ledger import Rules
from footfall.service.sessions import Sessions
from footfall.service.settings import PlayClock, ServiceSettings
from footfall.service.waiting_line import ServiceTurn, sleep_until

Work = Callable[["ChannelHandler", HttpRequest], Awaitable[Answer]]

FAULT_STATUS = {Outcome.REJECTED: 409, Outcome.UNCONFIRMED: 410, Outcome.ERROR: 502, Outcome.TIMEOUT: 504}


class ChannelStation(Protocol):
    """What limits how many requests of a channel are served at once."""

    async def enter(self, call: HttpRequest) -> ServiceTurn:
        """Wait for service; give when it began and by when it must end.

        Raises:
            RefusalError: there will be no service.
        """

    def leave(self, ended_s: float) -> None:
        """Say that the request is done with since `ended_s` of the monotonic clock."""

    def begin_stop(self) -> None:
        """Send away whoever waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHandler:
    """A channel and all that its requests need."""

    channel: Channel
    settings: ServiceSettings
    store: Database
    pepper: bytes
    clock: PlayClock
    luck: FaultInjector
    sessions: Sessions
    rules: Rules
    station: ChannelStation

    def refuse_outage(self) -> None:
        """Let nothing through while the channel is down.

        Raises:
            RefusalError: it is.
        """
        if self.channel.outages:
            play_s = self.clock.play_s()
            if play_s is not None and self.channel.out_at(play_s):
                raise api_error("outage")

    async def turn(self, verb: Verb, call: HttpRequest, work: Work, *, may_fail: bool = True) -> Answer:
        """Serve one turn: wait for service, do the real work, take the rest of the time it costs.

        A fault of the operator's own strikes before the real work, so it never leaves half of it.

        Raises:
            RefusalError: the channel is down, full, too slow or at fault, or the work refused.
        """
        self.refuse_outage()
        turn = await self.station.enter(call)
        ended_s: float | None = None
        try:
            draw = self.luck.draw(verb, may_fail=may_fail)
            ends_s = turn.began_s + draw.service_s
            if ends_s > turn.deadline_s:
                await sleep_until(turn.deadline_s)
                ended_s = turn.deadline_s
                raise api_error("deadline")
            if draw.fault is not None:
                await sleep_until(ends_s)
                ended_s = ends_s
                raise struck(draw.fault)
            if draw.service_s == 0:
                return await work(self, call)
            answer, ended_s = await self._timed(call, work, turn, draw.service_s)
        finally:
            # What was cut off, or took no time by the model, ends now.
            self.station.leave(time.monotonic() if ended_s is None else ended_s)
        if isinstance(answer, ApiError):
            raise answer
        return answer

    async def _timed(
        self, call: HttpRequest, work: Work, turn: ServiceTurn, service_s: float
    ) -> tuple[Answer | ApiError, float]:
        """Do the work, and take the rest of its time; returns the answer and the second at which it ended.

        That second is reckoned from when the turn began and not read from the clock: the lateness of a timer
        or of a busy event loop is not added to how long a slot is held.
        """
        since_s = time.monotonic()
        answer: Answer | ApiError
        try:
            answer = await work(self, call)
        except ApiError as error:
            answer = error
        ends_s = turn.began_s + max(service_s, time.monotonic() - since_s)
        if ends_s > turn.deadline_s:
            # Done, but too late to say so: the same idempotency key will find it done.
            answer = api_error("deadline")
        await sleep_until(ends_s)
        return answer, ends_s


def rules_of(model: Model, channel: Channel) -> Rules:
    """Which operations of a channel need a second confirmation, and how soon."""
    confirm_s = {
        operation: float(channel.confirm_expiry_s)
        for operation, turns in channel.dialogues.items()
        if channel.confirm_expiry_s is not None and any(turn.verb is Verb.CONFIRM for turn in turns)
    }
    return Rules(accounts=model.accounts, confirm_s=confirm_s)


def struck(fault: Fault) -> ApiError:
    """Give the answer to a request that a fault of the operator's struck."""
    return ApiError(FAULT_STATUS[fault.outcome], fault.cause, "A fault of the operator's systems.")
