"""Three workers with a queue of their own each, to which requests are dealt in turn: E3/M/1."""

from footfall._model.durations import exponential_s
from footfall._model.numbers import DAY_S, assumed as c
from footfall._model.station_specs import RequestServer
from footfall.theory.one_server import round_robin_wait_mean
from studies.one_station import ENDLESS, Customers, one_station
from studies.validation.exact import WAIT_S, mean_s

SOURCE = "GI/M/1 with Erlang times between arrivals (D. G. Kendall 1953)"
DAYS = 16
WORKERS, REQUESTS_PER_S, WORK_S = 3, 1 / 30, 63
EXACT_S = round_robin_wait_mean(WORKERS, REQUESTS_PER_S, 1 / WORK_S)

MODEL = one_station(
    ("server_worker_queues", "Requests in turn to three workers (E3/M/1)"),
    RequestServer(
        slots=c(WORKERS, "one a worker"),
        queues=c(WORKERS, "a queue for each"),
        dispatch="round_robin",
        accept_queue=ENDLESS,
        deadline_s=c(1e9, "clients wait for ever"),
    ),
    Customers(c(round(REQUESTS_PER_S * DAY_S), "2.1 erlangs")),
    exponential_s(c(WORK_S, "in proportion to the rate")),
)

FIGURES = (mean_s("mean wait", EXACT_S, WAIT_S),)
