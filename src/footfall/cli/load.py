"""`footfall load`: play a scenario at a running service."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from footfall.cli import judging
from footfall.cli.asked import asked_of
from footfall.cli.console import note, progress, say, say_json
from footfall.cli.folders import check_free
from footfall.cli.options import (
    DEFAULT_SEED,
    AlsoAsked,
    Asked,
    AtHour,
    Baseline,
    Changes,
    HumanTime,
    Json,
    LongestEpisode,
    Out,
    Overwrite,
    Scale,
    Seed,
    Speed,
    Window,
)
from footfall.cli.own_endpoints import (
    CaFile,
    Check,
    Connections,
    EndpointsFile,
    Insecure,
    for_own_service,
    left_out_line,
    settings_told,
    try_out,
)
from footfall.cli.playing import PlayOptions, play_and_judge
from footfall.cli.repeating import Against, Ordinary, Repeat, Repeats, play_repeatedly, repeats_of
from footfall.cli.runs import begin
from footfall.cli.tracing import make_trace, scenario_of
from footfall.load.endpoints.ready import file_of, transport_of
from footfall.load.reach import check_host
from footfall.load.scenario import Scenario
from footfall.load.trace import Trace, read_trace, write_trace
from footfall.load.transport.options import TransportAsked
from footfall.records.errors import BadInputError
from footfall.records.runs import WorkerRecord
from footfall.simulate.decide.playable import check_played, check_served

if TYPE_CHECKING:
    from footfall.cli import reporting

PROCESSES_MOST = 64
Processes = Annotated[int, typer.Option(help="Generating processes, all on this machine; -1: one a core.")]
Control = Annotated[
    bool,
    typer.Option(
        "--control/--no-control",
        help="Ask the service from a separate process as well, a few times a second, for comparison.",
    ),
]
HitsSample = Annotated[
    float, typer.Option(min=0.001, max=1, help="Share of the customers whose requests are kept one by one.")
]


def command(
    scenario: Annotated[str, typer.Option(help="Name of a scenario in scenarios/, or path of its file.")],
    host: Annotated[
        str | None, typer.Option(help="Address of the service to load.", show_default=False)
    ] = None,
    serve: Annotated[bool, typer.Option("--serve", help="Start the reference service for this run.")] = False,
    trace: Annotated[
        Path | None,
        typer.Option(help="Folder of a trace made before. Default: made now.", show_default=False),
    ] = None,
    endpoints: EndpointsFile = None,
    check: Check = False,
    connections: Connections = None,
    ca_file: CaFile = None,
    insecure: Insecure = False,
    seed: Seed = DEFAULT_SEED,
    window: Window = None,
    at_hour: AtHour = None,
    speed: Speed = None,
    scale: Scale = None,
    human_time_factor: HumanTime = None,
    out: Out = None,
    overwrite: Overwrite = False,
    changes: Changes = None,
    criteria: Asked = None,
    more_criteria: AlsoAsked = None,
    longest_episode: LongestEpisode = None,
    processes: Processes = 1,
    baseline: Baseline = None,
    hits_sample: HitsSample = 1.0,
    drain_s: Annotated[float, typer.Option(min=0, help="Seconds to wait for the last customers.")] = 120.0,
    control: Control = True,
    stall_s: Annotated[float, typer.Option(hidden=True)] = 0.0,
    stall_every_s: Annotated[float, typer.Option(hidden=True)] = 0.0,
    against: Against = None,
    repeat: Repeat = None,
    as_json: Json = False,
) -> int:
    """Play a scenario's busiest minutes through Locust, and judge what came of it."""
    _check(processes, host, serve=serve)
    if repeats_of(repeat, against, out, as_json=as_json) is None and not check:
        check_free(out, overwrite=overwrite)
    shape = {"window_s": window, "speed": speed, "scale": scale, "human_time_factor": human_time_factor}
    chosen = asked_of(scenario_of(scenario, None, **shape), criteria, more_criteria or (), longest_episode)
    played = _trace(chosen, trace, shape, Given(seed=seed, at_hour=at_hour, changes=tuple(changes or ())))
    played, own = for_own_service(endpoints, played, host)
    asked = TransportAsked(connections=connections, ca_file=ca_file, insecure=insecure)
    if insecure:
        note("--insecure: no certificate of the service is checked")
    if check:
        transport = transport_of(asked, endpoints, played.info)
        return try_out(own, played, host, transport, as_json=as_json)
    options = PlayOptions(
        host=host,
        endpoints=endpoints,
        transport=asked,
        baseline=baseline,
        overwrite=overwrite,
        processes=processes,
        hits_sample_share=hits_sample,
        control=control,
        drain_s=drain_s,
        stall_s=stall_s,
        stall_every_s=stall_every_s,
    )
    repeats = repeats_of(repeat, against, out, as_json=as_json)
    return _play(played, options, repeats, out, as_json=as_json)


