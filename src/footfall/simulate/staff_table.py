"""How busy the staff of the hotlines was."""

from collections.abc import Sequence

import polars as pl

from footfall.simulate.spec.base import HALF_HOUR_S
from footfall.simulate.stations import CallCentreStation, Station

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
    The occupancy is busy over on duty; none where nobody was on duty.
    """
    rows = []
    for station in stations:
        if not isinstance(station, CallCentreStation):
            continue
        for name, group in station.pool.groups.items():
            # With nobody left, the day ends before the shift does.
            group.duty.note(max(station.env.now, until_s), group.servers, group.busy)
            for k, (on_duty_s, busy_s) in enumerate(
                zip(group.duty.on_duty_s, group.duty.busy_s, strict=True)
            ):
                occupancy = busy_s / on_duty_s if on_duty_s else None
                rows.append((station.channel.name, name, k * HALF_HOUR_S, on_duty_s, busy_s, occupancy))
    table = pl.DataFrame(rows, schema=STAFF, orient="row")
    return table.filter(pl.col("starts_s") < until_s)
