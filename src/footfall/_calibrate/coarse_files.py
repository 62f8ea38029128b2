"""Files of other load tools as coarse runs: Locust's statistics, k6's summary, ramps with a row a second."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall._calibrate.coarse_run import CoarseRun, Ramp, SecondBySecond
from footfall._records.errors import BadInputError, shown

Floats: TypeAlias = NDArray[np.float64]

HISTORY_COLUMNS = frozenset(
    {"Timestamp", "User Count", "Name", "Total Request Count", "Total Failure Count"}
    | {"Total Average Response Time"}
)
"""Of Locust's `..._stats_history.csv`."""
STATS_COLUMNS = frozenset({"Type", "Name", "Request Count", "Failure Count", "Average Response Time"})
"""Of Locust's `..._stats.csv`."""
RAMP_COLUMNS = frozenset(
    {"Target Time", "Load Intensity", "Successful Transactions", "Failed Transactions"}
    | {"Dropped Transactions", "Avg Response Time"}
)
"""Of the HTTP load generator of the Descartes group: a row a second."""
_MS_PER_S = 1000.0
_K6_MOST = 1e15
_WARM_UP_SHARE, _WARM_UP_S_LEAST, _WARM_UP_S_MOST = 0.1, 3.0, 30.0
_PLATEAU_S_LEAST = 10.0
_CLOCK_S, _CLOCK_ROWS = 1.01, 15
"""Whole seconds are off by up to one."""
_PERCENT_COLUMNS = ("50%", "66%", "75%", "80%", "90%", "95%", "98%", "99%", "99.9%")
_TOTAL = "Aggregated"


def history_runs(table: pl.DataFrame, name: str, think_s: float = 0.0) -> tuple[CoarseRun, ...]:
    """Read Locust's `stats_history.csv`: one run for each time with a constant number of users.

    The first tenth of each (3 to 30 s) is its warm-up and left out. Percentiles are those of the whole run,
    so they are read only where the number of users never changes.

    Raises:
        BadInputError: a column is missing or not a number, or no number of users lasted 10 s.
    """
    rows = table.filter(pl.col("Name") == _TOTAL) if "Name" in table.columns else table
    if rows.is_empty():
        raise BadInputError(name, f"has no rows named {_TOTAL}", "Locust's …_stats_history.csv")
    at = _numbers(rows, "Timestamp", name)
    users = _numbers(rows, "User Count", name)
    counts = _numbers(rows, "Total Request Count", name)
    if (np.diff(at) < 0).any() or (np.diff(counts) < 0).any():
        raise BadInputError(name, "has times or counts that fall", "the rows of one run, in order")
    work_s = counts * _numbers(rows, "Total Average Response Time", name) / _MS_PER_S
    failures = _numbers(rows, "Total Failure Count", name)
    series = np.column_stack((_evenly(at), counts, work_s, failures))
    parts = [part for part in _plateaus(users) if users[part][0] and np.ptp(at[part]) >= _PLATEAU_S_LEAST]
    if not parts:
        raise BadInputError(
            name, "has no time of 10 s with the same number of users", "a run with constant users"
        )
    quantiles = _history_quantiles(rows) if len(parts) == 1 else {}
    return tuple(
        _part(series[part], f"{name}, {users[part][0]:.0f} users", int(users[part][0]), quantiles, think_s)
        for part in parts
    )


def _evenly(at: Floats) -> Floats:
    """Return the times of rows at equal intervals, of which whole seconds are known; others as given."""
    n = np.arange(len(at))
    if len(at) < 3:  # noqa: PLR2004  a line needs more
        return at
    slope, start = np.polyfit(n, at, 1)
    off = at - start - slope * n
    width = min(_CLOCK_ROWS, len(at))
    near = np.ones(width)
    smooth = np.convolve(off, near, mode="same") / np.convolve(np.ones(len(at)), near, mode="same")
    return np.asarray(at - off + smooth) if np.abs(off - smooth).max() <= _CLOCK_S else at


