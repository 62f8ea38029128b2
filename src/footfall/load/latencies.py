"""Latency, service time and lag of visits, in histograms by channel, operation and outcome; their file."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from footfall.load.rows import Row
from footfall.records.histogram import Histogram
from footfall.records.tables import VISITS, write_text

HISTOGRAMS_FILE = "histograms.json"
KINDS = ("latency", "service", "lag")
"""`latency`: from due to ended, `service`: from started to ended, both less the customer's own time;
`lag`: from due to started. A visit that never began has a latency alone."""
SHARES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}
Key = tuple[str, str, str, str]
"""Kind, channel, operation, outcome."""
_CHANNEL, _OPERATION, _OUTCOME, _DUE, _STARTED, _ENDED, _HUMAN = (
    list(VISITS).index(name)
    for name in ("channel", "operation", "outcome", "due_s", "started_s", "ended_s", "human_s")
)


class Latencies:
    """Histograms of visits, that add up over processes and runs."""

    def __init__(self) -> None:
        """Start with none."""
        self.by_key: dict[Key, Histogram] = {}

    def add(self, row: Row) -> None:
        """Count an ended visit, a row of `VISITS`."""
        values: Sequence[Any] = row
        of = values[_CHANNEL], values[_OPERATION], values[_OUTCOME]
        due_s, started_s = values[_DUE], values[_STARTED]
        ended_s = values[_ENDED] - values[_HUMAN]
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
