"""M/M/1 with two classes: the first is called before the second, and nobody is interrupted."""

import polars as pl

from footfall._model.durations import exponential_s
from footfall._model.numbers import DAY_S, Grade, assumed as c
from footfall._model.profiles import constant
from footfall._model.station_specs import Counters
from footfall.theory.one_server import priority_wait_means
from studies.one_station import ENDLESS, FOR_EVER, Customers, one_station
from studies.validation.exact import WAIT_S, mean_s

SOURCE = "Non-preemptive priority (A. Cobham 1954)"
DAYS = 40
SERVICE_S = 20
LOADS = {"query": 0.3, "recharge": 0.5}
FIRST_S, SECOND_S = priority_wait_means(
    [load / SERVICE_S for load in LOADS.values()], [SERVICE_S] * 2, [1, 1]
)

MODEL = one_station(
    ("hall_priority", "One clerk, queries before recharges (M/M/1)"),
    Counters(
        clerks=constant(1, Grade.ASSUMED, "c"),
        clerks_factor=c(1, "no change"),
        room=ENDLESS,
        patience=FOR_EVER,
        balk_wait=FOR_EVER,
        priority={"query": c(1, "first")},
    ),
    Customers(
        c(sum(LOADS.values()) / SERVICE_S * DAY_S, "0.8 erlangs"),
        wants={operation: load / sum(LOADS.values()) for operation, load in LOADS.items()},
    ),
    exponential_s(c(SERVICE_S, "a third of a minute")),
)

FIGURES = (
    mean_s("mean wait of the first class", FIRST_S, WAIT_S, pl.col("operation") == "query"),
    mean_s("mean wait of the second class", SECOND_S, WAIT_S, pl.col("operation") == "recharge"),
)
