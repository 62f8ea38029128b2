"""The stations of the simulated day, one kind a file; `build` makes the one that a channel asks for."""

from footfall._behaviour import load_model
from footfall._model.channel import Channel
from footfall._model.station_specs import CallCentre, Counters, Kiosks, MessageGateway
from footfall._simulate.stations.call_centre import CallCentreStation
from footfall._simulate.stations.gateway import MessageGatewayStation
from footfall._simulate.stations.guarded_server import GuardedServerStation
from footfall._simulate.stations.halls import CounterStation, KioskStation
from footfall._simulate.stations.request_servers import RequestServerStation
from footfall._simulate.stations.station import SimContext, Station

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
