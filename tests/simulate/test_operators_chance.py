"""What happens at a station, whoever comes to it, differs between redraws and between replications."""

from dataclasses import replace

import polars as pl

from footfall._behaviour import keyed
from footfall._model.durations import exponential_s
from footfall._model.numbers import assumed as c
from footfall._model.station_specs import Kiosks
from footfall._simulate.day import Day, Replay, predictions
from footfall._workload.arrivals import arrivals_table
from models.services.stalls import MODEL as STALLS
from studies.one_station import FOR_EVER, Customers, one_station
from tests.laws.conftest import poisson_crowd

SEED = 5
LENGTH_S = 60.0


def slow_from_s(visits: pl.DataFrame) -> float:
    """When the first request came that took over 1.5 s: shortly after a stall of 2 s has begun."""
    slow = visits.filter(pl.col("ended_s") - pl.col("due_s") > 1.5)
    return float(slow["due_s"].to_numpy().min())


def test_each_redraw_of_a_prediction_has_its_own_stalls() -> None:
    """A service stalls when it likes: a range over redraws that all stall at once would be too narrow."""
    people = poisson_crowd(1_200, 20.0, 0)
    columns = {"due_s": people.at_s, "subscriber": people.subscribers}
    arrivals = arrivals_table(STALLS, people).with_columns(**columns)
    found = predictions(STALLS, Replay(arrivals, SEED, 0, LENGTH_S), range(4))
    begins_s = [slow_from_s(visits) for visits in found]
    assert len({round(each, 1) for each in begins_s}) == 4
    assert all(0 <= each <= 22 for each in begins_s)


def test_each_replication_has_its_own_breakdowns() -> None:
    """The same customers at two terminals that are down half of the time: days differ, and are as seeded."""
    terminals = Kiosks(
        machines=c(2, "a small place"),
        up=exponential_s(c(300, "five minutes")),
        repair=exponential_s(c(300, "five minutes")),
        patience=FOR_EVER,
    )
    model = one_station(
        ("fragile", "Fragile terminals"), terminals, Customers(c(1_000, "few")), exponential_s(c(5, "short"))
    )
    people = poisson_crowd(500, 0.1, 0)
    days = [Day(model, replace(people, run=keyed.run_key(SEED, k)), SEED) for k in (0, 1, 2, 0)]
    served = [day.run().visits.filter(pl.col("outcome") == "served").height for day in days]
    assert len(set(served[:3])) == 3
    assert served[3] == served[0]
