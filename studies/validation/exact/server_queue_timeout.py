"""A pool of three connections whose users wait for one for a bounded time, and then as long as it takes."""

from footfall._model.durations import exponential_s
from footfall._model.numbers import DAY_S, assumed as c
from footfall._model.station_specs import RequestServer
from footfall.theory.many_servers import PatienceDistribution, erlang_a_general
from studies.one_station import ENDLESS, Customers, one_station
from studies.validation.exact import WAIT_S, ended, mean_s, share

SOURCE = "M/M/c with constant patience (Baccelli and Hebuterne 1981)"
DAYS = 12
SLOTS, REQUESTS_PER_S, WORK_S, TIMEOUT_S = 3, 1 / 30, 99, 148.5
EXACT = erlang_a_general(
    SLOTS,
    REQUESTS_PER_S,
    1 / WORK_S,
    PatienceDistribution(lambda wait_s: float(wait_s < TIMEOUT_S), (TIMEOUT_S,)),
)

MODEL = one_station(
    ("server_queue_timeout", "Three slots and a bound on the wait (M/M/3+D)"),
    RequestServer(
        slots=c(SLOTS, "c"),
        accept_queue=ENDLESS,
        deadline_s=c(1e9, "clients wait for ever"),
        queue_timeout_s=c(TIMEOUT_S, "one and a half times the work"),
    ),
    Customers(c(round(REQUESTS_PER_S * DAY_S), "3.3 erlangs")),
    exponential_s(c(WORK_S, "in proportion to the rate")),
)

FIGURES = (
    share("requests that waited too long", EXACT.abandons_share, ended("error")),
    mean_s("mean wait", EXACT.wait_mean, WAIT_S),
)
