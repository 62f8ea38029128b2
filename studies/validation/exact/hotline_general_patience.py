"""M/M/10+G at 10 erlangs: callers whose patience is lognormal, so that who has waited long waits on."""

from footfall._model.durations import exponential_s, lognormal_s
from footfall._model.numbers import DAY_S, Grade, assumed as c
from footfall._model.profiles import constant
from footfall._model.station_specs import CallCentre
from footfall.theory.many_servers import PatienceDistribution, erlang_a_general
from studies.one_station import AT_ONCE, ENDLESS, Customers, one_station
from studies.validation.exact import WAIT_S, ended, mean_s, share

SOURCE = "M/M/c+G (Baccelli and Hebuterne 1981; Zeltyn and Mandelbaum 2005)"
DAYS = 8
AGENTS, LOAD, TALK_S = 10, 10, 60
PATIENCE = lognormal_s(c(90, "a minute and a half"), c(1.5, "widely spread"))
EXACT = erlang_a_general(AGENTS, LOAD / TALK_S, 1 / TALK_S, PatienceDistribution(PATIENCE.survival, ()))

MODEL = one_station(
    ("hotline_general_patience", "A hotline with lognormal patience (M/M/10+G)"),
    CallCentre(
        lines=ENDLESS,
        agents=constant(AGENTS, Grade.ASSUMED, "c"),
        agents_factor=c(1, "no change"),
        patience=PATIENCE,
        talk=exponential_s(c(TALK_S, "a minute")),
        wrap_up=AT_ONCE,
        agent_share={"query": c(1, "no IVR")},
    ),
    Customers(c(LOAD / TALK_S * DAY_S, "10 erlangs")),
)

FIGURES = (
    share("callers who hang up", EXACT.abandons_share, ended("abandoned")),
    mean_s("mean wait of all", EXACT.wait_mean, WAIT_S),
)
