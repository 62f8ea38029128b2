"""Every row of a log is used, counts as an arrival only, or is set aside, and the counts add up."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, strategies as st

from footfall._fit.log_rows import LogRows, rows_of
from footfall._records.errors import BadInputError
from footfall._workload.log_mapping import Mapping, mapping_of

CLOCKS = {"arrived": "in", "began": "on", "ended": "off", "left": "gone", "outcome": "how"}
WORDS = {"served": ["ok"], "abandoned": ["lost"], "ignored": ["test"]}


def mapping(columns: dict[str, str] | None = None, **options: Any) -> Mapping:  # noqa: ANN401  any option
    """Give a mapping of clock times."""
    return mapping_of({"columns": columns or CLOCKS, "outcomes": WORDS, "options": options}, "test")


def at(second: int | None) -> str | None:
    """Give a clock time after eight on a Monday."""
    return None if second is None else f"2024-01-01 08:{second // 60:02d}:{second % 60:02d}"


def log(*rows: tuple[str | None, int | None, int | None, int | None, str | None]) -> pl.DataFrame:
    """Give a log of arrival (text), and begin, end and leaving in seconds after eight, and outcome."""
    table = [(arrived, at(on), at(off), at(gone), how) for arrived, on, off, gone, how in rows]
    schema = dict.fromkeys(("in", "on", "off", "gone", "how"), pl.String)
    return pl.DataFrame(table, schema=schema, orient="row")


def row_statuses(rows: LogRows) -> dict[str, tuple[str, int]]:
    """Give what became of the rows, by reason: the use and the number of the first row."""
    return {status.reason: (status.use, status.first_row) for status in rows.row_statuses}


def test_each_row_has_the_fate_that_its_cells_give_it() -> None:
    """One row of each kind, in order."""
    rows = rows_of(
        log(
            (at(0), 10, 70, None, "ok"),
            (at(0), None, None, 30, "lost"),
            ("soon", 10, 70, None, "ok"),
            (None, 10, 70, None, "ok"),
            (at(0), 10, 70, None, "test"),
            (at(0), 10, 70, None, "gone fishing"),
            (at(0), 10, 70, None, None),
            (at(20), 10, 70, None, "ok"),
            (at(0), 70, 10, None, "ok"),
            (at(0), 10, None, None, "ok"),
            (at(0), None, None, None, "lost"),
        ),
        mapping(),
    )
    assert row_statuses(rows) == {
        "used in full": ("whole", 1),
        "arrival time cannot be read": ("none", 3),
        "no arrival time": ("none", 4),
        "ignored outcome: test": ("none", 5),
        "outcome not in the mapping: gone fishing": ("none", 6),
        "no outcome": ("none", 7),
        "negative wait": ("arrival", 8),
        "negative service": ("arrival", 9),
        "served, service missing or unreadable": ("arrival", 10),
        "abandoned, wait missing or unreadable": ("arrival", 11),
    }
    assert sum(status.rows for status in rows.row_statuses) == rows.read == 11
    assert rows.frame.height == 6


def test_clock_times_become_waits_and_services() -> None:
    """Served after ten seconds, for a minute; lost after half a minute."""
    rows = rows_of(log((at(0), 10, 70, None, "ok"), (at(1), None, None, 31, "lost")), mapping())
    assert rows.frame["wait_s"].to_list() == [10.0, 30.0]
    assert rows.frame["service_s"].to_list() == [60.0, None]
    assert rows.frame["half_hour"].to_list() == [16, 16]
    assert rows.frame["weekday"].to_list() == ["monday", "monday"]


def test_durations_do_as_well_as_clock_times() -> None:
    """A plain table of arrival, wait, service and outcome gives the same rows."""
    plain = pl.DataFrame({"in": [at(0), at(1)], "w": ["10", "30"], "s": ["60", ""], "how": ["ok", "lost"]})
    columns = {"arrived": "in", "wait_s": "w", "service_s": "s", "outcome": "how"}
    clocks = rows_of(log((at(0), 10, 70, None, "ok"), (at(1), None, None, 31, "lost")), mapping())
    durations = rows_of(plain, mapping(columns))
    told = ["at_s", "outcome", "wait_s", "service_s", "ended_s"]
    assert durations.frame.select(told).equals(clocks.frame.select(told))


def test_without_an_outcome_who_has_a_service_was_served_and_who_only_waited_left() -> None:
    """And who has neither came."""
    plain = pl.DataFrame({"in": [at(0)] * 3, "w": ["10", "30", ""], "s": ["60", "", ""]})
    asked = mapping_of({"columns": {"arrived": "in", "wait_s": "w", "service_s": "s"}}, "test")
    assert rows_of(plain, asked).frame["outcome"].to_list() == ["served", "abandoned", "served"]


def test_clocks_that_disagree_by_a_second_or_two_say_nothing_waited() -> None:
    """Service that begins before the arrival by less than the tolerance waited for nothing."""
    table = log((at(2), 0, 70, None, "ok"), (at(3), 0, 70, None, "ok"), (at(4), 9, 70, None, "ok"))
    rows = rows_of(table, mapping())
    assert rows.frame["wait_s"].to_list() == [0.0, None, 5.0]
    exact = rows_of(table, mapping(clock_tolerance_s=0))
    assert row_statuses(exact)["negative wait"] == ("arrival", 1)
    assert exact.frame["wait_s"].to_list() == [None, None, 5.0]


def test_a_service_past_midnight_stays_a_service() -> None:
    """Day and clock stand apart: who came at 23:59 and was served at 00:01 waited two minutes."""
    table = pl.DataFrame({"d": ["2024-01-01"], "in": ["23:59:00"], "on": ["00:01:00"], "off": ["00:05:00"]})
    asked = mapping_of({"columns": {"arrived": "in", "date": "d", "began": "on", "ended": "off"}}, "test")
    (row,) = rows_of(table, asked).frame.select("wait_s", "service_s").rows()
    assert row == (120.0, 240.0)


def test_rare_classes_are_one_and_names_can_stand_in_a_path() -> None:
    """A class with a dot or a blank gets a plain name; two that would be alike stay two."""
    classes = ["a.b"] * 3 + ["a b"] * 3 + ["rare"] + [""]
    table = pl.DataFrame({"in": [at(0)] * 8, "c": classes})
    asked = mapping_of(
        {"columns": {"arrived": "in", "class": "c"}, "options": {"class_rows_least": 2}}, "test"
    )
    kinds = rows_of(table, asked).frame["kind"].to_list()
    assert sorted(kinds) == sorted(["a_b"] * 3 + ["a_b_2"] * 3 + ["other"] * 2)


def test_parts_of_the_day_make_kinds_of_their_own() -> None:
    """Before and after eight in the evening."""
    table = pl.DataFrame({"in": ["2024-01-01 19:59:59", "2024-01-01 20:00:00"], "c": ["x", "x"]})
    options = {"day_parts_h": [20], "class_rows_least": 1}
    asked = mapping_of({"columns": {"arrived": "in", "class": "c"}, "options": options}, "test")
    assert rows_of(table, asked).frame["kind"].to_list() == ["x_00_20", "x_20_24"]


def test_days_weekdays_classes_and_low_days_are_chosen() -> None:
    """Each choice names its rows."""
    days = (
        ["2024-01-01"] * 10
        + ["2024-01-08"] * 10
        + ["2024-01-15"] * 2
        + ["2024-01-16"] * 5
        + ["2024-02-05"] * 3
    )
    table = pl.DataFrame({"in": [f"{day} 08:00:00" for day in days], "c": ["a"] * 29 + ["b"]})
    options = {"until": "2024-01-31", "weekdays": ["monday"], "low_day_share": 0.5, "class_rows_least": 1}
    asked = mapping_of({"columns": {"arrived": "in", "class": "c"}, "options": options}, "test")
    rows = rows_of(table, asked)
    assert {status.reason: status.rows for status in rows.row_statuses} == {
        "used in full": 20,
        "weekday not selected": 5,
        "after the last day selected": 3,
        "day with less than 0.5 of its weekday's median": 2,
    }
    only = asked.model_copy(update={"options": asked.options.model_copy(update={"classes": ("b",)})})
    with pytest.raises(BadInputError, match=r"none of 30 rows can be used: class not selected \(27 rows"):
        rows_of(table, only)


def test_words_that_name_nobody_name_nobody() -> None:
    """Customer 0 is many."""
    table = pl.DataFrame({"in": [at(0), at(1)], "who": ["0", "7"]})
    asked = mapping_of(
        {"columns": {"arrived": "in", "customer": "who"}, "options": {"anonymous": ["0"]}}, "test"
    )
    assert rows_of(table, asked).frame["customer"].to_list() == [None, "7"]


def test_a_column_that_is_not_there_is_named_with_those_that_are() -> None:
    """So that a slip of the pen is seen at once."""
    with pytest.raises(
        BadInputError, match=r"columns\.began: the log has no column 'onn'; expected in or on"
    ):
        rows_of(log((at(0), 1, 2, None, "ok")), mapping(CLOCKS | {"began": "onn"}))


def test_a_log_whose_times_all_contradict_each_other_is_refused() -> None:
    """Columns that were swapped: the model would have endless staff and services that take no time."""
    swapped = log(*[(at(0), 70, 10, None, "ok")] * 3)
    with pytest.raises(BadInputError, match=r"none of 3 rows has valid times: negative service \(3 rows"):
        rows_of(swapped, mapping())


def test_a_log_of_which_nothing_can_be_used_says_why() -> None:
    """The most frequent reason, with its first row."""
    table = log(("x", 1, 2, None, "ok"), ("y", 1, 2, None, "ok"), (at(0), 1, 2, None, "test"))
    with pytest.raises(BadInputError, match=r"none of 3 rows can be used: arrival time .* first is row 1"):
        rows_of(table, mapping())


CELLS = st.one_of(st.none(), st.integers(0, 3000))


@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.just("?"), st.integers(0, 3000).map(at)),
            CELLS,
            CELLS,
            CELLS,
            st.one_of(st.none(), st.sampled_from(["ok", "lost", "test", "?", ""])),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_whatever_the_cells_hold_the_fates_add_up(
    cells: list[tuple[str | None, int | None, int | None, int | None, str | None]],
) -> None:
    """Each row has one fate; the used ones are the frame's; what is left of them contradicts nothing."""
    table = log(*cells)
    good = log((at(0), 10, 70, None, "ok"))
    rows = rows_of(pl.concat([table, good]), mapping())
    assert sum(status.rows for status in rows.row_statuses) == rows.read == len(cells) + 1
    assert len({status.reason for status in rows.row_statuses}) == len(rows.row_statuses)
    assert sum(status.rows for status in rows.row_statuses if status.use != "none") == rows.frame.height
    whole = rows.frame.filter(pl.col("began_s").is_not_null() | pl.col("wait_s").is_not_null())
    assert whole.height == sum(status.rows for status in rows.row_statuses if status.use == "whole")
    for name in ("wait_s", "service_s"):
        assert (rows.frame[name].drop_nulls() >= 0).all()
    assert rows.frame["at_s"].is_sorted()


