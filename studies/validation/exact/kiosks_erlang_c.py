"""M/M/3 at 2 erlangs: three terminals that never break."""

from footfall._model.durations import exponential_s
from footfall._model.numbers import DAY_S, assumed as c
from footfall._model.station_specs import Kiosks
from footfall.theory.many_servers import erlang_c, erlang_c_wait_mean
from studies.one_station import FOR_EVER, Customers, one_station
from studies.validation.exact import WAIT_S, WAITS, mean_s, share

SOURCE = "Erlang C (A. K. Erlang 1917)"
DAYS = 40
MACHINES, LOAD, USE_S = 3, 2, 60

MODEL = one_station(
    ("kiosks_erlang_c", "Three terminals at 2 erlangs (M/M/3)"),
    Kiosks(
        machines=c(MACHINES, "c"),
        up=exponential_s(c(0, "they do not break")),
        repair=exponential_s(c(1, "never")),
        patience=FOR_EVER,
    ),
    Customers(c(LOAD / USE_S * DAY_S, "2 erlangs")),
    exponential_s(c(USE_S, "a minute")),
)

FIGURES = (
    share("customers who wait", erlang_c(MACHINES, LOAD), WAITS),
    mean_s("mean wait", erlang_c_wait_mean(MACHINES, LOAD / USE_S, 1 / USE_S), WAIT_S),
)
