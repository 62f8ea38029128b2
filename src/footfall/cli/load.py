"""`footfall load`: load a running service, by a scenario or at a rate."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from footfall.behaviour.load_model import check_played, check_served
from footfall.cli import judging
from footfall.cli.asked import asked_of
from footfall.cli.console import note, progress, say, say_json
from footfall.cli.options import (
    DEFAULT_SEED,
    AlsoAsked,
    Arrivals,
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
    ScenarioName,
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
from footfall.cli.url_load import AskedOf, Even, For, Get, Rate, Url, UrlOptions, refuse_beside_url, url_play
from footfall.load.endpoints.endpoints_check import file_of, transport_of
from footfall.load.http.connection_options import TransportAsked
from footfall.load.preflight import check_host
from footfall.records.errors import BadInputError
from footfall.records.folders import check_free
from footfall.records.runs import WorkerRecord
from footfall.workload.scenario import Scenario
from footfall.workload.trace import Trace, read_trace, write_trace

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
    url: Url = None,
    rate: Rate = None,
    for_text: For = None,
    arrivals: Arrivals = None,
    even: Even = False,
    get: Get = None,
    scenario: ScenarioName = None,
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
    """Load URL at a rate, or play a scenario's busiest minutes, through Locust, and judge what came of it."""
    of_url = UrlOptions(
        url=url, rate=rate, for_text=for_text, arrivals=arrivals, even=even, gets=tuple(get or ())
    )
    _check(processes, host, scenario, of_url, serve=serve)
    repeats = repeats_of(repeat, against, out, as_json=as_json)
    if repeats is None and not check:
        check_free(out, overwrite=overwrite)
    options = PlayOptions(
        host=host,
        endpoints=endpoints,
        transport=TransportAsked(connections=connections, ca_file=ca_file, insecure=insecure),
        baseline=baseline,
        overwrite=overwrite,
        processes=processes,
        hits_sample_share=hits_sample,
        control=control,
        drain_s=drain_s,
        stall_s=stall_s,
        stall_every_s=stall_every_s,
    )
    shape: dict[str, Any] = {"arrivals": arrivals} if url is None else {}
    shape |= {"window_s": window, "speed": speed, "scale": scale, "human_time_factor": human_time_factor}
    given = Given(shape=shape, seed=seed, at_hour=at_hour, changes=tuple(changes or ()), trace=trace)
    asked = AskedOf(criteria=criteria, more=more_criteria or (), longest_episode=longest_episode)
    with _played(scenario, of_url, given, asked, options) as (made, how, told):
        return _try_or_play(made, how, AskedRun(repeats, out, told), check=check, as_json=as_json)


def _try_or_play(trace: Trace, options: PlayOptions, run: "AskedRun", *, check: bool, as_json: bool) -> int:
    """Send one errand for each mapping, with `--check`, or play the trace."""
    if options.transport.insecure:
        note("--insecure: no certificate of the service is checked")
    played, own = for_own_service(options.endpoints, trace, options.host)
    if check:
        transport = transport_of(options.transport, options.endpoints, played.info)
        return try_out(own, played, options.host, transport, as_json=as_json)
    return _play(played, options, run, as_json=as_json)


@contextmanager
def _played(
    scenario: str | None, of_url: UrlOptions, given: "Given", asked: AskedOf, options: PlayOptions
) -> "Iterator[tuple[Trace, PlayOptions, Mapping[str, Any]]]":
    """Give the trace of a URL or of a scenario, how it is played, and what the manifest says besides."""
    if of_url.url is None:
        chosen = scenario_of(scenario, None, **given.shape)
        chosen = asked_of(chosen, asked.criteria, asked.more, asked.longest_episode)
        yield _trace(chosen, given), options, {}
        return
    refuse_beside_url(_shaping(given) | {"--trace": given.trace})
    with url_play(of_url, options.endpoints, given.seed, asked) as made:
        yield made.trace, replace(options, host=made.host, endpoints=made.endpoints), made.settings


@dataclass(frozen=True, slots=True)
class AskedRun:
    """Where a run goes, how often it is made, and what its manifest says of it besides."""

    repeats: Repeats | None
    out: Path | None
    told: Mapping[str, Any]


def _play(played: Trace, options: PlayOptions, run: AskedRun, *, as_json: bool) -> int:
    """Play a trace, once or several times, and print what came of it."""
    info, host = played.info, options.host
    criteria = judging.criteria_of_trace(info, played.model)
    name = info.scenario or played.model.name
    load = judging.Load(played.model.name, name, _settings(played, options), info)
    judging.check_baseline(options.baseline, criteria, load)
    check_played(played.model)
    transport = transport_of(options.transport, options.endpoints, info)
    if host is not None:
        is_mapped = file_of(options.endpoints, info) is not None
        check_host(host, info, transport=transport, is_mapped=is_mapped)
    else:
        check_served(played.model)
    settings = _settings(played, options) | settings_told(options.endpoints, played) | transport.told
    settings |= run.told
    if run.repeats is not None:
        return play_repeatedly(Ordinary(name, played, criteria, settings, options), run.repeats)
    folder, manifest = begin(
        *("load", played.model, info.seed, run.out),
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

    shape: Mapping[str, Any]
    """Fields of the scenario that options override."""
    seed: int
    at_hour: float | None
    changes: tuple[str, ...]
    trace: Path | None
    """Folder of one that was made before."""


def _check(
    processes: int, host: str | None, scenario: str | None, of_url: UrlOptions, *, serve: bool
) -> None:
    """See that the options make sense together."""
    if processes != -1 and not 1 <= processes <= PROCESSES_MOST:
        raise BadInputError(f"--processes {processes}", "impossible", f"1 to {PROCESSES_MOST}, or -1")
    if of_url.url is not None:
        refuse_beside_url({"--scenario": scenario, "--host": host, "--serve": serve})
        return
    of_url.beside_a_scenario()
    if scenario is None:
        expected = "a URL with --rate 60, or --scenario NAME with --host URL or --serve"
        raise BadInputError("footfall load", "nothing to play is named", expected)
    if serve is (host is not None):
        problem = "both --host and --serve are given" if serve else "no service is named"
        raise BadInputError("footfall load", problem, "either --host URL or --serve")


def _shaping(given: Given) -> dict[str, object]:
    """Give the options that shape a scenario's trace, by name; None or empty: not given."""
    named = {f"--{name.removesuffix('_s').replace('_', '-')}": value for name, value in given.shape.items()}
    return named | {"--at-hour": given.at_hour, "--set": given.changes}


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


def _trace(scenario: Scenario, given: Given) -> Trace:
    """Make the scenario's trace, or read one, to be held against the scenario's criteria.

    What else would shape one that is read is refused, since it could have no effect.
    """
    if given.trace is None:
        with progress(f"sampling the day of {scenario.name}"):
            return make_trace(scenario, given.seed, given.changes, given.at_hour)
    seed = None if given.seed == DEFAULT_SEED else given.seed
    for option, value in (_shaping(given) | {"--seed": seed}).items():
        if value not in {None, ()}:
            raise BadInputError(option, "the trace has its own", "no such option beside --trace")
    made = read_trace(given.trace)
    update = {"criteria": scenario.criteria, "scenario": scenario.name}
    return made.model_copy(update={"info": made.info.model_copy(update=update)})
