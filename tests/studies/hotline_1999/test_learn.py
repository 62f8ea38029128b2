"""A month ahead is learned from the months before it, and from nothing else."""

from datetime import date, timedelta

import polars as pl
import pytest

from footfall._records.errors import BadInputError
from studies.hotline_1999.learn import (
    NOT_MEASURED,
    Outlook,
    learned,
    mapping_for,
    months_ahead,
    outlooks,
)
from studies.hotline_1999.level import Level, level_of
from studies.hotline_1999.records import offered_calls, regular_calls
from studies.hotline_1999.spec import Hotline
from tests.made_calls import calls, working_days
from tests.made_up import number

MAY, JUNE = working_days(date(1999, 5, 2), 4), working_days(date(1999, 6, 6), 2)


@pytest.fixture(scope="module")
def two_months() -> pl.DataFrame:
    """Give four weeks of May and two of June."""
    return calls([*MAY, *JUNE])


@pytest.fixture(scope="module")
def strict(plain: Hotline) -> Hotline:
    """Give a hotline of which one kind is not measured and services under ten seconds are none."""
    return plain.model_copy(update={"not_measured": ("IN",), "short_service_s": number(10)})


def ahead(hotline: Hotline, table: pl.DataFrame) -> list[Outlook]:
    """Give the months ahead of a file."""
    return list(outlooks(hotline, offered_calls(table, "x"), "x"))


def test_each_month_but_the_first_is_learned_from_all_before_it(strict: Hotline) -> None:
    """Of three months two are ahead; none has seen a day of its own or later."""
    july = working_days(date(1999, 7, 4), 1)
    june, last = ahead(strict, calls([*MAY, *JUNE, *july]))
    assert (june.month, june.earlier.arrivals.days) == ("1999-06", tuple(MAY))
    assert (last.month, last.earlier.arrivals.days) == ("1999-07", (*MAY, *JUNE))
    assert (june.level, last.level != Level()) == (Level(), True)


def test_the_calendar_says_which_days_are_predicted(strict: Hotline) -> None:
    """Sundays to Thursdays of the whole month but for holidays, however many call on them."""
    holidays = (JUNE[0], JUNE[3])
    hotline = strict.model_copy(update={"holidays": holidays})
    all_june = working_days(date(1999, 5, 30), 5)
    expected = tuple(day for day in all_june if day.month == 6 and day not in holidays)
    few = calls([*MAY, *JUNE]).filter(
        (pl.col("date").dt.date() != JUNE[1]) | (pl.int_range(pl.len()) % 20 == 0)
    )
    for table in (calls([*MAY, *JUNE]), few):
        (june,) = ahead(hotline, table)
        assert june.days == expected


def test_nothing_of_the_month_itself_is_learned(strict: Hotline, two_months: pl.DataFrame) -> None:
    """With all its calls doubled, and other kinds, waits, agents and services, the fit is the same."""
    june = pl.col("date").dt.month() == 6
    spoilt = two_months.with_columns(
        type=pl.when(june).then(pl.lit("XX")).otherwise("type"),
        status=pl.when(june).then(pl.lit("served")).otherwise("status"),
        agent=pl.when(june).then(pl.lit("R9")).otherwise("agent"),
        wait_s=pl.when(june).then(0.0).otherwise("wait_s"),
        service_s=pl.when(june).then(3600.0).otherwise("service_s"),
    )
    (before,) = ahead(strict, two_months)
    (after,) = ahead(strict, pl.concat([spoilt, spoilt.filter(june)]))
    assert after.days == before.days
    assert repr(after.earlier) == repr(before.earlier)
    assert after.level == before.level


def test_what_came_before_is_learned(strict: Hotline, two_months: pl.DataFrame) -> None:
    """With May's services doubled, June is foretold longer ones."""
    may = pl.col("date").dt.month() == 5
    doubled = two_months.with_columns(
        service_s=pl.when(may).then(pl.col("service_s") * 2).otherwise("service_s")
    )
    (before,), (after,) = (ahead(strict, table) for table in (two_months, doubled))
    one, two = before.earlier.every.service, after.earlier.every.service
    assert one is not None
    assert two is not None
    assert two.mean_s.value > 1.8 * one.mean_s.value


