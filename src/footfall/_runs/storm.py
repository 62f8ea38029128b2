"""A map of retry storms: at which loads a station recovers from a trigger, and at which it stays down."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from math import inf, isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from footfall._behaviour.load_model import of_server
from footfall._chart.storm_charts import StormLabels, storm_chart
from footfall._chart.style import Stamp
from footfall._model.model import Model
from footfall._model.station_specs import RETRIES_MOST, RequestServer
from footfall._records.errors import BadInputError
from footfall._records.runs import Manifest
from footfall._runs.content import change_texts
from footfall._runs.folder import begin, described, end
from footfall._runs.make_trace import make_trace
from footfall._runs.messages import QUIET, Messages, seconds
from footfall._runs.storm_live import LivePlayAsked, LivePoint, play_live
from footfall._runs.storm_map import SafeLoad, StormMap, live_frame, row_of, safe_frame, write
from footfall._runs.storm_search import Workers, played_map
from footfall._simulate.storm_points import (
    REPLICATIONS,
    PointFound,
    StormCase,
    StormPoint,
)
from footfall._simulate.storm_simulation import TriggerKind
from footfall._workload.scenario import Scenario
from footfall._workload.trace import Trace
from footfall.theory.networks import largest_stable_rate

# ── What is asked of a map, and what comes of it

LOADS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
RUNS_A_POINT = REPLICATIONS
RETRIES = (0, 1, 2, 3, 4)
BUDGETS = (0.0, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Budgets of which the safe load is shown."""
TRIGGER_S = 10.0
TRIGGERS: tuple[TriggerKind, ...] = ("stall", "slow", "outage", "load")
LONGER = 6
"""Times the longest trigger of a map, a point must recover from to be stable."""
_POINTS_MOST = 2_000
_LOAD_MOST = 3.0
_STRENGTH_MOST = 100.0
_POOL_WINDOW_S = 3600.0
_STRENGTHS: Mapping[TriggerKind, float] = {"slow": 0.8, "load": 1.0}
"""Of a trigger, where nothing else is asked."""
_AXES = ("retries", "budgets", "trigger_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class StormAsked:
    """What is asked of a map; see `storm`."""

    channel: str | None = None
    loads: tuple[float, ...] = LOADS
    retries: int | Sequence[int] | None = None
    budgets: float | Sequence[float] | None = None
    trigger: TriggerKind = "stall"
    trigger_s: float | Sequence[float] = TRIGGER_S
    strength: float | None = None
    longest_s: float | None = None
    replications: int = RUNS_A_POINT
    safe: bool = True
    live: int = 0
    live_watch_s: float | None = None
    changes: tuple[str, ...] = ()
    seed: int = 1


def storm(
    model: Model | Path | str | None = None,
    *,
    scenario: Scenario | Path | str | None = None,
    channel: str | None = None,
    loads: Sequence[float] = LOADS,
    retries: int | Sequence[int] | None = None,
    budgets: float | Sequence[float] | None = None,
    trigger: TriggerKind = "stall",
    trigger_s: float | Sequence[float] = TRIGGER_S,
    strength: float | None = None,
    longest_s: float | None = None,
    replications: int = RUNS_A_POINT,
    safe: bool = True,
    live: int = 0,
    live_watch_s: float | None = None,
    changes: Mapping[str, float | str] | Sequence[str] | None = None,
    seed: int = 1,
    out: Path | str | None = None,
    overwrite: bool = False,
    messages: Messages = QUIET,
) -> StormMap:
    """Map loads × retries (or retry budgets, or lengths of the trigger) of a channel into three states.

    `stable`: the station recovers, however long the trigger, up to `longest_s`; `vulnerable`: it recovers
    from this trigger, and a longer one would keep it down; `metastable`: this trigger keeps it down after it
    is over. `loads` are shares of the station's capacity; at most one of `retries`, `budgets` and `trigger_s`
    has several values. The trigger is a `stall` (nothing is worked on), `slow` (the server loses `strength`
    of its speed), an `outage` (all requests fail at once) or `load` (`strength` more, by the capacity). With
    `live`, so many points next to the border are played at the reference service and compared; with `safe`,
    the largest stable loads are found for each number of retries and for retry budgets.

        >>> import footfall as ff
        >>> found = ff.storm(
        ...     "models/services/worker_pool.py", loads=[0.5], retries=0, trigger_s=1, safe=False
        ... )
        >>> found.points[0].state
        'stable'

    Raises:
        BadInputError: a name or value is impossible, the channel takes no requests or shares its cores, or
            the folder cannot be used.
    """
    asked = StormAsked(
        channel=channel,
        loads=tuple(loads),
        retries=retries,
        budgets=budgets,
        trigger=trigger,
        trigger_s=trigger_s,
        strength=strength,
        longest_s=longest_s,
        replications=replications,
        safe=safe,
        live=live,
        live_watch_s=live_watch_s,
        changes=change_texts(changes),
        seed=seed,
    )
    folder = None if out is None else Path(out)
    return map_of(
        asked, model, scenario, out=folder, writes=out is not None, overwrite=overwrite, messages=messages
    )


def map_of(
    asked: StormAsked,
    model: Model | Path | str | None,
    scenario: Scenario | Path | str | None,
    *,
    out: Path | None,
    writes: bool = True,
    overwrite: bool = False,
    messages: Messages = QUIET,
) -> StormMap:
    """Make a map, in a folder of its own if it `writes`; None: the folder has a name by itself.

    Raises:
        BadInputError: as `storm`.
    """
    if model is None and scenario is None:
        raise BadInputError("footfall storm", "no model is given", "MODEL, or --scenario NAME")
    check_asked(asked)
    window = None if scenario else _POOL_WINDOW_S
    pool = make_trace(
        scenario, asked.seed, model=model, window=window, changes=asked.changes, messages=messages
    )
    case = asked_case(pool, asked)
    axes = _axes(case, asked)
    case = replace(case, longest_s=asked.longest_s or LONGER * max(axes["trigger_s"]))
    points = _points(asked.loads, axes)
    about = ("storm", pool.model, asked.seed)
    more: dict[str, Any] = {"scenario": pool.info.scenario or "", "settings": _settings(case, asked, axes)}
    if writes:
        folder, manifest = begin(*about, out, **more, overwrite=overwrite)
    else:
        folder, manifest = None, described(*about, **more)
    clients = _clients(axes) if asked.safe else []
    with Workers(messages) as workers:
        found, loads = played_map(case, points, clients, asked.replications, workers)
    safe = tuple(_safe(case, *each, load) for each, load in zip(clients, loads, strict=True))
    made = _made(case, axes, (found, safe, ()), folder, manifest)
    write(made)
    if asked.live:
        with ExitStack() as stack:
            place = folder or Path(stack.enter_context(TemporaryDirectory()))
            wanted = LivePlayAsked(asked.live, asked.live_watch_s, place / "live")
            played = play_live(case, found, wanted, pool, messages)
        made = _made(case, axes, (found, safe, played), folder, manifest)
        write(made)
    return made if folder is None else replace(made, manifest=end(folder, manifest))


def _clients(axes: Mapping[str, Sequence[float]]) -> list[tuple[int, float]]:
    """Give the clients of which the safe load is found: each number of retries, and budgets at the most."""
    most = int(max(axes["retries"]))
    own = axes["budgets"][0] if len(axes["budgets"]) == 1 else 0.0
    clients = [(int(retries), own) for retries in axes["retries"]]
    budgets = axes["budgets"] if len(axes["budgets"]) > 1 else BUDGETS
    clients += [(most, budget) for budget in budgets if most]
    return list(dict.fromkeys(clients))


def _safe(case: StormCase, retries: int, budget_share: float, load_share: float) -> SafeLoad:
    formula = largest_stable_rate(1.0, retries, budget_share or inf)
    return SafeLoad(
        retries=retries,
        budget_share=budget_share,
        safe_load_share=load_share,
        safe_arrivals_per_s=load_share * case.capacity_per_s / case.requests_per_visit,
        formula_load_share=formula if _formula_holds(case) else None,
    )


def _made(
    case: StormCase,
    axes: Mapping[str, Sequence[float]],
    results: tuple[tuple[PointFound, ...], tuple[SafeLoad, ...], tuple[LivePoint, ...]],
    folder: Path | None,
    manifest: Manifest,
) -> StormMap:
    points, safe, live = results
    axis = next((name for name in _AXES if len(axes[name]) > 1), "retries")
    labels = StormLabels(
        channel=case.channel.name,
        axis=axis,
        capacity_per_s=case.capacity_per_s,
        trigger=_trigger_text(case, axes["trigger_s"]),
        longest_s=case.longest_s,
        formula=_formula_holds(case),
    )
    frame = pl.DataFrame([row_of(each) for each in points], infer_schema_length=None)
    return StormMap(
        channel=case.channel.name,
        axis=axis,
        capacity_per_s=case.capacity_per_s,
        requests_per_visit=case.requests_per_visit,
        trigger=case.trigger,
        trigger_text=labels.trigger,
        strength=case.strength,
        longest_s=case.longest_s,
        points=points,
        safe=safe,
        live=live,
        formula_holds=_formula_holds(case),
        chart=storm_chart(frame, safe_frame(safe), live_frame(live), labels, Stamp.of(manifest)),
        folder=folder,
        manifest=manifest,
    )


# ── What is asked, checked


def check_asked(asked: StormAsked) -> None:
    """See that what is asked is possible for any model.

    Raises:
        BadInputError: it is not.
    """
    if asked.trigger not in TRIGGERS:
        raise BadInputError(f"--trigger {asked.trigger}", "no such trigger", " or ".join(TRIGGERS))
    most = 1.0 if asked.trigger == "slow" else _STRENGTH_MOST
    if asked.strength is not None and not 0 < asked.strength <= most:
        raise BadInputError("--strength", f"{asked.strength:g} is out of range", f"above 0, at most {most:g}")
    wrong = [load for load in asked.loads if not 0 < load <= _LOAD_MOST]
    if wrong or not asked.loads:
        shown = f"{wrong[0]:g}" if wrong else "no value"
        expected = f"shares of the capacity up to {_LOAD_MOST:g}"
        raise BadInputError("--loads", f"{shown} is out of range", expected)
    if asked.replications < 1:
        raise BadInputError("--replications", f"{asked.replications} is out of range", "1 or more")
    if not 0 <= asked.live <= _POINTS_MOST:
        raise BadInputError(f"--live {asked.live}", "is out of range", "a number of points")
    if asked.live and asked.trigger == "slow":
        expected = "--trigger stall, outage or load"
        raise BadInputError("--live", "cannot slow the reference service down", expected)


def asked_case(pool: Trace, asked: StormAsked) -> StormCase:
    """Give the case of a channel with the mix of visits that a trace has there.

    Raises:
        BadInputError: there is no such channel, it takes no requests, or its server cannot be played fast.
    """
    played, channel = pool.played, asked.channel
    possible = [each.name for each in played.channels if isinstance(each.station, RequestServer)]
    named = channel or (possible[0] if len(possible) == 1 else None)
    if named not in possible:
        where = f"--channel {channel}" if channel else "--channel"
        problem = "is no station for requests" if channel else "is needed"
        expected = " or ".join(possible) or "a model with a RequestServer"
        raise BadInputError(where, problem, expected)
    chosen = played.channel(str(named))
    beyond = of_server(chosen.station)
    if beyond:
        expected = "slots with one queue, as most servers have"
        raise BadInputError(f"{chosen.name}.{beyond[0]}", "is not part of storm maps", expected)
    counts = pool.arrivals.filter(pl.col("channel") == chosen.name).group_by("operation").len()
    if counts.is_empty():
        raise BadInputError(f"--channel {chosen.name}", "no customer comes there", "a channel with visits")
    total = counts["len"].sum()
    mix = {name: count / total for name, count in sorted(counts.iter_rows())}
    strength = _STRENGTHS.get(asked.trigger, 1.0) if asked.strength is None else asked.strength
    case = StormCase(channel=chosen, mix=mix, trigger=asked.trigger, strength=strength, seed=asked.seed)
    if not isfinite(case.capacity_per_s):
        problem = "its requests take no time, so any load is served"
        raise BadInputError(f"--channel {chosen.name}", problem, "a service time above 0")
    return case


def _axes(case: StormCase, asked: StormAsked) -> dict[str, tuple[float, ...]]:
    """Give the values of each axis; one of them has several.

    Raises:
        BadInputError: a value is impossible, or two axes have several values.
    """
    own = int(case.station.retry.retries_most)
    retries, budgets, trigger_s = asked.retries, asked.budgets, asked.trigger_s
    several = budgets is not None or not isinstance(trigger_s, int | float)
    default: tuple[int, ...] = (own or 3,) if several else RETRIES
    found: dict[str, tuple[float, ...]] = {
        "retries": _several(default if retries is None else retries),
        "budgets": _several(float(case.station.retry.retry_budget_share) if budgets is None else budgets),
        "trigger_s": _several(trigger_s),
    }
    long = [name for name, values in found.items() if len(values) > 1]
    if len(long) > 1:
        expected = "one of them with several values"
        raise BadInputError(" and ".join(f"--{_OPTIONS[name]}" for name in long), "are two axes", expected)
    for name, (least, most) in _BOUNDS.items():
        wrong = [value for value in found[name] if not least <= value <= most]
        if wrong or not found[name]:
            shown = ", ".join(f"{value:g}" for value in wrong) or "no value"
            raise BadInputError(f"--{_OPTIONS[name]}", f"{shown} is out of range", f"{least:g} to {most:g}")
    return found


_OPTIONS = {"retries": "retries", "budgets": "budgets", "trigger_s": "trigger-s"}
_BOUNDS = {"retries": (0.0, float(RETRIES_MOST)), "budgets": (0.0, 100.0), "trigger_s": (1e-3, 3600.0)}


def _several(value: float | Sequence[float]) -> tuple[float, ...]:
    return (float(value),) if isinstance(value, int | float) else tuple(float(each) for each in value)


def _points(loads: Sequence[float], axes: Mapping[str, Sequence[float]]) -> list[StormPoint]:
    points = [
        StormPoint(load, int(retries), budget, trigger_s)
        for retries in axes["retries"]
        for budget in axes["budgets"]
        for trigger_s in axes["trigger_s"]
        for load in sorted(set(loads))
    ]
    if len(points) > _POINTS_MOST:
        raise BadInputError("the map", f"{len(points):,} points are too many", f"at most {_POINTS_MOST:,}")
    return points


def _settings(case: StormCase, asked: StormAsked, axes: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    return {
        "channel": case.channel.name,
        "trigger": case.trigger,
        "strength": case.strength,
        "longest_s": case.longest_s,
        "loads": list(asked.loads),
        "replications": asked.replications,
        "safe": asked.safe,
        "live": asked.live,
        "set": list(asked.changes),
        **{name: list(values) for name, values in axes.items()},
    }


# ── What a map is called


def _formula_holds(case: StormCase) -> bool:
    """Whether λ(1 + min(r, b)) = μ is the border: visits of one request, which a long queue keeps waiting.

    Of visits with several requests, those that fail send fewer, so the border lies higher.
    """
    station = case.station
    has_room = station.accept_queue > _ROOM_S * case.capacity_per_s
    is_plain = has_room and case.requests_per_visit == 1 and not station.breaker.failure_share
    return is_plain and station.stale_work == "served"


_ROOM_S = 60.0
"""A queue with so many seconds of work in it is as good as one without end."""


def _trigger_text(case: StormCase, lengths_s: Sequence[float]) -> str:
    length = seconds(lengths_s[0])
    if len(lengths_s) > 1:
        length = f"{min(lengths_s):g} to {max(lengths_s):g} s"
    strength = f"{case.strength:.0%}".replace("%", " %")
    return {
        "stall": f"a stall of {length}",
        "slow": f"{length} without {strength} of its speed",
        "outage": f"an outage of {length}",
        "load": f"{length} of extra load, {strength} of capacity",
    }[case.trigger]
