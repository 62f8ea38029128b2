"""A trace: which customers come at which second of the run, cut from a simulated day; its files."""

from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import AliasChoices, Field, ValidationError, ValidationInfo, field_validator

from footfall._behaviour import keyed
from footfall._behaviour.load_model import RunPace, as_played
from footfall._criteria.lists import criteria_of
from footfall._criteria.objects import Criterion
from footfall._model.model import Model
from footfall._model.model_files import MODEL_FILE, read_model, write_model
from footfall._model.numbers import DAY_S, Spec
from footfall._records.errors import NUMBER_MOST, BadInputError
from footfall._records.runs import TRACE_FILE, read_limited
from footfall._records.tables import ARRIVALS, html_table, read_parquet, write_parquet, write_text

ARRIVALS_FILE = "arrivals.parquet"
_GRID_S = 10.0
_SEED_END = 2**63
_DUE_S_OVER = 1e-6
_THIN = -4
"""A replication number of its own: who is left out does not depend on the day's random numbers."""


class LogInfo(Spec):
    """What became of the rows of the log that a trace replays."""

    name: str
    """Of the file, without its folder."""
    rows: int
    unreadable: int
    """Rows without a readable time."""
    first_unreadable: int | None = None
    """Number of the line of the first of them, from 1."""
    unreadable_example: str | None = None
    """What stands there."""
    unmatched: int = Field(0, validation_alias=AliasChoices("unmatched", "no_errand"))
    """Requests that match no rule."""
    unmatched_examples: tuple[str, ...] = Field(
        (), validation_alias=AliasChoices("unmatched_examples", "no_errand_examples")
    )
    """Paths of some of them."""
    by_rule: dict[str, int] = Field(default_factory=dict)
    """Requests that each rule names, in the order of the rules."""
    form: str = ""
    """How the log was read."""


class TraceInfo(Spec):
    """Where a trace comes from: all that is needed to make it again, and to run it."""

    model: str
    """Path of the model file, as it was given."""
    fingerprint: str
    """Of the model with its changes."""
    scenario: str | None = None
    seed: int
    replication: int = 0
    play: RunPace
    scale: float = 1.0
    """Share of the customers that are kept."""
    subscribers: int
    """Accounts that the arrivals use in turn."""
    changes: tuple[str, ...] = ()
    """`path=value` of every number that differs from the model file."""
    endpoints: str | None = None
    """Path of the file that maps operations to a service's own requests, as the scenario gives it."""
    left_out: dict[str, int] = Field(default_factory=dict)
    """Arrivals that are not in the trace because nothing is mapped for them, by channel.operation."""
    log: LogInfo | None = None
    """The log that is replayed; None: a simulated day."""
    criteria: tuple[Criterion, ...] = ()
    """What the scenario asks of a run, so that it can be judged wherever its folder is."""
    has_prediction: bool = True
    """Whether the model says how the service behaves; a load without a model has none to compare with."""
    arrivals: int = 0
    arrivals_by_channel: dict[str, int] = Field(default_factory=dict)
    """First choices."""

    @field_validator("criteria", mode="before")
    @classmethod
    def _parsed(cls, given: Any, info: ValidationInfo) -> tuple[Criterion, ...]:  # noqa: ANN401  whatever a file holds
        """Parse what is given as text."""
        return criteria_of(given, f"scenario {info.data.get('scenario')}")


@dataclass(frozen=True)
class Trace:
    """A trace: the arrivals of a run, and the model and settings that they were made with."""

    info: TraceInfo
    model: Model
    """The model with its changes, on the clock of the day."""
    arrivals: pl.DataFrame
    """Columns of `ARRIVALS`, sorted by `due_s`."""

    @cached_property
    def played(self) -> Model:
        """The model as it is run: on the clock of the run, with people's own time shortened."""
        return as_played(self.model, self.info.play)

    def __repr__(self) -> str:
        """Return the scenario or model, the number of arrivals, and how long the run takes."""
        pace = self.info.play
        name = self.info.scenario or self.model.name
        return f"<Trace {name}: {self.arrivals.height:,} arrivals in {pace.length_s / pace.speed:g} s>"

    def _repr_html_(self) -> str:
        counts = self.arrivals.group_by("channel", "operation").len().sort("channel", "operation")
        rows = [(channel, operation, f"{n:,}") for channel, operation, n in counts.iter_rows()]
        heads = ("first channel", "operation", "arrivals")
        return f"<p><b>{escape(repr(self)[1:-1])}</b></p>{html_table(heads, rows)}"


