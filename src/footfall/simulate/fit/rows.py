"""A log's rows by the mapping: what each is used for, and why it is not used for more."""

from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from footfall.records.errors import BadInputError
from footfall.records.outcomes import Outcome
from footfall.simulate.fit.clocks import after_midnight, durations, instants
from footfall.simulate.fit.kinds import kinds
from footfall.simulate.fit.mapping import IGNORED, WEEKDAYS, Mapping
from footfall.simulate.spec.base import DAY_S, HALF_HOUR_S

Use = Literal["whole", "arrival", "none"]
WHOLE = "used whole"
_WORDS_TOLD = 8
"""Unknown or ignored words named one by one; the rest together."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of some rows, and why."""

    use: Use
    """`whole`: for all that they tell; `arrival`: they count as arrivals only; `none`: set aside."""
    reason: str
    rows: int
    first_row: int
    """Number of the first of them in the file, from 1, headings not counted."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a log that can be used, and the fate of all."""

    frame: pl.DataFrame
    """In order of arrival: row, day, weekday, half_hour, at_s, kind, outcome, wait_s, service_s, began_s,
    ended_s, agent, customer. Times are wall-clock seconds since 1970; unknown is null."""
    read: int
    fates: tuple[Fate, ...]
    """Their rows add up to `read`."""


def rows_of(table: pl.DataFrame, mapping: Mapping) -> Rows:
    """Read a log by its mapping.

    Raises:
        BadInputError: the log has no such column, or no row of it can be used.
    """
    frame = _read(table, mapping)
    frame = frame.with_columns(reason=_set_aside(frame, mapping)).with_columns(
        use=pl.when(pl.col("reason").is_null()).then(pl.lit("whole")).otherwise(pl.lit("none"))
    )
    frame = _without_low_days(frame, mapping)
    partly = pl.coalesce(*_partly(mapping))
    known = pl.col("use") == "whole"
    frame = frame.with_columns(
        use=pl.when(known & partly.is_not_null()).then(pl.lit("arrival")).otherwise("use"),
        reason=pl.when(known).then(pl.coalesce(partly, pl.lit(WHOLE))).otherwise("reason"),
    )
    fates = _fates(frame)
    used = frame.filter(pl.col("use") != "none")
    if used.is_empty():
        most = max(fates, key=lambda fate: fate.rows)
        told = f"{most.reason} ({most.rows:,} rows, the first is row {most.first_row})"
        problem = f"none of {frame.height:,} rows can be used: {told}"
        raise BadInputError("the log", problem, "rows that the mapping describes")
    whole = pl.col("use") == "whole"
    times = ("wait_s", "service_s", "began_s", "ended_s")
    used = used.with_columns(
        *(pl.when(whole & pl.col(name).is_not_null()).then(name).otherwise(None) for name in times),
        kinds(used["kind"], used["at_s"], mapping.options),
    )
    return Rows(used.drop("use", "reason", "word").sort("at_s", "row"), frame.height, fates)