def _plateaus(users: Floats) -> list[slice]:
    edges = [0, *(np.flatnonzero(np.diff(users)) + 1), len(users)]
    return [slice(a, b) for a, b in pairwise(edges)]


def _part(
    series: Floats, name: str, users: int, quantiles: Mapping[float, float], think_s: float
) -> CoarseRun:
    """Return the run of rows with columns second, requests, their total response time, failures."""
    at = series[:, 0] - series[0, 0]
    warm = min(max(_WARM_UP_SHARE * at[-1], _WARM_UP_S_LEAST), _WARM_UP_S_MOST)
    whole = np.arange(np.ceil(warm), np.floor(at[-1]) + 1)
    counts, work_s, failures = (np.interp(whole, at, series[:, n]) for n in (1, 2, 3))
    each = np.diff(counts)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(each > 0, np.diff(work_s) / each, np.nan)
    requests = float(counts[-1] - counts[0])
    return CoarseRun(
        name=name,
        length_s=float(whole[-1] - whole[0]),
        requests=round(requests),
        failures=round(float(failures[-1] - failures[0])),
        response_s_mean=float(work_s[-1] - work_s[0]) / max(requests, 1.0),
        quantiles_s=quantiles,
        users=users,
        think_s=think_s,
        seconds=SecondBySecond(responses=each, response_s_mean=means),
    )


def _history_quantiles(rows: pl.DataFrame) -> dict[float, float]:
    """Return the percentiles: the last row's where they are of the whole run, else the median of the rows."""
    found = {}
    most = rows["100%"].cast(pl.Float64, strict=False).drop_nulls() if "100%" in rows.columns else None
    of_whole_run = most is None or bool((most.diff().drop_nulls() >= 0).all())
    for head in _PERCENT_COLUMNS:
        if head in rows.columns:
            cells = rows[head].cast(pl.Float64, strict=False).drop_nulls()
            if len(cells):
                value = cells[-1] if of_whole_run else cells.median()
                found[_probability(head)] = float(str(value)) / _MS_PER_S
    return found


def stats_run(table: pl.DataFrame, name: str, users: int | None = None, think_s: float = 0.0) -> CoarseRun:
    """Read Locust's `stats.csv`: the totals of one run.

    Raises:
        BadInputError: a column is missing or not a number, or no request was made.
    """
    rows = table.filter(pl.col("Name") == _TOTAL)
    if rows.height != 1:
        raise BadInputError(name, f"has {rows.height} rows named {_TOTAL}", "one, as in Locust's …_stats.csv")
    requests = float(_numbers(rows, "Request Count", name)[0])
    per_s = float(_numbers(rows, "Requests/s", name)[0])
    if not (requests > 0 and per_s > 0):
        raise BadInputError(name, "counts no request", "a run with requests")
    return CoarseRun(
        name=name,
        length_s=requests / per_s,
        requests=round(requests),
        failures=round(float(_numbers(rows, "Failure Count", name)[0])),
        response_s_mean=float(_numbers(rows, "Average Response Time", name)[0]) / _MS_PER_S,
        quantiles_s=_history_quantiles(rows.drop("100%", strict=False)),
        users=users,
        think_s=think_s,
    )