NEW_YORK = {"timezone": "America/New_York"}


def test_differences_are_of_instants_where_clocks_change() -> None:
    """A call of two minutes over the change of March stays one of two minutes, in UTC or local time."""
    utc = pl.DataFrame(
        [("2023-03-12T06:58:30Z", "2023-03-12T06:59:00Z", "2023-03-12T07:01:00Z", "ok")],
        schema=["in", "on", "off", "how"], orient="row",
    )  # fmt: skip
    local = pl.DataFrame(
        [("2023-03-12 01:58:30", "2023-03-12 01:59:00", "2023-03-12 03:01:00", "ok")],
        schema=["in", "on", "off", "how"], orient="row",
    )  # fmt: skip
    columns = {key: CLOCKS[key] for key in ("arrived", "began", "ended", "outcome")}
    for table in (utc, local):
        (row,) = rows_of(table, mapping(columns, **NEW_YORK)).frame.select("wait_s", "service_s").rows()
        assert row == (30.0, 120.0)


def test_hours_that_clocks_leave_out_or_show_twice_are_told_and_counted() -> None:
    """A time that never was is set aside; one of two meanings is an arrival only, unless both agree."""
    cells = [
        ("2023-03-12 02:30:00", "2023-03-12 03:30:30", "2023-03-12 03:31:00", "ok"),
        ("2023-11-05 01:59:50", "2023-11-05 01:00:10", "2023-11-05 01:02:10", "ok"),
        ("2023-11-05 01:30:00", "2023-11-05 02:00:00", "2023-11-05 02:01:00", "ok"),
        ("2023-11-05 04:30:00", "2023-11-05 04:30:30", "2023-11-05 04:31:00", "ok"),
    ]
    table = pl.DataFrame(cells, schema=["in", "on", "off", "how"], orient="row")
    columns = {key: CLOCKS[key] for key in ("arrived", "began", "ended", "outcome")}
    rows = rows_of(table, mapping(columns, **NEW_YORK))
    assert row_statuses(rows) == {
        "used in full": ("whole", 2),
        "in the repeated hour of a clock change: wait or service unknown": ("arrival", 3),
        "a time skipped by the clock change in America/New_York": ("none", 1),
    }
    assert rows.frame["wait_s"].to_list() == [None, 20.0, 30.0]
    assert rows.frame["service_s"].to_list() == [None, 120.0, 30.0]
    assert any("1 rows are in the repeated hour" in note for note in rows.notes)


