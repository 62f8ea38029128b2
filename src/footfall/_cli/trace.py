"""`footfall trace`: write the arrivals of a window, to be played later."""

from pathlib import Path
from typing import Annotated

import typer

from footfall._chart.style import clock
from footfall._cli.options import (
    DEFAULT_SEED,
    Arrivals,
    AtHour,
    Changes,
    HumanTime,
    Json,
    Overwrite,
    Scale,
    ScenarioName,
    Seed,
    Speed,
    Window,
)
from footfall._cli.output import TERMINAL, progress, say, say_json
from footfall._records.errors import BadInputError
from footfall._records.folders import check_writable, claim, release
from footfall._runs.make_trace import LogOptions, make_trace, scenario_of, trace_of_log
from footfall._workload.logged_requests import LogForm
from footfall._workload.trace import LogInfo, read_info, write_trace

Log = Annotated[
    Path | None,
    typer.Option(
        metavar="LOG",
        help="Replay the times of a server's log: its lines, JSON lines, W3C's format, or a table.",
        show_default=False,
    ),
]
Errands = Annotated[
    list[str] | None,
    typer.Option(
        "--as",
        metavar="[PATTERN=]CHANNEL.OPERATION",
        help="With --from-log: what requests stand for, by path; the first rule that matches counts. "
        "May be repeated. Default: the first errand of the first electronic channel.",
        show_default=False,
    ),
]
TimeColumn = Annotated[
    str | None, typer.Option(help="With --from-log: the column of times.", show_default=False)
]
TimeFormat = Annotated[
    str | None,
    typer.Option(
        help="With --from-log: how its times are written, such as '%d/%m/%Y %H:%M:%S'.", show_default=False
    ),
]
PathColumn = Annotated[
    str | None, typer.Option(help="With --from-log: the column of paths.", show_default=False)
]


def command(
    out: Annotated[
        Path, typer.Option(help="Folder for the trace: arrivals.parquet, model.json, trace.json.")
    ],
    scenario: ScenarioName = None,
    model: Annotated[
        Path | None,
        typer.Option(help="Model file, in place of the scenario's or without one.", show_default=False),
    ] = None,
    seed: Seed = DEFAULT_SEED,
    window: Window = None,
    at_hour: AtHour = None,
    speed: Speed = None,
    scale: Scale = None,
    arrivals: Arrivals = None,
    human_time_factor: HumanTime = None,
    changes: Changes = None,
    overwrite: Overwrite = False,
    from_log: Log = None,
    errands: Errands = None,
    time_column: TimeColumn = None,
    path_column: PathColumn = None,
    time_format: TimeFormat = None,
    as_json: Json = False,
) -> None:
    """Write the arrivals of the day's busiest minutes (or of --at-hour), or those of a log, as a trace."""
    form = LogForm(time_column=time_column, path_column=path_column, time_format=time_format)
    of_a_log = {f"--{name.replace('_', '-')}": getattr(form, name) for name in form.__slots__}
    _only_with_a_log(from_log, {"--as": errands, **of_a_log})
    if from_log is not None and arrivals is not None:
        raise BadInputError(
            "--arrivals", "cannot be combined with a log, which has its own number", "--scale 0.5, at most 1"
        )
    check_writable(out)
    # A log's times are its own: they are played as they were unless --speed says otherwise.
    faster = 1.0 if speed is None and from_log is not None else speed
    chosen = scenario_of(
        scenario,
        model,
        window_s=window,
        speed=faster,
        scale=scale,
        human_time_factor=human_time_factor,
        arrivals=arrivals,
    )
    if from_log is None:
        with progress(f"sampling the day of {chosen.name}"):
            trace = make_trace(chosen, seed, at_hour=at_hour, changes=changes, messages=TERMINAL)
    else:
        log = LogOptions(
            path=from_log,
            form=form,
            rules=tuple(errands or ()),
            window_s=window,
            at_hour=at_hour,
        )
        with progress(f"reading {from_log}"):
            trace = trace_of_log(chosen, log, seed, tuple(changes or ()), TERMINAL)
    claim(out, out, overwrite=overwrite)
    write_trace(out, trace)
    release(out)
    info = read_info(out / "trace.json")
    if as_json:
        say_json(info.model_dump(mode="json") | {"folder": str(out)})
        return
    if info.log is not None:
        _tell(info.log)
    play = info.play
    begins, ends = clock(play.starts_s), clock(play.starts_s + play.length_s)
    say(f"{info.arrivals:,} arrivals from {begins} to {ends}, due within {play.seconds:g} s; trace in {out}")


def _only_with_a_log(log: Path | None, given: dict[str, object]) -> None:
    """Refuse what could have no effect."""
    for name, value in given.items():
        if log is None and value:
            raise BadInputError(name, "requires --from-log LOG")


def _tell(log: LogInfo) -> None:
    """Say what became of the log's rows."""
    used = log.rows - log.unreadable - log.no_errand
    said = f"{log.name}: {log.rows:,} rows = {used:,} requests"
    say(f"{said} + {log.no_errand:,} that no rule names + {log.unreadable:,} without a readable time")
    say(f"  read as {log.form}")
    for rule, count in log.by_rule.items():
        say(f"  {count:,} by --as '{rule}'")
    if log.no_errand:
        say(f"  no rule names {', '.join(map(repr, log.no_errand_examples))}")
    if log.first_unreadable is not None:
        example = "" if log.unreadable_example is None else f": {log.unreadable_example!r}"
        say(f"  the first without a readable time is line {log.first_unreadable:,}{example}")
