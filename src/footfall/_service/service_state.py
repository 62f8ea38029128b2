"""State of the running service: all channels on one ledger."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import Engine

from footfall._behaviour.capacity_rules import session_idle_s
from footfall._behaviour.keyed import run_key
from footfall._model.channel import Channel
from footfall._model.station_specs import CallCentre, MessageGateway, RequestServer
from footfall._service import ledger as messages
from footfall._service.capacity_limits import ConcurrencyLimit, HeldServers, HotlineCapacity, Machines
from footfall._service.channel_handler import ChannelHandler, ChannelStation, rules_of
from footfall._service.database import Database, DatabaseConnection
from footfall._service.fault_injection import FaultInjector
from footfall._service.handlers import end_visit
from footfall._service.http_messages import ApiError
from footfall._service.sessions import Sessions
from footfall._service.settings import RunClock, ServiceSettings
from footfall._service.sms_handlers import MessageStation
from footfall._service.waiting_line import WaitingLine

_TICK_S = 0.25
_PEPPER = "SELECT value FROM meta WHERE key = 'pepper'"
_logger = logging.getLogger(__name__)


class ServiceState:
    """The channels of a model, their clock, and the ledger that they share."""

    def __init__(self, settings: ServiceSettings, engine: Engine) -> None:
        """Prepare the state on an open database; `start` needs the event loop."""
        self.settings = settings
        self.clock = RunClock(settings.now_s, settings.model.clock)
        self.database = Database(engine)
        self.handlers: dict[str, ChannelHandler] = {}
        self._machines: list[Machines] = []
        self._message_station: MessageStation | None = None
        self._ticker: asyncio.Task[None] | None = None
        self._play: asyncio.TimerHandle | None = None
        self._reminders: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Open all channels; restore sessions and unhandled messages of an earlier process."""
        pepper = bytes.fromhex(await self.database.read(_pepper))
        for channel in self.settings.model.channels:
            handler = self._make_handler(channel, pepper)
            self.handlers[channel.name] = handler
            await handler.sessions.load()
            if isinstance(handler.station, MessageStation):
                self._message_station = handler.station
                await self._resume_messages(handler, handler.station)
        self._start_machines()
        self._start_stalls(0.0)
        self._ticker = asyncio.get_running_loop().create_task(self._tick())

    def start_run(self, seconds: float) -> None:
        """Set second 0 of the run, in seconds from now; all machines are reset then."""
        self.clock.start_in(seconds)
        if self._play is not None:
            self._play.cancel()
        loop = asyncio.get_running_loop()
        self._play = loop.call_later(max(seconds, 0.0), self._start_machines)
        self._start_stalls(seconds)

    def begin_stop(self) -> None:
        """Dismiss all waiting customers, so that pending requests end soon."""
        for handler in self.handlers.values():
            handler.station.begin_stop()

    async def stop(self) -> None:
        """Finish work in progress, then close the database."""
        self.begin_stop()
        for machines in self._machines:
            machines.stop()
        if self._play is not None:
            self._play.cancel()
        for handler in self.handlers.values():
            if isinstance(handler.station, ConcurrencyLimit):
                handler.station.stop()
        if self._ticker is not None:
            self._ticker.cancel()
            with suppress(asyncio.CancelledError):
                await self._ticker
        await asyncio.gather(*self._reminders)
        if self._message_station is not None:
            await self._message_station.stop()
        self.database.close()

    def counts(self) -> dict[str, dict[str, int]]:
        """Return the current counts of each channel, and what it dropped or reclaimed."""
        return {name: _counts(handler) for name, handler in self.handlers.items()}

    def _start_machines(self) -> None:
        for machines in self._machines:
            machines.start()

    def _start_stalls(self, seconds: float) -> None:
        for handler in self.handlers.values():
            if isinstance(handler.station, ConcurrencyLimit):
                handler.station.start_run(seconds)

    def _make_handler(self, channel: Channel, pepper: bytes) -> ChannelHandler:
        settings = self.settings
        injector = FaultInjector(channel, settings.seed, delays=settings.delays)
        return ChannelHandler(
            channel=channel,
            settings=settings,
            database=self.database,
            pepper=pepper,
            clock=self.clock,
            injector=injector,
            sessions=Sessions(
                self.database, channel.name, settings.now_s, session_idle_s(channel, settings.session_idle_s)
            ),
            rules=rules_of(settings.model, channel),
            station=self._station(channel, injector),
        )

    def _station(self, channel: Channel, injector: FaultInjector) -> ChannelStation:
        station = channel.station
        if isinstance(station, RequestServer):
            run = run_key(self.settings.seed, 0)
            return ConcurrencyLimit(station, run, channel.name)
        if isinstance(station, CallCentre):
            return HotlineCapacity(channel, self.settings, self.clock, injector)
        if isinstance(station, MessageGateway):
            return MessageStation(station)
        held = HeldServers(channel, self.settings, self.clock)
        self._machines.append(Machines(channel, self.settings.seed, held))
        return held

    async def _tick(self) -> None:
        """Four times a second, update staff and end idle visits and sessions."""
        reconnections = self.database.reconnections
        while True:
            await asyncio.sleep(_TICK_S)
            has_returned = self.database.reconnections != reconnections
            try:
                for handler in self.handlers.values():
                    await self._update(handler)
                    if has_returned and isinstance(handler.station, MessageStation):
                        await self._resume_messages(handler, handler.station)
            except ApiError:
                # The database is unreachable: retry all of it once it is back.
                continue
            except Exception:
                _logger.exception("updating %s failed", handler.channel.name)
            if has_returned:
                reconnections = self.database.reconnections

    async def _resume_messages(self, handler: ChannelHandler, station: MessageStation) -> None:
        """Handle the messages that were accepted but not handled; each is still handled only once."""
        for message in await self.database.read(messages.waiting):
            station.handle_in(station.gateway.enter() or 0.0, handler, message)

    async def _update(self, handler: ChannelHandler) -> None:
        if isinstance(handler.station, HeldServers | HotlineCapacity):
            for visit in handler.station.tick():
                await end_visit(handler, visit)
        for session in handler.sessions.idle():
            await handler.sessions.end(session)
            if handler.channel.logout_reminder is not None:
                self._remind(session.subscriber)

    def _remind(self, subscriber: int) -> None:
        station = self._message_station
        if station is None:
            return
        handler = next(handler for handler in self.handlers.values() if handler.station is station)
        task = asyncio.get_running_loop().create_task(station.remind(handler, subscriber))
        self._reminders.add(task)
        task.add_done_callback(self._reminders.discard)


def _pepper(connection: DatabaseConnection) -> str:
    row = connection.row(_PEPPER)
    return str(row[0]) if row else ""


def _counts(handler: ChannelHandler) -> dict[str, int]:
    counts = {"sessions": len(handler.sessions)}
    station = handler.station
    if isinstance(station, HeldServers | HotlineCapacity):
        counts |= {"visits": len(station.visits), "visits_taken_back": station.visits.reclaimed}
    if isinstance(station, HeldServers):
        counts |= _line_counts(station.queues)
    if isinstance(station, HotlineCapacity):
        counts |= _line_counts([station.agents])
    if isinstance(station, ConcurrencyLimit):
        counts |= _line_counts([station.line])
    if isinstance(station, MessageStation):
        counts |= {
            "reminders_dropped": station.gateway.dropped,
            "callbacks_failed": station.inbox.callbacks_failed,
        }
    return counts


def _line_counts(lines: Sequence[WaitingLine]) -> dict[str, int]:
    """Add up the lines of a channel: customers or requests that wait, busy servers, servers on duty."""
    return {name: sum(getattr(line, name) for line in lines) for name in ("waiting", "busy", "servers")}
