"""The prediction beside a played run: exactly its arrivals, on the model as it was played."""

from pathlib import Path

import polars as pl

from footfall.measure.prediction import replications
from footfall.records.runs import TRACE_FILE
from footfall.records.tables import write_csv, write_parquet
from footfall.runs.judge import ORDINARY_FILE, PREDICTED_FILE, REPLICATIONS_FILE
from footfall.runs.messages import QUIET, Messages
from footfall.simulate.day import Replay, predictions
from footfall.workload.trace import Trace, read_trace

REPLICATIONS_BY_ARRIVALS = ((2_000, 10), (20_000, 5))
"""So many replications up to so many arrivals: seconds, whatever the run. Large runs differ less."""
REPLICATIONS_LEAST = 3


def replications_for(arrivals: int) -> int:
    """Number of replications of the prediction of a run with so many arrivals."""
    return next((n for most, n in REPLICATIONS_BY_ARRIVALS if arrivals <= most), REPLICATIONS_LEAST)


def predict_played(folder: Path, trace: Trace, messages: Messages = QUIET) -> None:
    """Write `visits.parquet`, and with an outage also what would have come without it.

    Raises:
        BadInputError: the folder cannot be written.
    """
    messages.note("predicting the same arrivals …")
    played = trace.played
    write_parquet(next(predictions(played, _replay(trace), range(1))), folder / PREDICTED_FILE)
    if any(channel.outages for channel in played.channels):
        channels = tuple(channel.model_copy(update={"outages": ()}) for channel in played.channels)
        ordinary = played.model_copy(update={"channels": channels})
        write_parquet(next(predictions(ordinary, _replay(trace), range(1))), folder / ORDINARY_FILE)


def replicate_prediction(folder: Path, trace: Trace, first: pl.DataFrame, messages: Messages = QUIET) -> None:
    """Write `predicted.csv`: the figures of the visits predicted first, and of replications.

    Raises:
        BadInputError: the folder cannot be written.
    """
    count = replications_for(trace.arrivals.height)
    messages.note(f"predicting them {count - 1} times more, with other service times and faults …")
    more = predictions(trace.played, _replay(trace), range(1, count))
    write_csv(replications((first, *more)), folder / REPLICATIONS_FILE)


def predict_if_missing(folder: Path, messages: Messages = QUIET) -> None:
    """Do both for a run that Locust played by itself, and leave any other as it is.

    Raises:
        BadInputError: the trace is damaged, or the folder cannot be written.
    """
    if (folder / TRACE_FILE).exists() and not (folder / PREDICTED_FILE).exists():
        trace = read_trace(folder)
        if trace.info.has_prediction:
            predict_played(folder, trace, messages)
            replicate_played(folder, trace, messages)


def replicate_played(folder: Path, trace: Trace, messages: Messages = QUIET) -> None:
    """Replicate the prediction that lies in a folder, unless that has been done.

    Raises:
        BadInputError: the folder cannot be written.
    """
    if not (folder / REPLICATIONS_FILE).exists():
        replicate_prediction(folder, trace, pl.read_parquet(folder / PREDICTED_FILE), messages)


def _replay(trace: Trace) -> Replay:
    info = trace.info
    return Replay(trace.arrivals, info.seed, info.replication, info.play.seconds)
