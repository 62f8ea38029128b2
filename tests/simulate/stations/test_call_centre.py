"""The hotline, worked out by hand."""

from collections.abc import Callable

import polars as pl
import pytest

from footfall._model.channel import Channel
from footfall._model.durations import Duration
from footfall._model.model import Model
from footfall._model.numbers import Grade, Number, Profile
from footfall._model.profiles import profile
from footfall._model.station_specs import CallCentre

Hotlines = Callable[..., CallCentre]
Channels = Callable[..., Channel]
Models = Callable[..., Model]
Visits = Callable[..., pl.DataFrame]


@pytest.fixture(scope="session")
def hotline(
    number: Callable[[float], Number],
    exactly: Callable[[float], Duration],
    all_day: Callable[[float], Profile],
) -> Hotlines:
    """Make a hotline of one agent, whom all callers want: talk 100 s, wrap-up 30 s."""

    def make(
        lines: int = 10, agents: Profile | None = None, share: float = 1, patience_s: float = 1e9
    ) -> CallCentre:
        return CallCentre(
            lines=number(lines),
            agents=agents or all_day(1),
            agents_factor=number(1),
            patience=exactly(patience_s),
            talk=exactly(100),
            wrap_up=exactly(30),
            agent_share={"query": number(share)},
        )

    return make


def test_the_wrap_up_delays_the_next_caller(
    hotline: Hotlines, channel: Channels, model: Models, visits: Visits
) -> None:
    """Both leave the IVR at 10 s; the agent talks to 110 s, writes to 140 s, then takes the second."""
    found = visits(model(channel(hotline(), human_s=10)), [0, 0])
    assert found["ended_s"].to_list() == [110, 240]
    assert found["wait_s"].to_list() == [0, 130]
    assert found["human_s"].to_list() == [110, 110]


def test_a_call_without_a_free_line_is_blocked_and_the_line_is_freed_at_its_end(
    hotline: Hotlines, channel: Channels, model: Models, visits: Visits
) -> None:
    """One line, 10 s in the IVR, nobody wants an agent."""
    found = visits(model(channel(hotline(lines=1, share=0), human_s=10)), [0, 5, 10.5])
    assert found["outcome"].to_list() == ["served", "blocked", "served"]
    assert found["cause"].to_list() == ["", "no_line", ""]


def test_a_caller_who_hangs_up_frees_the_line(
    hotline: Hotlines, channel: Channels, model: Models, visits: Visits
) -> None:
    """Two lines: the second caller waits from 10 to 40 s, then the fourth finds a line."""
    found = visits(model(channel(hotline(lines=2, patience_s=30), human_s=10)), [0, 0, 20, 41])
    assert found["outcome"].to_list() == ["served", "abandoned", "blocked", "abandoned"]
    assert found["ended_s"].to_list() == [110, 40, 20, 81]


def test_agents_come_and_go_by_the_half_hour(
    hotline: Hotlines, channel: Channels, model: Models, visits: Visits
) -> None:
    """No agent before half past midnight, then two."""
    shifts = profile([0.0, *[2.0] * 47], Grade.ASSUMED, "test")
    found = visits(model(channel(hotline(agents=shifts), human_s=10)), [0, 1, 2])
    assert found["ended_s"].to_list() == [1900, 1900, 2030]
