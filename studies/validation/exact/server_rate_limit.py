"""A rate limit that delays a burst of five and refuses more: M/D/1/6 before a server that is never short."""

from footfall._model.durations import constant_s
from footfall._model.numbers import DAY_S, assumed as c
from footfall._model.station_specs import RateLimit, RequestServer
from footfall.theory.one_server import md1k
from studies.one_station import ENDLESS, Customers, one_station
from studies.validation.exact import WAIT_S, ended, mean_s, share

SOURCE = "M/D/1/K (R. B. Cooper 1981, chapter 5)"
DAYS = 12
BURST, ARRIVALS_PER_S, LIMIT_PER_S = 5, 1 / 30, 0.0351
EXACT = md1k(BURST + 1, ARRIVALS_PER_S, 1 / LIMIT_PER_S)

MODEL = one_station(
    ("server_rate_limit", "A rate limit with a burst of five (M/D/1/6)"),
    RequestServer(
        slots=ENDLESS,
        accept_queue=ENDLESS,
        deadline_s=c(1e9, "clients wait for ever"),
        rate_limit=RateLimit(
            requests_per_s=c(LIMIT_PER_S, "a twentieth more than come"),
            burst=c(BURST, "K - 1"),
            excess="delayed",
        ),
    ),
    Customers(c(round(ARRIVALS_PER_S * DAY_S), "95 % of the limit")),
    constant_s(c(1, "any work")),
)

FIGURES = (
    share("requests refused", EXACT.blocked_share, ended("throttled")),
    mean_s("mean delay of the others", EXACT.wait_mean, WAIT_S, ~ended("throttled")),
)
