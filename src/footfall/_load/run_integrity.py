"""Checks that the files of a run folder are those that the run wrote, before a verdict is based on them."""

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
    """Check the files of a run folder.

    It must be of this version of Footfall, without links that lead out of it. Every file must have the digest
    in the manifest; the totals of load.json, the manifest and the tables must be equal; visits must be of
    customers of the trace, each attempt once, with times that are possible. Consistent changes of all files
    are not detected: a folder is as trustworthy as its source.

    Raises:
        BadInputError: a check fails; the line names the file.
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
            raise BadInputError(str(folder / name), "no such file", f"the file that {MANIFEST} names")
        if found[name] != digest:
            raise BadInputError(
                str(folder / name), "was changed after the run", "the file as the run wrote it"
            )
    for name in found:
        # A missing prediction is made again from the trace.
        if name not in manifest.files:
            raise BadInputError(
                str(folder / name), "was added after the run", f"only files that {MANIFEST} names"
            )


def _check_play(folder: Path, manifest: Manifest, trace: Trace | None) -> None:
    if trace is None:
        raise BadInputError(str(folder / TRACE_FILE), "no such file", "the trace of the run")
    result = read_result(folder)
    for name, value in result.for_manifest().items():
        if getattr(manifest, name) != value:
            problem = f"{name} differs from {LOAD_FILE}"
            raise BadInputError(str(folder / MANIFEST), problem, "files of one run")
    if trace.info.criteria != criteria_of(manifest.settings.get("criteria", ()), f"run {manifest.run}"):
        raise BadInputError(str(folder / MANIFEST), f"criteria differ from {TRACE_FILE}", "files of one run")
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
    """Compare the table with the totals of the run."""
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
            raise BadInputError(str(path), problem, f"the visits that {LOAD_FILE} counts")


def _check_hits(path: Path, result: LoadResult) -> None:
    if path.is_file():
        rows = _rows(path)
        if rows != result.hits_kept:
            problem = f"{rows} requests here, {result.hits_kept} in {LOAD_FILE}"
            raise BadInputError(str(path), problem, f"the requests that {LOAD_FILE} counts")
        read_parquet(path, HITS)


def _check_visits(path: Path, visits: pl.DataFrame, trace: Trace | None) -> None:
    """Check the invariants of visits, and that their customers are in the trace."""
    try:
        check_visits(visits)
    except InvariantError as error:
        raise BadInputError(str(path), str(error), "visits as a run writes them") from error
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
    """Return the number of rows of a table without reading them, and check that it is possible.

    A row takes at least a byte: a table that decompresses to more could fill the memory.
    """
    if not path.is_file():
        raise BadInputError(str(path), "no such file", "a table written by footfall")
    try:
        rows = int(pl.scan_parquet(path).select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, OSError) as error:
        first_line = str(error).partition("\n")[0]
        raise BadInputError(str(path), f"cannot be read ({first_line})", "a complete table") from error
    size = path.stat().st_size
    if rows > size:
        raise BadInputError(str(path), f"{rows:,} rows in {size:,} bytes", "a table written by footfall")
    return rows


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 80 else text[:79] + "…"  # noqa: PLR2004  it must fit one line
