"""Figures of the service under load: means by window, and their summary over a run."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from footfall._records.server_record import ServerSummary


def mean_by_window(
    rows: pl.DataFrame, windows: Sequence[tuple[float, float]], *, source: str = "process", name: str = "cpu"
) -> list[float | None]:
    """Return the mean over time of one figure in each window (from, to) of a run, in seconds of its clock.

    `rows` is a table of `SERVER_ROWS`. A value stands for the time since the source was last read, as a rate
    does, so a window that ends between two readings gets its part of the later one. By default it is the CPU
    of the service's processes in cores: divided by throughput this is the CPU demand of a request,
    U = X · D (Denning and Buzen, 1978). None: nothing was read that covers the window.
    """
    read_at, values = _readings(rows.filter(pl.col("source") == source), name)
    means: list[float | None] = []
    for from_s, to_s in windows:
        covered_s = np.minimum(read_at[1], to_s) - np.maximum(read_at[0], from_s)
        weights = np.maximum(covered_s, 0.0)
        total_s = float(weights.sum())
        means.append(float(values @ weights) / total_s if total_s > 0 else None)
    return means


def summaries(rows: pl.DataFrame, from_s: float, to_s: float) -> tuple[ServerSummary, ...]:
    """Return mean and extremes of each figure between two seconds of a run.

    The mean is that of `mean_by_window`; without a reading that covers a time, the mean of the readings.
    """
    within = rows.filter((pl.col("second") > from_s) & (pl.col("second") <= to_s))
    found = []
    for (source, name, unit), values in within.group_by("source", "name", "unit", maintain_order=True):
        column = values["value"]
        (mean,) = mean_by_window(rows, [(from_s, to_s)], source=str(source), name=str(name))
        found.append(
            ServerSummary(
                source=str(source),
                name=str(name),
                unit=str(unit),
                samples=values.height,
                mean=float(np.mean(column.to_numpy())) if mean is None else mean,
                most=float(np.max(column.to_numpy())),
                least=float(np.min(column.to_numpy())),
            )
        )
    return tuple(sorted(found, key=lambda each: (each.source, each.name)))


def _readings(of_source: pl.DataFrame, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return since when each value of a figure holds and until when, and the values."""
    times = of_source.select(pl.col("second").unique().sort()).with_columns(
        pl.col("second").shift(1).alias("since_s")
    )
    values = (
        of_source.filter(pl.col("name") == name)
        .join(times, on="second", how="left")
        .drop_nulls("since_s")
        .sort("second")
    )
    spans = np.array([values["since_s"].to_numpy(), values["second"].to_numpy()])
    return spans, values["value"].to_numpy()
