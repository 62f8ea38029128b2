"""`footfall load`: load a running service, by a scenario or at a rate."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from footfall._cli.gate import show as show_judged, show_verdict
from footfall._cli.options import (
    DEFAULT_SEED,
    Against,
    AlsoAsked,
    Arrivals,
    Asked,
    AtHour,
    Baseline,
    Changes,
    Check,
    Even,
    For,
    Get,
    HumanTime,
    Json,
    LongestEpisode,
    Out,
    Overwrite,
    Rate,
    Repeat,
    Scale,
    ScenarioName,
    Seed,
    Speed,
    Url,
    Window,
    with_load_options,
)
from footfall._cli.output import TERMINAL, note, progress, say, say_json, show_table
from footfall._load.endpoints.endpoints_check import DryRun, idle, transport_of
from footfall._load.endpoints.target_service import TargetService
from footfall._load.http.connection_options import TransportOptions
from footfall._load.options import AS_USUAL, LoadOptions
from footfall._load.url_load import UrlLoad
from footfall._measure.run_comparison import EXIT_CODES as COMPARISON_EXIT_CODES, Minimum
from footfall._measure.verdict import EXIT_CODES
from footfall._records.errors import BadInputError, seconds_of
from footfall._records.folders import check_free
from footfall._records.rows import Outcome
from footfall._records.runs import WorkerRecord
from footfall._runs import messages as text
from footfall._runs.compare import compare_folders
from footfall._runs.judgement import asked_of
from footfall._runs.load_test import (
    AskedOf,
    LoadDone,
    as_json as as_json_of,
    for_own_service,
    left_out_line,
    load_job,
    run_load,
    tried,
    url_play,
)
from footfall._runs.make_trace import make_trace, scenario_of
from footfall._runs.messages import percent
from footfall._runs.process import INTERRUPTED_EXIT_CODE
from footfall._runs.repeat import Repeats, RepeatsDone, play_repeatedly, repeats_of, spread_of
from footfall._workload.scenario import Scenario
from footfall._workload.trace import Trace, read_trace

if TYPE_CHECKING:
    # With the charts, which are slow to import: after the run.
    from footfall._runs import report

_REPLICATED = (
    "predicted: mean of {n} replications, the same customers with other service times and\n"
    "faults, and the range in which 95 % of runs would fall (predicted.csv)."
)


@with_load_options
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
    options: LoadOptions = AS_USUAL,
    check: Check = False,
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
    baseline: Baseline = None,
    against: Against = None,
    repeat: Repeat = None,
    as_json: Json = False,
) -> int:
    """Load URL at a rate, or play a scenario's busiest minutes, through Locust, and judge what came of it."""
    of_url = {"--rate": rate, "--for": for_text, "--even": even or None, "--get": get or None}
    _check(host, scenario, url, of_url, serve=serve)
    repeats = repeats_of(repeat, against, out)
    if repeats is None and not check:
        check_free(out, overwrite=overwrite)
    shape: dict[str, Any] = {"arrivals": arrivals} if url is None else {}
    shape |= {"window_s": window, "speed": speed, "scale": scale, "human_time_factor": human_time_factor}
    given = Given(shape=shape, seed=seed, at_hour=at_hour, changes=tuple(changes or ()), trace=trace)
    asked = AskedOf(criteria=criteria, more=more_criteria or (), longest_episode=longest_episode)
    requests = None
    if url is not None:
        for_s = None if for_text is None else seconds_of(for_text, "--for")
        load = UrlLoad(url=url, rate_per_s=rate, for_s=for_s, arrivals=arrivals, even=even, seed=seed)
        requests = _OfUrl(load, tuple(get or ()))
    with _played(scenario, requests, given, asked, (host, options)) as (made, at, how, told):
        if how.insecure:
            note("--insecure: no certificate of the service is checked")
        played, own = for_own_service(how, made, at, TERMINAL)
        if check:
            transport = transport_of(how.transport, how.endpoints, played.info)
            return _try_out(own, played, at, transport, as_json=as_json)
        job = load_job(played, at, how, baseline, told)
        if repeats is not None:
            return _show_repeats(play_repeatedly(job, repeats, TERMINAL), repeats, as_json=as_json)
        done = run_load(job, out, overwrite=overwrite, messages=TERMINAL)
    if as_json:
        say_json(as_json_of(done))
    else:
        show(done)
    return done.judged.exit_code


@dataclass(frozen=True, slots=True)
class _OfUrl:
    """A load without a scenario: its arrivals, and the paths that they ask for."""

    load: UrlLoad
    gets: tuple[str, ...]


