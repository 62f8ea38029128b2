"""`footfall load`: play a scenario at a running service."""

from pathlib import Path
from typing import Annotated, Any

import typer

from footfall.cli import judging, reporting
from footfall.cli.console import progress, say, say_json
from footfall.cli.options import (
    DEFAULT_SEED,
    AtHour,
    Changes,
    HumanTime,
    Json,
    Out,
    Scale,
    Seed,
    Speed,
    Window,
)
from footfall.cli.playing import PlayOptions, play_and_judge
from footfall.cli.repeating import Against, Ordinary, Repeat, play_repeatedly, repeats_of
from footfall.cli.runs import begin
from footfall.cli.tracing import make_trace, scenario_of
from footfall.load.reach import check_host
from footfall.load.trace import Trace, read_trace, write_trace
from footfall.records.errors import BadInputError
from footfall.simulate.decide.playable import check_played, check_served


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
    seed: Seed = DEFAULT_SEED,
    window: Window = None,
    at_hour: AtHour = None,
    speed: Speed = None,
    scale: Scale = None,
    human_time_factor: HumanTime = None,
    out: Out = None,
    changes: Changes = None,
    processes: Annotated[int, typer.Option(help="Generating processes; one, so far.")] = 1,
    drain_s: Annotated[float, typer.Option(min=0, help="Seconds to wait for the last customers.")] = 120.0,
    stall_s: Annotated[float, typer.Option(hidden=True)] = 0.0,
    stall_every_s: Annotated[float, typer.Option(hidden=True)] = 0.0,
    against: Against = None,
    repeat: Repeat = None,
    as_json: Json = False,
) -> int:
    """Play a scenario's busiest minutes through Locust, and judge what came of it."""
    if processes != 1:
        raise BadInputError(
            f"--processes {processes}", "a trace is played by one process so far", "--processes 1"
        )
    if serve is (host is not None):
        raise BadInputError("footfall load", "where to?", "either --host URL or --serve")
    shape = {"window_s": window, "speed": speed, "scale": scale, "human_time_factor": human_time_factor}
    chosen = scenario_of(scenario, None, **shape)
    if trace is None:
        with progress(f"sampling the day of {chosen.name}"):
            played = make_trace(chosen, seed, tuple(changes or ()), at_hour)
    else:
        given = shape | {"at_hour": at_hour, "set": changes, "seed": None if seed == DEFAULT_SEED else seed}
        played = _made_before(trace, [name for name, value in given.items() if value is not None])
    criteria = judging.criteria_of_scenario(chosen, played.model)
    check_played(played.model)
    if host is not None:
        check_host(host, played.info)
    else:
        check_served(played.model)
    settings = {
        "criteria": list(chosen.criteria),
        "play": played.info.play.model_dump(),
        "scale": played.info.scale,
        "set": list(played.info.changes),
        "host": host or "reference service",
        "model_file": played.info.model,
    }
    options = PlayOptions(host=host, drain_s=drain_s, stall_s=stall_s, stall_every_s=stall_every_s)
    if (repeats := repeats_of(repeat, against, out, as_json=as_json)) is not None:
        return play_repeatedly(Ordinary(chosen.name, played, criteria, settings, options), repeats)
    folder, manifest = begin(
        "load", played.model, played.info.seed, out, scenario=chosen.name, settings=settings
    )
    write_trace(folder, played)
    judged, figures, page = play_and_judge(folder, manifest, criteria, played, options)
    if as_json:
        say_json(result_json(judged, figures) | {"folder": str(folder)})
    else:
        show(judged, figures, page)
    return judged.exit_code


def show(judged: judging.Judged, figures: reporting.PlayFigures, page: Path) -> None:
    """Print the table, the accounts, the criteria, the report's name and the verdict."""
    reporting.show(figures)
    counts, lag = judged.manifest.arrivals, judged.manifest.lag_s
    if counts is not None:
        states = f"{counts.played:,} played, {counts.failed:,} failed, {counts.not_sent:,} not sent"
        say(f"\narrivals: {counts.due:,} due = {states}")
    if lag is not None and lag.p99 is not None:
        say(f"lag of the generator: p99 {lag.p99 * 1000:.1f} ms, at most {(lag.max or 0) * 1000:.1f} ms")
    judging.show(judged)
    say(f"\nreport: {page}")
    judging.show_verdict(judged)


def result_json(judged: judging.Judged, figures: reporting.PlayFigures) -> dict[str, Any]:
    """Give the same figures for a program."""
    counts, lag = judged.manifest.arrivals, judged.manifest.lag_s
    return judging.as_json(judged) | {
        "arrivals": None if counts is None else {k: getattr(counts, k) for k in counts.__slots__},
        "lag_s": None if lag is None else {k: getattr(lag, k) for k in lag.__slots__},
        "comparison": figures.comparison.to_dicts(),
        "spill": reporting.spill_by_channel(figures),
    }


def _made_before(folder: Path, also_given: list[str]) -> Trace:
    """Read a trace; whatever else would shape one is refused, since it could have no effect."""
    if also_given:
        option = also_given[0].removesuffix("_s").replace("_", "-")
        raise BadInputError(f"--{option}", "the trace has its own", "no such option beside --trace")
    return read_trace(folder)