def test_a_fit_finds_the_hotline_that_made_the_calls(strict: Hotline) -> None:
    """Calls every 90 s in the mean, talk of 140 s: both inside their intervals, which are narrow."""
    fit = learned(strict, regular_calls(offered_calls(calls(MAY), "x"), "x"))
    service = fit.every.service
    assert service is not None
    # Talk above ten seconds is ten seconds and another talk, for an exponential one.
    assert service.mean_s.low < 150 < service.mean_s.high
    assert service.mean_s.high - service.mean_s.low < 15
    a_day = sum(fit.arrivals.profile("*"))
    assert a_day == pytest.approx(3 * 3600 / 90, rel=0.05)
    assert fit.staff is not None
    assert max(fit.staff.profile()) == pytest.approx(2, abs=0.1)


def test_what_is_not_measured_is_load_of_a_class_of_its_own(strict: Hotline) -> None:
    """The evening of each class apart; no call comes then."""
    fit = learned(strict, regular_calls(offered_calls(calls(MAY), "x"), "x"))
    assert set(fit.kinds) == {"NW_00_20", "PS_00_20", f"{NOT_MEASURED}_00_20"}
    assert fit.kinds[f"{NOT_MEASURED}_00_20"].rows == pytest.approx(fit.used / 4, rel=0.1)


def test_who_leaves_the_voice_unit_after_midnight_is_of_the_day_before(strict: Hotline) -> None:
    """A second one would be a day with a single call."""
    table = calls(MAY[:5])
    late = table.with_columns(
        vru_exit=pl.when(pl.int_range(pl.len()) == 0)
        .then(pl.col("date") + timedelta(days=1, seconds=3))
        .otherwise("vru_exit")
    )
    fit = learned(strict, regular_calls(offered_calls(late, "x"), "x"))
    assert fit.arrivals.days == tuple(MAY[:5])
    assert fit.arrivals.profile("*")[-1] == pytest.approx(1 / 5)


def test_one_month_teaches_nothing_of_itself(plain: Hotline) -> None:
    """There is none before it."""
    offered = offered_calls(calls(MAY), "calls.csv")
    with pytest.raises(BadInputError, match=r"^calls.csv: has working days of one month only \(1999-05\)"):
        months_ahead(plain, offered, "calls.csv")


@pytest.mark.parametrize(("evening_from_s", "parts"), [(72_000, (20.0,)), (86_400, ()), (0, ())])
def test_only_an_evening_that_begins_within_the_day_is_fitted_apart(
    plain: Hotline, evening_from_s: float, parts: tuple[float, ...]
) -> None:
    """A day that is all evening, or has none, is one part."""
    hotline = plain.model_copy(update={"evening_from_s": number(evening_from_s)})
    assert mapping_for(hotline, customers=False).options.day_parts_h == parts


def test_customers_are_followed_where_the_file_knows_them(plain: Hotline) -> None:
    """Without the column nothing is known of calling again."""
    assert mapping_for(plain, customers=True).columns.customer == "customer"
    assert mapping_for(plain, customers=False).columns.customer is None


def test_the_level_follows_the_last_month_by_half(strict: Hotline) -> None:
    """Twenty days of more and shorter calls after twenty others: half the way, in logarithms."""
    before = regular_calls(offered_calls(calls(MAY), "x"), "x")
    changed = calls(working_days(date(1999, 6, 6), 4), between_s=60, service_s=90)
    after = regular_calls(offered_calls(changed, "x"), "x")
    every = learned(strict, pl.concat([before, after]))
    months = [learned(strict, before), learned(strict, after)]
    first, second = (level_of(every, months[k : k + 1]) for k in (0, 1))
    found = level_of(every, months)
    for name in ("calls", "agents", "service"):
        assert getattr(found, name) ** 2 == pytest.approx(getattr(first, name) * getattr(second, name))
    assert second.calls / first.calls == pytest.approx(1.5, rel=0.1)
    assert second.service / first.service == pytest.approx(100 / 150, rel=0.1)
