"""Play a scenario's trace at a service, predict the same arrivals, judge, and report."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from footfall.cli import judging
from footfall.cli.console import note, progress
from footfall.cli.own_service import Ready, own_service
from footfall.cli.predicting import predict_played, replicate_played
from footfall.cli.runs import end
from footfall.load.http.connection_options import NOT_ASKED, TransportAsked
from footfall.load.result_files import LoadResult
from footfall.load.start_locust import LoadSettings, run_locust
from footfall.measure.spec import Criterion
from footfall.records.errors import BadInputError
from footfall.records.runs import Manifest
from footfall.workload.trace import Trace

if TYPE_CHECKING:
    from footfall.chart.style import Chart
    from footfall.cli import reporting


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayOptions:
    """How a trace is played."""

    host: str | None
    """None: the reference service, started for the run."""
    service: Ready | None = None
    """A reference service that has been started for this trace."""
    processes: int = 1
    hits_sample_share: float = 1.0
    endpoints: Path | None = None
    """File that maps errands to the host's own requests; None: the trace's, or the reference service's."""
    transport: TransportAsked = NOT_ASKED
    """Whose the connections are, and which certificates are trusted."""
    predicted: bool = False
    """The folder holds the prediction already."""
    control: bool = True
    """Whether a separate process asks the service, too, for comparison."""
    drain_s: float = 120.0
    stall_s: float = 0.0
    stall_every_s: float = 0.0
    baseline: Path | None = None
    """An earlier run, for criteria that speak of one."""
    overwrite: bool = False
    """Replace a former run in the folder that is named for this one."""


def play_and_judge(
    folder: Path,
    manifest: Manifest,
    criteria: tuple[Criterion, ...],
    trace: Trace,
    options: PlayOptions,
    more: "Sequence[Chart]" = (),
) -> "tuple[judging.Judged, reporting.PlayFigures, Path | None]":
    """Play the trace in the folder, predict, judge; returns the verdict, the figures and the report's path.

    The path is None where the report could not be written.

    Raises:
        BadInputError: the service cannot be reached or started.
    """
    judged = play_only(folder, manifest, criteria, trace, options)
    # Charts take over a second to import, which a run need not spend before its first request.
    from footfall.cli import reporting

    figures = reporting.figures(folder)
    try:
        page = reporting.write(folder, figures, judged, more)
    except BadInputError as error:
        # The verdict stands in the run's files; `footfall report` makes the page when there is room again.
        note(f"no report: {error}")
        page = None
    return judged, figures, page


def play_only(
    folder: Path, manifest: Manifest, criteria: tuple[Criterion, ...], trace: Trace, options: PlayOptions
) -> judging.Judged:
    """Do so without a report, which `footfall report` makes from the files.

    Raises:
        BadInputError: the service cannot be reached or started.
    """
    result = _play(folder, trace, options)
    if trace.info.has_prediction:
        if not options.predicted:
            predict_played(folder, trace)
        replicate_played(folder, trace)
    manifest = end(folder, manifest, **result.for_manifest())
    return judging.judge_run(folder, manifest, criteria, options.baseline)


def _play(folder: Path, trace: Trace, options: PlayOptions) -> LoadResult:
    play = trace.info.play
    with ExitStack() as stack:
        host, token = options.host, ""
        if host is None:
            note("waiting for the reference service …")
            service = (options.service or stack.enter_context(own_service(folder)))()
            host, token = service.url, service.control_token
        what = f"{trace.arrivals.height:,} arrivals in {play.seconds:g} s at {host}"
        bar = stack.enter_context(progress(f"playing {what}"))
        return run_locust(
            LoadSettings(
                trace=folder,
                run_dir=folder,
                host=host,
                endpoints=options.endpoints,
                transport=options.transport,
                control_token=token,
                processes=options.processes,
                hits_sample_share=options.hits_sample_share,
                control=options.control,
                drain_s=options.drain_s,
                stall_s=options.stall_s,
                stall_every_s=options.stall_every_s,
                on_progress=lambda now: bar(now.played_s / play.seconds),
            )
        )