def _play(
    played: Trace, options: PlayOptions, repeats: Repeats | None, out: Path | None, *, as_json: bool
) -> int:
    """Play a trace, once or several times, and print what came of it."""
    info, host = played.info, options.host
    criteria = judging.criteria_of_trace(info, played.model)
    judging.check_baseline(options.baseline, criteria)
    check_played(played.model)
    transport = transport_of(options.transport, options.endpoints, info)
    if host is not None:
        is_mapped = file_of(options.endpoints, info) is not None
        check_host(host, info, transport=transport, is_mapped=is_mapped)
    else:
        check_served(played.model)
    settings = _settings(played, options) | settings_told(options.endpoints, played) | transport.told
    name = info.scenario or played.model.name
    if repeats is not None:
        return play_repeatedly(Ordinary(name, played, criteria, settings, options), repeats)
    folder, manifest = begin(
        *("load", played.model, info.seed, out),
        scenario=name,
        settings=settings,
        overwrite=options.overwrite,
    )
    write_trace(folder, played)
    judged, figures, page = play_and_judge(folder, manifest, criteria, played, options)
    if as_json:
        say_json(result_json(judged, figures) | {"folder": str(folder)})
    else:
        show(judged, figures, page)
    return judged.exit_code


def show(judged: judging.Judged, figures: "reporting.PlayFigures", page: Path | None) -> None:
    """Print the table, the accounts, the criteria, the report's name and the verdict."""
    from footfall.cli import reporting  # with the charts, after the run

    reporting.show(figures)
    counts, lag = judged.manifest.arrivals, judged.manifest.lag_s
    if counts is not None:
        say(f"\narrivals: {counts.due:,} due = {counts}")
    if left_out := judged.manifest.settings.get("left_out"):
        say(left_out_line(left_out))
    if judged.manifest.workers:
        say(f"workers: {workers_line(judged.manifest.workers)}")
    if judged.manifest.connections is not None:
        say(f"connections: {judged.manifest.connections.told(judged.manifest.settings)}")
    if lag is not None and lag.p99 is not None:
        say(f"lag of the generator: p99 {lag.p99 * 1000:.1f} ms, at most {(lag.max or 0) * 1000:.1f} ms")
    judging.show(judged)
    say(f"\nreport: {page or 'not written'}")
    judging.show_verdict(judged)


def result_json(judged: judging.Judged, figures: "reporting.PlayFigures") -> dict[str, Any]:
    """Give the same figures for a program."""
    from footfall.cli import reporting  # as above

    counts, lag = judged.manifest.arrivals, judged.manifest.lag_s
    return judging.as_json(judged) | {
        "workers": [asdict(worker) for worker in judged.manifest.workers],
        "degraded": judged.manifest.degraded,
        "arrivals": None if counts is None else {k: getattr(counts, k) for k in counts.__slots__},
        "lag_s": None if lag is None else {k: getattr(lag, k) for k in lag.__slots__},
        "connections": None if judged.manifest.connections is None else asdict(judged.manifest.connections),
        "comparison": figures.comparison.to_dicts(),
        "replications": figures.replications,
        "spill": reporting.spill_by_channel(figures),
        "left_out": judged.manifest.settings.get("left_out", {}),
    }


def workers_line(workers: Sequence[WorkerRecord]) -> str:
    """Say how many workers there were, how they ended, and how far their clocks are from the master's."""
    statuses = Counter(worker.status for worker in workers)
    ends = ", ".join(f"{count} {status}" for status, count in sorted(statuses.items()))
    offsets = [abs(each.clock_offset_s) for each in workers if each.clock_offset_s is not None]
    clocks = f"; clocks within {max(offsets) * 1000:.1f} ms of the master's" if offsets else ""
    return ends + clocks


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a trace is made from, beside the scenario."""

    seed: int
    at_hour: float | None
    changes: tuple[str, ...]


def _check(processes: int, host: str | None, *, serve: bool) -> None:
    """See that the options make sense together."""
    if processes != -1 and not 1 <= processes <= PROCESSES_MOST:
        raise BadInputError(f"--processes {processes}", "impossible", f"1 to {PROCESSES_MOST}, or -1")
    if serve is (host is not None):
        raise BadInputError("footfall load", "where to?", "either --host URL or --serve")


def _settings(played: Trace, options: PlayOptions) -> dict[str, Any]:
    """Give what shaped the run, for its manifest."""
    return {
        "criteria": list(played.info.criteria),
        "play": played.info.play.model_dump(),
        "scale": played.info.scale,
        "set": list(played.info.changes),
        "host": options.host or "reference service",
        "model_file": played.info.model,
        "hits_sample_share": options.hits_sample_share,
    }


def _trace(scenario: Scenario, folder: Path | None, shape: Mapping[str, float | None], given: Given) -> Trace:
    """Make the scenario's trace, or read one, to be held against the scenario's criteria.

    What else would shape one that is read is refused, since it could have no effect.
    """
    if folder is None:
        with progress(f"sampling the day of {scenario.name}"):
            return make_trace(scenario, given.seed, given.changes, given.at_hour)
    seed = None if given.seed == DEFAULT_SEED else given.seed
    shaping = {**shape, "at_hour": given.at_hour, "set": given.changes or None, "seed": seed}
    also_given = [name for name, value in shaping.items() if value is not None]
    if also_given:
        option = also_given[0].removesuffix("_s").replace("_", "-")
        raise BadInputError(f"--{option}", "the trace has its own", "no such option beside --trace")
    made = read_trace(folder)
    update = {"criteria": scenario.criteria, "scenario": scenario.name}
    return made.model_copy(update={"info": made.info.model_copy(update=update)})
