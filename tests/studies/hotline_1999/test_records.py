"""Records become days: the regular ones, of the calls that were offered to these agents."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from footfall._records.errors import BadInputError
from studies.hotline_1999.classes import FLOOD, kinds_with_floods
from studies.hotline_1999.inputs import Patience
from studies.hotline_1999.records import COLUMNS, regular_days
from studies.hotline_1999.roster import skills
from studies.hotline_1999.spec import Flood
from studies.hotline_1999.waiting import QueueShare, waiting_of
from tests.made_up import number
from tests.studies.hotline_1999.conftest import DayMaker

FIRST = date(1999, 2, 1)


def log(calls_by_day: dict[date, int], **changes: object) -> pl.DataFrame:
    """Give calls of 100 s each, ten seconds after they came, a minute apart from 08:00 on."""
    rows = []
    for day, calls in calls_by_day.items():
        midnight = pl.Series([day]).cast(pl.Datetime("ms"))[0]
        eight = midnight + timedelta(hours=8)
        for n in range(calls):
            came = eight + timedelta(minutes=n)
            began = came + timedelta(seconds=10)
            row = {
                "date": midnight, "type": "PS", "status": "served", "priority": 0, "agent": "R1",
                "vru_entry": came, "vru_exit": came, "ser_start": began,
                "ser_exit": began + timedelta(seconds=100), "vru_s": 0, "wait_s": 10, "service_s": 100,
            }  # fmt: skip
            rows.append(row | changes)
    return pl.DataFrame(rows)


def test_a_regular_day_is_a_working_day_with_enough_calls() -> None:
    """Sunday to Thursday, 0.7 of the median of that weekday: four Mondays, of which one is low."""
    days = {FIRST + timedelta(days=k): 20 for k in range(28)}
    days[FIRST + timedelta(days=7)] = 13
    kept = [day.day for day in regular_days(log(days), "x")]
    assert len(kept) == 19
    assert FIRST + timedelta(days=7) not in kept
    assert {day.isoweekday() for day in kept} == {7, 1, 2, 3, 4}


def test_times_are_seconds_after_midnight_and_calls_lie_with_their_agent() -> None:
    """By hand: the first call comes at 08:00, begins ten seconds later, and lasts a hundred."""
    (day,) = regular_days(log({FIRST: 3}), "x")
    assert day.arrived_s.tolist() == [28_800, 28_860, 28_920]
    assert day.calls_by_agent() == {
        "R1": [(28_810.0, 28_910.0, 0), (28_870.0, 28_970.0, 1), (28_930.0, 29_030.0, 2)]
    }
    assert waiting_of(day).at(28_805) == 1
    assert waiting_of(day).at(28_815) == 0


def test_a_kind_that_another_pool_serves_is_left_out() -> None:
    """Neither the calls of its agents nor those of that kind who left."""
    own = log({FIRST: 5}).with_columns(agent_group=pl.lit("regular"))
    other = log({FIRST: 4}, type="IN", agent="N1").with_columns(agent_group=pl.lit("internet"))
    left = log({FIRST: 2}, type="IN", agent="", status="abandoned_queue").with_columns(agent_group=pl.lit(""))
    (day,) = regular_days(pl.concat([own, other, left]), "x")
    assert set(day.kinds) == {"PS"}
    assert len(day.kinds) == 5


def test_a_file_of_text_holds_the_same_days() -> None:
    """As a CSV does."""
    calls = log({FIRST: 3})
    text = pl.read_csv(calls.write_csv().encode(), infer_schema=False)
    one, two = (regular_days(table, "x")[0] for table in (calls, text))
    assert one.arrived_s.tolist() == two.arrived_s.tolist()
    assert one.waited_s.tolist() == two.waited_s.tolist()


def test_a_cell_that_is_no_time_is_named_with_its_row() -> None:
    """Counted as a spreadsheet does, below the heading."""
    text = pl.read_csv(log({FIRST: 3}).write_csv().encode(), infer_schema=False)
    spoilt = text.with_columns(vru_exit=pl.Series(["x", *text["vru_exit"][1:]]))
    with pytest.raises(BadInputError, match="row 2, column 'vru_exit': 'x'; expected a time"):
        regular_days(spoilt, "calls.csv")


@pytest.mark.parametrize("missing", COLUMNS)
def test_a_missing_column_is_named(missing: str) -> None:
    """In one line."""
    with pytest.raises(BadInputError, match=f"has no column '{missing}'"):
        regular_days(log({FIRST: 3}).drop(missing), "calls.parquet")


def test_a_file_without_regular_days_is_refused() -> None:
    """A Friday and a Saturday are none."""
    weekend = {FIRST + timedelta(days=4): 20, FIRST + timedelta(days=5): 20}
    with pytest.raises(BadInputError, match="no regular day"):
        regular_days(log(weekend), "calls.parquet")


def test_a_flood_is_told_by_the_number_of_calls_and_their_kind(recorded: DayMaker) -> None:
    """Twice the usual, thirty more, nine in ten of the kind; each alone is none."""
    flood = Flood(kind="A", times_usual=number(2), more_than_usual=number(30), kind_share=number(0.9))
    at_s = np.linspace(36_000, 37_700, 20)
    usual = [recorded(at_s) for _ in range(5)]
    many = np.linspace(36_000, 37_700, 60)
    for kinds, flooded in ((("A",) * 60, 60), (("A",) * 50 + ("B",) * 10, 0), (("A",) * 55 + ("B",) * 5, 55)):
        found = kinds_with_floods(flood, [*usual, recorded(many, kinds)])
        assert found[-1].count(FLOOD) == flooded
        assert all(FLOOD not in names for names in found[:-1])


def test_rare_kinds_are_served_by_who_served_them_in_the_month(recorded: DayMaker) -> None:
    """Others by who served them on the day."""
    days = []
    for kinds in (("PS", "PE"), ("PS", "NW")):
        day = recorded(np.array([1.0, 2.0]), kinds)
        days.append(type(day)(**{f: getattr(day, f) for f in day.__slots__} | {"agents": ("R1", "R1")}))
    assert skills(days, ("PE",)) == [{"R1": {"PS", "PE"}}, {"R1": {"PS", "NW", "PE"}}]


def test_patience_goes_on_at_a_constant_rate_beyond_its_curve() -> None:
    """The first second at which at most u still wait; beyond the curve, exponentially."""
    patience = Patience(np.array([0.0, 10.0, 20.0]), np.array([1.0, 0.6, 0.5]), 0.01)
    assert [patience.at(u) for u in (0.9, 0.6, 0.55)] == [10.0, 10.0, 20.0]
    assert patience.at(0.25) == pytest.approx(20 + 100 * np.log(2))


def test_the_queue_share_is_an_average_over_an_hour() -> None:
    """An hour of waiting gives 1 - 1/e, an hour without keeps 1/e of it."""
    share = QueueShare()
    share.note(0.0, somebody=True)
    assert share.at(3600) == pytest.approx(1 - np.exp(-1))
    share.note(3600, somebody=False)
    assert share.at(7200) == pytest.approx((1 - np.exp(-1)) * np.exp(-1))
