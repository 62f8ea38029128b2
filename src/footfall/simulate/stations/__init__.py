"""The stations of the simulated day, one kind a file; `build` makes the one that a channel asks for."""

from footfall.behaviour import load_model
from footfall.model.channel import Channel
from footfall.model.station_specs import CallCentre, Counters, Kiosks, MessageGateway
from footfall.simulate.stations.call_centre import CallCentreStation
from footfall.simulate.stations.gateway import MessageGatewayStation
from footfall.simulate.stations.guarded_server import GuardedServerStation
from footfall.simulate.stations.halls import CounterStation, KioskStation
from footfall.simulate.stations.request_servers import RequestServerStation
from footfall.simulate.stations.station import SimContext, Station

__all__ = ["CallCentreStation", "MessageGatewayStation", "SimContext", "Station", "build"]


def build(channel: Channel, place: SimContext) -> Station:
    """Give the station of a channel, ready to serve."""
    spec = channel.station
    if isinstance(spec, Counters):
        return CounterStation(channel, spec, place)
    if isinstance(spec, Kiosks):
        return KioskStation(channel, spec, place)
    if isinstance(spec, CallCentre):
        return CallCentreStation(channel, spec, place)
    if isinstance(spec, MessageGateway):
        return MessageGatewayStation(channel, spec, place)
    if load_model.of_server(spec) or load_model.of_limits(spec) or load_model.of_clients(spec):
        return GuardedServerStation(channel, spec, place)
    return RequestServerStation(channel, spec, place)