def test_talk_of_0_seconds_is_no_service() -> None:
    """Switches write 0 for those who left; said, and only where no column tells the outcome."""
    plain = pl.DataFrame({"in": [at(0), at(1)], "w": ["10", "30"], "s": ["60", "0"], "how": ["ok", "ok"]})
    columns = {"arrived": "in", "wait_s": "w", "service_s": "s"}
    rows = rows_of(plain, mapping_of({"columns": columns}, "test"))
    assert rows.frame["outcome"].to_list() == ["served", "abandoned"]
    assert rows.frame["wait_s"].to_list() == [10.0, 30.0]
    assert rows.notes == ("1 rows have a service of 0 s and no outcome: treated as abandoned",)
    told = rows_of(plain, mapping(columns | {"outcome": "how"}))
    assert told.frame["outcome"].to_list() == ["served", "served"]
    web = rows_of(plain, mapping_of({"columns": columns, "options": {"station": "web"}}, "test"))
    assert web.frame["outcome"].to_list() == ["served", "served"]


def test_what_cannot_be_read_is_shown_with_its_place_and_the_option_that_helps() -> None:
    """The value, the line, the column; a column of which nothing can be read is refused."""
    table = pl.DataFrame({"in": [at(0), "04/09/2023 10:00:00"], "s": ["60", "fast"]})
    columns = {"arrived": "in", "service_s": "s"}
    (status,) = [
        each
        for each in rows_of(table, mapping_of({"columns": columns}, "test")).row_statuses
        if each.use == "none"
    ]
    assert status.place == "row 2"
    assert status.example is not None
    assert status.example.startswith(
        "'04/09/2023 10:00:00' in the column 'in'; in [options] time_format \"%d/%m/%Y"
    )
    with pytest.raises(
        BadInputError, match=r"columns\.service_s: no cell of the column 's' .* in row 2, is 'fast'"
    ):
        rows_of(table.with_columns(s=pl.Series([None, "fast"])), mapping_of({"columns": columns}, "test"))
    with pytest.raises(
        BadInputError, match=r"columns\.arrived: .* is '1/2/2024'; expected in \[options\] time_format"
    ):
        rows_of(table.with_columns(pl.lit("1/2/2024").alias("in")), mapping_of({"columns": columns}, "test"))