def busiest_window(at_s: NDArray[np.float64], length_s: float, ends_s: float = DAY_S) -> float:
    """Start (on a grid of 10 s) of the window with the most arrivals, of those that end by `ends_s`.

    `at_s` is sorted; of equal windows the first.

    Raises:
        BadInputError: the window is empty or longer than all there is, by default a day.
    """
    if not 0 < length_s <= ends_s:
        most = "a day" if ends_s == DAY_S else f"{ends_s:g} s"
        raise BadInputError("window", f"{length_s:g} s", f"more than 0 s, at most {most}")
    starts_s = np.arange(0.0, ends_s - length_s + _GRID_S / 2, _GRID_S)
    counts = np.searchsorted(at_s, starts_s + length_s) - np.searchsorted(at_s, starts_s)
    return float(starts_s[int(np.argmax(counts))])


def cut(arrivals: pl.DataFrame, pace: RunPace, scale: float, subscribers: int) -> pl.DataFrame:
    """Arrivals of the window (columns of `ARRIVALS`), due on the clock of the run: (at - start) / speed.

    `arrivals` has the columns at_s, customer, segment, operation, channel and is sorted by at_s. At a
    larger scale come the same customers and more.

    Raises:
        BadInputError: scale, speed, window or subscribers are impossible.
    """
    if not 0 < scale <= 1:
        raise BadInputError("scale", f"{scale:g}", "above 0, at most 1: a share of those who come")
    if not (pace.speed > 0 and pace.length_s > 0):
        raise BadInputError("speed and window", f"{pace.speed:g} and {pace.length_s:g} s", "above 0")
    if subscribers < 1:
        raise BadInputError("subscribers", f"{subscribers}", "at least 1")
    ends_s = pace.starts_s + pace.length_s
    inside = arrivals.filter((pl.col("at_s") >= pace.starts_s) & (pl.col("at_s") < ends_s))
    kept = inside.filter(pl.Series(_thin(inside) < scale, dtype=pl.Boolean))
    row = pl.int_range(pl.len(), dtype=pl.Int64)
    return kept.with_columns(
        arrival=row,
        due_s=(pl.col("at_s") - pace.starts_s) / pace.speed,
        subscriber=row % subscribers,
    ).select([pl.col(name).cast(kind) for name, kind in ARRIVALS.items()])


def random_choice(people: pl.DataFrame, count: int) -> pl.DataFrame:
    """Give `count` of the people (at least as many rows), each as likely, in their order."""
    chosen = np.sort(np.argsort(_thin(people), kind="stable")[:count])
    return people[chosen]


def _thin(people: pl.DataFrame) -> NDArray[np.float64]:
    """Give each customer's uniform number by which they are left out."""
    return keyed.uniforms(keyed.customer_keys(keyed.run_key(0, _THIN), people["customer"].to_numpy()), "thin")


def write_trace(folder: Path, trace: Trace) -> TraceInfo:
    """Write the three files of a trace, `trace.json` last: where it is, all is there; gives its content.

    Raises:
        BadInputError: the folder cannot be written.
    """
    write_parquet(trace.arrivals, folder / ARRIVALS_FILE)
    write_model(trace.model, folder / MODEL_FILE)
    counts = trace.arrivals.group_by("channel").len().sort("channel")
    info = trace.info.model_copy(
        update={"arrivals": trace.arrivals.height, "arrivals_by_channel": dict(counts.iter_rows())}
    )
    write_text(info.model_dump_json(indent=2) + "\n", folder / TRACE_FILE)
    return info


