"""M/D/1 at 80 %: a gateway that lets through one message in ten seconds, and keeps the others in line."""

from footfall._model.numbers import DAY_S, assumed as c
from footfall._model.station_specs import MessageGateway
from footfall.theory.one_server import md1_wait_share, mg1_wait_mean
from studies.one_station import ENDLESS, Customers, one_station
from studies.validation.exact import WAIT_S, mean_s, share

SOURCE = "M/D/1 (Pollaczek 1930, Khinchine 1932; Erlang 1909)"
DAYS = 24
PASSAGE_S, MESSAGES_PER_S = 10, 0.08

MODEL = one_station(
    ("gateway", "A message gateway at 80 % of its rate (M/D/1)"),
    MessageGateway(messages_per_s=c(1 / PASSAGE_S, "one in ten seconds"), queue=ENDLESS),
    Customers(c(MESSAGES_PER_S * DAY_S, "80 %")),
)

IN_LINE_S = WAIT_S - PASSAGE_S
"""A message's wait ends when it is through."""

FIGURES = (
    mean_s("mean time in line", mg1_wait_mean(MESSAGES_PER_S, PASSAGE_S, 0), IN_LINE_S),
    share(
        "messages in line for 25 s at most", md1_wait_share(MESSAGES_PER_S, PASSAGE_S, 25), IN_LINE_S <= 25
    ),
)
