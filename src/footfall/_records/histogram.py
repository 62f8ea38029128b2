"""Mergeable histograms of times, with buckets narrow enough for percentiles accurate to 0.1 %."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from footfall._records.load_generator import TimeSummary

PER_OCTAVE = 1024
"""Buckets between a time and its double: a bucket is at most 0.1 % wide, its middle at most 0.05 % off."""
SMALLEST_S = 1e-6
"""All shorter times, including zero and negative ones, are counted together."""
_UNDER = -(10**6)


@dataclass(slots=True)
class Histogram:
    """A sample of times in seconds, without their order; any number of them in a few kilobytes.

    Log-linear buckets as in G. Tene's HdrHistogram, by the exponent and mantissa of the number itself.
    """

    counts: Counter[int] = field(default_factory=Counter)
    """Number of times in each bucket, by the bucket's number."""
    n: int = 0
    sum_s: float = 0.0
    min_s: float = math.inf
    max_s: float = -math.inf

    def record(self, seconds: float) -> None:
        """Count a time."""
        if seconds < SMALLEST_S:
            bucket = _UNDER
        else:
            mantissa, exponent = math.frexp(seconds)
            bucket = exponent * PER_OCTAVE + int((mantissa - 0.5) * (2 * PER_OCTAVE))
        self.counts[bucket] += 1
        self.n += 1
        self.sum_s += seconds
        self.min_s = min(self.min_s, seconds)
        self.max_s = max(self.max_s, seconds)

    def merge(self, other: "Histogram") -> None:
        """Add the counts of another histogram."""
        self.counts.update(other.counts)
        self.n += other.n
        self.sum_s += other.sum_s
        self.min_s, self.max_s = min(self.min_s, other.min_s), max(self.max_s, other.max_s)

    @property
    def mean_s(self) -> float | None:
        """Exact mean; None if empty."""
        return self.sum_s / self.n if self.n else None

    def percentile(self, share: float) -> float | None:
        """Smallest time that at least this share does not exceed, to 0.05 %; None of nothing.

        By nearest rank, as in every table: rank ⌈share · n⌉. Below `SMALLEST_S` it is the smallest time.
        """
        if not self.n:
            return None
        rank, below = max(math.ceil(round(share * self.n, 9)), 1), 0
        for bucket in sorted(self.counts):
            below += self.counts[bucket]
            if below >= rank:
                return self.min_s if bucket == _UNDER else min(max(_middle_s(bucket), self.min_s), self.max_s)
        return self.max_s

    def summary(self) -> TimeSummary:
        """Give it in a few figures, to 0.05 %."""
        p50, p95, p99 = (self.percentile(share) for share in (0.5, 0.95, 0.99))
        return TimeSummary(n=self.n, p50_s=p50, p95_s=p95, p99_s=p99, max_s=self.max_s if self.n else None)

    def lengths(self) -> Iterator[tuple[float, int]]:
        """Give each time that was counted, to 0.05 %, and how often, from the longest down."""
        for bucket in sorted(self.counts, reverse=True):
            middle_s = self.min_s if bucket == _UNDER else _middle_s(bucket)
            yield min(max(middle_s, self.min_s), self.max_s), self.counts[bucket]

    def to_data(self) -> dict[str, Any]:
        """Give it in plain data, for a message or a file."""
        return {
            "buckets": list(self.counts.keys()),
            "counts": list(self.counts.values()),
            "sum_s": self.sum_s,
            "min_s": self.min_s if self.n else None,
            "max_s": self.max_s if self.n else None,
        }

    @classmethod
    def of_data(cls, data: dict[str, Any]) -> "Histogram":
        """Read it from plain data.

        Raises:
            KeyError: a part is missing.
            ValueError: buckets and counts do not belong together.
        """
        counts = Counter(dict(zip(data["buckets"], data["counts"], strict=True)))
        n = sum(counts.values())
        low, high = (data["min_s"], data["max_s"]) if n else (math.inf, -math.inf)
        return cls(counts, n, data["sum_s"], low, high)


def merged(histograms: Iterable[Histogram]) -> Histogram:
    """Merge several histograms."""
    total = Histogram()
    for histogram in histograms:
        total.merge(histogram)
    return total


def _middle_s(bucket: int) -> float:
    exponent, part = divmod(bucket, PER_OCTAVE)
    return math.ldexp(0.5 + (part + 0.5) / (2 * PER_OCTAVE), exponent)
