"""Whether the files of a run folder are those that the run left: what a verdict rests on is checked first."""

from pathlib import Path

import polars as pl

from footfall import __version__
from footfall._criteria.lists import criteria_of
from footfall._load.result_files import HITS_FILE, LOAD_FILE, VISITS_FILE, LoadResult, read_result
from footfall._records.errors import BadInputError, InvariantError
from footfall._records.rows import Outcome
from footfall._records.runs import MANIFEST, RUN_FILES, TRACE_FILE, Manifest, check_links, digests
from footfall._records.tables import HITS, VISITS, check_visits, read_parquet
from footfall._workload.trace import ARRIVALS_FILE, Trace, read_trace

_PREDICTED = ("visits.parquet", "visits-ordinary.parquet")
_RUNNING = "running"
_DUE_S_APART = 1e-6


def check_run(folder: Path, manifest: Manifest) -> None:
    """Check a run folder before anything in it is believed.

    It must be of this version of Footfall; no link may lead out of it; every file must have the digest that
    the manifest holds; the sums of load.json, the manifest and the tables must be the same; visits must be
    of customers of the trace, each attempt once, with times that are possible. Whoever can rewrite all
    files of a folder alike is not found out: a folder is as trustworthy as the place that it comes from.

    Raises:
        BadInputError: something does not fit; the line names the file.
    """
    check_links(folder)
    _check_version(folder, manifest)
    if manifest.status == _RUNNING:
        return
    _check_digests(folder, manifest)
    trace = read_trace(folder) if (folder / TRACE_FILE).is_file() else None
    if manifest.arrivals is not None:
        _check_play(folder, manifest, trace)
    for name in _PREDICTED:
        if (folder / name).is_file():
            _check_visits(folder / name, _read_visits(folder / name), trace)


def _check_version(folder: Path, manifest: Manifest) -> None:
    theirs = manifest.versions.get("footfall", "")
    if theirs != __version__:
        by = f"Footfall {theirs}" if theirs else "an unknown version of Footfall"
        raise BadInputError(str(folder), f"was written by {by}", f"a run of Footfall {__version__}")


def _check_digests(folder: Path, manifest: Manifest) -> None:
    found = digests(folder, RUN_FILES)
    for name, digest in manifest.files.items():
        if name not in found:
            raise BadInputError(str(folder / name), "no such file", f"as {MANIFEST} names it")
        if found[name] != digest:
            raise BadInputError(
                str(folder / name), "was changed after the run", "the file as the run left it"
            )
    for name in found:
        # A prediction can be made again from the trace, and is where it is missing.
        if name not in manifest.files:
            raise BadInputError(str(folder / name), "was added after the run", f"files that {MANIFEST} names")


def _check_play(folder: Path, manifest: Manifest, trace: Trace | None) -> None:
    if trace is None:
        raise BadInputError(str(folder / TRACE_FILE), "no such file", "the trace of the run")
    result = read_result(folder)
    for name, value in result.for_manifest().items():
        if getattr(manifest, name) != value:
            problem = f"{name} is not that of {LOAD_FILE}"
            raise BadInputError(str(folder / MANIFEST), problem, "the sums of one run")
    if trace.info.criteria != criteria_of(manifest.settings.get("criteria", ()), f"run {manifest.run}"):
        raise BadInputError(str(folder / MANIFEST), f"criteria are not those of {TRACE_FILE}", "one run")
    if result.arrivals.due != trace.arrivals.height:
        problem = f"{trace.arrivals.height} arrivals, of which {result.arrivals.due} were due"
        raise BadInputError(str(folder / ARRIVALS_FILE), problem, f"the arrivals of {LOAD_FILE}")
    visits = _read_visits(folder / VISITS_FILE)
    _check_sums(folder / VISITS_FILE, visits, result)
    _check_visits(folder / VISITS_FILE, visits, trace)
    customers = visits["customer"].n_unique()
    if customers > result.arrivals.started + result.arrivals.lost:
        problem = f"visits of {customers} customers, of whom {result.arrivals.started} were started"
        raise BadInputError(str(folder / VISITS_FILE), problem, f"the visits of {LOAD_FILE}")
    _check_hits(folder / HITS_FILE, result)


def _check_sums(path: Path, visits: pl.DataFrame, result: LoadResult) -> None:
    """Hold the table against the sums of the play."""
    served = int((visits["outcome"] == Outcome.SERVED.value).sum())
    failed = visits.filter(pl.col("outcome") != Outcome.SERVED.value).group_by("cause").len()
    found = (visits.height, served, dict(failed.iter_rows()))
    for what, here, there in zip(
        ("visits", "visits served", "failures by cause"),
        found,
        (result.visits, result.visits_served, result.causes),
        strict=True,
    ):
        if here != there:
            problem = f"{what}: {_short(here)} here, {_short(there)} in {LOAD_FILE}"
            raise BadInputError(str(path), problem, "the visits that were counted")


def _check_hits(path: Path, result: LoadResult) -> None:
    if path.is_file():
        rows = _rows(path)
        if rows != result.hits_kept:
            problem = f"{rows} requests here, {result.hits_kept} in {LOAD_FILE}"
            raise BadInputError(str(path), problem, "the requests that were counted")
        read_parquet(path, HITS)


def _check_visits(path: Path, visits: pl.DataFrame, trace: Trace | None) -> None:
    """Hold visits to their laws, and to the customers of the trace."""
    try:
        check_visits(visits)
    except InvariantError as error:
        raise BadInputError(str(path), str(error), "visits as a run leaves them") from error
    if trace is None:
        return
    known = trace.arrivals.select("customer", arrival_due_s="due_s")
    joined = visits.join(known, on="customer", how="left")
    unknown = joined.filter(pl.col("arrival_due_s").is_null())
    if unknown.height:
        problem = f"customer {unknown['customer'][0]} is not in the trace"
        raise BadInputError(str(path), problem, f"visits of {ARRIVALS_FILE}")
    apart = (pl.col("due_s") - pl.col("arrival_due_s")).abs() > _DUE_S_APART
    moved = joined.filter((pl.col("attempt") == 1) & apart)
    if moved.height:
        problem = f"customer {moved['customer'][0]} was due at another time in the trace"
        raise BadInputError(str(path), problem, f"visits of {ARRIVALS_FILE}")


def _read_visits(path: Path) -> pl.DataFrame:
    _rows(path)
    return read_parquet(path, VISITS)


def _rows(path: Path) -> int:
    """Give the rows of a table without reading them, once it is no larger than it can be.

    No row of ours takes less than a byte: a table that unpacks to more would fill the memory.
    """
    if not path.is_file():
        raise BadInputError(str(path), "no such file", "a table written by footfall")
    try:
        rows = int(pl.scan_parquet(path).select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, OSError) as error:
        first_line = str(error).partition("\n")[0]
        raise BadInputError(str(path), f"cannot be read ({first_line})", "a whole table") from error
    size = path.stat().st_size
    if rows > size:
        raise BadInputError(str(path), f"{rows:,} rows in {size:,} bytes", "a table written by footfall")
    return rows


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 80 else text[:79] + "…"  # noqa: PLR2004  a line stays a line
