"""The operator: all channels at work on one ledger."""

import asyncio
import logging
from contextlib import suppress

from sqlalchemy import Engine

from footfall.behaviour.capacity_rules import session_idle_s
from footfall.model.channel import Channel
from footfall.model.station_specs import CallCentre, MessageGateway, RequestServer
from footfall.service import ledger as messages
from footfall.service.api_errors import ApiError
from footfall.service.capacity_limits import ConcurrencyLimit, HotlineCapacity
from footfall.service.channel_handler import ChannelHandler, ChannelStation, rules_of
from footfall.service.database import Database, DatabaseConnection
from footfall.service.fault_injection import FaultInjector
from footfall.service.handlers import end_visit
from footfall.service.held_servers import HeldServers, Machines
from footfall.service.sessions import Sessions
from footfall.service.settings import PlayClock, ServiceSettings
from footfall.service.sms_handlers import MessageRoom

_TICK_S = 0.25
_PEPPER = "SELECT value FROM meta WHERE key = 'pepper'"
_logger = logging.getLogger(__name__)


class ServiceState:
    """The channels of a model, their clock, and the ledger that they share."""

    def __init__(self, settings: ServiceSettings, engine: Engine) -> None:
        """Take an open database; `start` needs the event loop."""
        self.settings = settings
        self.clock = PlayClock(settings.now_s, settings.model.clock)
        self.store = Database(engine)
        self.desks: dict[str, ChannelHandler] = {}
        self._machines: list[Machines] = []
        self._room: MessageRoom | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._play: asyncio.TimerHandle | None = None
        self._reminders: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Open all channels and take up what a former process left: sessions, and messages not handled."""
        pepper = bytes.fromhex(await self.store.read(_pepper))
        for channel in self.settings.model.channels:
            desk = self._desk(channel, pepper)
            self.desks[channel.name] = desk
            await desk.sessions.load()
            if isinstance(desk.station, MessageRoom):
                self._room = desk.station
                await self._take_up(desk, desk.station)
        self._start_machines()
        self._ticking = asyncio.get_running_loop().create_task(self._tick())

    def start_play(self, seconds: float) -> None:
        """Set second 0 of play so many seconds from now; all machines begin their lives anew then."""
        self.clock.start_in(seconds)
        if self._play is not None:
            self._play.cancel()
        loop = asyncio.get_running_loop()
        self._play = loop.call_later(max(seconds, 0.0), self._start_machines)

    def begin_stop(self) -> None:
        """Send away whoever waits, so that what is in flight ends soon."""
        for desk in self.desks.values():
            desk.station.begin_stop()

    async def stop(self) -> None:
        """Finish what is in hand, then close the database."""
        self.begin_stop()
        for machines in self._machines:
            machines.stop()
        if self._play is not None:
            self._play.cancel()
        if self._ticking is not None:
            self._ticking.cancel()
            with suppress(asyncio.CancelledError):
                await self._ticking
        await asyncio.gather(*self._reminders)
        if self._room is not None:
            await self._room.stop()
        self.store.close()

    def counts(self) -> dict[str, dict[str, int]]:
        """Give what each channel has in hand, and what it dropped or took back."""
        return {name: _counts(desk) for name, desk in self.desks.items()}

    def _start_machines(self) -> None:
        for machines in self._machines:
            machines.start()

    def _desk(self, channel: Channel, pepper: bytes) -> ChannelHandler:
        settings = self.settings
        luck = FaultInjector(channel, settings.seed, delays=settings.delays)
        return ChannelHandler(
            channel=channel,
            settings=settings,
            store=self.store,
            pepper=pepper,
            clock=self.clock,
            luck=luck,
            sessions=Sessions(
                self.store, channel.name, settings.now_s, session_idle_s(channel, settings.session_idle_s)
            ),
            rules=rules_of(settings.model, channel),
            station=self._station(channel, luck),
        )

    def _station(self, channel: Channel, luck: FaultInjector) -> ChannelStation:
        station = channel.station
        if isinstance(station, RequestServer):
            return ConcurrencyLimit(station)
        if isinstance(station, CallCentre):
            return HotlineCapacity(channel, self.settings, self.clock, luck)
        if isinstance(station, MessageGateway):
            return MessageRoom(station)
        held = HeldServers(channel, self.settings, self.clock)
        self._machines.append(Machines(channel, self.settings.seed, held))
        return held

    async def _tick(self) -> None:
        """Four times a second: staff by the clock, forgotten visits, idle sessions."""
        reconnections = self.store.reconnections
        while True:
            await asyncio.sleep(_TICK_S)
            has_returned = self.store.reconnections != reconnections
            try:
                for desk in self.desks.values():
                    await self._tend(desk)
                    if has_returned and isinstance(desk.station, MessageRoom):
                        await self._take_up(desk, desk.station)
            except ApiError:
                # The database is away: all of it again, once it is back.
                continue
            except Exception:
                _logger.exception("tending %s failed", desk.channel.name)
            if has_returned:
                reconnections = self.store.reconnections

    async def _take_up(self, desk: ChannelHandler, room: MessageRoom) -> None:
        """Handle the messages that were accepted and not yet handled; each is handled once all the same."""
        for message in await self.store.read(messages.waiting):
            room.handle_in(room.gateway.enter() or 0.0, desk, message)

    async def _tend(self, desk: ChannelHandler) -> None:
        if isinstance(desk.station, HeldServers | HotlineCapacity):
            for visit in desk.station.tick():
                await end_visit(desk, visit)
        for session in desk.sessions.idle():
            await desk.sessions.end(session)
            if desk.channel.logout_reminder is not None:
                self._remind(session.subscriber)

    def _remind(self, subscriber: int) -> None:
        room = self._room
        if room is None:
            return
        desk = next(desk for desk in self.desks.values() if desk.station is room)
        task = asyncio.get_running_loop().create_task(room.remind(desk, subscriber))
        self._reminders.add(task)
        task.add_done_callback(self._reminders.discard)


def _pepper(handle: DatabaseConnection) -> str:
    row = handle.row(_PEPPER)
    return str(row[0]) if row else ""


def _counts(desk: ChannelHandler) -> dict[str, int]:
    counts = {"sessions": len(desk.sessions)}
    station = desk.station
    if isinstance(station, HeldServers | HotlineCapacity):
        counts |= {"visits": len(station.visits), "visits_taken_back": station.visits.taken_back}
    if isinstance(station, HeldServers):
        counts |= {"waiting": sum(line.waiting for line in station.lines)}
    if isinstance(station, HotlineCapacity):
        counts |= {"waiting": station.agents.waiting, "agents_busy": station.agents.busy}
    if isinstance(station, ConcurrencyLimit):
        counts |= {"waiting": station.line.waiting, "busy": station.line.busy}
    if isinstance(station, MessageRoom):
        counts |= {
            "reminders_dropped": station.gateway.dropped,
            "callbacks_failed": station.inbox.callbacks_failed,
        }
    return counts
