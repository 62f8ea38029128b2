"""The figures of a run at some load, by one definition for what is simulated and what was measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall._calibrate.request_log import Floats, RequestLog
from footfall._calibrate.station_runs import SimulatedRuns
from footfall._measure.summary import ALL, SERVED, measures

Booleans = NDArray[np.bool_]
ALL_CHANNELS = ALL
THROUGHPUT, SUCCESS = "throughput_per_s", "success_share"
QUANTILES = (0.5, 0.95, 0.99)
TIMES = tuple(f"response_s_p{100 * each:g}" for each in QUANTILES)
FIGURES = (THROUGHPUT, SUCCESS, *TIMES)
"""Of requests: served per second while they came, share served of all sent, response times of the served."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RequestSample:
    """Requests of one channel as (requests, runs) arrays: a column a run."""

    sent_s: Floats
    response_s: Floats
    is_present: Booleans
    is_success: Booleans
    is_timed: Booleans
    """Whose response times count: served, or cut off by the end of the run."""

    @classmethod
    def of_runs(cls, runs: SimulatedRuns) -> "RequestSample":
        """Return the requests of simulated runs."""
        return cls(
            sent_s=runs.sent_s,
            response_s=runs.response_s,
            is_present=runs.is_present,
            is_success=runs.is_success,
            is_timed=runs.is_success,
        )

    @classmethod
    def of_log(cls, log: RequestLog) -> "RequestSample":
        """Return the requests of one measured run, a single column."""
        return cls(
            sent_s=log.sent_s[:, None],
            response_s=log.response_s[:, None],
            is_present=np.ones((log.requests, 1), dtype=np.bool_),
            is_success=log.is_success[:, None],
            is_timed=(log.is_success | ~log.is_answered)[:, None],
        )


def sample_figures(sample: RequestSample, length_s: float) -> dict[str, Floats]:
    """Return each of `FIGURES` by run; `nan`: no request was served.

    Percentiles are by nearest rank.
    """
    in_time = sample.is_success & (sample.sent_s + sample.response_s <= length_s)
    found: dict[str, Floats] = {
        THROUGHPUT: in_time.sum(axis=0) / length_s,
        SUCCESS: sample.is_success.sum(axis=0) / np.maximum(sample.is_present.sum(axis=0), 1),
    }
    ordered = np.sort(np.where(sample.is_timed, sample.response_s, inf), axis=0)
    number = sample.is_timed.sum(axis=0)
    columns = np.arange(ordered.shape[1])
    for name, quantile in zip(TIMES, QUANTILES, strict=True):
        rank = np.maximum(np.ceil(quantile * number - 1e-9).astype(np.int64) - 1, 0)
        times_s = ordered[np.minimum(rank, len(ordered) - 1), columns] if len(ordered) else inf
        found[name] = np.where(number > 0, times_s, np.nan)
    return found


def figures_by_channel(
    samples: Mapping[str, RequestSample], length_s: float
) -> dict[tuple[str, str], Floats]:
    """Return the figures of each channel, and of all together where there are several, by run."""
    found = {
        (channel, name): values
        for channel, sample in samples.items()
        for name, values in sample_figures(sample, length_s).items()
    }
    if len(samples) > 1:
        whole = sample_figures(joined(list(samples.values())), length_s)
        found |= {(ALL_CHANNELS, name): values for name, values in whole.items()}
    return found


def joined(samples: Sequence[RequestSample]) -> RequestSample:
    """Return the requests of several channels together."""
    return RequestSample(
        sent_s=np.concatenate([one.sent_s for one in samples]),
        response_s=np.concatenate([one.response_s for one in samples]),
        is_present=np.concatenate([one.is_present for one in samples]),
        is_success=np.concatenate([one.is_success for one in samples]),
        is_timed=np.concatenate([one.is_timed for one in samples]),
    )


def figures_of_visits(visits: pl.DataFrame, length_s: float) -> dict[tuple[str, str], float]:
    """Return the figures of visits (columns of `VISITS`) by channel, and of all where there are several.

    Those of `FIGURES`, of visits: throughput counts the visits served while arrivals came; percentiles are
    of the response times of all visits, so that a slow failure counts as slow.
    """
    table = measures(visits, "predicted").filter(pl.col("operation") == ALL)
    channels = table.filter(pl.col("channel") != ALL).height
    kept = table if channels > 1 else table.filter(pl.col("channel") != ALL)
    in_time = visits.filter(SERVED & (pl.col("ended_s") <= length_s))
    counts = dict(in_time.group_by("channel").len().iter_rows())
    found: dict[tuple[str, str], float] = {}
    for row in kept.iter_rows(named=True):
        channel = row["channel"]
        served = in_time.height if channel == ALL else counts.get(channel, 0)
        found[channel, THROUGHPUT] = served / length_s
        found[channel, SUCCESS] = row["success_share"]
        found |= {(channel, name): row[name] for name in TIMES}
    return found
