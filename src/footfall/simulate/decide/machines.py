"""State of a kiosk when the doors open: up, or still under repair."""

from footfall.simulate.decide import keyed
from footfall.simulate.spec.channel import Channel
from footfall.simulate.spec.station import Kiosks

_MACHINES = -2
"""A replication number of their own: both worlds find the same machines down."""
_MOST_MACHINES = 1000


def starts_down(channel: Channel, seed: int, site: int, machine: int) -> bool:
    """Whether this machine is down at the start, with the long-run share repair / (up + repair)."""
    station = channel.station
    if not isinstance(station, Kiosks) or not station.up.mean_s:
        return False
    share = station.repair.mean_s / (station.up.mean_s + station.repair.mean_s)
    return machine_uniform(channel.name, seed, site, machine, 0) < share


def machine_uniform(channel: str, seed: int, site: int, machine: int, turn: int) -> float:
    """Uniform number of one machine: turn 0 its state at the start, then its times up and in repair."""
    key = keyed.customer_key(keyed.run_key(seed, _MACHINES), site * _MOST_MACHINES + machine)
    return keyed.uniform(key, f"machine.{channel}", 0, turn)