def read_trace(path: Path) -> Trace:
    """Read a trace from its folder (or from the path of its `arrivals.parquet`).

    Raises:
        BadInputError: a file is missing or damaged, or they do not belong together.
    """
    folder = path.parent if path.name == ARRIVALS_FILE else path
    info = read_info(folder / TRACE_FILE)
    model = read_model(folder / MODEL_FILE)
    if model.fingerprint() != info.fingerprint:
        raise BadInputError(str(folder), f"{MODEL_FILE} is not the model of {TRACE_FILE}", "one trace")
    arrivals = read_parquet(folder / ARRIVALS_FILE, ARRIVALS)
    if arrivals.height != info.arrivals:
        found = f"{arrivals.height} arrivals instead of {info.arrivals}"
        raise BadInputError(str(folder / ARRIVALS_FILE), found, f"the arrivals of {TRACE_FILE}")
    _check_arrivals(arrivals, model, info, folder / ARRIVALS_FILE)
    return Trace(info=info, model=model, arrivals=arrivals)


def read_info(path: Path) -> TraceInfo:
    """Read what a trace says of itself.

    Raises:
        BadInputError: there is no such file, or it is damaged.
    """
    text = read_limited(path, "the folder of a trace made by footfall trace")
    try:
        info = TraceInfo.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise BadInputError(str(path), f"damaged ({where} {first['msg']})", "a trace") from error
    _check_info(info, path)
    return info


def _check_info(info: TraceInfo, path: Path) -> None:
    """See that the numbers of a trace are such as a run can have; a file may have been edited.

    Raises:
        BadInputError: one is not.
    """
    pace = info.play
    rules = (
        ("play.starts_s", pace.starts_s, 0 <= pace.starts_s <= NUMBER_MOST, "0 or more"),
        ("play.length_s", pace.length_s, 0 < pace.length_s <= NUMBER_MOST, "above 0"),
        ("play.speed", pace.speed, 0 < pace.speed <= NUMBER_MOST, "above 0"),
        (
            "play.human_time_factor",
            pace.human_time_factor,
            0 <= pace.human_time_factor <= NUMBER_MOST,
            "0 or more",
        ),
        ("scale", info.scale, 0 < info.scale <= NUMBER_MOST, "above 0"),
        ("subscribers", info.subscribers, 1 <= info.subscribers <= NUMBER_MOST, "1 or more"),
        ("seed", info.seed, 0 <= info.seed < _SEED_END, "0 to 2^63 - 1"),
        ("replication", info.replication, abs(info.replication) < _SEED_END, "a whole number of 63 bits"),
    )
    for name, value, holds, expected in rules:
        if not holds:
            raise BadInputError(str(path), f"{name} is {value}", expected)


def _check_arrivals(arrivals: pl.DataFrame, model: Model, info: TraceInfo, path: Path) -> None:
    """See that each row is an arrival that can be run.

    Raises:
        BadInputError: one is not; the line names the first.
    """
    times = ("due_s", "at_s")
    laws = {
        "no empty cell": pl.all_horizontal(pl.all().is_not_null()),
        "finite times, none negative": pl.all_horizontal(
            pl.col(name).is_finite() & (pl.col(name) >= 0) for name in times
        ),
        "due within the run": pl.col("due_s") <= info.play.seconds + _DUE_S_OVER,
        "in the order of due_s": pl.col("due_s") >= pl.col("due_s").shift(1, fill_value=0.0),
        "rows numbered from 0": pl.col("arrival") == pl.int_range(pl.len(), dtype=pl.Int64),
        "each customer once": pl.col("customer").is_unique() & (pl.col("customer") >= 0),
        "accounts that there are": pl.col("subscriber").is_between(0, info.subscribers - 1),
        "a channel of the model": pl.col("channel").is_in([each.name for each in model.channels]),
        "an operation of the model": pl.col("operation").is_in(model.operations),
        "a segment of the model": pl.col("segment").is_in([each.name for each in model.segments]),
    }
    for law, holds in laws.items():
        broken = arrivals.with_row_index("row").filter(~holds.fill_null(value=False))
        if not broken.is_empty():
            problem = f"row {broken['row'][0]} breaks: {law}"
            raise BadInputError(str(path), problem, f"the arrivals of {TRACE_FILE}")
