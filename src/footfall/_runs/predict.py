"""The prediction for a run: exactly its arrivals, on the model as it was run."""

from dataclasses import dataclass
from html import escape
from os import PathLike
from pathlib import Path

import polars as pl

from footfall._measure.prediction import replications as replications_table
from footfall._measure.summary import measures
from footfall._records.errors import BadInputError, path_of
from footfall._records.runs import TRACE_FILE
from footfall._records.tables import write_csv, write_parquet
from footfall._runs.folder import measures_html
from footfall._runs.judgement import ORDINARY_FILE, PREDICTED_FILE, REPLICATIONS_FILE
from footfall._runs.messages import QUIET, Messages
from footfall._simulate.day import Replay, predictions
from footfall._workload.trace import Trace, read_trace

_REPLICATIONS_BY_ARRIVALS = ((2_000, 10), (20_000, 5))
"""So many replications up to so many arrivals: seconds, whatever the run. Large runs differ less."""
REPLICATIONS_LEAST = 3


def _replications_for(arrivals: int) -> int:
    """Number of replications of the prediction of a run with so many arrivals."""
    return next((n for most, n in _REPLICATIONS_BY_ARRIVALS if arrivals <= most), REPLICATIONS_LEAST)


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What the customers of a trace should meet, on the model as it is run."""

    visits: pl.DataFrame
    """A row a visit (columns of `VISITS`), of the first replication; times in seconds of the run."""
    ordinary: pl.DataFrame | None
    """The same without the scenario's outages; None: it has none."""
    replications: pl.DataFrame
    """Figures of each replication, with other service times and faults (columns of `REPLICATIONS`)."""

    @property
    def measures(self) -> pl.DataFrame:
        """Success, waits and response times by channel and operation (columns of `MEASURES`)."""
        return measures(self.visits, "predicted")

    def __repr__(self) -> str:
        """Return the number of visits and of replications."""
        count = self.replications["replication"].n_unique()
        return f"<Prediction of {self.visits.height:,} visits, {count} replications>"

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self)[1:-1])}</p>{measures_html(self.measures)}"


def predict(
    trace: Trace | PathLike[str] | str, *, replications: int | None = None, messages: Messages = QUIET
) -> Prediction:
    """Predict what the customers of a trace, or of a run's folder, should meet: the same arrivals, simulated.

    `replications` is how often it is simulated, with other service times and faults; by default 10 for up
    to 2,000 arrivals, 5 for up to 20,000, and 3 for more. Nothing is written.

        >>> import footfall as ff
        >>> trace = ff.make_trace(model="models/mm3.py", window="10min", speed=1)
        >>> ff.predict(trace, replications=2).visits.height == trace.arrivals.height
        True

    Raises:
        BadInputError: the folder holds no trace, or its load has no model to predict from.
    """
    found = trace if isinstance(trace, Trace) else read_trace(path_of(trace, "trace"))
    if not found.info.has_prediction:
        raise BadInputError("the trace", "has no model that says how the service behaves", "a scenario's")
    first, ordinary = _first(found, messages)
    count = _replications_for(found.arrivals.height) if replications is None else replications
    table = _replicated(found, first, count, messages)
    return Prediction(visits=first, ordinary=ordinary, replications=table)


def write_prediction(folder: Path, trace: Trace, messages: Messages = QUIET) -> None:
    """Write `visits.parquet`, and with an outage also what would have come without it.

    Raises:
        BadInputError: the folder cannot be written.
    """
    first, ordinary = _first(trace, messages)
    write_parquet(first, folder / PREDICTED_FILE)
    if ordinary is not None:
        write_parquet(ordinary, folder / ORDINARY_FILE)


def _replicate_prediction(
    folder: Path, trace: Trace, first: pl.DataFrame, messages: Messages = QUIET
) -> None:
    """Write `predicted.csv`: the figures of the visits predicted first, and of replications.

    Raises:
        BadInputError: the folder cannot be written.
    """
    count = _replications_for(trace.arrivals.height)
    write_csv(_replicated(trace, first, count, messages), folder / REPLICATIONS_FILE)


def predict_if_missing(folder: Path, messages: Messages = QUIET) -> None:
    """Do both for a run that Locust made by itself, and leave any other as it is.

    Raises:
        BadInputError: the trace is damaged, or the folder cannot be written.
    """
    if (folder / TRACE_FILE).exists() and not (folder / PREDICTED_FILE).exists():
        trace = read_trace(folder)
        if trace.info.has_prediction:
            write_prediction(folder, trace, messages)
            write_replications(folder, trace, messages)


def write_replications(folder: Path, trace: Trace, messages: Messages = QUIET) -> None:
    """Replicate the prediction that lies in a folder, unless that has been done.

    Raises:
        BadInputError: the folder cannot be written.
    """
    if not (folder / REPLICATIONS_FILE).exists():
        _replicate_prediction(folder, trace, pl.read_parquet(folder / PREDICTED_FILE), messages)


def _first(trace: Trace, messages: Messages) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """Give the visits of the first replication, and those without the outages, if there are any."""
    messages.note("predicting the same arrivals …")
    played = trace.played
    first = next(predictions(played, _replay(trace), range(1)))
    if not any(channel.outages for channel in played.channels):
        return first, None
    channels = tuple(channel.model_copy(update={"outages": ()}) for channel in played.channels)
    ordinary = played.model_copy(update={"channels": channels})
    return first, next(predictions(ordinary, _replay(trace), range(1)))


def _replicated(trace: Trace, first: pl.DataFrame, count: int, messages: Messages) -> pl.DataFrame:
    messages.note(f"predicting them {count - 1} times more, with other service times and faults …")
    more = predictions(trace.played, _replay(trace), range(1, count))
    return replications_table((first, *more))


def _replay(trace: Trace) -> Replay:
    info = trace.info
    return Replay(trace.arrivals, info.seed, info.replication, info.play.seconds)
