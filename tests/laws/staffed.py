"""Hotlines and halls with customers of two kinds, run long enough to be held against theory."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from footfall._behaviour import keyed
from footfall._model.model import Model
from footfall._model.station_specs import CallCentre, Station
from footfall._simulate.day import Day, DayResult
from tests.laws.conftest import SEED, Found, model_of, poisson_crowd
from tests.made_up import always, number, seconds

KINDS = ("first", "second")
ENDLESS_S = 1e9
MANY = 10**6
Figures = Callable[[DayResult, pl.DataFrame], Sequence[float]]


def hotline(agents: float, **fields: Any) -> CallCentre:  # noqa: ANN401  any field
    """Make a hotline that all callers ask for an agent at once, with lines and patience without end."""
    whole: dict[str, Any] = {
        "lines": number(MANY),
        "agents": always(agents),
        "agents_factor": number(1),
        "patience": seconds(ENDLESS_S),
        "talk": seconds(60),
        "wrap_up": seconds(0),
        "agent_share": {"query": number(1), "recharge": number(1)},
    } | fields
    return CallCentre(**whole)


def two_kinds(station: Station, service: Any, **fields: Any) -> Model:  # noqa: ANN401  any time, any field
    """Give a model of one channel with two segments and two operations, both alike."""
    named: dict[str, Any] = {"priority": {}, "credit_s": {}, "callers": {}, "groups": ()}
    plain = {name: value for name, value in named.items() if name in type(station).model_fields}
    model = model_of(station.model_copy(update=plain), service)
    visits = {"query": number(1), "recharge": number(1)}
    segments = tuple(
        model.segments[0].model_copy(
            update={"name": name, "population_share": number(0.5), "month_visits": visits}
        )
        for name in KINDS
    )
    channel = model.channels[0]
    dialogues = dict.fromkeys(visits, channel.dialogues["query"])
    channel = channel.model_copy(update={"dialogues": dialogues, "station": station})
    # Made anew, so that the names in the station are checked.
    whole = {name: getattr(model, name) for name in Model.model_fields}
    return Model(**whole | {"segments": segments, "channels": (channel,)} | fields)


def replicated(
    model: Model,
    arrivals_per_s: Sequence[float],
    figures: Figures,
    customers: int = 7_000,
    replications: int = 10,
) -> list[Found]:
    """Run two Poisson streams, one of each segment and operation, and give the means of some figures.

    Visits of the first eighth are left out, and those that are due after the last customer came.
    """
    rows = []
    for replication in range(replications):
        people = poisson_crowd(customers, sum(arrivals_per_s), replication)
        second = keyed.uniforms(people.keys, "kind") >= arrivals_per_s[0] / sum(arrivals_per_s)
        kinds = second.astype(np.int64)
        people = replace(people, segments=kinds, operations=kinds, run=keyed.run_key(SEED, replication))
        last_s = float(people.at_s[-1])
        result = Day(model, people, SEED, last_s + 1).run()
        settled = result.visits.filter(pl.col("due_s").is_between(people.at_s[customers // 8], last_s))
        rows.append(list(figures(result, settled)))
    return [Found(list(column)) for column in zip(*rows, strict=True)]


def mean(visits: pl.DataFrame, column: pl.Expr) -> float:
    """Mean of an expression over visits."""
    return float(visits.select(column.cast(pl.Float64).mean()).item())


ABANDONED = pl.col("outcome") == "abandoned"
BALKED = pl.col("outcome") == "balked"
BLOCKED = pl.col("outcome") == "blocked"
WAIT_S = pl.col("wait_s")


def of(visits: pl.DataFrame, kind: str) -> pl.DataFrame:
    """Visits of one kind."""
    return visits.filter(pl.col("segment") == kind)
