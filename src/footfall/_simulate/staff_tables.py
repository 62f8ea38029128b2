"""Tables of staff in a simulated day: on duty and busy by half hour, and customers met by no staff."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from footfall._behaviour.capacity_rules import servers_at
from footfall._model.channel import Channel
from footfall._model.model import Model
from footfall._model.numbers import DAY_S, HALF_HOUR_S, Profile
from footfall._model.station_specs import CallCentre, Counters, Rounding
from footfall._simulate.stations.call_centre import CallCentreStation
from footfall._simulate.stations.station import Station

# ── How busy the staff of the hotlines was

STAFF = pl.Schema(
    {
        "channel": pl.String,
        "group": pl.String,
        "starts_s": pl.Float64,
        "on_duty_s": pl.Float64,
        "busy_s": pl.Float64,
        "occupancy_share": pl.Float64,
    }
)


def staff_table(stations: Sequence[Station], until_s: float) -> pl.DataFrame:
    """Seconds of agents on duty and busy, by channel, group and half hour.

    Busy is talk, the agent's screens and wrap-up. Who finishes a call after the shift is on duty until then.
    The occupancy is busy over on duty; none where no staff was on duty.
    """
    rows = []
    for station in stations:
        if not isinstance(station, CallCentreStation):
            continue
        for name, group in station.pool.groups.items():
            # With no customer left, the day ends before the shift does.
            group.duty.note(max(station.env.now, until_s), group.servers, group.busy)
            for k, (on_duty_s, busy_s) in enumerate(
                zip(group.duty.on_duty_s, group.duty.busy_s, strict=True)
            ):
                occupancy = busy_s / on_duty_s if on_duty_s else None
                rows.append((station.channel.name, name, k * HALF_HOUR_S, on_duty_s, busy_s, occupancy))
    table = pl.DataFrame(rows, schema=STAFF, orient="row")
    return table.filter(pl.col("starts_s") < until_s)


# ── Customers who come to a station while it is open and has no staff on duty


@dataclass(frozen=True, slots=True, kw_only=True)
class Unstaffed:
    """Customers of a channel, or of an operation of it, in hours in which it is open and has no staff."""

    channel: str
    operation: str
    """`*`: all of the channel's."""
    staff: str
    """What is missing: clerks or agents."""
    hours_s: tuple[tuple[float, float], ...]
    """Start and end of each time without staff while the channel is open; seconds of the day."""
    customers: int
    """First attempts in those hours."""
    served: int
    """Of them; an IVR may serve calls, and staff who come later those who waited."""


def unstaffed(model: Model, visits: pl.DataFrame) -> list[Unstaffed]:
    """Give what had customers in hours without staff, from the visits (`VISITS`) of a day.

    Hours in which a channel is closed do not count, nor do channels without staff by the hour.
    """
    first = visits.filter(pl.col("attempt") == 1)
    found = []
    for channel in model.channels:
        gaps = {name: _hours(channel, name) for name in channel.dialogues}
        if len(set(gaps.values())) == 1:
            gaps = {"*": next(iter(gaps.values()))}
        for operation, hours_s in gaps.items():
            came = first.filter((pl.col("channel") == channel.name) & _inside(hours_s))
            if operation != "*":
                came = came.filter(pl.col("operation") == operation)
            if came.height:
                found.append(
                    Unstaffed(
                        channel=channel.name,
                        operation=operation,
                        staff="clerks" if isinstance(channel.station, Counters) else "agents",
                        hours_s=hours_s,
                        customers=came.height,
                        served=came.filter(pl.col("outcome") == "served").height,
                    )
                )
    return found


def _inside(hours_s: tuple[tuple[float, float], ...]) -> pl.Expr:
    at_s = pl.col("due_s") % DAY_S
    return pl.any_horizontal(pl.lit(value=False), *((at_s >= low) & (at_s < high) for low, high in hours_s))


def _hours(channel: Channel, operation: str) -> tuple[tuple[float, float], ...]:
    """Give the times of the day in which a channel is open and has no staff for an operation."""
    staff = list(_staff(channel, operation))
    if not staff:
        return ()
    edges_s = {0.0, DAY_S} | {k * each.interval_s for each, _, _ in staff for k in range(len(each.values))}
    if channel.opening:
        edges_s |= {min(float(at_s), DAY_S) for at_s in (channel.opening.opens_s, channel.opening.closes_s)}
    found: list[tuple[float, float]] = []
    for low_s, high_s in pairwise(sorted(edges_s)):
        if not channel.open_at(low_s) or any(_has(*each, low_s) for each in staff):
            continue
        if found and found[-1][1] == low_s:
            found[-1] = (found[-1][0], high_s)
        else:
            found.append((low_s, high_s))
    return tuple(found)


def _staff(channel: Channel, operation: str) -> Iterator[tuple[Profile, float, Rounding]]:
    station = channel.station
    if isinstance(station, Counters):
        yield station.clerks, float(station.clerks_factor), station.rounding
    elif isinstance(station, CallCentre):
        for agents in (station.agents, *(g.agents for g in station.groups if operation in g.skills)):
            yield agents, float(station.agents_factor), station.rounding


def _has(staff: Profile, factor: float, rounding: Rounding, at_s: float) -> bool:
    """Whether any staff may be on duty; rounded at random, a fraction may."""
    return staff.at(at_s) * factor > 0 if rounding == "random" else servers_at(staff, factor, at_s) > 0
