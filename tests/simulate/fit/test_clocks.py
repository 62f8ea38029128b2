"""Clock times are read in the forms that logs have, cell by cell."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from footfall.records.errors import BadInputError
from footfall.simulate.fit.clocks import durations, instants
from footfall.simulate.fit.mapping import Options

WALL = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
"""The wall clock reads this; times are wall-clock seconds, as if in UTC."""


def read(cells: object, **options: object) -> list[float | None]:
    """Read a column of clock times as seconds after WALL."""
    times = instants(pl.DataFrame({"at": cells}), "at", Options.model_validate(options))
    return (times - WALL.timestamp()).to_list()


def test_text_in_the_usual_forms_is_read() -> None:
    """ISO 8601 with T or a blank, with fractions, without seconds; what is none is nothing."""
    cells = [
        "2024-01-02T03:04:05",
        " 2024-01-02 03:04:05.250",
        "2024-01-02 03:04",
        "240102 03:04:05",
        "x",
        "",
        None,
    ]
    assert read(cells) == [0.0, 0.25, -5.0, 0.0, None, None, None]


def test_a_time_with_an_offset_is_told_on_the_clocks_of_the_zone() -> None:
    """04:04:05 in Warsaw is 03:04:05 UTC; in Shanghai it is 11:04:05."""
    cells = ["2024-01-02T04:04:05+01:00", "2024-01-02T03:04:05Z"]
    assert read(cells) == [0.0, 0.0]
    assert read(cells, timezone="Asia/Shanghai") == [8 * 3600.0, 8 * 3600.0]


def test_a_form_of_one_s_own_is_read() -> None:
    """The common log format of web servers."""
    cells = ["02/Jan/2024:03:04:05 +0000", "2024-01-02 03:04:05"]
    assert read(cells, time_format="%d/%b/%Y:%H:%M:%S %z") == [0.0, None]


def test_numbers_are_seconds_since_1970_in_utc() -> None:
    """As most machines write them."""
    assert read([WALL.timestamp() + 1.5]) == [1.5]
    assert read([f"{WALL.timestamp():.0f}", f"{WALL.timestamp() + 1.5:.1f}", "20240102"]) == [0.0, 1.5, None]
    assert read([int(WALL.timestamp())], timezone="Asia/Shanghai") == [8 * 3600.0]


def test_times_of_a_table_are_taken_as_they_are() -> None:
    """Without a zone: the wall clock; with one: told on the clocks asked for."""
    naive = WALL.replace(tzinfo=None)
    assert read(pl.Series([naive], dtype=pl.Datetime("ms"))) == [0.0]
    assert read(pl.Series([WALL], dtype=pl.Datetime("us", "UTC")), timezone="Asia/Shanghai") == [8 * 3600.0]


def test_a_clock_without_a_day_takes_it_from_its_column() -> None:
    """Day and clock apart, as in many logs of telephone switches."""
    frame = pl.DataFrame({"day": ["2024-01-02", "?"], "at": [" 03:04:05", "03:04:05"]})
    assert (instants(frame, "at", Options(), "day") - WALL.timestamp()).to_list() == [0.0, None]
    typed = frame.with_columns(day=pl.Series([date(2024, 1, 2), None]))
    assert (instants(typed, "at", Options(), "day") - WALL.timestamp()).to_list() == [0.0, None]


def test_a_column_that_holds_no_times_is_refused() -> None:
    """True and false are no time of the day."""
    with pytest.raises(BadInputError, match=r"columns\.at: holds Boolean"):
        read([True, False])


def test_durations_are_read_in_their_unit() -> None:
    """Milliseconds as text; what is none, endless or missing is nothing."""
    frame = pl.DataFrame({"took": ["1500", " 2.5 ", "fast", "inf", "nan", None]})
    read_s = durations(frame, "took", Options(duration_unit="ms")).to_list()
    assert read_s == [1.5, 0.0025, None, None, None, None]
    assert durations(pl.DataFrame({"took": [3]}), "took", Options()).to_list() == [3.0]
