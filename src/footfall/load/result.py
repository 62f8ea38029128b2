"""What a play leaves behind: visits, hits, and `load.json`, whose presence says that all is written."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from footfall.load.rows import Row, Rows
from footfall.records.connections import ConnectionCounts
from footfall.records.errors import BadInputError
from footfall.records.files import check_types, read_json
from footfall.records.generator import GeneratorRecord
from footfall.records.outcomes import Outcome
from footfall.records.runs import ArrivalCounts, Lag, WorkerRecord, worker_records
from footfall.records.tables import HITS, VISITS, check_visits, write_parquet, write_text

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
        self.visits = Rows(VISITS, folder / ".visits" if folder else None)
        self.hits = Rows(HITS, folder / ".hits" if folder else None)
        self.hits_seen = 0
        """Also those that a sample left out."""
        self.causes: Counter[str] = Counter()
        self.served = 0

    def add_visit(self, row: Row, outcome: Outcome, cause: str) -> None:
        """Keep the row of an ended visit."""
        self.visits.add(row)
        if outcome is Outcome.SERVED:
            self.served += 1
        else:
            self.causes[cause] += 1

    def write(self, folder: Path, result: LoadResult) -> None:
        """Write all files into the run folder, `load.json` last.

        Raises:
            BadInputError: the folder cannot be written.
            BrokenLawError: a law of the visits is broken.
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
        raise BadInputError(str(path), "no such file: the play was killed", "a play that ended")
    data = read_json(path, "the sums of a play")
    try:
        data["arrivals"] = ArrivalCounts(**data["arrivals"])
        data["lag_s"] = Lag(**data["lag_s"])
        data.setdefault("hits_kept", data["hits"])
        data["generator"] = GeneratorRecord.of_data(data["generator"])
        data["connections"] = ConnectionCounts(**counts) if (counts := data.get("connections")) else None
        data["workers"] = worker_records(data.get("workers", ()))
        return check_types(LoadResult(**data))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadInputError(str(path), f"damaged ({error})", "the sums of a play") from error
