"""Who is on duty when, and how long a visit usually holds them."""

from statistics import fmean

from footfall.simulate.spec.base import DAY_S, HALF_HOUR_S, Profile
from footfall.simulate.spec.channel import Channel


def servers_at(staff: Profile, factor: float, at_s: float) -> int:
    """Whole servers on duty at a second of the day."""
    return round(staff.at(at_s) * factor)


def staff_changes(staff: Profile, factor: float, until_s: float) -> list[tuple[float, int]]:
    """Times at which the number of servers changes, with the new number."""
    days = int(-(-until_s // DAY_S))
    times = [k * HALF_HOUR_S for k in range(1, days * len(staff.values))]
    return [
        (at_s, servers_at(staff, factor, at_s))
        for at_s in times
        if servers_at(staff, factor, at_s) != servers_at(staff, factor, at_s - HALF_HOUR_S)
    ]


def visit_s_mean(channel: Channel) -> float:
    """Mean seconds that a visit holds a server, over the channel's operations, if nothing fails.

    A ticket display reckons with it.
    """
    totals = [
        sum(turn.human.mean_s + turn.pages * channel.works[turn.verb].service.mean_s for turn in turns)
        for turns in channel.dialogues.values()
    ]
    return fmean(totals) if totals else 0.0
