"""What of a staffed station can be played against a live service, and what the reference service can do."""

from footfall.records.errors import BadInputError
from footfall.simulate.spec.model import Model
from footfall.simulate.spec.station import CallCentre, Counters


def check_played(model: Model) -> None:
    """See that customers of a live service can do what those of the model do.

    Raises:
        BadInputError: a hotline calls back, which no customer of a load test waits for.
    """
    for channel in model.channels:
        if isinstance(channel.station, CallCentre) and channel.station.callback is not None:
            raise BadInputError(
                f"channel {channel.name}", "calls back", "no callback in a model that is played"
            )


def check_served(model: Model) -> None:
    """See that the reference service can staff the model's stations.

    It serves first come, first served, with whole agents who can do everything.

    Raises:
        BadInputError: a station asks for more.
    """
    check_played(model)
    for channel in model.channels:
        station = channel.station
        if not isinstance(station, Counters | CallCentre):
            continue
        asked = {"priority": bool(station.priority), "rounding at random": station.rounding != "nearest"}
        if isinstance(station, CallCentre):
            own_wrap_up = any(caller.wrap_up for caller in station.callers.values())
            asked |= {
                "groups": bool(station.groups),
                "credit_s": bool(station.credit_s),
                "a wrap-up by operation": own_wrap_up,
            }
        unknown = [name for name, is_asked in asked.items() if is_asked]
        if unknown:
            problem = f"has {', '.join(unknown)}, which the reference service has not"
            raise BadInputError(
                f"channel {channel.name}", problem, "a station without, or --host of your own"
            )
