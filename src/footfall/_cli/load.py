"""`footfall load`: load a running service, by a scenario or at a rate."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rich.table import Table

from footfall._cli import options as opt
from footfall._cli.compare import show_compared
from footfall._cli.gate import show as show_judged, show_verdict
from footfall._cli.output import TERMINAL, note, say, say_json, show_table
from footfall._records.errors import BadInputError, seconds_of
from footfall._runs import compare as comparison, messages as text
from footfall._runs.judgement import CriteriaAsked
from footfall._runs.load_run import LoadDone, account_lines, as_json as json_of_load, run_load
from footfall._runs.load_test import LoadAsked, PreparedLoad, ScenarioSource, UrlSource, prepared
from footfall._runs.messages import percent
from footfall._runs.process import INTERRUPTED_EXIT_CODE
from footfall._runs.repeat import Repeats, RepeatsDone, repeats_of, run_repeatedly, spread_of
from footfall._runs.run_options import trace_options

if TYPE_CHECKING:
    # With the charts, which are slow to import: after the run.
    from footfall._runs import report

_REPLICATED = (
    "predicted: mean of {n} replications, the same customers with other service times and\n"
    "faults, and the range in which 95 % of runs would fall (predicted.csv)."
)


@opt.with_load_options
def command(
    url: opt.Url = None,
    rate: opt.Rate = None,
    for_text: opt.For = None,
    arrivals: opt.Arrivals = None,
    even: opt.Even = False,
    get: opt.Get = None,
    scenario: opt.ScenarioName = None,
    host: opt.Host = None,
    serve: opt.Serve = False,
    trace: opt.TraceFolder = None,
    options: Mapping[str, Any] = MappingProxyType({}),
    check: opt.Check = False,
    seed: opt.Seed = opt.DEFAULT_SEED,
    window: opt.Window = None,
    at_hour: opt.AtHour = None,
    speed: opt.Speed = None,
    scale: opt.Scale = None,
    human_time_factor: opt.HumanTime = None,
    out: opt.Out = None,
    overwrite: opt.Overwrite = False,
    changes: opt.Changes = None,
    criteria: opt.Asked = None,
    more_criteria: opt.AlsoAsked = None,
    longest_episode: opt.LongestEpisode = None,
    baseline: opt.Baseline = None,
    against: opt.Against = None,
    repeat: opt.Repeat = None,
    as_json: opt.Json = False,
) -> int:
    """Load URL at a rate, or run a scenario's busiest minutes, through Locust, and judge the run."""
    of_url = {"--rate": rate, "--for": for_text, "--even": even or None, "--get": get or None}
    _check(host, scenario, url, of_url, serve=serve)
    repeats = repeats_of(repeat, against, out)
    asked = CriteriaAsked(instead=criteria, also=more_criteria, longest_episode=longest_episode)
    shape: dict[str, Any] = {"window_s": window, "at_hour": at_hour, "speed": speed, "scale": scale}
    shape |= {"human_time_factor": human_time_factor, "changes": tuple(changes or ())}
    source: ScenarioSource | UrlSource
    if url is None:
        source = _scenario_source(scenario, trace, shape | {"arrivals": arrivals}, seed, asked)
    else:
        _refuse_with_url(_named(shape) | {"--trace": trace})
        duration_s = None if for_text is None else seconds_of(for_text, "--for")
        load = UrlSource(url=url, rate_per_s=rate, duration_s=duration_s, arrivals=arrivals, even=even)
        source = replace(load, paths=tuple(get or ()), seed=seed, asked=asked)
    if options.get("insecure"):
        note("--insecure: no certificate of the service is checked")
    # Repeated runs have a folder each, and a check has none.
    single = None if check or repeats is not None else out
    wanted = LoadAsked(
        source=source, host=host, options=options, baseline=baseline, out=single, overwrite=overwrite
    )
    with prepared(wanted, TERMINAL) as ready:
        if check:
            return _show_check(ready, as_json=as_json)
        if repeats is not None:
            return _show_repeats(run_repeatedly(ready.job(), repeats, TERMINAL), repeats, as_json=as_json)
        done = run_load(ready.job(), out, overwrite=overwrite, messages=TERMINAL)
    if as_json:
        say_json(json_of_load(done))
    else:
        show(done)
    return done.judged.exit_code


def _show_repeats(done: RepeatsDone, repeats: Repeats, *, as_json: bool) -> int:
    """Print what several runs say together; returns the exit code.

    With a second service: that of the comparison, A being the baseline. Alone: that of the worst run. Where
    Ctrl-C ended them: 130.
    """
    if not done.is_whole:
        whole = ", ".join(done.played) or "none"
        note(f"stopped: {len(done.played)} of {len(done.names)} runs are whole: {whole}")
        return INTERRUPTED_EXIT_CODE
    for name, judged in done.played.items():
        note(f"{name}: verdict on its own {judged.decision.verdict.value}")
    if repeats.against is None:
        return _show_spread(done, as_json=as_json)
    compared = comparison.compare(done.folders("b"), done.folders("a"))
    show_compared(compared, done.folder, as_json=as_json)
    return compared.exit_code


