"""The single-server service node of Leemis and Park: first come, first served.

L. M. Leemis and S. K. Park, Discrete-Event Simulation: A First Course (2006), section 1.2. Their program
ssq1 replays a trace of 1,000 jobs; `MODEL` serves jobs of the same means, and a recorded trace may be
replayed through it (`studies.validation.replay.replay`).
"""

from footfall._model.durations import exponential_s
from footfall._model.numbers import DAY_S, Grade, assumed, public
from footfall._model.profiles import constant
from footfall._model.station_specs import CallCentre
from studies.one_station import AT_ONCE, FOR_EVER, PLAIN, Customers, one_station

SOURCE = "Leemis and Park 2006, section 1.2"
INTERARRIVAL_S = 9.87
SERVICE_S = 7.12

MODEL = one_station(
    ("leemis_park_ssq", "Leemis and Park's single server"),
    CallCentre(
        lines=assumed(1_000_000, PLAIN),
        agents=constant(1, Grade.PUBLIC, SOURCE),
        agents_factor=assumed(1, PLAIN),
        patience=FOR_EVER,
        talk=exponential_s(public(SERVICE_S, f"{SOURCE}: average service time of ssq1's trace")),
        wrap_up=AT_ONCE,
        agent_share={"query": assumed(1, "no IVR")},
    ),
    Customers(
        public(round(DAY_S / INTERARRIVAL_S), f"{SOURCE}: average interarrival time of ssq1's trace, 9.87")
    ),
)

TEN_ARRIVALS = (15.0, 47.0, 71.0, 111.0, 123.0, 152.0, 166.0, 226.0, 310.0, 320.0)
TEN_SERVICES = (43.0, 36.0, 34.0, 30.0, 38.0, 40.0, 31.0, 29.0, 36.0, 30.0)
TEN_DELAYS = (0.0, 11.0, 23.0, 17.0, 35.0, 44.0, 70.0, 41.0, 0.0, 26.0)
"""Ten jobs, worked by hand in their example 1.2.2."""
