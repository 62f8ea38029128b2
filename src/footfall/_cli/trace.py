"""`footfall trace`: write the arrivals of a window, to be run later."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from footfall._cli import options as opt
from footfall._cli.options import option
from footfall._cli.output import TERMINAL, say, say_json
from footfall._records.errors import BadInputError
from footfall._runs.make_trace import (
    LogOptions,
    check_trace_folder,
    make_trace,
    save_trace,
    scenario_of,
    trace_lines,
    trace_of_log,
)

Log = Annotated[
    Path | None,
    option(
        metavar="LOG",
        help="Replay the times of a server's log: its lines, JSON lines, W3C's format, or a table.",
    ),
]
Rules = Annotated[
    list[str] | None,
    option(
        "--as",
        metavar="[PATTERN=]CHANNEL.OPERATION",
        help="With --from-log: what requests stand for, by path; the first rule that matches counts. "
        "May be repeated. Default: the first operation of the first electronic channel.",
    ),
]
_TimeColumn = Annotated[str | None, option(help="With --from-log: the column of times.")]
_TimeFormat = Annotated[
    str | None,
    option(help="With --from-log: how its times are written, such as '%d/%m/%Y %H:%M:%S'."),
]
_PathColumn = Annotated[str | None, option(help="With --from-log: the column of paths.")]


def command(
    out: Annotated[
        Path, typer.Option(help="Folder for the trace: arrivals.parquet, model.json, trace.json.")
    ],
    scenario: opt.ScenarioName = None,
    model: Annotated[
        Path | None,
        option(help="Model file, in place of the scenario's or without one."),
    ] = None,
    seed: opt.Seed = opt.DEFAULT_SEED,
    window: opt.Window = None,
    at_hour: opt.AtHour = None,
    speed: opt.Speed = None,
    scale: opt.Scale = None,
    arrivals: opt.Arrivals = None,
    human_time_factor: opt.HumanTime = None,
    changes: opt.Changes = None,
    overwrite: opt.Overwrite = False,
    from_log: Log = None,
    rules: Rules = None,
    time_column: _TimeColumn = None,
    path_column: _PathColumn = None,
    time_format: _TimeFormat = None,
    as_json: opt.Json = False,
) -> None:
    """Write the arrivals of the day's busiest minutes (or of --at-hour), or those of a log, as a trace."""
    form = {"time_column": time_column, "path_column": path_column, "time_format": time_format}
    of_a_log = {"--as": rules} | {f"--{name.replace('_', '-')}": value for name, value in form.items()}
    _check_log_options(from_log, of_a_log, arrivals)
    check_trace_folder(out)
    # The times of a log are taken as recorded unless --speed says otherwise.
    faster = 1.0 if speed is None and from_log is not None else speed
    shape = {"window_s": window, "speed": faster, "scale": scale, "arrivals": arrivals}
    chosen = scenario_of(scenario, model, human_time_factor=human_time_factor, **shape)
    if from_log is None:
        with TERMINAL.progress(f"sampling the day of {chosen.name}"):
            trace = make_trace(chosen, seed, at_hour=at_hour, changes=changes, messages=TERMINAL)
    else:
        log = LogOptions(path=from_log, rules=tuple(rules or ()), window_s=window, at_hour=at_hour, **form)
        with TERMINAL.progress(f"reading {from_log}"):
            trace = trace_of_log(chosen, log, seed, tuple(changes or ()), TERMINAL)
    info = save_trace(trace, out, overwrite=overwrite)
    if as_json:
        say_json(info.model_dump(mode="json") | {"folder": str(out)})
        return
    *of_log, arrivals_line = trace_lines(info)
    for line in of_log:
        say(line)
    say(f"{arrivals_line}; trace in {out}")


def _check_log_options(log: Path | None, given: Mapping[str, object], arrivals: int | None) -> None:
    """Refuse what could have no effect."""
    for name, value in given.items():
        if log is None and value:
            raise BadInputError(name, "requires --from-log LOG")
    if log is not None and arrivals is not None:
        raise BadInputError(
            "--arrivals", "cannot be combined with a log, which has its own number", "--scale 0.5, at most 1"
        )
