"""Services of known capacity as models of one station: a pool, a bound on concurrency, a rate limit, stalls.

Each file has a `MODEL` of one channel, `station`, and one operation, `query`: a single GET. They are made to
be copied: what limits a service of one's own, its law of work and its rate are the numbers to change.
"""

from footfall._model.durations import Duration
from footfall._model.model import Model
from footfall._model.numbers import DAY_S, assumed as c
from footfall._model.station_specs import RequestServer
from models.one_station import Customers, one_station

PATIENT = c(120, "clients wait for two minutes")
ARRIVALS_PER_S = 20.0


def service_model(named: tuple[str, str], station: RequestServer, work: Duration) -> Model:
    """Give the model of a service whose requests come one by one, `ARRIVALS_PER_S` of them."""
    per_day = Customers(c(ARRIVALS_PER_S * DAY_S, "an even load; a load test sets its own"))
    return one_station(named, station, per_day, work)
