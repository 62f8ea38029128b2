"""The capacity that an earlier search has found for the service of a load run."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from footfall._chart.style import rate_text
from footfall._load.run_integrity import check_run
from footfall._records.errors import BadInputError
from footfall._records.runs import MANIFEST, Manifest, read_manifest
from footfall._runs.capacity_files import read_capacity
from footfall._runs.judgement import CAPACITY
from footfall._stats.intervals import percent

_SEARCHES_MOST = 200
"""Folders that are looked at, the newest by name."""
_SAME = ("host", "url", "set", "endpoints_sha256")
"""Settings in which a search and a load run must agree, besides scenario and model."""


def capacity_line(run: Path, manifest: Manifest, length_s: float) -> str:
    """Say how the load of a run compares with the newest capacity found for the same customers and service.

    Searches are looked for in `results/NAME/capacity`, next to `results/NAME/runs`. `length_s` is the
    time in which its arrivals were due. Empty: none was found there, or the run had no arrivals.
    """
    found = max(_searches(run, manifest), key=lambda each: each[0].ended_at or "", default=None)
    if found is None or manifest.arrivals is None or not manifest.arrivals.due or length_s <= 0:
        return ""
    search, knee = found
    rate = manifest.arrivals.due / length_s
    value, low, high = (float(knee[name]) for name in ("value", "low", "high"))
    return (
        f"load: {rate_text(rate)} arrivals/s on average, {percent(rate / value, 0)} of the capacity of "
        f"{rate_text(value)} arrivals/s (95 % interval {rate_text(low)} to {rate_text(high)}) that search "
        f"{search.run} found on {(search.ended_at or '')[:10]}"
    )


def _searches(run: Path, manifest: Manifest) -> Iterator[tuple[Manifest, dict[str, Any]]]:
    """Yield the searches that ended with a capacity of the same customers at the same service."""
    searches = run.resolve().parent.parent / CAPACITY
    for path in sorted(searches.glob(f"*/{MANIFEST}"))[-_SEARCHES_MOST:]:
        # A search that cannot be read says nothing about this run.
        with suppress(BadInputError):
            search = read_manifest(path.parent)
            if search.command != CAPACITY or search.status != "finished" or not _is_same(search, manifest):
                continue
            check_run(path.parent, search)
            knee = read_capacity(path.parent)["knee_per_s"]
            if (
                all(isinstance(knee[name], int | float) for name in ("value", "low", "high"))
                and knee["value"] > 0
            ):
                yield search, knee


def _is_same(search: Manifest, run: Manifest) -> bool:
    if (search.scenario, search.model) != (run.scenario, run.model):
        return False
    return all((search.settings.get(name) or None) == (run.settings.get(name) or None) for name in _SAME)
