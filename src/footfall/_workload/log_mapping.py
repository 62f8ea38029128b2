"""The mapping: which columns of a log mean what, and how it is to be read."""

from datetime import date
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal, Self, TypeVar, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AliasChoices, ConfigDict, Field, ValidationError, model_validator

from footfall._model.numbers import Spec
from footfall._records.errors import BadInputError, in_words
from footfall._records.rows import OUTCOMES
from footfall._records.toml_lines import at_line, parsed_toml

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_Spec = TypeVar("_Spec", bound=Spec)
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
IGNORED = "ignored"
"""Outcome of rows that are no customers: tests, phantoms, calls that never asked for the station."""
UNIT_S = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0}

EXAMPLE = """\
# Columns of your file; only `arrived` must be there. A wait is `began` or `left` minus `arrived`, or
# `wait_s`; a service is `ended` minus `began`, or `service_s`.
[columns]
arrived = "time"          # when the customer joined the queue, or would have joined it
wait_s = "wait"           # seconds in the queue; or began = "…" and left = "…", clock times
service_s = "talk"        # seconds of service; or ended = "…", a clock time
outcome = "result"        # how it ended; without it, a row with a service time was served
class = "topic"           # what kind of customer or request; without it, all are one kind
agent = "agent"           # who served; without it, the staff is the most served at once
customer = "customer"     # who called; without it, nothing is known of calling again
# Where a row is the count of an interval that begins at `arrived`, name these alone:
# count = "offered"       # arrivals; served_count, abandoned_count and service_s_mean may be named, too

# What your words for the outcome mean; * stands for anything, as in "5*".
[outcomes]
served = ["answered"]
abandoned = ["hung up"]
ignored = ["test", "wrong number"]

[options]
station = "hotline"       # or "hall", or "web"
short_service_s = 10      # shorter services are load, but not fitted
# time_format = "%d/%m/%Y %H:%M:%S"   # where times are not in a usual form
# timezone = "Europe/Berlin"          # clocks of the place
on_duty_gap_min = 20      # an agent without a call for longer was off duty
weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday"]
"""


def _is_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError) as error:
        msg = f"{name!r} is not a time zone"
        raise ValueError(msg) from error
    return name


def _rise(hours: tuple[float, ...]) -> tuple[float, ...]:
    if list(hours) != sorted(set(hours)) or any(not 0 < hour < 24 for hour in hours):  # noqa: PLR2004  hours of a day
        msg = "hours rise, between 0 and 24"
        raise ValueError(msg)
    return hours


class Columns(Spec):
    """Names of the log's columns, by their meaning."""

    model_config = ConfigDict(populate_by_name=True)

    arrived: str
    """When the customer joined the queue, or would have joined it."""
    date: str | None = None
    """Day of the clock times, where they stand without one."""
    began: str | None = None
    ended: str | None = None
    left: str | None = None
    """When one who abandoned left."""
    wait_s: str | None = None
    service_s: str | None = None
    outcome: str | None = None
    kind: Annotated[str | None, Field(alias="class")] = None
    agent: str | None = None
    customer: str | None = None
    count: str | None = None
    """Arrivals of the interval that begins at `arrived`: then a row is no customer."""
    served_count: str | None = None
    abandoned_count: str | None = None
    service_s_mean: str | None = None
    """Mean service time of the interval's served."""

    @model_validator(mode="after")
    def _times_fit(self) -> Self:
        counted = {"served_count", "abandoned_count", "service_s_mean"}
        if self.count is None and (given := sorted(name for name in counted if getattr(self, name))):
            msg = f"`{given[0]}` needs `count`"
            raise ValueError(msg)
        single = ("began", "ended", "left", "wait_s", "service_s", "outcome", "agent", "customer")
        if self.count is not None and (given := [name for name in single if getattr(self, name)]):
            msg = f"`{given[0]}` is of one customer and `count` of many: name one of them"
            raise ValueError(msg)
        if self.ended and not self.began:
            msg = "`ended` needs `began`"
            raise ValueError(msg)
        return self


