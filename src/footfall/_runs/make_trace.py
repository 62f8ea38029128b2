"""Make a trace: the customers of a window of a model's day, or the requests of a server's log."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, inf, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall._behaviour.load_model import RunPace
from footfall._model.model import Model
from footfall._model.numbers import DAY_S, HALF_HOUR_S, HOUR_S
from footfall._records.errors import BadInputError
from footfall._records.folders import check_before_work, claim, release
from footfall._runs.content import change_texts, model_in, with_changes
from footfall._runs.messages import QUIET, Messages, clock
from footfall._runs.run_options import TraceOptions, trace_options
from footfall._workload import logged_requests
from footfall._workload.arrivals import arrivals_table, busiest_parts, draw_arrivals, rates_within
from footfall._workload.scenario import Scenario, changed, pace_of, read_scenario, with_outages
from footfall._workload.trace import (
    LogInfo,
    Trace,
    TraceInfo,
    busiest_window,
    cut,
    random_choice,
    write_trace,
)

# ── The customers of a window of a model's day

SCENARIOS = Path("scenarios")
ARRIVALS_MOST = 5_000_000
"""More are not sampled for one window: they would take gigabytes before the first request."""
_ARRIVALS_OF_A_KIND_MOST = 500_000
"""Of one segment and operation in half an hour: half of what their numbers have room for, as days differ."""


def scenario_of(name: str | None, model: Path | None = None, **shape: Any) -> Scenario:  # noqa: ANN401  fields of a scenario
    """Give the scenario of a name, or an ordinary one for a model file, with some of its fields replaced.

    Raises:
        BadInputError: there is no such scenario, neither is given, or the scale or number is impossible.
    """
    if name is not None:
        scenario = read_scenario(name, SCENARIOS)
        if model is not None:
            scenario = scenario.model_copy(update={"model": model.as_posix()})
    elif model is not None:
        scenario = _ordinary_scenario(model.stem, model.as_posix())
    else:
        raise BadInputError("footfall trace", "neither --scenario nor --model is given", "one of them")
    return _reshaped(scenario, shape)


def _reshaped(scenario: Scenario, shape: Mapping[str, Any]) -> Scenario:
    """Give a scenario with other fields in the place of its own; None: its own.

    Raises:
        BadInputError: the scale or the number of arrivals is impossible, or both are given.
    """
    scale, arrivals = shape.get("scale"), shape.get("arrivals")
    if arrivals is not None and scale is not None:
        raise BadInputError(
            "--arrivals", "cannot be combined with --scale, which also sets the number", "one of the two"
        )
    if arrivals is not None and not 1 <= arrivals <= ARRIVALS_MOST:
        raise BadInputError(f"--arrivals {arrivals}", "is out of range", f"1 to {ARRIVALS_MOST:,}")
    if scale is not None and not 0 < scale < inf:
        raise BadInputError(
            f"--scale {scale:g}", "is not a multiple of the day's customers", "a number above 0"
        )
    given = {key: value for key, value in shape.items() if value is not None}
    return scenario.model_copy(update={"arrivals": None} | given if scale is not None else given)


def model_of(
    scenario: Scenario,
    changes: Sequence[str] = (),
    messages: Messages = QUIET,
    model: Model | None = None,
) -> Model:
    """Give the model of a scenario with its numbers and then further changes; no outages yet.

    `model` is taken in place of the file that the scenario names.

    Raises:
        BadInputError: the file does not run, or a change is impossible.
    """
    as_is = model_in(Path(scenario.model)) if model is None else model
    return with_changes(changed(as_is, scenario), changes, messages=messages)


def make_trace(
    scenario: Scenario | Path | str | None = None,
    seed: int = 1,
    *,
    model: Model | Path | str | None = None,
    window: float | str | None = None,
    at_hour: float | None = None,
    speed: float | None = None,
    scale: float | None = None,
    arrivals: int | None = None,
    human_time_factor: float | None = None,
    changes: Mapping[str, float | str] | Sequence[str] | None = None,
    out: Path | str | None = None,
    messages: Messages = QUIET,
) -> Trace:
    """Make a trace: the customers of the busiest minutes of a scenario's or a model's day, as arrivals.

    `scenario` is one, or its name in `scenarios/`, or the path of its file; without one, `model` alone is
    taken as it is. What is not given is the scenario's own: `window` is seconds of the day or a text such as
    `2min`, `at_hour` its start in hours after midnight (else the busiest is found), `speed` how many times as
    fast arrivals come, `scale` the customers as a multiple of the day's, `arrivals` an exact number in place
    of it, `human_time_factor` what people's own time is multiplied by. `changes` are numbers of the model by
    their path. With `out` the trace is written into that folder, too.

    The trace's `arrivals` have a row a customer (columns of `ARRIVALS`), sorted by `due_s`, the second of
    play at which they come; `info` says how it was made.

        >>> import footfall as ff
        >>> trace = ff.make_trace(model="models/mm3.py", seed=7, window="10min", speed=1)
        >>> trace.arrivals.height
        9

    Raises:
        BadInputError: a name or value is impossible, a change fits nothing, or the window has no arrivals.
    """
    given: dict[str, Any] = {"seed": seed, "window_s": window, "at_hour": at_hour, "speed": speed}
    given |= {"scale": scale, "arrivals": arrivals, "human_time_factor": human_time_factor}
    given |= {"changes": change_texts(changes)}
    chosen, own = chosen_scenario(scenario, model)
    made = sampled_trace(chosen, trace_options(given), own, messages)
    if out is not None:
        save_trace(made, Path(out))
    return made


def sampled_trace(
    scenario: Scenario, options: TraceOptions, model: Model | None = None, messages: Messages = QUIET
) -> Trace:
    """Sample the day of a scenario, as the options reshape it, and cut its window.

    `model` is taken in place of the file that the scenario names.

    Raises:
        BadInputError: the window does not lie in the day, or a change is impossible.
    """
    scenario = _reshaped(scenario, options.shape)
    model, seed, at_hour = model_of(scenario, options.changes, messages, model), options.seed, options.at_hour
    if at_hour is None:
        parts = busiest_parts(model, seed, 0, scenario.window_s)
        # Only those whom the window may hold: a day may have a million customers, and a window some thousand.
        people = pl.concat(
            arrivals_table(model, draw_arrivals(model, seed, 0, within_s=part)) for part in parts
        )
        starts_s = busiest_window(people["at_s"].to_numpy(), scenario.window_s)
    else:
        starts_s = at_hour * HOUR_S
        if not 0 <= starts_s <= DAY_S - scenario.window_s:
            raise BadInputError(
                f"--at-hour {at_hour:g}",
                "the window does not fit in the day",
                f"0 to {(DAY_S - scenario.window_s) / HOUR_S:g}",
            )
        window = (starts_s, starts_s + scenario.window_s)
        people = arrivals_table(model, draw_arrivals(model, seed, 0, within_s=window))
    pace = pace_of(scenario, starts_s)
    if scenario.arrivals is not None:
        people, scale = _exactly(scenario.arrivals, people, model, seed, pace)
        scenario = scenario.model_copy(update={"scale": scale})
    elif scenario.scale > 1:
        people = _more_people(model, seed, pace, scenario.scale)
    return trace_of(people, model, scenario, TraceOf(play=pace, seed=seed, changes=options.changes))


def chosen_scenario(
    scenario: Scenario | Path | str | None, model: Model | Path | str | None
) -> tuple[Scenario, Model | None]:
    """Give the scenario, or an ordinary one of the model; and the model, if it is no file.

    Raises:
        BadInputError: there is no such scenario, or neither is given.
    """
    own = model if isinstance(model, Model) else None
    if scenario is not None:
        chosen = scenario if isinstance(scenario, Scenario) else read_scenario(str(scenario), SCENARIOS)
        file = None if own is not None or model is None else Path(str(model)).as_posix()
        return chosen if file is None else chosen.model_copy(update={"model": file}), own
    if own is not None:
        return _ordinary_scenario(own.name, own.name), own
    return scenario_of(None, None if model is None else Path(str(model))), None


def _ordinary_scenario(name: str, model: str) -> Scenario:
    """Give the scenario of a model alone: nothing changes, and nothing is asked."""
    return Scenario(name=name, title=name, question="", model=model, criteria=())


def _more_people(model: Model, seed: int, pace: RunPace, scale: float) -> pl.DataFrame:
    """Give `scale` times as many customers of the window: those of the day, and more of its population.

    Raises:
        BadInputError: they are too many to be sampled.
    """
    within_s = (pace.starts_s, pace.starts_s + pace.length_s)
    rates = rates_within(model, within_s)
    most = _scale_most(rates)
    if scale > most:
        come = f"{scale * float(rates.sum()):,.0f} arrivals in the half hours of the window are too many"
        raise BadInputError(f"--scale {scale:g}", come, f"a scale of at most {most:,.0f} for this window")
    return arrivals_table(model, draw_arrivals(model, seed, 0, scale, within_s))


def _scale_most(rates: NDArray[np.float64]) -> float:
    """Give the largest multiple of the day's customers that can be sampled at these rates."""
    return min(ARRIVALS_MOST / float(rates.sum()), _ARRIVALS_OF_A_KIND_MOST / float(rates.max()))


