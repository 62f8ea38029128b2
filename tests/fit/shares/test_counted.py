"""Tables of cases and of counts, read by month and channel."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from footfall._fit.share_counts import (
    OTHER,
    OTHER_ELECTRONIC,
    CaseCounts,
    counted,
    days_of,
    hint_of,
    month_name,
)
from footfall._fit.share_fit import fit_shares, history_of
from footfall._fit.share_mapping import EXAMPLE, read_share_mapping, share_mapping_of
from footfall._records.errors import BadInputError
from footfall._records.log_file import Table
from footfall._workload.log_mapping import Options

LONG = {"arrived": "month", "channel": "channel", "count": "count"}


def read(frame: pl.DataFrame, columns: dict[str, str] | None = None, **more: object) -> CaseCounts:
    """Count a table."""
    return counted(Table(frame), share_mapping_of({"columns": columns or LONG, **more}, "test"))


def long(*rows: tuple[str, str, object]) -> pl.DataFrame:
    """Give rows of month, channel, count, as text."""
    return pl.DataFrame(
        [(month, channel, str(count)) for month, channel, count in rows],
        schema=["month", "channel", "count"],
        orient="row",
    )


def months(number: int, **channels: list[int]) -> pl.DataFrame:
    """Give so many months of 2021 and on with counts by channel."""
    return long(
        *(
            (month_name(2021 * 12 + at), name, counts[at])
            for at in range(number)
            for name, counts in channels.items()
        )
    )


@pytest.mark.parametrize(
    "cell",
    [
        *("2015-06", "2015/6", "201506", "2015M06", "06/2015", "Jun 2015", "June 2015", "Jun-15", "2015 Jun"),
        *("2015年6月", "2015-06-01", "01.06.2015", "20150601", "1 June 2015", "Jun 1, 2015"),
        *("2015-06-01 10:00", "2015-06-01T10:00:00Z", "1433152800", "42156"),
    ],
)
def test_a_month_a_day_and_a_time_are_read(cell: str) -> None:
    """A month is its first day."""
    assert days_of(pl.DataFrame({"m": [cell]}), "m", Options())[0] == date(2015, 6, 1)


def test_a_day_that_may_be_two_is_not_guessed() -> None:
    """05/06/2015 is of May or of June: the hint proposes both, and `time_format` decides."""
    frame = pl.DataFrame({"m": ["05/06/2015"]})

    assert days_of(frame, "m", Options())[0] is None
    assert '"%d/%m/%Y" or "%m/%d/%Y"' in hint_of("05/06/2015")
    assert days_of(frame, "m", Options(time_format="%m/%d/%Y"))[0] == date(2015, 5, 6)


def test_numbers_and_month_formats_are_read() -> None:
    """A whole column of 201506, and a format without a day."""
    assert days_of(pl.DataFrame({"m": [201506]}), "m", Options())[0] == date(2015, 6, 1)
    assert days_of(pl.DataFrame({"m": ["2015.Jun"]}), "m", Options(time_format="%Y.%b"))[0] == date(
        2015, 6, 1
    )


def test_cases_counts_and_columns_give_the_same() -> None:
    """A row a case, a row a count, or a column a channel."""
    case = pl.DataFrame(
        {"t": ["2021-01-05 10:00:00"] * 3 + ["2021-02-06 11:00:00"] * 3, "c": list("wwp") + list("wpp")}
    )
    wide = pl.DataFrame({"m": ["2021-01", "2021-02"], "Web": ["2", "1"], "Phone": ["1", "2"]})
    one = read(case, {"arrived": "t", "channel": "c"}, channels={"web": "w", "phone": ["p*"]})
    two = read(
        long(("2021-01", "web", 2), ("2021-01", "phone", 1), ("2021-02", "web", 1), ("2021-02", "phone", 2))
    )
    three = read(wide, {"arrived": "m"}, channels={"web": ["Web"], "phone": ["Phone"]})

    for each in (one, two, three):
        shares = dict(zip(each.names, each.counts.T.tolist(), strict=True))
        assert shares == {"web": [2, 1], "phone": [1, 2]}


def test_every_row_has_one_reason() -> None:
    """They add up, totals and unreadable cells included; a thousand may be grouped either way."""
    frame = long(
        ("2021-01", "web", "1.200"),
        ("2021-02", "web", "1.300"),
        ("2021-02", "phone", "7"),
        ("2021-02", "Total", "8"),
        ("soon", "web", "9"),
        ("2021-02", "phone", "0.5"),
        ("2021-02", "phone", "-3"),
        ("2021-02", "", "3"),
    )
    found = read(frame)

    assert sum(status.rows for status in found.row_statuses) == found.read == 8
    assert {status.reason: status.rows for status in found.row_statuses} == {
        "used": 3,
        "a total of others": 1,
        "time, day or month cannot be read": 1,
        "count is not a whole number of 0 or more": 2,
        "no channel": 1,
    }
    assert found.cases == 2507


def test_words_that_the_mapping_does_not_name_are_set_aside() -> None:
    """They are counted, and so are those that it ignores."""
    frame = months(3, web=[5, 6, 7], test=[1, 1, 1], fax=[2, 2, 2])
    found = read(frame, channels={"web": ["web"], "ignored": ["te*"]})

    assert found.names == ("web",)
    assert {status.reason: status.rows for status in found.row_statuses if status.use == "none"} == {
        "ignored channel": 3,
        "channel that [channels] does not name": 3,
    }


def test_many_channels_are_taken_together_and_stay_electronic() -> None:
    """The smallest become `other`, the electronic ones among them apart, and no case is lost."""
    channels = {f"c{k}": [100 - k] * 3 for k in range(40)}
    found = read(months(3, **channels), options={"electronic": ["c1", "c38"]})

    assert found.names[-2:] == (OTHER, OTHER_ELECTRONIC)
    assert len(found.names) == 10
    assert found.electronic == ("c1", OTHER_ELECTRONIC)
    assert found.cases == 3 * sum(100 - k for k in range(40))


def test_months_that_the_record_cuts_are_weighed_by_their_days() -> None:
    """The first from the 18th on, the last to the 9th; whole months and monthly counts are whole."""
    days = pl.date_range(date(2021, 1, 18), date(2021, 4, 9), eager=True)
    found = read(pl.DataFrame({"t": days, "c": ["web"] * len(days)}), {"arrived": "t", "channel": "c"})
    whole = read(months(3, web=[1, 2, 3], sms=[1, 2, 3]))

    assert found.covered == pytest.approx([14 / 31, 1, 1, 9 / 30])
    assert sum("weighted by its days" in note for note in found.notes) == 2
    assert whole.covered.tolist() == [1, 1, 1]


def test_channels_begin_end_and_pause() -> None:
    """Zeros where many were expected are no shares; where few were expected they are."""
    found = read(
        months(
            6,
            web=[900, 900, 900, 900, 900, 900],
            new=[0, 0, 50, 60, 70, 80],
            gone=[90, 90, 90, 0, 0, 0],
            pause=[80, 80, 0, 80, 80, 80],
            rare=[1, 0, 2, 0, 1, 0],
        )
    )
    history, kept, notes = history_of(found)
    names = [found.names[place] for place in kept]
    counts = {name: history.counts[:, at].tolist() for at, name in enumerate(names)}

    assert "gone" not in names
    assert np.isnan(counts["new"]).tolist() == [True, True, False, False, False, False]
    assert np.isnan(counts["pause"]).tolist() == [False, False, True, False, False, False]
    assert counts["rare"] == [1, 0, 2, 0, 1, 0]
    assert len(notes) == 3


def test_a_month_without_a_case_is_a_gap() -> None:
    """The forecast begins after the last month, and the gap is said."""
    frame = months(5, web=[5, 6, 7, 8, 9], sms=[5, 5, 5, 5, 5]).filter(pl.col("month") != "2021-03")
    fit = fit_shares(Table(frame), share_mapping_of({"columns": LONG}, "test"), 2)

    assert [month_name(month) for month in fit.months_ahead] == ["2021-06", "2021-07"]
    assert any("2021-03" in note and "gap" in note for note in fit.notes)


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (months(1, web=[5], sms=[6]), "2021-01 only"),
        (months(2, web=[5, 5], sms=[6, 6]), "at least 3 months"),
        (months(4, web=[5, 5, 5, 5]), "one channel, 'web'"),
        (months(4, web=[900] * 4, gone=[90, 90, 0, 0]), "did not end"),
        (months(3, web=[0, 0, 0], sms=[0, 0, 0]), "no case of any channel"),
        (long(("05/06/2021", "web", 3)), "time_format"),
        (long(("2021-01", "web", 0.7)), "cases are needed, not shares"),
    ],
)
def test_too_little_is_refused(frame: pl.DataFrame, told: str) -> None:
    """With what is needed."""
    with pytest.raises(BadInputError, match=told):
        fit_shares(Table(frame), share_mapping_of({"columns": LONG}, "test"), 1)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"columns": {"arrived": "t"}}, "needs `channel`"),
        ({"columns": {"arrived": "t", "count": "n"}, "channels": {"web": "w"}}, "`count` needs `channel`"),
        ({"columns": LONG, "channels": {"web": "w"}, "options": {"electronic": "app"}}, "'app'"),
        ({"columns": LONG, "options": {"timezone": "Moon"}}, "not a time zone"),
        ({"columns": LONG, "options": {"station": "web"}}, "options.station"),
    ],
)
def test_a_wrong_mapping_is_told(data: dict[str, object], told: str) -> None:
    """One line, with the key."""
    with pytest.raises(BadInputError, match=told):
        share_mapping_of(data, "m.toml")


def test_columns_and_channels_that_are_not_there_are_told() -> None:
    """With those that are."""
    frame = months(3, web=[1, 2, 3])
    with pytest.raises(BadInputError, match=r"no column 'day'.*month or channel or count"):
        read(frame, {"arrived": "day", "channel": "channel"})
    with pytest.raises(BadInputError, match=r"no channel 'app'.*'web'"):
        read(frame, options={"electronic": "app"})


def test_a_channel_without_a_case_is_told() -> None:
    """A misspelt word, or an option that stands among the channels."""
    frame = months(3, web=[1, 2, 3], app=[3, 2, 1])
    found = read(frame, channels={"web": "web", "app": "app", "shop": ["till"], "ignored": "old"})
    assert [note for note in found.notes if "no case of shop" in note]
    assert not any("ignored" in note for note in found.notes)


def test_the_example_is_a_mapping() -> None:
    """What is printed can be read."""
    assert set(read_share_mapping(EXAMPLE, "example").channels) == {"phone", "app", "web", "ignored"}