def _read(table: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    """Give all rows in columns of our own, unread cells null."""
    columns, options = mapping.columns, mapping.options
    named = {field: name for field, name in columns if name is not None}
    for field, name in named.items():
        if name not in table.columns:
            place = f"columns.{'class' if field == 'kind' else field}"
            raise BadInputError(place, f"the log has no column {name!r}", " or ".join(table.columns[:30]))
    clocks = {
        field: instants(table, named[field], options, columns.date)
        for field in ("arrived", "began", "ended", "left")
        if field in named
    }
    text: dict[str, pl.Series] = {
        field: table[named[field]].cast(pl.String).str.strip_chars().replace("", None)
        for field in ("kind", "agent", "customer")
        if field in named
    }
    for who in {"agent", "customer"} & set(text):
        text[who] = text[who].set(text[who].is_in(list(options.nobody)), None)
    spans = {
        field: durations(table, named[field], options) for field in ("wait_s", "service_s") if field in named
    }
    nothing = pl.Series([None] * table.height, dtype=pl.Float64)
    words = table[named["outcome"]].cast(pl.String).str.strip_chars() if columns.outcome else None
    frame = pl.DataFrame({"row": range(1, table.height + 1)}).with_columns(
        *(clocks.get(field, nothing).alias(field) for field in ("arrived", "began", "ended", "left")),
        *(spans.get(field, nothing).alias(f"given_{field}") for field in ("wait_s", "service_s")),
        *(text.get(field, nothing.cast(pl.String)).alias(field) for field in ("kind", "agent", "customer")),
        word=words if words is not None else pl.lit(None, dtype=pl.String),
    )
    if columns.date is not None:
        later = [after_midnight(pl.col(name), pl.col("arrived")).alias(name) for name in ("began", "left")]
        frame = frame.with_columns(*later).with_columns(
            after_midnight(pl.col("ended"), pl.col("began")).alias("ended")
        )
    return _derived(frame, mapping)


def _derived(frame: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    """Give outcome, wait and service, from clocks or as they are given."""
    columns, tolerance_s = mapping.columns, mapping.options.clock_tolerance_s
    began, ended, arrived = pl.col("began"), pl.col("ended"), pl.col("arrived")
    service = pl.col("given_service_s") if columns.service_s else ended - began
    frame = frame.with_columns(service_s=_nearly(service, tolerance_s), outcome=_outcome(frame, mapping))
    left = pl.col("outcome") == Outcome.ABANDONED.value
    clocks = pl.when(left).then(pl.col("left") - arrived).otherwise(began - arrived)
    wait = pl.col("given_wait_s") if columns.wait_s else clocks
    service = pl.when(left).then(None).otherwise(pl.col("service_s"))
    frame = frame.with_columns(wait_s=_nearly(wait, tolerance_s), service_s=service)
    start = began if columns.began else arrived + pl.col("wait_s").fill_null(0.0)
    day = pl.from_epoch((arrived // DAY_S).cast(pl.Int64), time_unit="d")
    names = dict(enumerate(WEEKDAYS, 1))
    return frame.select(
        "row",
        day=day,
        weekday=day.dt.weekday().replace_strict(names, return_dtype=pl.String),
        half_hour=((arrived % DAY_S) // HALF_HOUR_S).cast(pl.Int64),
        at_s=arrived,
        kind="kind",
        word="word",
        outcome="outcome",
        wait_s="wait_s",
        service_s="service_s",
        began_s=start,
        ended_s=start + pl.col("service_s"),
        agent="agent",
        customer="customer",
    )


def _nearly(seconds: pl.Expr, tolerance_s: float) -> pl.Expr:
    """Take a little less than nothing for nothing."""
    return pl.when(seconds.is_between(-tolerance_s, 0)).then(0.0).otherwise(seconds)


def _outcome(frame: pl.DataFrame, mapping: Mapping) -> pl.Expr:
    """Give what each word of the log means; without words, who has a service time was served."""
    if mapping.columns.outcome is None:
        served, left = pl.lit(Outcome.SERVED.value), pl.lit(Outcome.ABANDONED.value)
        has_service = pl.col("given_service_s" if mapping.columns.service_s else "ended").is_not_null()
        waited = pl.col("given_wait_s" if mapping.columns.wait_s else "left").is_not_null()
        return pl.when(has_service).then(served).when(waited).then(left).otherwise(served)
    meaning = {word: mapping.outcome_of(word) for word in frame["word"].drop_nulls().unique()}
    return pl.col("word").replace_strict(meaning, default=None, return_dtype=pl.String)


def _set_aside(frame: pl.DataFrame, mapping: Mapping) -> pl.Expr:
    """Give why a row is not used at all, null for the others; the first reason counts."""
    options = mapping.options
    word, outcome, day = pl.col("word"), pl.col("outcome"), pl.col("day")
    # Polars gives each link of a chain a type of its own.
    reasons: Any = pl.when(pl.col("at_s").is_null()).then(pl.lit("arrival time missing or unreadable"))
    if options.first_day is not None:
        reasons = reasons.when(day < options.first_day).then(pl.lit("before the first day asked for"))
    if options.last_day is not None:
        reasons = reasons.when(day > options.last_day).then(pl.lit("after the last day asked for"))
    if mapping.columns.outcome is not None:
        ignored = outcome == IGNORED
        unknown = pl.concat_str(pl.lit("outcome not in the mapping: "), _told(frame, word, outcome.is_null()))
        asked = pl.concat_str(pl.lit("outcome to be ignored: "), _told(frame, word, ignored))
        reasons = (
            reasons.when(word.is_null() | (word == ""))
            .then(pl.lit("no outcome"))
            .when(ignored)
            .then(asked)
            .when(outcome.is_null())
            .then(unknown)
        )
    if options.classes:
        wanted = pl.col("kind").is_in(list(options.classes)).fill_null(value=False)
        reasons = reasons.when(~wanted).then(pl.lit("class not asked for"))
    told: pl.Expr = reasons.when(~pl.col("weekday").is_in(list(options.weekdays))).then(
        pl.lit("weekday not asked for")
    )
    return told


def _told(frame: pl.DataFrame, word: pl.Expr, which: pl.Expr) -> pl.Expr:
    """Give the word where it is one of the most frequent, else `other words`."""
    most = frame.filter(which)["word"].drop_nulls().value_counts(sort=True)["word"].head(_WORDS_TOLD)
    return pl.when(word.is_in(most.to_list())).then(word).otherwise(pl.lit("other words"))


def _without_low_days(frame: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    """Set the rows of days aside that have far fewer than is usual on their weekday."""
    share = mapping.options.low_day_share
    if not share:
        return frame
    whole = frame.filter(pl.col("use") == "whole")
    days = whole.group_by("day", "weekday").len("n")
    low = days.filter(pl.col("n") < share * pl.col("n").median().over("weekday"))["day"]
    is_low = (pl.col("use") == "whole") & pl.col("day").is_in(low.to_list())
    return frame.with_columns(
        use=pl.when(is_low).then(pl.lit("none")).otherwise("use"),
        reason=pl.when(is_low)
        .then(pl.lit(f"day with less than {share:g} of its weekday's median"))
        .otherwise("reason"),
    )


def _partly(mapping: Mapping) -> list[pl.Expr]:
    """Give why a row counts as an arrival only, null for the others."""
    columns, options = mapping.columns, mapping.options
    wait, service = pl.col("wait_s"), pl.col("service_s")
    served = pl.col("outcome") == Outcome.SERVED.value
    abandoned = pl.col("outcome") == Outcome.ABANDONED.value
    reasons: list[pl.Expr] = []
    if columns.wait_s or columns.began or columns.left:
        waits = columns.wait_s or columns.began
        reasons += [
            pl.when(wait < 0).then(pl.lit("wait less than nothing")),
            pl.when(abandoned & wait.is_null()).then(pl.lit("abandoned, wait missing or unreadable")),
        ]
        if waits:
            reasons += [pl.when(served & wait.is_null()).then(pl.lit("served, wait missing or unreadable"))]
    if columns.service_s or columns.ended:
        told = f"service over {options.long_service_s:g} s"
        reasons += [
            pl.when(service < 0).then(pl.lit("service less than nothing")),
            pl.when(served & service.is_null()).then(pl.lit("served, service missing or unreadable")),
            pl.when(service > options.long_service_s).then(pl.lit(told)),
        ]
    return reasons or [pl.lit(None, dtype=pl.String)]


def _fates(frame: pl.DataFrame) -> tuple[Fate, ...]:
    """Count the rows by what became of them, used ones first, then by number."""
    counted = frame.group_by("use", "reason").agg(rows=pl.len(), first_row=pl.col("row").min())
    rank = pl.col("use").replace_strict({"whole": 0, "arrival": 1, "none": 2}, return_dtype=pl.Int8)
    ordered = counted.sort(rank, -pl.col("rows").cast(pl.Int64), "reason")
    return tuple(
        Fate(**row) for row in ordered.select("use", "reason", "rows", "first_row").iter_rows(named=True)
    )
