"""M/M/10/10 at 7 erlangs: calls that an answering machine handles, and a busy tone for the eleventh."""

from footfall._model.durations import exponential_s
from footfall._model.numbers import DAY_S, Grade, assumed as c
from footfall._model.profiles import constant
from footfall._model.station_specs import CallCentre
from footfall.theory.many_servers import erlang_b
from studies.one_station import AT_ONCE, FOR_EVER, Customers, one_station
from studies.validation.exact import ended, share

SOURCE = "Erlang B (A. K. Erlang 1917)"
DAYS = 16
LINES, LOAD, CALL_S = 10, 7, 60

MODEL = one_station(
    ("lines_erlang_b", "A hotline of ten lines and no agents (M/M/10/10)"),
    CallCentre(
        lines=c(LINES, "c"),
        agents=constant(0, Grade.ASSUMED, "nobody asks for one"),
        agents_factor=c(1, "no change"),
        patience=FOR_EVER,
        talk=AT_ONCE,
        wrap_up=AT_ONCE,
        agent_share={},
    ),
    Customers(c(LOAD / CALL_S * DAY_S, "7 erlangs")),
    exponential_s(c(CALL_S, "a minute")),
)

FIGURES = (share("calls that find no line", erlang_b(LINES, LOAD), ended("blocked")),)
