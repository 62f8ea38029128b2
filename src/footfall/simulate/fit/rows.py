"""A log's rows by the mapping: what each is used for, and why it is not used for more."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from footfall.records.errors import BadInputError
from footfall.records.log_file import Table
from footfall.records.outcomes import Outcome
from footfall.simulate.fit.cells import NO_ARRIVAL, UNREADABLE_ARRIVAL, Cells, read_cells
from footfall.simulate.fit.kinds import kinds
from footfall.simulate.fit.mapping import IGNORED, WEEKDAYS, Mapping
from footfall.simulate.spec.base import DAY_S, HALF_HOUR_S

Use = Literal["whole", "arrival", "none"]
WHOLE = "used whole"
_HELPERS = ("use", "reason", "word", "empty", "nowhere", "doubtful", "zero")
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
    """Number of the first of them among the rows, from 1; 0: it is a line that is no row of the table."""
    where: str = ""
    """Where the first of them stands in the file."""
    example: str | None = None
    """What the cell of the first holds that cannot be read, and which option would help."""

    @property
    def place(self) -> str:
        """Where the first of them stands."""
        return self.where or f"row {self.first_row:,}"


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a log that can be used, and the fate of all."""

    frame: pl.DataFrame
    """In order of arrival: row, day, weekday, half_hour, at_s, kind, outcome, wait_s, service_s, began_s,
    ended_s, agent, customer. Times are wall-clock seconds since 1970; unknown is null."""
    read: int
    fates: tuple[Fate, ...]
    """Their rows add up to `read`."""
    notes: tuple[str, ...] = ()
    """What was taken for what, where the log leaves it open."""


def rows_of(log: pl.DataFrame | Table, mapping: Mapping) -> Rows:
    """Read a log by its mapping.

    Raises:
        BadInputError: the log has no such column, no cell of a column can be read, or no row can be used.
    """
    log = log if isinstance(log, Table) else Table(log)
    cells = read_cells(log, mapping)
    frame = _derived(cells.frame, mapping)
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
    fates = _fates(frame, log, cells)
    used = frame.filter(pl.col("use") != "none")
    if used.is_empty():
        problem = f"none of {frame.height:,} rows can be used: {_most_frequent(fates)}"
        raise BadInputError("the log", problem, "rows that the mapping describes")
    if used.filter(pl.col("use") == "whole").is_empty():
        problem = f"none of {used.height:,} rows has times that can be right: {_most_frequent(fates)}"
        raise BadInputError("the log", problem, "other columns or units; or no columns of waits and services")
    notes = (*log.notes, *_notes(used, mapping))
    whole = pl.col("use") == "whole"
    times = ("wait_s", "service_s", "began_s", "ended_s")
    used = used.with_columns(
        *(pl.when(whole & pl.col(name).is_not_null()).then(name).otherwise(None) for name in times),
        kinds(used["kind"], used["at_s"], mapping.options),
    )
    read = frame.height + len(log.aside)
    return Rows(used.drop(*_HELPERS).sort("at_s", "row"), read, fates, notes)


def _most_frequent(fates: Sequence[Fate]) -> str:
    """Say why most rows are not used whole, and which is the first."""
    most = max(fates, key=lambda fate: fate.rows)
    told = f"{most.reason} ({most.rows:,} rows, the first is {most.place})"
    return told if most.example is None else f"{told}: {most.example}"


def _derived(frame: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    """Give outcome, wait and service, from clocks or as they are given; differences are of instants."""
    columns, tolerance_s = mapping.columns, mapping.options.clock_tolerance_s
    began, arrived = pl.col("began"), pl.col("arrived")
    service = pl.col("given_service_s") if columns.service_s else pl.col("ended_after_began_s")
    frame = frame.with_columns(service_s=_nearly(service, tolerance_s))
    frame = frame.with_columns(
        outcome=_outcome(frame, mapping),
        zero=pl.lit(value=columns.outcome is None and mapping.options.station != "web")
        & (pl.col("service_s") == 0),
    )
    left = pl.col("outcome") == Outcome.ABANDONED.value
    waited = pl.col("began_after_arrived_s")
    clocks = pl.when(left).then(pl.coalesce("left_after_arrived_s", waited)).otherwise(waited)
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
        empty="empty",
        nowhere="nowhere",
        doubtful="doubtful",
        zero="zero",
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
        if mapping.options.station != "web":
            # Talk of 0 s is how switches write that nobody answered.
            is_zero = pl.col("service_s").fill_null(1.0) == 0
            has_service, waited = has_service & ~is_zero, waited | is_zero
        return pl.when(has_service).then(served).when(waited).then(left).otherwise(served)
    meaning = {word: mapping.outcome_of(word) for word in frame["word"].drop_nulls().unique()}
    return pl.col("word").replace_strict(meaning, default=None, return_dtype=pl.String)


def _set_aside(frame: pl.DataFrame, mapping: Mapping) -> pl.Expr:
    """Give why a row is not used at all, null for the others; the first reason counts."""
    options = mapping.options
    word, outcome, day = pl.col("word"), pl.col("outcome"), pl.col("day")
    # Polars gives each link of a chain a type of its own.
    reasons: Any = (
        pl.when(pl.col("at_s").is_null() & pl.col("empty"))
        .then(pl.lit(NO_ARRIVAL))
        .when(pl.col("at_s").is_null())
        .then(pl.lit(UNREADABLE_ARRIVAL))
        .when(pl.col("nowhere"))
        .then(pl.lit(f"a time that the clocks of {options.timezone} left out"))
    )
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
    reasons: list[pl.Expr] = [
        pl.when(pl.col("doubtful")).then(
            pl.lit("in the hour that the clocks showed twice: wait or service unknown")
        )
    ]
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
    return reasons


def _fates(frame: pl.DataFrame, log: Table, cells: Cells) -> tuple[Fate, ...]:
    """Count the rows by what became of them, used ones first, then by number."""
    counted = frame.group_by("use", "reason").agg(rows=pl.len(), first_row=pl.col("row").min())
    rank = {"whole": 0, "arrival": 1, "none": 2}
    found = [
        Fate(
            **row,
            where=log.place(row["first_row"] - 1),
            example=cells.example(row["reason"], row["first_row"]),
        )
        for row in counted.iter_rows(named=True)
    ]
    found += set_aside(log)
    return tuple(sorted(found, key=lambda fate: (rank[fate.use], -fate.rows, fate.reason)))


def set_aside(log: Table) -> list[Fate]:
    """Count the lines of a file that are no rows of its table."""
    found = []
    for reason in {each.reason for each in log.aside}:
        lines = [each.line for each in log.aside if each.reason == reason]
        found.append(Fate("none", reason, len(lines), 0, log.place_of(min(lines))))
    return found


def _notes(used: pl.DataFrame, mapping: Mapping) -> list[str]:
    """Say what was taken for what."""
    notes = []
    if zero := int(used["zero"].sum()):
        notes.append(f"{zero:,} rows have a service of 0 s and no outcome: taken as abandoned")
    if twice := int(used["doubtful"].sum()):
        notes.append(
            f"{twice:,} rows are in the hour that the clocks of {mapping.options.timezone} showed twice, "
            "and leave open which: they count as arrivals only"
        )
    return notes
