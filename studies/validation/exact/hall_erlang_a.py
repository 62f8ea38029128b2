"""M/M/14+M at 10 erlangs: customers leave after 2 minutes of waiting on average."""

from footfall._model.durations import exponential_s
from footfall._model.numbers import DAY_S, Grade, assumed as c
from footfall._model.profiles import constant
from footfall._model.station_specs import Counters
from footfall.theory.many_servers import erlang_a
from studies.one_station import ENDLESS, FOR_EVER, Customers, one_station
from studies.validation.exact import WAIT_S, WAITS, ended, mean_s, share

SOURCE = "Erlang A (C. Palm 1957; Mandelbaum and Zeltyn 2007)"
DAYS = 40
CLERKS, ARRIVALS_PER_S, SERVICE_S, PATIENCE_S = 14, 10 / 180, 180, 120
EXACT = erlang_a(CLERKS, ARRIVALS_PER_S, 1 / SERVICE_S, 1 / PATIENCE_S)

MODEL = one_station(
    ("hall_erlang_a", "A hall of 14 clerks, impatient customers (M/M/14+M)"),
    Counters(
        clerks=constant(CLERKS, Grade.ASSUMED, "c"),
        clerks_factor=c(1, "no change"),
        room=ENDLESS,
        patience=exponential_s(c(PATIENCE_S, "two minutes")),
        balk_wait=FOR_EVER,
    ),
    Customers(c(ARRIVALS_PER_S * DAY_S, "10 erlangs")),
    exponential_s(c(SERVICE_S, "three minutes")),
)

FIGURES = (
    share("customers who wait", EXACT.waits_share, WAITS),
    share("customers who leave", EXACT.abandons_share, ended("abandoned")),
    mean_s("mean wait of all", EXACT.wait_mean, WAIT_S),
)