def _show_spread(done: RepeatsDone, *, as_json: bool) -> int:
    spread = spread_of(done)
    if as_json:
        shown = [row | {"metric": str(row["metric"])} for row in map(dict, spread.metrics)]
        left_out = [{"run": run.name, "reason": run.reason} for run in spread.left_out]
        found = {"verdict": spread.verdict.value, "runs": spread.runs}
        say_json(found | {"left_out": left_out, "metrics": shown})
        return spread.exit_code
    title = f"{spread.runs} runs of one trace; variation: standard deviation by mean, run to run"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for head in ("metric", "median", "least", "most", "variation"):
        table.add_column(head, justify="left" if head == "metric" else "right")
    for row in spread.metrics:
        values = [comparison.value_text(row["metric"], row[name]) for name in ("median", "least", "most")]
        table.add_row(str(row["metric"]), *values, percent(row["variation_share"]))
    show_table(table)
    for run in spread.left_out:
        say(f"left out: {run.name}: {run.reason}")
    say(f"verdict: {spread.verdict.value}")
    return spread.exit_code


def show(done: LoadDone) -> None:
    """Print the table, the accounts, the criteria, the report's name and the verdict."""
    judged = done.judged
    _show_figures(done.figures)
    say()
    for line in account_lines(done):
        say(line)
    show_judged(judged)
    say(f"\nreport: {done.report or 'not written'}")
    show_verdict(judged)


def _show_figures(figures: "report.RunFigures") -> None:
    """Print the table of channel and operation, and the spill."""
    from footfall._runs import report

    # One blank between columns, so that all of them fit.
    tight = (0, 1, 0, 0)
    worlds = ("measured",) if figures.predicted.is_empty() else ("predicted", "measured")
    title = "Measured" if len(worlds) == 1 else "Predicted and measured"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=tight)
    has_targets = figures.comparison["target_share"].is_not_null().any()
    heads = ["channel", "operation", "visits", *(f"{world}, 95 %" for world in worlds)]
    heads += ["target"] if has_targets else []
    for head in (*heads, *(f"p95 {world}" for world in worlds)):
        table.add_column(head, justify="left" if head in {"channel", "operation"} else "right")
    for row in figures.comparison.iter_rows(named=True):
        if row["channel"] == "*" and row["operation"] != "*":
            continue
        cells = [row["channel"], row["operation"], f"{row['measured_visits'] or 0:,}"]
        shares = (f"{world}_success_share" for world in worlds)
        cells += [text.with_bounds(row[name], row[f"{name}_low"], row[f"{name}_high"]) for name in shares]
        cells += [percent(row["target_share"])] if has_targets else []
        times = (f"{world}_response_s_p95" for world in worlds)
        cells += [text.time(row[name], text.half_of(row, name)) for name in times]
        table.add_row(*cells, style="bold" if row["operation"] == "*" else None)
    show_table(table)
    say("±: 95 % half-width within this run, by batch means. ± ?: too few independent visits.")
    if figures.replications > 1:
        say(_REPLICATED.format(n=figures.replications))
    for row in report.spill_by_channel(figures):
        say(report.spill_line(row))


def _check(
    host: str | None,
    scenario: str | None,
    url: str | None,
    of_url: Mapping[str, object],
    *,
    serve: bool,
) -> None:
    """See that the options make sense together."""
    if url is not None:
        _refuse_with_url({"--scenario": scenario, "--host": host, "--serve": serve})
        return
    for option, value in of_url.items():
        if value is not None:
            raise BadInputError(option, "requires a URL", f"footfall load URL … {option}")
    if scenario is None:
        expected = "a URL with --rate 60, or --scenario NAME with --host URL or --serve"
        raise BadInputError("footfall load", "nothing to run is given", expected)
    if serve is (host is not None):
        problem = "both --host and --serve are given" if serve else "no service is given"
        raise BadInputError("footfall load", problem, "either --host URL or --serve")


def _scenario_source(
    scenario: str | None, trace: Path | None, shape: Mapping[str, Any], seed: int, asked: CriteriaAsked
) -> ScenarioSource:
    """Give the arrivals of a scenario, sampled now or read from the folder of a trace."""
    if trace is not None:
        given = _named(shape) | {"--seed": None if seed == opt.DEFAULT_SEED else seed}
        for option, value in given.items():
            if value not in {None, ()}:
                raise BadInputError(
                    option, "cannot be combined with --trace, which has its own", "one of the two"
                )
    options = trace_options(dict(shape) | {"seed": seed})
    return ScenarioSource(scenario=scenario, options=options, folder=trace, asked=asked)


def _named(shape: Mapping[str, Any]) -> dict[str, object]:
    """Give the options that shape a scenario's trace, by name; None or empty: not given."""
    names = {"changes": "--set", "window_s": "--window"}
    return {names.get(name, f"--{name.replace('_', '-')}"): value for name, value in shape.items()}


def _refuse_with_url(given: Mapping[str, object]) -> None:
    """See that no option of a scenario is given together with a URL.

    Raises:
        BadInputError: one is.
    """
    for option, value in given.items():
        if value not in {None, False, ()}:
            raise BadInputError(
                option, "requires --scenario and cannot be combined with a URL", "one of the two"
            )


def _show_check(ready: PreparedLoad, *, as_json: bool) -> int:
    """Make one visit for each mapping and show what comes back; returns 0 when all were served, else 1.

    Raises:
        BadInputError: there is no endpoints file, or no service answers at the host.
    """
    done = []
    for visit in ready.tried():
        done.append(visit)
        for line in () if as_json else visit.lines:
            say(line)
    served = sum(visit.is_served for visit in done)
    never = ready.never_used()
    if as_json:
        visits = [visit.data for visit in done]
        say_json({"served": served == len(done), "visits": visits, "never_used": never})
    else:
        for patterns in never:
            say(f"{patterns}: no operation of the model gets to it")
        say(f"{served} of {len(done)} visits served")
    return 0 if served == len(done) else 1
