"""What a hotline's earlier months teach of the next one, as `footfall fit` learns it."""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from footfall._fit.fit import MINUTE_S, Fitted, fit_log
from footfall._model.numbers import DAY_S, HOUR_S
from footfall._records.errors import BadInputError
from footfall._workload.log_mapping import Mapping, mapping_of
from studies.hotline_1999.level import Level, level_of
from studies.hotline_1999.records import ABANDONED, SERVED, is_working, regular_calls
from studies.hotline_1999.spec import Hotline

NOT_MEASURED = "not_measured"
"""Class of the kinds that occupy agents but are no part of the figures."""
_COLUMNS = {
    "arrived": "arrived",
    "began": "ser_start",
    "wait_s": "wait_s",
    "service_s": "service_s",
    "outcome": "status",
    "class": "type",
    "agent": "agent",
}
_CUSTOMER = "customer"
_UNKNOWN = "0"
"""In the column of customers: nobody is known."""
_CLASSES_MOST = 40


@dataclass(frozen=True, slots=True)
class Outlook:
    """A month to be predicted: of itself it tells its calendar alone."""

    month: str
    days: tuple[date, ...]
    """Its working days, by the calendar."""
    before: pl.DataFrame
    """The calls of all regular days of the months before, told regular by the calls up to then."""
    earlier: Fitted
    """What they teach."""
    level: Level
    """Where calls, agents and services stood at the end of them, over their mean."""


def months_ahead(hotline: Hotline, offered: pl.DataFrame, where: str) -> dict[str, tuple[date, ...]]:
    """Give the working days of each month that has one before it; `offered` as of `offered_calls`.

    Which days they are, the calendar decides: Sunday to Thursday, but for the hotline's holidays. Of the
    calls it counts only whether a month has any on such a day.

    Raises:
        BadInputError: no month before the last has a regular day.
    """
    working = [day for day in offered["day"].unique().sort() if is_working(day, hotline.holidays)]
    first, *later = sorted({f"{day:%Y-%m}" for day in working}) or [""]
    if not later:
        regular_calls(offered, where)
        raise BadInputError(
            where,
            f"has working days of one month only ({first}), and none before it to learn from",
            "calls of two months or more, or --inputs recorded",
        )
    return {month: _working_days(month, hotline.holidays) for month in later}


def outlooks(hotline: Hotline, offered: pl.DataFrame, where: str) -> Iterator[Outlook]:
    """Give each month ahead with what the months before it teach: no call of its own is looked at.

    Raises:
        BadInputError: as `months_ahead`.
    """
    for month, days in months_ahead(hotline, offered, where).items():
        earlier = offered.filter(pl.col("day") < days[0].replace(day=1))
        before = regular_calls(earlier.filter(~pl.col("day").is_in(list(hotline.holidays))), where)
        every = learned(hotline, before)
        months = _by_month(before)
        level = level_of(every, [learned(hotline, calls) for calls in months]) if len(months) > 1 else Level()
        yield Outlook(month, days, before, every, level)


def _by_month(calls: pl.DataFrame) -> list[pl.DataFrame]:
    """Part calls into those of each month, in order."""
    dated = calls.with_columns(_month=pl.col("day").dt.month_start()).sort(
        "day", "arrived", maintain_order=True
    )
    return dated.partition_by("_month", maintain_order=True, include_key=False)


def _working_days(month: str, holidays: Sequence[date]) -> tuple[date, ...]:
    first = date.fromisoformat(f"{month}-01")
    days = [first + timedelta(days=k) for k in range(monthrange(first.year, first.month)[1])]
    return tuple(day for day in days if is_working(day, holidays))


def learned(hotline: Hotline, regular: pl.DataFrame) -> Fitted:
    """Fit arrivals, services, patience, redial and staff to the calls of regular days.

    The evening, which agents and callers of a hotline treat as another time, is fitted apart.
    """
    midnight = pl.col("day").cast(pl.Datetime("us"))
    last = midnight + pl.duration(milliseconds=int(DAY_S * 1000) - 1)
    # Who leaves the voice unit after midnight called before it: no day of its own.
    rows = regular.with_columns(
        arrived=pl.col("arrived").cast(pl.Datetime("us")).clip(midnight, last),
        type=pl.when(pl.col("type").is_in(list(hotline.not_measured)))
        .then(pl.lit(NOT_MEASURED))
        .otherwise("type"),
    )
    return fit_log(rows, mapping_for(hotline, customers=_CUSTOMER in rows.columns))


def mapping_for(hotline: Hotline, *, customers: bool) -> Mapping:
    """Give the mapping of the file of a hotline's calls, with or without a column of customers."""
    evening_h = float(hotline.evening_from_s) / HOUR_S
    data = {
        "columns": _COLUMNS | ({_CUSTOMER: _CUSTOMER} if customers else {}),
        "outcomes": {"served": [SERVED], "abandoned": [ABANDONED]},
        "options": {
            "day_parts_h": [evening_h] if 0 < evening_h * HOUR_S < DAY_S else [],
            "class_rows_least": 1,
            "classes_most": _CLASSES_MOST,
            "short_service_s": float(hotline.short_service_s),
            "on_duty_gap_min": float(hotline.on_duty_gap_s) / MINUTE_S,
            "anonymous": [_UNKNOWN],
        },
    }
    return mapping_of(data, "the calls")
