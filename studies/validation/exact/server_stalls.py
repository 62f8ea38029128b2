"""One slot that stands still a tenth of the time, at random: M/G/1 with interruptions."""

import polars as pl

from footfall._model.durations import exponential_s
from footfall._model.numbers import DAY_S, assumed as c
from footfall._model.station_specs import RequestServer, Stalls
from footfall.theory.one_server import mg1_interrupted_sojourn_mean
from studies.one_station import ENDLESS, Customers, one_station
from studies.validation.exact import mean_s

SOURCE = "Preemptive resume interruptions (Avi-Itzhak and Naor 1963, model A)"
DAYS = 16
REQUESTS_PER_S, WORK_S, STALL_S, EVERY_S = 1 / 30, 15, 30, 300
EXACT_S = mg1_interrupted_sojourn_mean(REQUESTS_PER_S, WORK_S, 1, (STALL_S, EVERY_S))

MODEL = one_station(
    ("server_stalls", "A slot that stalls at random (M/M/1 with interruptions)"),
    RequestServer(
        slots=c(1, "one server"),
        accept_queue=ENDLESS,
        deadline_s=c(1e9, "clients wait for ever"),
        stalls=Stalls(
            length_s=c(STALL_S, "twice the work"), every_s=c(EVERY_S, "a tenth of the time"), spacing="random"
        ),
    ),
    Customers(c(round(REQUESTS_PER_S * DAY_S), "half an erlang")),
    exponential_s(c(WORK_S, "in proportion to the rate")),
)

FIGURES = (mean_s("mean time from request to answer", EXACT_S, pl.col("ended_s") - pl.col("due_s")),)
