"""M/M/4/20: a server of four slots and an accept queue of 16, and whatever is beyond is refused."""

from footfall._model.durations import exponential_s
from footfall._model.numbers import DAY_S, assumed as c
from footfall._model.station_specs import RequestServer
from footfall.theory.many_servers import mmck
from studies.one_station import Customers, one_station
from studies.validation.exact import BEGAN, WAIT_S, ended, mean_s, share

SOURCE = "Birth and death, M/M/c/K (Gross and Harris)"
DAYS = 24
SLOTS, QUEUE, REQUESTS_PER_S, WORK_S = 4, 16, 0.1, 36
EXACT = mmck(SLOTS, SLOTS + QUEUE, REQUESTS_PER_S, 1 / WORK_S)

MODEL = one_station(
    ("server_slots", "Four slots and an accept queue (M/M/4/20)"),
    RequestServer(
        slots=c(SLOTS, "c"), accept_queue=c(QUEUE, "K - c"), deadline_s=c(1e9, "clients wait for ever")
    ),
    Customers(c(REQUESTS_PER_S * DAY_S, "3.6 erlangs")),
    exponential_s(c(WORK_S, "in proportion to the rate")),
)

FIGURES = (
    share("requests refused", EXACT.blocked_share, ended("throttled")),
    mean_s("mean wait of the admitted", EXACT.wait_mean, WAIT_S, BEGAN & ~ended("throttled")),
)