class Options(Spec):
    """How the log is to be read, and what is to be fitted."""

    model_config = ConfigDict(populate_by_name=True)

    station: Literal["hotline", "hall", "web"] = "hotline"
    name: Annotated[str, Field(pattern=r"^[A-Za-z]\w{0,39}$")] | None = None
    """Name of the model; None: the log's file name."""
    time_format: str | tuple[str, ...] | None = None
    """Of clock times that are text, such as "%d/%m/%Y %H:%M:%S", or several;
    None: ISO 8601 and like forms."""
    timezone: Annotated[str, AfterValidator(_is_zone)] | None = None
    """Times with an offset from UTC are converted to this zone; None: to UTC."""
    interval_min: Annotated[float, Field(gt=0, le=60)] | None = None
    """Length of the intervals of `count`; None: what most often lies between two rows."""
    duration_unit: Literal["s", "ms", "us", "ns", "min", "h"] = "s"
    """Unit of the columns `wait_s`, `service_s` and `service_s_mean`, where the cells are plain numbers."""
    decimal: Literal[".", ","] | None = None
    """Mark before the fraction of a number; None: found out."""
    encoding: str | None = None
    """Of a text file, such as "gb18030"; None: found out."""
    separator: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    """Between the cells of a line; None: found out."""
    sheet: str | None = None
    """Of a spreadsheet with several; None: the first."""
    clock_tolerance_s: Annotated[float, Field(ge=0)] = 2.0
    """Clocks may disagree by so much: a wait or service that is less than nothing by no more is nothing."""
    first_day: Annotated[date | None, Field(alias="from")] = None
    last_day: Annotated[date | None, Field(alias="until")] = None
    """This day included."""
    weekdays: tuple[Weekday, ...] = WEEKDAYS
    low_day_share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Days with fewer than this share of their weekday's median are set aside: holidays, gaps."""
    classes: tuple[str, ...] = ()
    """Only these; empty: all."""
    class_rows_least: Annotated[int, Field(ge=1)] = 50
    """Rarer classes are taken together as `other`."""
    classes_most: Annotated[int, Field(ge=1, le=40)] = 8
    day_parts_h: Annotated[tuple[float, ...], AfterValidator(_rise)] = ()
    """Hours that divide the day into parts, each class fitted apart in each; such as [20]."""
    short_service_s: Annotated[float, Field(ge=0)] = 0.0
    """Shorter services stay in the load but are not fitted."""
    long_service_s: Annotated[float, Field(gt=0)] = 7200.0
    """Longer services are taken for a mistake of the clock: the row counts as an arrival only."""
    anonymous: tuple[str, ...] = Field((), validation_alias=AliasChoices("anonymous", "nobody"))
    """Words in the columns `agent` and `customer` that name no person, such as "0" or "NO_SERVER"."""
    on_duty_gap_min: Annotated[float, Field(gt=0)] = 20.0
    """An agent is on duty from one service to the next where no more than this lies between."""
    wrap_up: bool = True
    """Whether the time that agents take between two calls while a customer waits is fitted."""
    redial: bool = True
    """Whether callers who come again after they abandoned are fitted, and their calls no arrivals."""

    @model_validator(mode="before")
    @classmethod
    def _one_name(cls, data: Any) -> Any:  # noqa: ANN401  TOML
        if isinstance(data, dict) and {"anonymous", "nobody"} <= data.keys():
            msg = "nobody is the former name of anonymous, and the file has both; expected anonymous alone"
            raise ValueError(msg)
        return data


class Mapping(Spec):
    """A whole mapping."""

    columns: Columns
    outcomes: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    options: Options = Options()

    @model_validator(mode="after")
    def _outcomes_are_known(self) -> Self:
        known = {*OUTCOMES, IGNORED}
        unknown = sorted(set(self.outcomes) - known)
        if unknown:
            msg = f"{unknown[0]!r} is not an outcome; known: {', '.join((*OUTCOMES, IGNORED))}"
            raise ValueError(msg)
        if self.outcomes and self.columns.outcome is None:
            msg = "[outcomes] needs `outcome` in [columns]"
            raise ValueError(msg)
        return self

    def outcome_of(self, word: str) -> str | None:
        """Give what a word of the log means; None: the mapping does not say."""
        for outcome, patterns in self.outcomes.items():
            if any(fnmatchcase(word, pattern) for pattern in patterns):
                return outcome
        return word if not self.outcomes and word in OUTCOMES else None


def read_mapping(text: str, where: str) -> Mapping:
    """Read a mapping from the text of a TOML file.

    Raises:
        BadInputError: it is no TOML, or a key or value is wrong; the line names it.
    """
    data = parsed_toml(text, where, "what `footfall fit --example` prints")
    return mapping_of(data, where, text)


def mapping_of(data: dict[str, Any], where: str, text: str = "") -> Mapping:
    """Check a mapping that is data already; with its text, errors name the line.

    Raises:
        BadInputError: a key or value is wrong; the line names it.
    """
    return checked(Mapping, data, where, "a mapping as `footfall fit --example` prints", text)


def checked(kind: type[_Spec], data: dict[str, Any], where: str, expected: str, text: str = "") -> _Spec:
    """Check data of a TOML file as a spec of some kind; with its text, errors name the line.

    Raises:
        BadInputError: a key or value is wrong; the line names it.
    """
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = at_line(where, text, first["loc"]) if text else where
        place, problem, wanted = in_words(first, where, expected, _fields_next_to(kind, first["loc"]))
        if wanted != expected:
            wanted = f"{wanted}, in {expected}" if wanted else expected
        raise BadInputError(place, problem, wanted) from error


def _fields_next_to(kind: type[Spec], loc: tuple[int | str, ...]) -> list[str]:
    """Return the keys of the table in which a key is."""
    for step in loc[:-1]:
        inner = kind.model_fields[str(step)].annotation if str(step) in kind.model_fields else None
        if not (isinstance(inner, type) and issubclass(inner, Spec)):
            return []
        kind = inner
    return [field.alias or name for name, field in kind.model_fields.items()]
