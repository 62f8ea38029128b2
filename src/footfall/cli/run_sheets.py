"""Tables of a played run's report, in words: its requests, and its generator."""

from collections.abc import Iterator

import polars as pl

from footfall.chart.html_report import Sheet
from footfall.chart.style import duration, name_of, percent
from footfall.measure.judge_run import spoiled_by
from footfall.records.load_generator import GeneratorRecord, TimeSummary
from footfall.records.runs import Manifest

REQUESTS_MOST = 200
"""Rows of requests that the page shows; `requests.csv` has all."""
_TEXT_MOST = 80
_UNKNOWN = "–"
_SHORT_S = 0.01
_TIMED = (
    "Times run from when the customer was ready to send the request until it was answered or given up, "
    "a new connection included."
)


def requests_sheet(requests: pl.DataFrame, manifest: Manifest) -> Sheet | None:
    """Give the table of requests, the most failed first (`REQUESTS`); None where there are none."""
    if requests.is_empty():
        return None
    shown = requests.sort(
        "failed", "requests", "channel", "operation", "step", descending=[True, True, False, False, False]
    ).head(REQUESTS_MOST)
    return Sheet(
        title="Requests",
        heads=(
            "Channel",
            "Operation",
            "Request",
            "Count",
            "Failed, 95 % interval",
            "p50",
            "p95",
            "p99",
            "Causes",
        ),
        rows=[_request(row) for row in shown.iter_rows(named=True)],
        note=_note(requests, manifest),
        names=3,
        texts=frozenset({8}),
    )


def generator_sheet(manifest: Manifest) -> Sheet | None:
    """Give what is known of the generator and its connections; None where nothing is."""
    rows = list(_rows(manifest))
    if not rows:
        return None
    note = "The generator's own part of the times: where it is large, the run is invalid."
    return Sheet(title="Generator", heads=("What", "Found"), rows=rows, note=note, texts=frozenset({1}))


def warnings_of(manifest: Manifest) -> list[str]:
    """Give what a reader must know before they believe a figure."""
    found = [spoiled] if (spoiled := spoiled_by(manifest)) else []
    if manifest.settings.get("insecure"):
        found.append(
            "Certificates of the service were not checked (--insecure): it may have been another one."
        )
    if manifest.ended_early_by:
        found.append(f"The run ended early by its own criterion, {manifest.ended_early_by}")
    return found


def _request(row: dict[str, object]) -> tuple[str, ...]:
    share, low, high = (float(str(row[f"failed_share{end}"])) for end in ("", "_low", "_high"))
    return (
        name_of(str(row["channel"])),
        _cut(str(row["operation"])),
        _cut(str(row["step"])),
        f"{row['requests']:,}",
        f"{percent(share)} ({low * 100:.1f} – {high * 100:.1f})",
        *(duration(float(str(row[f"time_s_p{p}"]))) for p in (50, 95, 99)),
        str(row["causes"]),
    )


def _note(requests: pl.DataFrame, manifest: Manifest) -> str:
    said = [_TIMED]
    kept = manifest.settings.get("hits_sample_share")
    if isinstance(kept, int | float) and kept < 1:
        said.append(f"A sample: the requests of {percent(float(kept))} of the customers were kept.")
    if requests.height > REQUESTS_MOST:
        said.append(
            f"The {REQUESTS_MOST} with the most failures, of {requests.height}; requests.csv has all."
        )
    return " ".join(said)


def _rows(manifest: Manifest) -> Iterator[tuple[str, str]]:
    record = manifest.generator
    if record is not None and (record.own.n or record.turn.n):
        yield from _of_record(record)
    if manifest.connections is not None:
        yield "connections", manifest.connections.told(manifest.settings)
    for reason, n in manifest.broken_reasons.items():
        yield "arrivals that broke inside the generator", f"{n:,}: {_cut(reason)}"
    for worker in manifest.workers:
        yield f"worker {_cut(worker.id)}", worker.status


def _of_record(record: GeneratorRecord) -> Iterator[tuple[str, str]]:
    yield "time it took itself to send a request", _times(record.own)
    yield "turns of its event loop", _times(record.turn)
    yield "answers read late, p99", _fine(record.read_late_s_p99)
    if shares := record.cpu_share_by_s:
        mean = sum(shares) / len(shares)
        yield "CPU of one core", f"{percent(mean)} in the mean, {percent(max(shares))} in the busiest second"
    if (control := record.control) is not None:
        failed = f", {control.failed:,} without an answer" if control.failed else ""
        asked = f"{_cut(control.method_and_path)}: {control.sent:,} sent{failed}; {_times(control.answered)}"
        yield "the same service, asked by a separate process", asked
        if control.same_in_run.n:
            yield "the same request within the run", _times(control.same_in_run)
        yield "how late the host woke that process", _times(control.woken_late)
        yield "what 10 ms of CPU took that process", _times(control.cpu_10ms)


def _times(summary: TimeSummary) -> str:
    if not summary.n:
        return "not known"
    figures = (
        ("p50", summary.p50_s),
        ("p95", summary.p95_s),
        ("p99", summary.p99_s),
        ("longest", summary.max_s),
    )
    return ", ".join(f"{name} {_fine(seconds)}" for name, seconds in figures) + f" (n {summary.n:,})"


def _fine(seconds: float | None) -> str:
    if seconds is None:
        return _UNKNOWN
    return f"{seconds * 1000:.1f} ms" if seconds < _SHORT_S else duration(seconds)


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT_MOST else text[: _TEXT_MOST - 1] + "…"