def k6_run(summary: Any, name: str, users: int | None = None, think_s: float | None = None) -> CoarseRun:  # noqa: ANN401  JSON
    """Read a k6 summary, of `--summary-export` or of `handleSummary`.

    Users are `vus_max` unless given. The think time is what an iteration lasts less its requests, by
    request, unless given.

    Raises:
        BadInputError: it is no such summary, counts no request, or arrivals were sent at a rate of their own.
    """
    metrics = summary.get("metrics") if isinstance(summary, Mapping) else None
    if not isinstance(metrics, Mapping) or "http_req_duration" not in metrics:
        raise BadInputError(name, "is no summary of k6", "`k6 run --summary-export FILE` or handleSummary")
    values = {key: _values(one) for key, one in metrics.items()}
    requests, per_s = (_value(values, "http_reqs", key, name) for key in ("count", "rate"))
    response_s = _value(values, "http_req_duration", "avg", name) / _MS_PER_S
    if not (requests > 0 and per_s > 0):
        raise BadInputError(name, "counts no request", "a run with requests")
    wrong = next(((k, f) for k, one in values.items() for f, v in one.items() if abs(v) > _K6_MOST), None)
    if wrong is not None:
        raise BadInputError(name, f"{wrong[1]} of {wrong[0]} is too large", f"numbers up to {_K6_MOST:g}")
    most = values.get("vus_max", values.get("vus", {})).get("value")
    if think_s is None:
        think_s = _k6_think_s(values, requests, response_s)
    return CoarseRun(
        name=name,
        length_s=requests / per_s,
        requests=round(requests),
        failures=round(requests * _k6_failed_share(values.get("http_req_failed", {}))),
        response_s_mean=response_s,
        quantiles_s=_k6_quantiles(values["http_req_duration"]),
        users=users if users is not None or most is None else round(most),
        think_s=think_s,
    )


def _values(metric: Any) -> dict[str, float]:  # noqa: ANN401  JSON
    """Return a metric's figures; `handleSummary` has them one level deeper."""
    found = metric.get("values", metric) if isinstance(metric, Mapping) else {}
    return {key: float(one) for key, one in found.items() if isinstance(one, int | float)}


def _value(values: Mapping[str, Mapping[str, float]], metric: str, key: str, name: str) -> float:
    found = values.get(metric, {}).get(key)
    if found is None or not np.isfinite(found):
        raise BadInputError(name, f"has no {key} of {metric}", "a whole summary of k6")
    return found


def _k6_think_s(values: Mapping[str, Mapping[str, float]], requests: float, response_s: float) -> float:
    iterations = values.get("iterations", {}).get("count", 0.0)
    lasts_s = values.get("iteration_duration", {}).get("avg", 0.0) / _MS_PER_S
    return max(0.0, iterations * lasts_s / requests - response_s)


def _k6_failed_share(failed: Mapping[str, float]) -> float:
    return failed.get("rate", failed.get("value", 0.0))


def _k6_quantiles(duration: Mapping[str, float]) -> dict[float, float]:
    found = {float(k[2:-1]) / 100: v / _MS_PER_S for k, v in duration.items() if k.startswith("p(")}
    if "med" in duration:
        found[0.5] = duration["med"] / _MS_PER_S
    return dict(sorted(found.items()))


def ramp(table: pl.DataFrame, name: str) -> Ramp:
    """Read a ramp with a row a second.

    Raises:
        BadInputError: a column is missing or not a number.
    """
    columns = {head: _numbers(table, head, name) for head in RAMP_COLUMNS}
    return Ramp(
        name=name,
        asked_per_s=columns["Load Intensity"],
        successes=columns["Successful Transactions"],
        failures=columns["Failed Transactions"],
        dropped=columns["Dropped Transactions"],
        response_s_mean=columns["Avg Response Time"],
    )


def _numbers(table: pl.DataFrame, head: str, name: str) -> Floats:
    """Return a column as numbers.

    Raises:
        BadInputError: it is missing, or a cell is not a number.
    """
    if head not in table.columns:
        raise BadInputError(name, f"has no column {head!r}", "the file as the load tool wrote it")
    cells = table[head].cast(pl.Float64, strict=False)
    wrong = (cells.is_null() | ~cells.is_finite()).fill_null(value=True)
    if wrong.any():
        row = int(wrong.arg_max() or 0)
        raise BadInputError(f"{name} row {row + 1}", f"{head} is {shown(table[head][row])}", "a number")
    return cells.to_numpy()


def _probability(head: str) -> float:
    return round(float(head.rstrip("%")) / 100, 6)


def quantile_names(runs: Sequence[CoarseRun]) -> tuple[str, ...]:
    """Return the names of the percentiles that runs have, such as `response_s_p95`."""
    return tuple(f"response_s_p{100 * q:g}" for q in sorted({q for run in runs for q in run.quantiles_s}))
