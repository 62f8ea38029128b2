"""Callbacks, agents who finish their call, and how busy they were, worked out by hand."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from footfall._model.channel import Channel
from footfall._model.model import Model
from footfall._model.numbers import HALF_HOUR_S, Grade, Profile
from footfall._model.profiles import profile
from footfall._model.station_specs import Callback, CallCentre, Counters
from footfall._simulate.day import DayResult
from tests.made_up import always, number, seconds

Channels = Callable[..., Channel]
Models = Callable[..., Model]
Days = Callable[..., DayResult]


def hotline(agents: Profile, **fields: Any) -> CallCentre:  # noqa: ANN401  any field
    """Make a hotline without an IVR: talk 100 s, wrap-up 20 s, endless patience unless told otherwise."""
    whole: dict[str, Any] = {
        "lines": number(100),
        "agents": agents,
        "agents_factor": number(1),
        "patience": seconds(1e9),
        "talk": seconds(100),
        "wrap_up": seconds(20),
        "agent_share": {"query": number(1)},
    } | fields
    return CallCentre(**whole)


def shifts(*first: float) -> Profile:
    """Give the staff of the first half hours; later as in the last of them."""
    return profile([*first, *[first[-1]] * (48 - len(first))], Grade.ASSUMED, "test")


def offer(wait_s: float, latest_s: float = 1e6, share: float = 1) -> Callback:
    """Offer a call back to whoever would wait longer."""
    return Callback(offered_wait_s=number(wait_s), accepted_share=number(share), latest_s=number(latest_s))


@pytest.fixture(scope="session")
def run(channel: Channels, model: Models, day: Days) -> Callable[..., tuple[pl.DataFrame, DayResult]]:
    """Run a hotline with callers at given seconds; the visits by customer, and the day."""

    def visits(station: CallCentre, at_s: list[float]) -> tuple[pl.DataFrame, DayResult]:
        result = day(model(channel(station)), at_s)
        found = result.visits.sort("customer")
        return found.with_columns(answered_s=pl.col("due_s") + pl.col("wait_s")), result

    return visits


Run = Callable[..., tuple[pl.DataFrame, DayResult]]


def test_an_agent_whose_shift_ends_finishes_call_and_wrap_up_and_takes_no_other(run: Run) -> None:
    """Two agents, then one: of two calls at 1750 s only one agent goes on at 1870 s."""
    found, _ = run(hotline(shifts(2, 1)), [1750, 1750, 1760, 1760])
    assert found["answered_s"].to_list() == [1750, 1750, 1870, 1990]
    assert found["ended_s"].to_list() == [1850, 1850, 1970, 2090]


def test_calls_queue_while_nobody_is_on_duty_and_are_answered_when_somebody_comes(run: Run) -> None:
    """None in the second half hour: who was talking at its start is the last served in it."""
    found, _ = run(hotline(shifts(1, 0, 2)), [1750, 1800, 1900, 2000])
    assert found["answered_s"].to_list() == [1750, 3600, 3600, 3720]


def test_occupancy_counts_talk_and_wrap_up_and_whoever_works_overtime(run: Run) -> None:
    """One call of 120 s over the end of a shift: 50 s before it, 70 s after it, when nobody else is there."""
    _, result = run(hotline(shifts(1, 0, 2)), [1750, 3600])
    rows = result.staff.head(3)
    assert rows["starts_s"].to_list() == [0, HALF_HOUR_S, 2 * HALF_HOUR_S]
    assert rows["on_duty_s"].to_list() == [1800, 70, 3600]
    assert rows["busy_s"].to_list() == [50, 70, 120]
    assert rows["occupancy_share"].to_list() == [50 / 1800, 1, 120 / 3600]
    assert result.staff.height == 48
    assert set(result.staff["channel"]) == {"one"}


def test_who_is_called_back_gives_the_line_free_and_is_served_when_nobody_waits(run: Run) -> None:
    """Two lines, one agent: the second hangs up at once, so the third finds a line, and goes before them."""
    found, result = run(hotline(shifts(1), lines=number(2), callback=offer(119)), [0, 1, 2])
    assert found["outcome"].to_list() == ["served"] * 3
    assert result.callbacks == 2
    assert found["answered_s"].to_list() == [0, 120, 240]
    waits = hotline(shifts(1), lines=number(2), callback=offer(130))
    found, result = run(waits, [0, 1, 2, 3])
    # One waiting call of 120 s is borne, two are not; the third call of all finds no line.
    assert (result.callbacks, found["outcome"].to_list()) == (0, ["served", "served", "blocked", "blocked"])


def test_those_on_the_line_go_before_those_who_are_called_back(run: Run) -> None:
    """The display would say 120 s to the second, who stays, and 240 s to the third, who hangs up."""
    found, result = run(hotline(shifts(1), callback=offer(130)), [0, 1, 2, 125, 130])
    # At 120 the second is taken; the fourth stays at 125 and goes before the third; the fifth hangs up.
    assert found["answered_s"].to_list() == [0, 120, 360, 240, 480]
    assert result.callbacks == 2


def test_who_is_not_called_in_time_stands_where_they_would_have_stood(run: Run) -> None:
    """The third was promised a call within 150 s: at 152 they join, before who came at 125."""
    found, _ = run(hotline(shifts(1), callback=offer(130, latest_s=150)), [0, 1, 2, 125])
    assert found["answered_s"].to_list() == [0, 120, 240, 360]
    assert found["wait_s"].to_list() == [0, 119, 238, 235]


def test_who_does_not_accept_stays_on_the_line_with_their_patience(run: Run) -> None:
    """Nobody accepts."""
    station = hotline(shifts(1), callback=offer(0, share=0), patience=seconds(50))
    found, result = run(station, [0, 1])
    assert found["outcome"].to_list() == ["served", "abandoned"]
    assert result.callbacks == 0


def test_who_is_still_to_be_called_at_the_end_is_unfinished(run: Run) -> None:
    """Nobody is on duty after the first half hour, nor on the next day; customers are conserved."""
    found, result = run(hotline(shifts(1, 0), callback=offer(60)), [1790, 1795])
    assert found["outcome"].to_list() == ["served", "unfinished"]
    assert result.callbacks == 1


def test_sites_whose_staff_is_rounded_at_random_differ(channel: Channels, model: Models, day: Days) -> None:
    """Half a clerk a site: some have one in the first half hour, some later, each at the turn of one."""
    halls = Counters(
        clerks=always(0.5),
        clerks_factor=number(1),
        rounding="random",
        room=number(1000),
        patience=seconds(1e9),
        balk_wait=seconds(1e9),
    )
    visits = day(model(channel(halls, human_s=1, sites=number(40))), [0.0] * 400).visits
    served_at_once = visits.filter(pl.col("wait_s") == 0)
    assert 5 < served_at_once["site"].n_unique() < 35
    first = visits.group_by("site").agg(pl.col("served_s").min() % HALF_HOUR_S)
    assert set(first["served_s"]) == {0.0}
