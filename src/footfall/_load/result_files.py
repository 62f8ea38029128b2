"""What a run leaves: visits, requests, histograms, and `load.json`, written last."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import polars as pl

from footfall._records.errors import BadInputError
from footfall._records.load_generator import ConnectionCounts, GeneratorRecord, Histogram, TelemetryRecord
from footfall._records.rows import Outcome, Visit
from footfall._records.runs import ArrivalCounts, Lag, WorkerRecord, check_types, read_json, worker_records
from footfall._records.tables import HITS, VISITS, check_visits, table, write_parquet, write_text

# ── Rows while a run lasts: the latest in memory, older ones in files, so that memory use is bounded

Row = tuple[object, ...]
KEPT_MOST = 100_000
"""About 60 MB of rows. A run of a few minutes has fewer, so it writes nothing while it lasts."""
SPILLED_AT_ONCE = 2_000
"""Writing this many takes about ten milliseconds, in which all arrivals wait."""


class ResultRows:
    """Rows of one schema, in the order in which they were added."""

    def __init__(self, schema: pl.Schema, parts: Path | None = None) -> None:
        """Begin empty; `parts` is a folder for older rows, None: all are kept in memory."""
        self._schema = schema
        self._parts = parts
        self.latest: list[Row] = []
        self.spilled = 0
        """Number of rows in files; `latest[0]` is the row of this number."""

    def __len__(self) -> int:
        """Number of rows so far."""
        return self.spilled + len(self.latest)

    def add(self, row: Row) -> None:
        """Add a row.

        Raises:
            BadInputError: older rows cannot be written.
        """
        # The cyclic collector stops tracking plain tuples of plain values, but never named tuples.
        self.latest.append(tuple(row))
        if self._parts is not None and len(self.latest) >= KEPT_MOST + SPILLED_AT_ONCE:
            self._spill(self._parts)

    def since(self, number: int) -> Sequence[Row]:
        """Return the rows from that number on, as far as they are still in memory."""
        return self.latest[max(number - self.spilled, 0) :]

    def frame(self) -> pl.DataFrame:
        """Return all rows as a table."""
        latest = table(self.latest, self._schema)
        if not self.spilled or self._parts is None:
            return latest
        older = pl.read_parquet(sorted(self._parts.glob("*.parquet")))
        return pl.concat([older, latest])

    def end(self) -> None:
        """Remove the files of older rows."""
        if self.spilled and self._parts is not None:
            shutil.rmtree(self._parts, ignore_errors=True)

    def _spill(self, parts: Path) -> None:
        older, self.latest = self.latest[:SPILLED_AT_ONCE], self.latest[SPILLED_AT_ONCE:]
        write_parquet(table(older, self._schema), parts / f"{self.spilled:012d}.parquet")
        self.spilled += len(older)


# ── The files of a run: visits, hits, and `load.json`, whose presence shows that all are written

VISITS_FILE = "visits-measured.parquet"
HITS_FILE = "hits.parquet"
LOAD_FILE = "load.json"
_IN_MANIFEST = (
    *("status", "arrivals", "broken_reasons", "lag_s"),
    *("workers", "degraded", "generator", "connections", "ended_early_by"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """The totals of one run."""

    status: Literal["finished", "partial"]
    """`partial`: stopped before its end; the counts still add up."""
    arrivals: ArrivalCounts
    lag_s: Lag
    visits: int
    visits_served: int
    hits: int
    """Requests that were sent; if hits are sampled, `hits.parquet` has fewer."""
    hits_kept: int
    played_s: float
    """From second 0 of the run to its end."""
    host: str
    causes: dict[str, int] = field(default_factory=dict)
    """Failed visits by cause."""
    connections: ConnectionCounts | None = None
    """None: they were not counted, as in runs of an earlier version."""
    workers: tuple[WorkerRecord, ...] = ()
    """Empty in a run by one process."""
    degraded: bool = False
    """Whether a worker was lost or left during the run."""
    generator: GeneratorRecord = field(default_factory=GeneratorRecord)
    """Measurements of the generator itself."""
    broken_reasons: dict[str, int] = field(default_factory=dict)
    """Arrivals that failed inside the generator, by type and place of the error; at most eleven."""
    ended_early_by: str = ""
    """The abort criterion that ended the run; empty if none did."""
    zero_unix_s: float | None = None
    """Unix time of second 0 of the run, to match it with other records; None: it did not begin."""
    telemetry: TelemetryRecord | None = None
    """What was exported by OpenTelemetry; None: nothing was asked for."""

    def for_manifest(self) -> dict[str, Any]:
        """Return the manifest's entries, by its names."""
        return {name: getattr(self, name) for name in _IN_MANIFEST}


