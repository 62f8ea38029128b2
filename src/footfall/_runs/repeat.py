"""Run one trace several times, at one service or at two in turn."""

import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Any

from footfall import __version__
from footfall._load.endpoints.endpoints_check import check_service
from footfall._measure.run_metrics import Metric, chosen_metrics, value_of
from footfall._measure.verdict import EXIT_CODES, GRAVEST_FIRST, Verdict
from footfall._records.errors import BadInputError
from footfall._records.folders import claim
from footfall._records.runs import folder_name, run_id
from footfall._runs import judgement
from footfall._runs.comparable_runs import ComparedRun, LeftOut, named, read_run
from footfall._runs.folder import begin
from footfall._runs.load_run import LoadJob, run_without_report
from footfall._runs.messages import QUIET, Messages
from footfall._runs.predict import write_prediction, write_replications
from footfall._runs.reference_service import service_for_trace
from footfall._workload.trace import write_trace

_REPEATS = 8
"""Runs each where nothing else is said: enough for up to 160 metrics besides the main ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """How often a trace is run, and against what."""

    times: int
    """At each service."""
    against: str | None
    """Host of B; None: A is run alone."""
    out: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatsDone:
    """Runs of one trace: those that came to their end."""

    folder: Path
    names: Sequence[str]
    """Of all runs that were asked for, in the order of time."""
    played: Mapping[str, judgement.Judged]
    """Of those that are whole, the verdict of each on its own."""

    @property
    def is_whole(self) -> bool:
        """Whether none was stopped."""
        return len(self.played) == len(self.names)

    def folders(self, side: str = "") -> list[Path]:
        """Give the folders of the runs of a side (`a` or `b`; empty: of all), by their numbers."""
        names = sorted(self.played, key=lambda name: int(name.partition("-")[2]))
        return [self.folder / name for name in names if not side or name.startswith(f"{side}-")]


def repeats_of(repeat: int | None, against: str | None, out: Path | None) -> Repeats | None:
    """Give what is asked for; None for an ordinary, single run."""
    times = repeat or (1 if against is None else _REPEATS)
    if times == 1 and against is None:
        return None
    return Repeats(times=times, against=against, out=out)


def order_of(times: int, *, against: bool) -> list[str]:
    """Give the runs in the order of time: A B, B A, A B …, so that what drifts steadily hits both alike."""
    if not against:
        return [f"run-{number}" for number in range(1, times + 1)]
    pairs = (("a", "b") if number % 2 else ("b", "a") for number in range(1, times + 1))
    return [f"{side}-{number}" for number, pair in enumerate(pairs, 1) for side in pair]


def run_repeatedly(job: LoadJob, repeats: Repeats, messages: Messages = QUIET) -> RepeatsDone:
    """Make all runs, the two services in turn; Ctrl-C keeps the whole runs that have ended.

    Raises:
        BadInputError: a service cannot be reached, or the folder holds runs already.
    """
    names = order_of(repeats.times, against=repeats.against is not None)
    _check(job, repeats)
    folder = claim(repeats.out, _folder(job, repeats))
    with ExitStack() as stack:
        played = _run_all(names, _player(job, repeats, folder, stack, messages), messages)
    return RepeatsDone(folder=folder, names=names, played=played)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How far several runs of one trace at one service lie apart."""

    runs: int
    left_out: Sequence[LeftOut]
    metrics: Sequence[Mapping[str, Any]]
    """Of each metric: median, least, most, and the standard deviation as a share of the mean."""
    verdict: Verdict
    """The gravest of the runs' own."""

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 undecided or invalid."""
        return EXIT_CODES[self.verdict]


def spread_of(done: RepeatsDone) -> Spread:
    """Say how far the runs lie apart, metric by metric.

    Raises:
        BadInputError: a file of a run is damaged.
    """
    folders = done.folders()
    names = named(folders)
    read = [read_run(folder, names[folder]) for folder in folders]
    runs = [run for run in read if isinstance(run, ComparedRun)]
    verdicts = {each.decision.verdict for each in done.played.values()}
    return Spread(
        runs=len(runs),
        left_out=[run for run in read if isinstance(run, LeftOut)],
        metrics=[_over(metric, runs) for metric in chosen_metrics((), [run.played for run in runs])],
        verdict=next(verdict for verdict in GRAVEST_FIRST if verdict in verdicts),
    )


def _over(metric: Metric, runs: Sequence[ComparedRun]) -> dict[str, Any]:
    values = [value for run in runs if (value := value_of(metric, run.played)) is not None]
    mean = fmean(values)
    known = len(values) > 1 and mean
    return {
        "metric": metric,
        "median": median(values),
        "least": min(values),
        "most": max(values),
        "variation_share": stdev(values) / mean if known else None,
    }


def _run_all(
    names: Sequence[str], run_one: Callable[[str], judgement.Judged], messages: Messages
) -> dict[str, judgement.Judged]:
    """Make run after run; ends early where one was stopped."""
    played: dict[str, judgement.Judged] = {}
    with _ctrl_c() as heard:
        for number, name in enumerate(names, 1):
            messages.note(f"run {number} of {len(names)}: {name}")
            try:
                judged = run_one(name)
            except KeyboardInterrupt:
                break
            if judged.manifest.status != "finished":
                break
            played[name] = judged
            if heard:
                # It came too late to cut the run short.
                break
    return played


@contextmanager
def _ctrl_c() -> Iterator[list[int]]:
    """Remember each Ctrl-C, which a run that is about to end may survive; elsewhere it works as usual."""
    heard: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield heard
        return

    def hear(number: int, _frame: object) -> None:
        heard.append(number)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, hear)
    try:
        yield heard
    finally:
        signal.signal(signal.SIGINT, before)


def _player(
    job: LoadJob, repeats: Repeats, folder: Path, stack: ExitStack, messages: Messages
) -> Callable[[str], judgement.Judged]:
    """Give what makes one run; the prediction is made once, since all runs have the same arrivals."""
    shared = folder / "trace"
    write_trace(shared, job.trace)
    if job.trace.info.has_prediction:
        write_prediction(shared, job.trace, messages)
        write_replications(shared, job.trace, messages)
    files = (judgement.PREDICTED_FILE, judgement.REPLICATIONS_FILE, judgement.ORDINARY_FILE)
    predicted = [name for name in files if (shared / name).exists()]
    service = None
    if job.host is None and repeats.against is not None:
        # The other service keeps its books from run to run; this one must not start each with fresh ones.
        service = stack.enter_context(service_for_trace(shared))

    def run_one(name: str) -> judgement.Judged:
        is_b = name.startswith("b-")
        at = replace(job, host=repeats.against) if is_b else job
        settings = dict(job.settings) | {
            "host": at.host or "reference service",
            "repeat": {"name": name, "of": repeats.times, "against": repeats.against is not None},
        }
        seed = job.trace.info.seed
        run, manifest = begin(
            "load", job.trace.model, seed, folder / name, scenario=job.name, settings=settings
        )
        write_trace(run, job.trace)
        for file in predicted:
            (run / file).write_bytes((shared / file).read_bytes())
        return run_without_report(run, manifest, at, service=None if is_b else service, messages=messages)

    return run_one


def _folder(job: LoadJob, repeats: Repeats) -> Path:
    of = f"repeat {repeats.times} {repeats.against} {sorted(job.settings.items())}"
    info = job.trace.info
    identity = run_id(info.fingerprint, of, info.seed, __version__)
    return Path("results") / folder_name(job.name) / "runs" / f"repeat-{identity}"


def _check(job: LoadJob, repeats: Repeats) -> None:
    """Find out what cannot be done before anything is run."""
    for option, value in (
        ("--server-pid", job.options.server_pid),
        ("--metrics", job.settings.get("metrics")),
    ):
        if repeats.against is not None and value is not None:
            problem = "cannot be combined with --against: the figures are those of one service"
            raise BadInputError(option, problem, "one of the two")
    for option, host in (("--host", job.host), ("--against", repeats.against)):
        if host is not None:
            check_service(host, job.trace, job.options, job.options.users, option)
