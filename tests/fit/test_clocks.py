"""Clock times are read in the forms that logs have, cell by cell."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from footfall._records.errors import BadInputError
from footfall._workload.access_log import form_of, moments, resolved
from footfall._workload.log_mapping import Options

WALL = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
"""The wall clock reads this; times are wall-clock seconds, as if in UTC."""


def read(cells: object, **options: object) -> list[float | None]:
    """Read a column of clock times as seconds after WALL."""
    times = moments(pl.DataFrame({"at": cells}), "at", Options.model_validate(options)).wall_s
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
    assert (moments(frame, "at", Options(), "day").wall_s - WALL.timestamp()).to_list() == [0.0, None]
    typed = frame.with_columns(day=pl.Series([date(2024, 1, 2), None]))
    assert (moments(typed, "at", Options(), "day").wall_s - WALL.timestamp()).to_list() == [0.0, None]


def test_a_column_that_holds_no_times_is_refused() -> None:
    """True and false are no time of the day."""
    with pytest.raises(BadInputError, match=r"columns\.at: holds Boolean"):
        read([True, False])


@pytest.mark.parametrize("unit", [1.0, 1e3, 1e6, 1e9])
@pytest.mark.parametrize("kind", [pl.Float64, pl.Int64, pl.String])
def test_numbers_since_1970_are_read_in_the_unit_that_their_size_tells(unit: float, kind: type) -> None:
    """Seconds, milliseconds, microseconds, nanoseconds; as numbers and as text."""
    cells = [int((WALL.timestamp() + k) * unit) for k in (0, 60)]
    assert read(pl.Series(cells).cast(kind)) == pytest.approx([0.0, 60.0], abs=1e-6)


@pytest.mark.parametrize(
    "cell",
    [
        "02/Jan/2024:03:04:05 +0000",
        "[02/Jan/2024:03:04:05 +0000]",
        "02.01.2024 03:04:05",
        "02.01.24 03:04:05",
        "2024-01-02 03:04:05 AM",
        "2024-01-02T03:04:05,000Z",
        "2024-01-02T04:04:05+01",
        "2024-01-02 03:04:05 UTC",
        "20240102T030405Z",
        "2024/01/02 03:04:05",
        "02-Jan-2024 03:04:05",
        "45293.127835648148",
        "45293,127835648148",
    ],
)
def test_common_forms_are_read(cell: str) -> None:
    """Of web servers, of German tables, of spreadsheets' days."""
    assert read([cell]) == pytest.approx([0.0], abs=0.001)


@pytest.mark.parametrize("cell", ["02/01/2024 03:04:05", "1/2/2024 3:04:05 AM", "20240102", "1e300", "nan"])
def test_what_may_be_read_in_two_ways_is_not_guessed(cell: str) -> None:
    """Day and month are told by a form of one's own, which is proposed."""
    assert read([cell]) == [None]
    assert form_of("25/12/2024 03:04:05") == 'time_format "%d/%m/%Y %H:%M:%S"'
    assert form_of("1/2/2024 3:04:05 AM").startswith('time_format "%m/%d/%Y %I:%M:%S %p" or')


def test_several_forms_of_one_s_own_are_read() -> None:
    """A column in which two programs wrote; a form that is none is named."""
    forms = ["%d/%m/%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S%z"]
    assert read(["02/01/2024 03:04:05", "2024-01-02 04:04:05+0100", "x"], time_format=forms) == [
        0.0,
        0.0,
        None,
    ]
    with pytest.raises(BadInputError, match="time_format: '%H:%Q' is not a format of date and time"):
        read(["02/01/2024 03:04:05"], time_format="%H:%Q")


def test_instants_of_a_zone_are_told_once_twice_or_never() -> None:
    """New York: 02:30 on 12 March 2023 never was; 01:30 on 5 November was twice, an hour apart."""
    told = ["2023-03-12 01:30:00", "2023-03-12 02:30:00", "2023-03-12 03:30:00", "2023-11-05 01:30:00"]
    found = moments(pl.DataFrame({"at": told}), "at", Options())
    first, last = resolved(found.wall_s, found.utc_s, "America/New_York")
    assert first[2] - first[0] == 3600.0
    assert (first[1], last[1]) == (None, None)
    assert (last - first).to_list() == [0.0, None, 0.0, 3600.0]
