"""What a hotline's earlier months teach of the next one, as `footfall fit` learns it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import polars as pl

from footfall.records.errors import BadInputError
from footfall.simulate.fit.fit import MINUTE_S, Fitted, fit_log
from footfall.simulate.fit.mapping import Mapping, mapping_of
from footfall.simulate.hotline.records import ABANDONED, SERVED, regular_calls
from footfall.simulate.hotline.spec import Hotline
from footfall.simulate.spec.base import DAY_S, HOUR_S

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
    """Its regular days: holidays are known beforehand."""
    earlier: Fitted
    """What all regular days of the months before it teach, told regular by themselves."""


def months_ahead(offered: pl.DataFrame, where: str) -> dict[str, tuple[date, ...]]:
    """Give the regular days of each month that has one before it; `offered` as of `offered_calls`.

    Raises:
        BadInputError: no day is regular, or all regular days are of one month.
    """
    months: dict[str, list[date]] = {}
    for day in regular_calls(offered, where)["day"].unique().sort():
        months.setdefault(f"{day:%Y-%m}", []).append(day)
    first, *later = months
    if not later:
        raise BadInputError(
            where,
            f"has regular days of one month only ({first}), and none before it to learn from",
            "calls of two months or more, or --inputs recorded",
        )
    return {month: tuple(months[month]) for month in later}


def outlooks(hotline: Hotline, offered: pl.DataFrame, where: str) -> Iterator[Outlook]:
    """Give each month ahead with what the months before it teach: no call of its own is looked at.

    Raises:
        BadInputError: as `months_ahead`.
    """
    for month, days in months_ahead(offered, where).items():
        before = offered.filter(pl.col("day") < days[0].replace(day=1))
        yield Outlook(month, days, learned(hotline, regular_calls(before, where)))


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
            "nobody": [_UNKNOWN],
        },
    }
    return mapping_of(data, "the calls")
