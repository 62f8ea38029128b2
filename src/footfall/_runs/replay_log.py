"""Make a trace of a server's log: its requests, or those of a window of it, as arrivals."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from pathlib import Path

import polars as pl

from footfall._model.model import Model
from footfall._model.numbers import DAY_S, HOUR_S
from footfall._records.errors import BadInputError
from footfall._runs.make_trace import TraceOf, model_of, trace_of
from footfall._runs.messages import QUIET, Messages
from footfall._workload.logged_requests import (
    LogForm,
    Requests,
    Rule,
    demand_of_requests,
    read_requests,
    rule_of,
    ruled,
)
from footfall._workload.scenario import Scenario, play_of
from footfall._workload.trace import LogInfo, Trace, busiest_window

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
    rules = [rule_of(text, model) for text in log.rules] or [_first_operation(model)]
    requests = read_requests(log.path, LogForm(log.time_column, log.path_column, log.time_format))
    named = ruled(requests.frame, rules)
    log_info = _log_info(log, requests, named, rules)
    who = demand_of_requests(named, rules, model, seed)
    if who.is_empty():
        seen = ", ".join(map(repr, log_info.unmatched_examples)) or "none"
        problem = f"no request matches a rule; paths of the log: {seen}"
        raise BadInputError(str(log.path), problem, "--as with a pattern that matches, or --path-column")
    midnight_s = floor(float(who["at_s"][0]) / DAY_S) * DAY_S
    starts_s, length_s = _window(who["at_s"] - midnight_s, log)
    # The hour tells which staff and opening hours hold; the day of the log does not matter.
    whole_days_s = floor(starts_s / DAY_S) * DAY_S
    who = who.with_columns(pl.col("at_s") - midnight_s - whole_days_s)
    play = play_of(scenario.model_copy(update={"window_s": length_s}), starts_s - whole_days_s)
    about = TraceOf(play=play, seed=seed, changes=tuple(changes), log=log_info)
    return trace_of(who, model, scenario, about)


def _log_info(log: LogOptions, requests: Requests, named: pl.DataFrame, rules: Sequence[Rule]) -> LogInfo:
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


def _first_operation(model: Model) -> Rule:
    channel = next((each for each in model.channels if each.nest == "electronic"), model.channels[0])
    return Rule("*", channel.name, next(iter(channel.dialogues)))


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
