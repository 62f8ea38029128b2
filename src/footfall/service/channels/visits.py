"""Get hold of a clerk, a machine or a line, of an agent, and let go again."""

from math import inf

from footfall.service.capacity.held import Held
from footfall.service.capacity.switchboard import Switchboard
from footfall.service.capacity.visits import Visit
from footfall.service.desk import Desk
from footfall.service.refusals import refusal
from footfall.service.web.wire import Answer, Call

PATIENCE_S_MAX = 600.0


async def open_visit(desk: Desk, call: Call) -> Answer:
    """Wait for a server of a site, at most as long as the customer's patience lasts."""
    desk.refuse_outage()
    station = _held(desk)
    site = call.whole("site")
    if site < 0:
        raise refusal("unknown_site")
    patience_s = call.number("patience_s", 0, PATIENCE_S_MAX)
    balk_wait_s = call.number("balk_wait_s", 0, inf) if "balk_wait_s" in call.body else inf
    since_s = desk.settings.now_s()
    visit = await station.open(call, site, patience_s, balk_wait_s)
    return 201, {"visit": visit.id, "waited_s": max(desk.settings.now_s() - since_s, 0.0)}


async def fetch_agent(desk: Desk, call: Call) -> Answer:
    """Wait for an agent, who stays on the line to the end of the call."""
    desk.refuse_outage()
    station = _held(desk)
    if not isinstance(station, Switchboard):
        raise refusal("not_found")
    patience_s = call.number("patience_s", 0, PATIENCE_S_MAX)
    since_s = desk.settings.now_s()
    await station.fetch_agent(call, station.visits.find(call.parameters[0]), patience_s)
    return 200, {"waited_s": max(desk.settings.now_s() - since_s, 0.0)}


async def close_visit(desk: Desk, call: Call) -> Answer:
    """Let go of the server, also while the channel is down."""
    station = _held(desk)
    await end_visit(desk, station.visits.find(call.parameters[0]))
    return 204, None


async def end_visit(desk: Desk, visit: Visit) -> None:
    """End a visit and the sessions that were opened in it."""
    _held(desk).close(visit)
    for session in visit.sessions:
        await desk.sessions.end(session)


def _held(desk: Desk) -> Held | Switchboard:
    if not isinstance(desk.station, Held | Switchboard):
        raise refusal("not_found")
    return desk.station
