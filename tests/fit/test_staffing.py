"""Staff is counted over time: who is on duty, who is busy, and how long the next call takes to begin."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, strategies as st

from footfall._fit.arrival_fit import StaffFit, fit_staff, wrap_ups
from footfall._model.numbers import DAY_S

DAY = date(2024, 1, 1)
START_S = (DAY - date(1970, 1, 1)).days * DAY_S
EIGHT_S = 8 * 3600.0


def served(*services: tuple[float, float, str | None], wait_s: float = 0.0) -> pl.DataFrame:
    """Give services by begin and end in seconds after eight, and agent."""
    begins = [START_S + EIGHT_S + begin for begin, _, _ in services]
    return pl.DataFrame(
        {
            "day": [DAY] * len(services),
            "weekday": ["monday"] * len(services),
            "at_s": [begin - wait_s for begin in begins],
            "wait_s": [wait_s] * len(services),
            "began_s": begins,
            "ended_s": [START_S + EIGHT_S + end for _, end, _ in services],
            "agent": pl.Series([agent for _, _, agent in services], dtype=pl.String),
        }
    )


def fitted(rows: pl.DataFrame, gap_s: float = 1200.0) -> StaffFit:
    """Fit staff that there is."""
    fit = fit_staff(rows, gap_s)
    assert fit is not None
    return fit


def at_eight(fit: StaffFit, column: str) -> float:
    """Give a column's value in the half hour from eight."""
    return float(fit.days.filter(pl.col("half_hour") == 16)[column][0])


def test_an_agent_is_on_duty_between_services_that_lie_close() -> None:
    """From 0 to 300 and 600 to 900 s of 1800: on duty for half, busy for a third."""
    fit = fitted(served((0, 300, "a"), (600, 900, "a")))
    assert at_eight(fit, "on_duty") == pytest.approx(0.5)
    assert at_eight(fit, "busy") == pytest.approx(1 / 3)
    assert fit.agents == 1


def test_a_longer_gap_is_a_break() -> None:
    """With a bound of 299 s the agent went away between, since another customer came in the gap."""
    fit = fitted(served((0, 300, "a"), (600, 900, "a"), (400, 700, "b")), 299.0)
    assert at_eight(fit, "on_duty") == pytest.approx(1 / 2)


def test_a_gap_in_which_nobody_came_is_no_break() -> None:
    """The agent was ready, and there was nothing to do; after two hours of it they went away."""
    fit = fitted(served((0, 300, "a"), (600, 900, "a")), 299.0)
    assert at_eight(fit, "on_duty") == pytest.approx(1 / 2)
    fit = fitted(served((0, 300, "a"), (3 * 3600, 3 * 3600 + 900, "a")), 299.0)
    assert at_eight(fit, "on_duty") == pytest.approx(1 / 6)


def test_who_opens_is_there_from_the_beginning_and_who_closes_stays() -> None:
    """Services from 8:10 to 8:50 only: staffed from 8:00, and for two hours after the last half hour."""
    fit = fitted(served((600, 1200, "a"), (1300, 2000, "a"), (2100, 3000, "a"), (900, 2800, "b")))
    staff = fit.profile()
    assert staff[16:18] == [2.0, 2.0]
    assert staff[18:22] == [2.0] * 4
    assert sum(staff) == 12.0


def test_each_agent_counts_alone_and_one_who_does_two_things_at_once_once() -> None:
    """Two agents all the half hour; the second has two services that overlap."""
    fit = fitted(served((0, 1800, "a"), (0, 1000, "b"), (500, 1800, "b")))
    assert at_eight(fit, "on_duty") == pytest.approx(2.0)
    assert at_eight(fit, "busy") == pytest.approx((1800 + 1000 + 1300) / 1800)
    assert at_eight(fit, "busy_most") == 3.0


def test_a_service_past_the_half_hour_counts_in_both() -> None:
    """From 1500 to 2100 s."""
    fit = fitted(served((1500, 2100, "a")))
    by_half_hour = fit.days.sort("half_hour")["on_duty"].to_list()
    assert by_half_hour[16] == pytest.approx(300 / 1800)
    assert by_half_hour[17] == pytest.approx(300 / 1800)
    assert fit.days.sort("half_hour")["busy_most"].to_list()[17] == 1.0


def test_without_agents_the_staff_is_the_most_served_at_once() -> None:
    """One ends when the next begins: that is one, not two."""
    fit = fitted(served((0, 300, None), (300, 600, None), (400, 500, None)))
    assert not fit.by_agent
    assert at_eight(fit, "on_duty") == 2.0


def test_without_times_of_service_nothing_is_told() -> None:
    """Rows of arrivals only."""
    rows = served((0, 1, "a")).with_columns(ended_s=pl.lit(None, dtype=pl.Float64))
    assert fit_staff(rows, 1200.0) is None


@given(
    st.lists(
        st.tuples(st.floats(0, 50_000), st.floats(0, 4000), st.sampled_from(["a", "b", None])),
        min_size=1,
        max_size=30,
    )
)
def test_the_staff_s_time_is_the_time_of_the_services(
    services: list[tuple[float, float, str | None]],
) -> None:
    """The areas add up, and nobody is busy who is not on duty."""
    fit = fitted(served(*((begin, begin + took, agent) for begin, took, agent in services)))
    area_s = float(fit.days["busy"].sum()) * 1800
    assert area_s == pytest.approx(sum(took for _, took, _ in services), rel=1e-6, abs=1e-3)
    assert np.all(fit.days["busy_most"].to_numpy() >= fit.days["busy"].to_numpy() - 1e-6)


def test_the_gap_to_the_next_counts_where_somebody_waited() -> None:
    """Ten seconds and forty; of who did not wait nothing is told, nor of a gap of an hour."""
    rows = served((0, 100, "a"), (110, 200, "a"), (240, 300, "a"), (3900, 4000, "a"), wait_s=5.0)
    assert wrap_ups(rows).to_list() == [10.0, 40.0]
    assert wrap_ups(rows.with_columns(wait_s=pl.lit(0.0))).to_list() == []


def test_the_gap_to_the_next_is_the_agents_own_time_after_a_call() -> None:
    """Eight busy agents who take 30 s after each call: found within 4 %."""
    rng = np.random.default_rng(1)
    free, rows, now = [(0.0, 0.0)] * 8, [], 0.0
    for _ in range(20_000):
        now += rng.exponential(230 / 8 / 0.93)
        ready_s, agent = min((ready, k) for k, (ready, _) in enumerate(free))
        begin = max(now, ready_s)
        end = begin + rng.lognormal(5.0, 0.8)
        free[int(agent)] = (end + rng.exponential(30.0), end)
        rows.append((now, begin, end, str(agent)))
    frame = pl.DataFrame(rows, schema=["at_s", "began_s", "ended_s", "agent"], orient="row")
    gaps = wrap_ups(frame.with_columns(wait_s=pl.col("began_s") - pl.col("at_s")))
    assert gaps.len() > 5000
    assert gaps.mean() == pytest.approx(30.0, rel=0.04)
