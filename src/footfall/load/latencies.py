"""Latency, service time and lag of visits, in histograms by channel, operation and outcome; their file."""

import json
from collections.abc import Iterator, Mapping
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
_AT = {name: list(VISITS).index(name) for name in VISITS}


class Latencies:
    """Histograms of visits, that add up over processes and runs."""

    def __init__(self) -> None:
        """Start with none."""
        self.by_key: dict[Key, Histogram] = {}

    def add(self, row: Row) -> None:
        """Count an ended visit, a row of `VISITS`."""
        channel, operation, outcome = (str(row[_AT[name]]) for name in ("channel", "operation", "outcome"))
        due_s, ended_s, human_s = (_seconds(row[_AT[name]]) for name in ("due_s", "ended_s", "human_s"))
        times_s = {"latency": ended_s - due_s - human_s}
        if (started := row[_AT["started_s"]]) is not None:
            started_s = _seconds(started)
            times_s |= {"service": ended_s - started_s - human_s, "lag": started_s - due_s}
        for kind, time_s in times_s.items():
            self._of((kind, channel, operation, outcome)).record(time_s)

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


def _seconds(value: object) -> float:
    return float(value)  # type: ignore[arg-type]  # rows are plain data