@contextmanager
def _played(
    scenario: str | None,
    of_url: _OfUrl | None,
    given: "Given",
    asked: AskedOf,
    where_and_how: tuple[str | None, LoadOptions],
) -> "Iterator[tuple[Trace, str | None, LoadOptions, Mapping[str, Any]]]":
    """Give the trace of a URL or of a scenario, its host, how it is played, and what the manifest says."""
    host, options = where_and_how
    if of_url is None:
        chosen = scenario_of(scenario, None, **given.shape)
        chosen = asked_of(chosen, asked.criteria, asked.more, asked.longest_episode)
        yield _trace(chosen, given), host, options, {}
        return
    _refuse_beside_url(_shaping(given) | {"--trace": given.trace})
    with url_play(of_url.load, of_url.gets, options.endpoints, asked) as made:
        made_options = options.model_copy(update={"endpoints": made.endpoints})
        yield made.trace, made.host, made_options, made.settings


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
    from footfall._cli import compare
    from footfall._runs import compare as comparison_tables

    compared = compare_folders(done.folders("a"), done.folders("b"), (), Minimum())
    written = comparison_tables.write(done.folder, compared)
    if as_json:
        say_json(comparison_tables.as_json(compared) | {"folder": str(done.folder)})
    else:
        compare.show(compared, written)
    return COMPARISON_EXIT_CODES[compared.decision.verdict]


def _show_spread(done: RepeatsDone, *, as_json: bool) -> int:
    from footfall._runs.compare import value_text

    spread = spread_of(done)
    if as_json:
        shown = [row | {"metric": str(row["metric"])} for row in map(dict, spread.metrics)]
        left_out = [{"run": run.name, "reason": run.reason} for run in spread.left_out]
        told = {"verdict": spread.verdict.value, "runs": spread.runs}
        say_json(told | {"left_out": left_out, "metrics": shown})
        return EXIT_CODES[spread.verdict]
    title = f"{spread.runs} runs of one trace; variation: standard deviation by mean, run to run"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for head in ("metric", "median", "least", "most", "variation"):
        table.add_column(head, justify="left" if head == "metric" else "right")
    for row in spread.metrics:
        values = [value_text(row["metric"], row[name]) for name in ("median", "least", "most")]
        table.add_row(str(row["metric"]), *values, percent(row["variation_share"]))
    show_table(table)
    for run in spread.left_out:
        say(f"left out: {run.name}: {run.reason}")
    say(f"verdict: {spread.verdict.value}")
    return EXIT_CODES[spread.verdict]


def show(done: LoadDone) -> None:
    """Print the table, the accounts, the criteria, the report's name and the verdict."""
    judged = done.judged
    _show_figures(done.figures)
    counts, lag = judged.manifest.arrivals, judged.manifest.lag_s
    if counts is not None:
        say(f"\narrivals: {counts.due:,} due = {counts}")
    if left_out := judged.manifest.settings.get("left_out"):
        say(left_out_line(left_out))
    for channel, user in judged.manifest.settings.get("served_by", {}).items():
        say(f"served by: {channel}: {user}")
    if judged.manifest.workers:
        say(f"workers: {workers_line(judged.manifest.workers)}")
    if judged.manifest.connections is not None:
        say(f"connections: {judged.manifest.connections.describe(judged.manifest.settings)}")
    if lag is not None and lag.p99 is not None:
        say(f"lag of the generator: p99 {lag.p99 * 1000:.1f} ms, at most {(lag.max or 0) * 1000:.1f} ms")
    show_judged(judged)
    say(f"\nreport: {done.report or 'not written'}")
    show_verdict(judged)


def workers_line(workers: Sequence[WorkerRecord]) -> str:
    """Say how many workers there were, how they ended, and how far their clocks are from the master's."""
    statuses = Counter(worker.status for worker in workers)
    ends = ", ".join(f"{count} {status}" for status, count in sorted(statuses.items()))
    offsets = [abs(each.clock_offset_s) for each in workers if each.clock_offset_s is not None]
    clocks = f"; clocks within {max(offsets) * 1000:.1f} ms of the master's" if offsets else ""
    return ends + clocks


