"""What of a model can be played against a live service, and what the reference service can do."""

from collections.abc import Iterator

from footfall.records.errors import BadInputError
from footfall.simulate.decide.further import of_clients, of_server
from footfall.simulate.spec.model import Model
from footfall.simulate.spec.station import CallCentre, Counters, Station


def check_played(model: Model) -> None:
    """See that customers of a live service can do what those of the model do.

    Played customers send a request once and leave retries to the customer's own follow-up; what a foreign
    server does inside is its own affair.

    Raises:
        BadInputError: a channel's clients try again or break a circuit, or a hotline calls back, which no
            customer of a load test waits for.
    """
    for channel in model.channels:
        for setting in (*of_clients(channel.station), *_of_callers(channel.station)):
            where = f"{channel.name}.{setting}"
            raise BadInputError(
                where, "cannot be played, only simulated", "a model without it, or footfall simulate"
            )


def check_served(model: Model) -> None:
    """See that the reference service can serve as the model's stations do.

    It has slots, one connection and a rate; its staff serve first come, first served, as whole agents who
    can do everything.

    Raises:
        BadInputError: a station asks for more.
    """
    for channel in model.channels:
        station = channel.station
        for setting in (*of_server(station), *_of_staff(station), *_of_callers(station)):
            where = f"{channel.name}.{setting}"
            raise BadInputError(
                where, "cannot be served, only simulated", "a model without it, or footfall simulate"
            )


def _of_callers(station: Station) -> Iterator[str]:
    if isinstance(station, CallCentre) and station.callback is not None:
        yield "callback"
    if isinstance(station, CallCentre) and station.redials != "drawn_anew":
        yield f"redials={station.redials}"


def _of_staff(station: Station) -> Iterator[str]:
    if not isinstance(station, Counters | CallCentre):
        return
    if station.priority:
        yield "priority"
    if station.rounding != "nearest":
        yield f"rounding={station.rounding}"
    if isinstance(station, CallCentre):
        if station.groups:
            yield "groups"
        if station.credit_s:
            yield "credit_s"
        if station.agents_overflow_after_s:
            yield f"agents_overflow_after_s={station.agents_overflow_after_s:g}"
        for operation, caller in station.callers.items():
            if caller.wrap_up:
                yield f"callers.{operation}.wrap_up"