class Records:
    """Rows of a run while it lasts; tuples in the order of `VISITS` and `HITS`."""

    def __init__(self, folder: Path | None = None) -> None:
        """Begin empty; in a long run, older rows are in files of this folder."""
        self.visits = ResultRows(VISITS, folder / ".visits" if folder else None)
        self.hits = ResultRows(HITS, folder / ".hits" if folder else None)
        self.hits_seen = 0
        """Number of hits, those outside of the sample included."""
        self.causes: Counter[str] = Counter()
        self.served = 0

    def add_visit(self, visit: Visit) -> None:
        """Keep an ended visit."""
        self.visits.add(visit)
        if visit.outcome == Outcome.SERVED:
            self.served += 1
        else:
            self.causes[visit.cause] += 1

    def write(self, folder: Path, result: LoadResult) -> None:
        """Write all files into the run folder, `load.json` last.

        Raises:
            BadInputError: the folder cannot be written.
            InvariantError: the visits violate an invariant.
        """
        visits = self.visits.frame()
        check_visits(visits)
        write_parquet(visits.sort("ended_s", maintain_order=True), folder / VISITS_FILE)
        write_parquet(self.hits.frame().sort("ended_s", maintain_order=True), folder / HITS_FILE)
        self.visits.end()
        self.hits.end()
        write_text(json.dumps(asdict(result), indent=2) + "\n", folder / LOAD_FILE)


def read_result(folder: Path) -> LoadResult:
    """Read the totals of a run from its folder.

    Raises:
        BadInputError: the run has not ended, or the file is damaged.
    """
    path = folder / LOAD_FILE
    if not path.is_file():
        raise BadInputError(
            str(path), "no such file: the run did not end in order", "the folder of a run that ended"
        )
    data = read_json(path, "the totals of a run")
    try:
        data["arrivals"] = ArrivalCounts(**data["arrivals"])
        data["lag_s"] = Lag(**data["lag_s"])
        data.setdefault("hits_kept", data["hits"])
        data["generator"] = GeneratorRecord.of_data(data["generator"])
        data["connections"] = ConnectionCounts(**counts) if (counts := data.get("connections")) else None
        data["telemetry"] = TelemetryRecord(**found) if (found := data.get("telemetry")) else None
        data["workers"] = worker_records(data.get("workers", ()))
        return check_types(LoadResult(**data))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadInputError(str(path), f"damaged ({error})", "the totals of a run") from error


# ── Latency, service time and lag of visits: histograms by channel, operation and outcome, and their file

HISTOGRAMS_FILE = "histograms.json"
KINDS = ("latency", "service", "lag")
"""`latency`: from due to ended, `service`: from started to ended, both without the customer's think time;
`lag`: from due to started. A visit that was not started has only a latency."""
SHARES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}
Key = tuple[str, str, str, str]
"""Kind, channel, operation, outcome."""


class Latencies:
    """Histograms of visits, which can be merged over processes and runs."""

    def __init__(self) -> None:
        """Begin empty."""
        self.by_key: dict[Key, Histogram] = {}

    def add(self, visit: Visit) -> None:
        """Count an ended visit."""
        of = visit.channel, visit.operation, visit.outcome
        due_s, started_s = visit.due_s, visit.started_s
        ended_s = visit.ended_s - visit.human_s
        self._of(("latency", *of)).record(ended_s - due_s)
        if started_s is not None:
            self._of(("service", *of)).record(ended_s - started_s)
            self._of(("lag", *of)).record(started_s - due_s)

    def merge(self, other: "Latencies") -> None:
        """Add the counts of another object."""
        for key, histogram in other.by_key.items():
            self._of(key).merge(histogram)

    def matching(
        self, kind: str, channel: str = "*", operation: str = "*"
    ) -> Iterator[tuple[str, Histogram]]:
        """Return outcome and histogram of one kind; `*` stands for all channels or operations."""
        for (key_kind, key_channel, key_operation, outcome), histogram in self.by_key.items():
            if key_kind == kind and channel in {"*", key_channel} and operation in {"*", key_operation}:
                yield outcome, histogram

    def to_data(self) -> list[Any]:
        """Return them as plain data, for a message."""
        return [[*key, histogram.to_data()] for key, histogram in self.by_key.items()]

    @classmethod
    def of_data(cls, data: list[Any]) -> "Latencies":
        """Read them from plain data.

        Raises:
            KeyError: a part is missing.
            ValueError: a row has another number of columns.
        """
        made = cls()
        for kind, channel, operation, outcome, histogram in data:
            made.by_key[kind, channel, operation, outcome] = Histogram.of_data(histogram)
        return made

    def write(self, folder: Path) -> None:
        """Write `histograms.json` into the run folder: percentiles to read, buckets to merge.

        Raises:
            BadInputError: the folder cannot be written.
        """
        rows = [_row(key, histogram) for key, histogram in sorted(self.by_key.items())]
        lines = ",\n".join(json.dumps(row) for row in rows)
        write_text(f"[\n{lines}\n]\n", folder / HISTOGRAMS_FILE)

    def _of(self, key: Key) -> Histogram:
        histogram = self.by_key.get(key)
        if histogram is None:
            histogram = self.by_key[key] = Histogram()
        return histogram


def read_latencies(folder: Path) -> Latencies:
    """Read the histograms of a run.

    Raises:
        OSError: the file cannot be read.
        ValueError: they are damaged.
    """
    rows = json.loads((folder / HISTOGRAMS_FILE).read_text(encoding="utf-8"))
    names = ("kind", "channel", "operation", "outcome")
    return Latencies.of_data([[*(row[name] for name in names), row] for row in rows])


def _row(key: Key, histogram: Histogram) -> Mapping[str, Any]:
    names = dict(zip(("kind", "channel", "operation", "outcome"), key, strict=True))
    figures = {f"{name}_s": histogram.percentile(share) for name, share in SHARES.items()}
    return {**names, "n": histogram.n, "mean_s": histogram.mean_s, **figures, **histogram.to_data()}