def _exactly(
    count: int, people: pl.DataFrame, model: Model, seed: int, pace: RunPace
) -> tuple[pl.DataFrame, float]:
    """Give exactly so many customers of the window, and their number as a multiple of the day's mean.

    Given their number, the arrivals of a Poisson stream are independent, each with a density in proportion
    to the rate (Cox and Lewis 1966, chapter 2): so a random choice of so many from more is such a stream.

    Raises:
        BadInputError: no customer comes in the window, or so many cannot be sampled.
    """
    where, ends_s = f"--arrivals {count}", pace.starts_s + pace.length_s
    rates = rates_within(model, (pace.starts_s, ends_s))
    starts_s = np.arange(rates.shape[-1]) * HALF_HOUR_S
    within_s = np.minimum(starts_s + HALF_HOUR_S, ends_s) - np.maximum(starts_s, pace.starts_s)
    mean = float((rates * np.clip(within_s, 0, None) / HALF_HOUR_S).sum())
    if not mean:
        raise BadInputError("window", "has no arrivals", "a longer or busier window")
    found = _within(people, pace)
    for spare in (1, 2, 4, 8):
        if found.height >= count:
            break
        times = spare * (count + 6 * sqrt(count) + 6) / mean
        if times > (most := _scale_most(rates)):
            raise BadInputError(where, "too many for this window", f"at most about {int(most * mean):,}")
        found = _within(
            arrivals_table(model, draw_arrivals(model, seed, 0, times, (pace.starts_s, ends_s))), pace
        )
    if found.height < count:
        raise BadInputError(where, "too few arrivals in the window", "a busier window")
    return random_choice(found, count), count / mean


