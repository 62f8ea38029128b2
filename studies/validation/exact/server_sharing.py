"""M/G/1 with processor sharing: the mean time depends on the mean of the work alone, not on its law."""

import polars as pl

from footfall._model.durations import lognormal_s
from footfall._model.numbers import DAY_S, assumed as c
from footfall._model.station_specs import RequestServer
from footfall.theory.one_server import mg1_ps_sojourn_mean
from studies.one_station import ENDLESS, Customers, one_station
from studies.validation.exact import mean_s

SOURCE = "M/G/1-PS (Sakata, Noguchi and Oizumi 1971; Kleinrock 1976)"
DAYS = 24
REQUESTS_PER_S, WORK_S = 0.06, 10

MODEL = one_station(
    ("server_sharing", "One core shared by all requests (M/G/1-PS)"),
    RequestServer(
        slots=ENDLESS,
        accept_queue=c(0, "no queue"),
        deadline_s=c(1e9, "clients wait for ever"),
        discipline="sharing",
        cores=c(1, "one"),
    ),
    Customers(c(REQUESTS_PER_S * DAY_S, "a utilisation of 0.6")),
    lognormal_s(c(WORK_S, "seconds of work"), c(2, "four times the variance of memorylessness")),
)

FIGURES = (
    mean_s(
        "mean time from request to answer",
        mg1_ps_sojourn_mean(REQUESTS_PER_S, WORK_S),
        pl.col("ended_s") - pl.col("due_s"),
    ),
)
