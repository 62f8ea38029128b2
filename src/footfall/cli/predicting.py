"""The prediction beside a played run: exactly its arrivals, on the model as it was played."""

from pathlib import Path

from footfall.cli.console import note
from footfall.cli.judging import ORDINARY_FILE, PREDICTED_FILE
from footfall.load.trace import TRACE_FILE, Trace, read_trace
from footfall.records.tables import write_parquet
from footfall.simulate.day import predict
from footfall.simulate.decide.as_played import as_played


def predict_played(folder: Path, trace: Trace) -> None:
    """Write `visits.parquet`, and with an outage also what would have come without it.

    Raises:
        BadInputError: the folder cannot be written.
    """
    note("predicting the same arrivals …")
    info = trace.info
    played = as_played(trace.model, info.play)
    visits = predict(played, trace.arrivals, info.seed, info.replication, info.play.seconds).visits
    write_parquet(visits, folder / PREDICTED_FILE)
    if any(channel.outages for channel in played.channels):
        channels = tuple(channel.model_copy(update={"outages": ()}) for channel in played.channels)
        ordinary = played.model_copy(update={"channels": channels})
        visits = predict(ordinary, trace.arrivals, info.seed, info.replication, info.play.seconds).visits
        write_parquet(visits, folder / ORDINARY_FILE)


def predict_if_missing(folder: Path) -> None:
    """Do so for a run that Locust played by itself, and leave any other as it is.

    Raises:
        BadInputError: the trace is damaged, or the folder cannot be written.
    """
    if (folder / TRACE_FILE).exists() and not (folder / PREDICTED_FILE).exists():
        predict_played(folder, read_trace(folder))