def _within(people: pl.DataFrame, pace: RunPace) -> pl.DataFrame:
    return people.filter(
        pl.col("at_s").is_between(pace.starts_s, pace.starts_s + pace.length_s, closed="left")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceOf:
    """What a trace says of itself, besides its scenario."""

    play: RunPace
    seed: int
    changes: tuple[str, ...]
    log: LogInfo | None = None


def trace_of(people: pl.DataFrame, model: Model, scenario: Scenario, about: TraceOf) -> Trace:
    """Give those of some people (columns as `cut` takes them) who come in the window, as a trace.

    Raises:
        BadInputError: no customer comes in it.
    """
    model = with_outages(model, scenario, about.play)
    subscribers = int(model.accounts.subscribers)
    if about.log is not None and scenario.scale > 1:
        raise BadInputError(
            "--scale",
            f"{scenario.scale:g}: a log cannot give more arrivals than it has requests",
            "at most 1; or --speed",
        )
    # An exact number has been chosen already.
    share = 1.0 if scenario.arrivals is not None else min(scenario.scale, 1.0)
    arrivals = cut(people, about.play, share, subscribers)
    if arrivals.is_empty():
        raise BadInputError("window", "has no arrivals", "a longer or busier window")
    info = TraceInfo(
        model=scenario.model,
        fingerprint=model.fingerprint(),
        scenario=scenario.name,
        seed=about.seed,
        play=about.play,
        scale=scenario.scale,
        subscribers=subscribers,
        changes=about.changes,
        endpoints=scenario.endpoints,
        log=about.log,
        criteria=scenario.criteria,
    )
    return Trace(info=info, model=model, arrivals=arrivals)


def check_trace_folder(folder: Path) -> None:
    """See that a trace can be written into a folder, before any work is done, and leave no folder yet.

    Raises:
        BadInputError: it cannot.
    """
    check_before_work(folder)


def save_trace(trace: Trace, folder: Path, *, overwrite: bool | None = None) -> TraceInfo:
    """Write a trace into a folder; gives what it says of itself.

    Raises:
        BadInputError: the folder cannot be written, or holds a run or other files.
    """
    claim(folder, folder, overwrite=overwrite)
    info = write_trace(folder, trace)
    release(folder)
    return info


def trace_lines(info: TraceInfo) -> list[str]:
    """Say what became of a log's rows, and how many arrivals of which hours a trace holds."""
    pace = info.play
    begins, ends = clock(pace.starts_s), clock(pace.starts_s + pace.length_s)
    arrivals = f"{info.arrivals:,} arrivals from {begins} to {ends}, due within {pace.seconds:g} s"
    return [*(() if info.log is None else _log_lines(info.log)), arrivals]


def _log_lines(log: LogInfo) -> Iterator[str]:
    used = log.rows - log.unreadable - log.unmatched
    yield (
        f"{log.name}: {log.rows:,} rows = {used:,} requests + {log.unmatched:,} that no rule names "
        f"+ {log.unreadable:,} without a readable time"
    )
    yield f"  read as {log.form}"
    for rule, count in log.by_rule.items():
        yield f"  {count:,} by --as '{rule}'"
    if log.unmatched:
        yield f"  no rule names {', '.join(map(repr, log.unmatched_examples))}"
    if log.first_unreadable is not None:
        example = "" if log.unreadable_example is None else f": {log.unreadable_example!r}"
        yield f"  the first without a readable time is line {log.first_unreadable:,}{example}"


# ── The requests of a server's log, or of a window of it

_EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOptions:
    """Which log, and how it is read."""

    path: Path
    time_column: str | None = None
    path_column: str | None = None
    time_format: str | None = None
    """How its times are written, as for `strptime`."""
    rules: Sequence[str] = ()
    """As on the command line; none: all are the model's first operation at its first electronic channel."""
    window_s: float | None = None
    """The busiest so many seconds; None: the whole log."""
    at_hour: float | None = None
    """Hours after the midnight before the first request at which the window begins; None: the busiest."""


def trace_of_log(
    scenario: Scenario, log: LogOptions, seed: int, changes: Sequence[str] = (), messages: Messages = QUIET
) -> Trace:
    """Give the requests of a log, or of a window of it, as arrivals that are due when they were recorded.

    Raises:
        BadInputError: the log cannot be read, a rule names no operation, or nothing is left to run.
    """
    model = model_of(scenario, changes, messages)
    rules = [logged_requests.rule_of(text, model) for text in log.rules] or [_first_operation(model)]
    requests = logged_requests.read_requests(
        log.path, logged_requests.LogForm(log.time_column, log.path_column, log.time_format)
    )
    named = logged_requests.ruled(requests.frame, rules)
    log_info = _log_info(log, requests, named, rules)
    who = logged_requests.demand_of_requests(named, rules, model, seed)
    if who.is_empty():
        seen = ", ".join(map(repr, log_info.unmatched_examples)) or "none"
        problem = f"no request matches a rule; paths of the log: {seen}"
        raise BadInputError(str(log.path), problem, "--as with a pattern that matches, or --path-column")
    midnight_s = floor(float(who["at_s"][0]) / DAY_S) * DAY_S
    starts_s, length_s = _window(who["at_s"] - midnight_s, log)
    # The hour tells which staff and opening hours hold; the day of the log does not matter.
    whole_days_s = floor(starts_s / DAY_S) * DAY_S
    who = who.with_columns(pl.col("at_s") - midnight_s - whole_days_s)
    pace = pace_of(scenario.model_copy(update={"window_s": length_s}), starts_s - whole_days_s)
    about = TraceOf(play=pace, seed=seed, changes=tuple(changes), log=log_info)
    return trace_of(who, model, scenario, about)


def _log_info(
    log: LogOptions,
    requests: logged_requests.Requests,
    named: pl.DataFrame,
    rules: Sequence[logged_requests.Rule],
) -> LogInfo:
    counts = dict(named["rule"].drop_nulls().value_counts().iter_rows())
    others = named.filter(pl.col("rule").is_null())["path"]
    return LogInfo(
        name=log.path.name,
        rows=requests.read,
        unreadable=requests.unreadable,
        first_unreadable=requests.first_unreadable,
        unreadable_example=requests.unreadable_example,
        unmatched=others.len(),
        unmatched_examples=tuple(path[:60] for path in others.unique(maintain_order=True).head(_EXAMPLES)),
        by_rule={
            f"{rule.pattern}={rule.channel}.{rule.operation}": counts.get(k, 0)
            for k, rule in enumerate(rules)
        },
        form=requests.form,
    )


def _first_operation(model: Model) -> logged_requests.Rule:
    channel = next((each for each in model.channels if each.nest == "electronic"), model.channels[0])
    return logged_requests.Rule("*", channel.name, next(iter(channel.dialogues)))


def _window(at_s: pl.Series, log: LogOptions) -> tuple[float, float]:
    """Give the begin and length of the window, seconds after midnight before the first request."""
    first_s, last_s = floor(float(at_s[0])), ceil(float(at_s[-1]) + 1e-6)
    if log.at_hour is not None:
        starts_s = log.at_hour * HOUR_S
        if not first_s <= starts_s < last_s:
            bounds = f"{first_s / HOUR_S:.2f} to {last_s / HOUR_S:.2f}"
            raise BadInputError(f"--at-hour {log.at_hour:g}", "the log has no requests then", bounds)
        return starts_s, min(log.window_s or last_s - starts_s, last_s - starts_s)
    if log.window_s is None or log.window_s >= last_s - first_s:
        return first_s, max(last_s - first_s, 1)
    return busiest_window(at_s.to_numpy(), log.window_s, ends_s=last_s), log.window_s
