"""Points of a storm map played at the reference service: the model's server, its clients, and a trigger."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from math import inf, isfinite
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from footfall._behaviour.load_model import check_logins, check_played, check_served
from footfall._load.options import LoadOptions
from footfall._load.result_files import VISITS_FILE as MEASURED_FILE
from footfall._load.start_locust import LoadSettings, run_locust
from footfall._model.channel import Outage
from footfall._model.model import Model
from footfall._model.numbers import Number, assumed
from footfall._model.station_specs import Stalls
from footfall._records.rows import Outcome
from footfall._records.tables import ARRIVALS, VISITS, read_parquet
from footfall._runs.messages import Messages
from footfall._runs.reference_service import service_for_trace
from footfall._simulate.storm_points import (
    REPLICATIONS,
    BlockDraws,
    PointFound,
    StormCase,
    StormPoint,
    visits_per_s,
    with_clients,
)
from footfall._simulate.storm_simulation import StormRun, StormVisits, Trigger, Watch, requests_of
from footfall._stats.recovery import VISITS_A_BIN, Recovery, recovery
from footfall._workload.step_traces import CustomerPool
from footfall._workload.trace import Trace, write_trace

_BEFORE_S_LEAST = 4.0
_BEFORE_VISITS = 60
_WATCH_S_LEAST = 10.0
_WATCH_S_MOST = 90.0
"""A point next to the border may take minutes to recover; then it may well look down by the end."""
_LONGER = 1.5
"""Times the longest simulated time to recover."""
_LAG_SHARE_MOST = 0.2
"""Of the deadline: a generator that was later (p99) cannot be trusted."""
_TRIES_MOST = 2
"""Of a point whose run cannot be trusted: the machine may have been busy."""
_WHY = "for a point of a storm map"


@dataclass(frozen=True, slots=True)
class LivePlayAsked:
    """How many points are played, how long each is watched, and where."""

    points: int
    watch_s: float | None
    """Seconds after the trigger; None: by the load."""
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePoint:
    """A point that was played, and the same arrivals simulated."""

    point: StormPoint
    arrivals_per_s: float
    watch_s: float
    """From the end of the trigger to the last arrival."""
    simulated_share: float
    """Of the simulated replications, those that recovered within the watch."""
    recovered: bool | None
    """Whether the service recovered within the watch; None: the run cannot be trusted."""
    recovery_s: float | None
    """From the end of the trigger; None: it did not."""
    success_share_at_end: float | None
    """Of the last third of those who came after the trigger."""
    problem: str = ""
    """Why the run cannot be trusted."""

    @property
    def agrees(self) -> bool | None:
        """Whether it ended as most replications did; None: the run cannot be trusted."""
        return None if self.recovered is None else self.recovered == (2 * self.simulated_share > 1)

    def row(self) -> dict[str, Any]:
        """Give it as a row of `live.csv`."""
        figures = asdict(self)
        point: dict[str, Any] = figures.pop("point")
        return point | figures | {"agrees": self.agrees}


@dataclass(frozen=True, slots=True)
class _Play:
    """One point as it is played."""

    case: StormCase
    point: StormPoint
    trigger: Trigger
    until_s: float
    trace: Trace

    @property
    def rate(self) -> float:
        return visits_per_s(self.case, self.point)

    def judged(self, due_s: Any, is_served: Any) -> Recovery:  # noqa: ANN401  arrays
        """Find the recovery in what became of its visits."""
        return recovery(due_s, is_served, (self.trigger.starts_s, self.trigger.ends_s), self.rate)


def play_live(
    case: StormCase,
    found: Sequence[PointFound],
    asked: LivePlayAsked,
    pool: Trace,
    messages: Messages,
) -> tuple[LivePoint, ...]:
    """Play the points next to the border, each at a reference service of its own.

    Raises:
        BadInputError: the model cannot be played or served, or the service does not start.
    """
    customers = CustomerPool(_of_channel(pool, case))
    played = []
    chosen = next_to_the_border(found, asked.points, asked.watch_s or _WATCH_S_MOST / _LONGER)
    with messages.progress("running points live") as progress:
        for number, point in enumerate(chosen, 1):
            play = prepared(case, point, customers, number, asked.watch_s)
            played.append(_played(play, asked.folder / f"{number:03d}"))
            progress(number / len(chosen))
    return tuple(played)


def next_to_the_border(found: Sequence[PointFound], count: int, within_s: float) -> list[PointFound]:
    """Choose the points nearest to the border between those that recover and those that do not.

    By turns one from each side, of every number of retries, budget and trigger alike. Points at which the
    replications disagree lie on the border itself and tell nothing, and neither does a point at which one
    recovered later than `within_s`: it may or may not be seen by the end of the watch.
    """
    rows: dict[tuple[int, float, float], list[PointFound]] = {}
    for each in found:
        key = each.point.retries, each.point.budget_share, each.point.trigger_s
        rows.setdefault(key, []).append(each)
    ranked: list[tuple[int, int, PointFound]] = []
    for number, row in enumerate(rows.values()):
        loads = sorted(each.point.load_share for each in row if each.state == "metastable")
        border = loads[0] if loads else inf
        for side in (False, True):
            share, most_s = (0.0, inf) if side else (1.0, within_s)
            clear = [
                each
                for each in row
                if each.recovered_share == share and each.recovery_s_high <= most_s and isfinite(border)
            ]
            near = sorted(clear, key=lambda each: abs(each.point.load_share - border))
            ranked += [(place, number, each) for place, each in enumerate(near)]
    ranked.sort(key=lambda each: each[:2])
    return [each for _, _, each in ranked[:count]]


def _of_channel(pool: Trace, case: StormCase) -> Trace:
    return replace(pool, arrivals=pool.arrivals.filter(pl.col("channel") == case.channel.name))


def prepared(
    case: StormCase, found: PointFound, customers: CustomerPool, number: int, watch_s: float | None
) -> _Play:
    """Make the trace of a point: its arrivals, and the model with its clients and its trigger.

    It is watched for longer than it took to recover in any simulated run.
    """
    point = found.point
    rate = visits_per_s(case, point)
    recovery_s = found.recovery_s_high if isfinite(found.recovery_s_high) else 0.0
    before_s = max(_BEFORE_S_LEAST, _BEFORE_VISITS / rate)
    enough_s = max(3 * point.trigger_s, 10 * VISITS_A_BIN / rate, _WATCH_S_LEAST)
    watch = watch_s or max(enough_s, min(_LONGER * recovery_s, _WATCH_S_MOST))
    trigger = Trigger(case.trigger, before_s, point.trigger_s, case.strength)
    until_s = trigger.ends_s + watch
    trace = customers.step(number, rate, until_s)
    if case.trigger == "load":
        more = case.strength * case.capacity_per_s / case.requests_per_visit
        trace = _with_more(trace, customers.step(number, more, point.trigger_s), trigger.starts_s)
    model = _with_trigger(trace, case, point, trigger)
    check_played(model)
    check_served(model)
    check_logins(model)
    # A seed of its own: otherwise the service would draw the same service times at every point.
    own = {"fingerprint": model.fingerprint(), "seed": trace.info.seed + number}
    info = trace.info.model_copy(update=own)
    return _Play(case, point, trigger, until_s, replace(trace, model=model, info=info))


def _with_more(trace: Trace, more: Trace, from_s: float) -> Trace:
    """Add the arrivals of a trigger."""
    later = more.arrivals.with_columns(pl.col("due_s") + from_s, pl.col("at_s") + from_s)
    both = pl.concat([trace.arrivals, later]).sort("due_s", maintain_order=True)
    numbered = both.with_columns(arrival=pl.Series(range(both.height), dtype=ARRIVALS["arrival"]))
    return replace(trace, arrivals=numbered)


def _with_trigger(trace: Trace, case: StormCase, point: StormPoint, trigger: Trigger) -> Model:
    """Give the model of a trace with the clients of a point and its trigger."""
    model = trace.model
    station = with_clients(case.station, point.retries, point.budget_share)
    update: dict[str, Any] = {"outages": ()}
    if trigger.kind == "stall":
        # Far apart: the next one comes long after the run.
        stalls = Stalls(
            length_s=_number(trigger.length_s),
            every_s=_number(1000 * (trigger.ends_s + trigger.length_s)),
            first_s=_number(trigger.starts_s),
        )
        station = station.model_copy(update={"stalls": stalls})
    if trigger.kind == "outage":
        # By the clock of the day, from which a trace may take any part.
        starts_s = trace.info.play.starts_s + trigger.starts_s
        update["outages"] = (Outage(starts_s=_number(starts_s), ends_s=_number(starts_s + trigger.length_s)),)
    channels = tuple(
        each.model_copy(update=update | {"station": station}) if each.name == case.channel.name else each
        for each in model.channels
    )
    once = model.follow_ups.model_copy(update={"attempts_most": _number(1)})
    return model.model_copy(update={"channels": channels, "follow_ups": once})


def _number(value: float) -> Number:
    return assumed(value, _WHY)


def _played(play: _Play, folder: Path) -> LivePoint:
    """Play a point, again if the generator was too late, and simulate its arrivals."""
    problem = ""
    share = _simulated_share(play)
    for tries in range(_TRIES_MOST):
        run_dir = folder / f"{tries + 1}"
        problem = _run(play, run_dir)
        if not problem:
            visits = read_parquet(run_dir / MEASURED_FILE, VISITS).sort("due_s")
            is_served = (visits["outcome"] == Outcome.SERVED.value).to_numpy()
            found = play.judged(visits["due_s"].to_numpy(), is_served)
            return _live(play, share, found, "")
    return _live(play, share, None, problem)


def _live(play: _Play, share: float, found: Recovery | None, problem: str) -> LivePoint:
    return LivePoint(
        point=play.point,
        arrivals_per_s=play.rate,
        watch_s=play.until_s - play.trigger.ends_s,
        simulated_share=share,
        recovered=None if found is None else found.recovered,
        recovery_s=found.after_s if found is not None and found.recovered else None,
        success_share_at_end=None if found is None else found.end_share,
        problem=problem,
    )


def _run(play: _Play, folder: Path) -> str:
    """Play the trace at a reference service of its own; returns why it cannot be trusted, or nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    write_trace(folder, play.trace)
    station = play.case.station
    longest_s = (play.point.retries + 1) * (station.deadline_s + station.retry.backoff_s_most)
    options = LoadOptions(control=False, drain_s=min(float(longest_s) * play.case.requests_per_visit, 120.0))
    with service_for_trace(folder) as ready:
        service = ready()
        result = run_locust(
            LoadSettings(
                trace=folder,
                host=service.url,
                run_dir=folder,
                options=options,
                control_token=service.control_token,
            )
        )
    if result.status != "finished" or result.arrivals.not_sent or result.arrivals.broken:
        return "the run did not come to its end"
    most_s = _LAG_SHARE_MOST * float(station.deadline_s)
    if result.lag_s.p99 is None or result.lag_s.p99 > most_s:
        return f"the generator was late by {result.lag_s.p99:.3f} s (p99)"
    return ""


def _simulated_share(play: _Play) -> float:
    """Share of the replications in which the same arrivals recover within the same watch."""
    case, trigger = play.case, play.trigger
    arrivals = play.trace.arrivals.sort("due_s")
    requests = {name: requests_of(case.channel, name) for name in case.mix}
    visits = StormVisits(arrivals["due_s"].to_numpy(), [requests[name] for name in arrivals["operation"]])
    windows = [(trigger.starts_s, trigger.ends_s, trigger.speed)] if trigger.speed < 1 else []
    outages = [(trigger.starts_s, trigger.ends_s)] if trigger.kind == "outage" else []
    station = with_clients(case.station, play.point.retries, play.point.budget_share)
    well = 0
    for number in range(REPLICATIONS):
        draws = BlockDraws(np.random.default_rng([case.seed, number]))
        played = StormRun(station, visits, draws, windows, outages).play(Watch(inf))
        well += play.judged(played.due_s, played.is_served).recovered
    return well / REPLICATIONS
