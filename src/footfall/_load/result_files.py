"""What a run leaves: visits, requests, histograms, and `load.json`, written last."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from footfall._load.result_rows import ResultRows
from footfall._records.errors import BadInputError
from footfall._records.histogram import Histogram
from footfall._records.load_generator import ConnectionCounts, GeneratorRecord
from footfall._records.rows import Outcome, Visit
from footfall._records.runs import ArrivalCounts, Lag, WorkerRecord, check_types, read_json, worker_records
from footfall._records.tables import HITS, VISITS, check_visits, write_parquet, write_text

# ── What a play leaves behind: visits, hits, and `load.json`, whose presence says that all is written

VISITS_FILE = "visits-measured.parquet"
HITS_FILE = "hits.parquet"
LOAD_FILE = "load.json"
_IN_MANIFEST = (
    *("status", "arrivals", "broken_reasons", "lag_s"),
    *("workers", "degraded", "generator", "connections", "ended_early_by"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """The sums of one play."""

    status: Literal["finished", "partial"]
    """`partial`: stopped by somebody before its end; the counts still add up."""
    arrivals: ArrivalCounts
    lag_s: Lag
    visits: int
    visits_served: int
    hits: int
    """Requests that were sent; in a play whose hits are sampled, `hits.parquet` has fewer."""
    hits_kept: int
    played_s: float
    """From the first second of play to its end."""
    host: str
    causes: dict[str, int] = field(default_factory=dict)
    """Visits that failed, by cause."""
    connections: ConnectionCounts | None = None
    """None: nothing was counted, as in plays of an earlier version."""
    workers: tuple[WorkerRecord, ...] = ()
    """Empty where one process played."""
    degraded: bool = False
    """A worker was lost or left in the middle."""
    generator: GeneratorRecord = field(default_factory=GeneratorRecord)
    """The generator's own part of the times."""
    broken_reasons: dict[str, int] = field(default_factory=dict)
    """Arrivals that broke inside the generator, by kind and place of the error; at most eleven."""
    ended_early_by: str = ""
    """The abort criterion that ended it; empty where none did."""

    def for_manifest(self) -> dict[str, Any]:
        """Give what the manifest says of a play, by its own names."""
        return {name: getattr(self, name) for name in _IN_MANIFEST}


class Records:
    """Rows of a play while it lasts; tuples in the order of `VISITS` and `HITS`."""

    def __init__(self, folder: Path | None = None) -> None:
        """Start with none; in a long play, older rows wait in files of this folder."""
        self.visits = ResultRows(VISITS, folder / ".visits" if folder else None)
        self.hits = ResultRows(HITS, folder / ".hits" if folder else None)
        self.hits_seen = 0
        """Also those that a sample left out."""
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
            InvariantError: a law of the visits is broken.
        """
        visits = self.visits.frame()
        check_visits(visits)
        write_parquet(visits.sort("ended_s", maintain_order=True), folder / VISITS_FILE)
        write_parquet(self.hits.frame().sort("ended_s", maintain_order=True), folder / HITS_FILE)
        self.visits.end()
        self.hits.end()
        write_text(json.dumps(asdict(result), indent=2) + "\n", folder / LOAD_FILE)


def read_result(folder: Path) -> LoadResult:
    """Read the sums of a play from its run folder.

    Raises:
        BadInputError: the play did not get so far, or the file is damaged.
    """
    path = folder / LOAD_FILE
    if not path.is_file():
        raise BadInputError(str(path), "no such file: the run was killed", "a run that ended")
    data = read_json(path, "the sums of a run")
    try:
        data["arrivals"] = ArrivalCounts(**data["arrivals"])
        data["lag_s"] = Lag(**data["lag_s"])
        data.setdefault("hits_kept", data["hits"])
        data["generator"] = GeneratorRecord.of_data(data["generator"])
        data["connections"] = ConnectionCounts(**counts) if (counts := data.get("connections")) else None
        data["workers"] = worker_records(data.get("workers", ()))
        return check_types(LoadResult(**data))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadInputError(str(path), f"damaged ({error})", "the sums of a run") from error


# ── Latency, service time and lag of visits, in histograms by channel, operation and outcome; their file

HISTOGRAMS_FILE = "histograms.json"
KINDS = ("latency", "service", "lag")
"""`latency`: from due to ended, `service`: from started to ended, both less the customer's own time;
`lag`: from due to started. A visit that never began has a latency alone."""
SHARES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}
Key = tuple[str, str, str, str]
"""Kind, channel, operation, outcome."""


class Latencies:
    """Histograms of visits, that add up over processes and runs."""

    def __init__(self) -> None:
        """Start with none."""
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
        """Count all that others have counted."""
        for key, histogram in other.by_key.items():
            self._of(key).merge(histogram)

    def matching(
        self, kind: str, channel: str = "*", operation: str = "*"
    ) -> Iterator[tuple[str, Histogram]]:
        """Give outcome and histogram of one kind; `*` stands for all channels or operations."""
        for (of, at, errand, outcome), histogram in self.by_key.items():
            if of == kind and channel in {"*", at} and operation in {"*", errand}:
                yield outcome, histogram

    def to_data(self) -> list[Any]:
        """Give them in plain data, for a message."""
        return [[*key, histogram.to_data()] for key, histogram in self.by_key.items()]

    @classmethod
    def of_data(cls, data: list[Any]) -> "Latencies":
        """Read them from plain data.

        Raises:
            KeyError: a part is missing.
            ValueError: a row is none.
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
        rows = [_told(key, histogram) for key, histogram in sorted(self.by_key.items())]
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
        OSError: there are none.
        ValueError: they are damaged.
    """
    rows = json.loads((folder / HISTOGRAMS_FILE).read_text(encoding="utf-8"))
    names = ("kind", "channel", "operation", "outcome")
    return Latencies.of_data([[*(row[name] for name in names), row] for row in rows])


def _told(key: Key, histogram: Histogram) -> Mapping[str, Any]:
    names = dict(zip(("kind", "channel", "operation", "outcome"), key, strict=True))
    figures = {f"{name}_s": histogram.percentile(share) for name, share in SHARES.items()}
    return {**names, "n": histogram.n, "mean_s": histogram.mean_s, **figures, **histogram.to_data()}
