"""M/M/4/20: four clerks, room for 16 to wait, and whoever finds it full is turned away."""

from footfall._model.durations import exponential_s
from footfall._model.numbers import DAY_S, Grade, assumed as c
from footfall._model.profiles import constant
from footfall._model.station_specs import Counters
from footfall.theory.many_servers import mmck
from studies.one_station import FOR_EVER, Customers, one_station
from studies.validation.exact import BEGAN, WAIT_S, ended, mean_s, share

SOURCE = "Birth and death, M/M/c/K (Gross and Harris)"
DAYS = 60
CLERKS, ROOM, ARRIVALS_PER_S, SERVICE_S = 4, 16, 1.2 / 60, 180
EXACT = mmck(CLERKS, CLERKS + ROOM, ARRIVALS_PER_S, 1 / SERVICE_S)

MODEL = one_station(
    ("hall_full", "A hall of four clerks and 16 seats (M/M/4/20)"),
    Counters(
        clerks=constant(CLERKS, Grade.ASSUMED, "c"),
        clerks_factor=c(1, "no change"),
        room=c(ROOM, "K - c"),
        patience=FOR_EVER,
        balk_wait=FOR_EVER,
    ),
    Customers(c(ARRIVALS_PER_S * DAY_S, "1.2 a minute")),
    exponential_s(c(SERVICE_S, "three minutes")),
)

FIGURES = (
    share("customers turned away", EXACT.blocked_share, ended("blocked")),
    mean_s("mean wait of the admitted", EXACT.wait_mean, WAIT_S, BEGAN),
)
