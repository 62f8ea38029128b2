"""The files of a run as the evidence that criteria are held against."""

from pathlib import Path

import polars as pl

from footfall.load.result_files import HITS_FILE
from footfall.load.result_files import VISITS_FILE as MEASURED_FILE
from footfall.measure.run_data import RunData
from footfall.records.errors import BadInputError
from footfall.records.runs import Manifest
from footfall.records.tables import ARRIVALS, HITS, REPLICATIONS, VISITS, read_csv, read_parquet
from footfall.workload.trace import ARRIVALS_FILE

PREDICTED_FILE = "visits.parquet"
REPLICATIONS_FILE = "predicted.csv"
"""Figures of the prediction, replication by replication; `PREDICTED_FILE` holds the visits of the first."""
ORDINARY_FILE = "visits-ordinary.parquet"
"""Prediction for the same arrivals without the scenario's outages: what spill is measured from."""


def visits_of(folder: Path, name: str) -> pl.DataFrame | None:
    """Give one table of visits of a run, None when it has none.

    Raises:
        BadInputError: the file is damaged.
    """
    path = folder / name
    return read_parquet(path, VISITS) if path.exists() else None


def evidence_of(folder: Path, manifest: Manifest) -> RunData:
    """Read what a run has to show for itself.

    Raises:
        BadInputError: it holds no visits, or a file is damaged.
    """
    predicted, measured = visits_of(folder, PREDICTED_FILE), visits_of(folder, MEASURED_FILE)
    if predicted is None and measured is None:
        raise BadInputError(str(folder), "holds no visits", f"{PREDICTED_FILE} or {MEASURED_FILE}")
    trace = folder / ARRIVALS_FILE
    arrivals = read_parquet(trace, ARRIVALS) if trace.exists() else None
    return RunData(
        manifest=manifest,
        predicted=predicted,
        measured=measured,
        replications=replications_of(folder),
        arrivals=arrivals,
        hits=read_parquet(folder / HITS_FILE, HITS) if (folder / HITS_FILE).is_file() else None,
    )


def replications_of(folder: Path) -> pl.DataFrame | None:
    """Read the replications of a run's prediction (`REPLICATIONS`), None where it has none.

    Raises:
        BadInputError: the file is damaged.
    """
    path = folder / REPLICATIONS_FILE
    return read_csv(path, REPLICATIONS) if path.exists() else None