def _show_figures(play: "report.PlayFigures") -> None:
    """Print the table of channel and operation, and the spill."""
    from footfall._runs import report

    # One blank between columns, so that all of them fit.
    tight = (0, 1, 0, 0)
    worlds = ("measured",) if play.predicted.is_empty() else ("predicted", "measured")
    title = "Measured" if len(worlds) == 1 else "Predicted and measured"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=tight)
    has_targets = play.comparison["target_share"].is_not_null().any()
    heads = ["channel", "operation", "visits", *(f"{world}, 95 %" for world in worlds)]
    heads += ["target"] if has_targets else []
    for head in (*heads, *(f"p95 {world}" for world in worlds)):
        table.add_column(head, justify="left" if head in {"channel", "operation"} else "right")
    for row in play.comparison.iter_rows(named=True):
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
    if play.replications > 1:
        say(_REPLICATED.format(n=play.replications))
    for row in report.spill_by_channel(play):
        say(report.spill_line(row))


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
    host: str | None,
    scenario: str | None,
    url: str | None,
    of_url: Mapping[str, object],
    *,
    serve: bool,
) -> None:
    """See that the options make sense together."""
    if url is not None:
        _refuse_beside_url({"--scenario": scenario, "--host": host, "--serve": serve})
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


def _shaping(given: Given) -> dict[str, object]:
    """Give the options that shape a scenario's trace, by name; None or empty: not given."""
    named = {f"--{name.removesuffix('_s').replace('_', '-')}": value for name, value in given.shape.items()}
    return named | {"--at-hour": given.at_hour, "--set": given.changes}


def _refuse_beside_url(given: Mapping[str, object]) -> None:
    """See that no option of a scenario stands beside a URL.

    Raises:
        BadInputError: one does.
    """
    for option, value in given.items():
        if value not in {None, False, ()}:
            raise BadInputError(
                option, "requires --scenario and cannot be combined with a URL", "one of the two"
            )


def _trace(scenario: Scenario, given: Given) -> Trace:
    """Make the scenario's trace, or read one, to be held against the scenario's criteria.

    What else would shape one that is read is refused, since it could have no effect.
    """
    if given.trace is None:
        with progress(f"sampling the day of {scenario.name}"):
            return make_trace(
                scenario, given.seed, at_hour=given.at_hour, changes=given.changes, messages=TERMINAL
            )
    seed = None if given.seed == DEFAULT_SEED else given.seed
    for option, value in (_shaping(given) | {"--seed": seed}).items():
        if value not in {None, ()}:
            raise BadInputError(
                option, "cannot be combined with --trace, which has its own", "one of the two"
            )
    made = read_trace(given.trace)
    update = {"criteria": scenario.criteria, "scenario": scenario.name}
    return replace(made, info=made.info.model_copy(update=update))


def _try_out(
    service: TargetService | None,
    trace: Trace,
    host: str | None,
    transport: TransportOptions,
    *,
    as_json: bool,
) -> int:
    """Send one errand for each mapping and show what comes back; returns 0 when all were served, else 1.

    Raises:
        BadInputError: there is no file, or nobody answers at the host.
    """
    if service is None or host is None:
        raise BadInputError("--check", "there is nothing to check", "--endpoints FILE and --host URL")
    done: list[DryRun] = []
    for trial in tried(service, trace, host, transport):
        done.append(trial)
        if not as_json:
            _show_trial(trial)
    never = idle(service, trace.model)
    all_served = all(trial.ending[0] is Outcome.SERVED for trial in done)
    if as_json:
        say_json(
            {"served": all_served, "errands": [_trial_json(trial) for trial in done], "never_used": never}
        )
    else:
        for patterns in never:
            say(f"{patterns}: no operation of the model gets to it")
        served = sum(trial.ending[0] is Outcome.SERVED for trial in done)
        say(f"{served} of {len(done)} errands served")
    return 0 if all_served else 1


def _show_trial(trial: DryRun) -> None:
    outcome, cause = trial.ending
    say(f"{trial.channel}.{trial.operation}: {outcome.value}{f' ({cause})' if cause else ''}")
    for step in trial.steps:
        ended, why = step.ending
        took, end = text.seconds(step.took_s), ended.value + (f" ({why})" if why else "")
        say(f"  {step.step:36} {step.status or '–':>3}  {took:>7}  {end}")
        if step.body:
            say(f"         {step.body}")


def _trial_json(trial: DryRun) -> dict[str, Any]:
    outcome, cause = trial.ending
    steps = [
        {
            "step": step.step,
            "method": step.method,
            "status": step.status,
            "took_s": step.took_s,
            "outcome": step.ending[0].value,
            "cause": step.ending[1],
            "body": step.body,
        }
        for step in trial.steps
    ]
    names = {"channel": trial.channel, "operation": trial.operation}
    return names | {"outcome": outcome.value, "cause": cause, "steps": steps}
