"""M/M/10 at 8 erlangs: a hall in which everybody waits for as long as it takes."""

from footfall._model.durations import exponential_s
from footfall._model.numbers import DAY_S, Grade, assumed as c
from footfall._model.profiles import constant
from footfall._model.station_specs import Counters
from footfall.theory.many_servers import erlang_c, erlang_c_wait_mean
from studies.one_station import ENDLESS, FOR_EVER, Customers, one_station
from studies.validation.exact import WAIT_S, WAITS, mean_s, share

SOURCE = "Erlang C (A. K. Erlang 1917)"
DAYS = 16
CLERKS, LOAD, SERVICE_S = 10, 8, 60

MODEL = one_station(
    ("hall_erlang_c", "A hall of ten clerks at 8 erlangs (M/M/10)"),
    Counters(
        clerks=constant(CLERKS, Grade.ASSUMED, "c"),
        clerks_factor=c(1, "no change"),
        room=ENDLESS,
        patience=FOR_EVER,
        balk_wait=FOR_EVER,
    ),
    Customers(c(LOAD / SERVICE_S * DAY_S, "8 erlangs")),
    exponential_s(c(SERVICE_S, "a minute")),
)

FIGURES = (
    share("customers who wait", erlang_c(CLERKS, LOAD), WAITS),
    mean_s("mean wait", erlang_c_wait_mean(CLERKS, LOAD / SERVICE_S, 1 / SERVICE_S), WAIT_S),
)
