"""The stations of the simulated day, one kind a file; `build` makes the one that a channel asks for."""

from footfall.simulate.decide import further
from footfall.simulate.spec.channel import Channel
from footfall.simulate.spec.station import CallCentre, Counters, Kiosks, MessageGateway
from footfall.simulate.stations.base import Place, Station
from footfall.simulate.stations.call_centre import CallCentreStation
from footfall.simulate.stations.counters import CounterStation
from footfall.simulate.stations.guarded_server import GuardedServerStation
from footfall.simulate.stations.kiosks import KioskStation
from footfall.simulate.stations.message_gateway import MessageGatewayStation
from footfall.simulate.stations.request_server import RequestServerStation

__all__ = ["CallCentreStation", "MessageGatewayStation", "Place", "Station", "build"]


def build(channel: Channel, place: Place) -> Station:
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
    if further.of_server(spec) or further.of_limits(spec) or further.of_clients(spec):
        return GuardedServerStation(channel, spec, place)
    return RequestServerStation(channel, spec, place)
