"""Numbers and durations are read as people write them, and never by guess."""

import polars as pl
import pytest
from hypothesis import given, strategies as st

from footfall._fit.day_cells import Mark, decimal_mark, durations, numbers
from footfall._records.errors import BadInputError
from footfall._workload.log_mapping import Options


def read(cells: list[str], mark: Mark = ".", **options: object) -> list[float | None]:
    """Read a column of durations."""
    return durations(pl.DataFrame({"took": cells}), "took", Options.model_validate(options), mark).to_list()


def test_durations_are_read_in_their_unit() -> None:
    """Milliseconds as text; what is none, endless or missing is nothing."""
    frame = pl.DataFrame({"took": ["1500", " 2.5 ", "fast", "inf", "nan", None]})
    read_s = durations(frame, "took", Options(duration_unit="ms")).to_list()
    assert read_s == [1.5, 0.0025, None, None, None, None]
    assert durations(pl.DataFrame({"took": [3]}), "took", Options()).to_list() == [3.0]


@pytest.mark.parametrize(
    ("cell", "seconds"),
    [
        ("00:03:33", 213.0),
        ("3:33", 213.0),
        ("03:33.5", 213.5),
        ("125:00:01", 450_001.0),
        ("-0:00:02", -2.0),
        ("1 day, 0:00:05", 86_405.0),
        ("0 days 00:03:33", 213.0),
        ("1.02:03:04", 93_784.0),
        ("3m 20s", 200.0),
        ("3 min 20 sec", 200.0),
        ("1h2m3s", 3723.0),
        ("45 seconds", 45.0),
        ("500ms", 0.5),
        ("1,5 h", 5400.0),
        ("PT3M20S", 200.0),
        ("P1DT1H", 90_000.0),
        ("PT0.25S", 0.25),
        ("fast", None),
        ("P", None),
        ("3:75:00:00", None),
        ("", None),
    ],
)
def test_durations_that_say_their_units_are_read(cell: str, seconds: float | None) -> None:
    """Clocks, words, ISO 8601; the unit of plain numbers does not touch them."""
    assert read([cell]) == [seconds]
    assert read([cell], duration_unit="ms") == [seconds]


@given(st.integers(0, 10**7))
def test_a_duration_is_the_same_in_every_form(seconds: int) -> None:
    """Hours, minutes, seconds of any length."""
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    forms = [f"{hours}:{minute:02d}:{second:02d}", f"{minutes}:{second:02d}", f"{hours}h {minute}m {second}s"]
    forms += [f"PT{hours}H{minute}M{second}S", str(seconds)]
    assert read(forms) == [float(seconds)] * len(forms)


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["12,5", "3"], ","),
        (["12.5", "3"], "."),
        (["1.234,5"], ","),
        (["1,234.5"], "."),
        (["0,125"], ","),
        (["1,234", "12,5"], ","),
        (["1,234,567"], "."),
        (["1.234.567"], ","),
        (["1", "2"], "."),
        (["1.234"], "."),
    ],
)
def test_the_decimal_mark_is_told_by_all_numbers_together(cells: list[str], mark: str) -> None:
    """A single number that tells is enough."""
    assert decimal_mark([pl.Series(cells)], None, "the durations") == mark


def test_a_number_that_may_be_two_is_refused_and_the_option_named() -> None:
    """1,234 is a thousand or a bit more than one."""
    with pytest.raises(BadInputError, match=r"'1,234' may be 1\.234 or 1234; expected decimal = "):
        decimal_mark([pl.Series(["1,234", "12"])], None, "the durations")
    assert decimal_mark([pl.Series(["1,234"])], ",", "the durations") == ","


def test_grouped_numbers_are_read() -> None:
    """By the other mark, blanks or apostrophes, in threes; a wrong group is none."""
    assert numbers(pl.Series(["1,234.5", "1 234.5", "1'234'567", "12,34.5"]), ".").to_list() == [
        1234.5,
        1234.5,
        1234567.0,
        None,
    ]
    assert numbers(pl.Series(["1.234,5", "12,5", "1.5"]), ",").to_list() == [1234.5, 12.5, None]


def test_columns_with_types_of_their_own_are_read() -> None:
    """Durations, times of the day, numbers; true and false are no time."""
    table = pl.DataFrame({"d": [1500], "t": [1500], "b": [True]}).with_columns(
        d=pl.col("d").cast(pl.Duration("ms")), t=(pl.col("t") * 1_000_000_000).cast(pl.Time)
    )
    assert durations(table, "d", Options()).to_list() == [1.5]
    assert durations(table, "t", Options()).to_list() == [1500.0]
    with pytest.raises(BadInputError, match="column 'b': holds Boolean"):
        durations(table, "b", Options())
