"""The smallest model: one hall with three clerks, an even stream of customers, no choice (M/M/c).

Its mean wait is known exactly (Erlang C), so it shows that the simulator is right:
20 customers an hour, 6 minutes each, 3 clerks: Erlang C gives a mean wait of 2 min 40 s.
"""

from footfall.model.channel import Channel, Step, Verb, Work
from footfall.model.durations import constant_s, exponential_s
from footfall.model.model import Model, ShareDefinition
from footfall.model.numbers import Grade, constant
from footfall.model.numbers import assumed as c
from footfall.model.population import Accounts, Choice, FollowUps, Segment, Taste
from footfall.model.station_specs import Counters

EXAMPLE = "example"
FOREVER_S = 1e9

HALL = Channel(
    name="hall",
    title="hall",
    nest="physical",
    sites=c(1, EXAMPLE),
    station=Counters(
        clerks=constant(3, Grade.ASSUMED, EXAMPLE),
        clerks_factor=c(1, EXAMPLE),
        room=c(10_000, "endless"),
        patience=constant_s(c(FOREVER_S, "endless")),
        balk_wait=constant_s(c(FOREVER_S, "nobody balks")),
    ),
    access_s_mean=c(0, EXAMPLE),
    price_yuan=c(0, EXAMPLE),
    works={Verb.QUERY: Work(service=constant_s(c(0, "the clerk's screens take no time")))},
    dialogues={
        "query": (Step(verb=Verb.QUERY, human=exponential_s(c(360, "six minutes")), pages=c(1, EXAMPLE)),)
    },
)

NO_TASTE = Taste(
    per_wait_min=c(0, EXAMPLE),
    per_access_min=c(0, EXAMPLE),
    per_yuan=c(0, EXAMPLE),
    per_trust=c(0, EXAMPLE),
    per_habit=c(0, EXAMPLE),
    trust={},
    habit={},
)

MODEL = Model(
    name="single_counter",
    title="One hall, three clerks (M/M/3)",
    population=c(480, "20 customers an hour, each once a day"),
    busy_day_factor=c(1, EXAMPLE),
    busyness_cv=c(0, "a plain Poisson stream"),
    segments=(
        Segment(
            name="everybody",
            title="everybody",
            population_share=c(1, EXAMPLE),
            month_visits={"query": c(31, "one a day")},
            day_profile=constant(1, Grade.ASSUMED, "even over the day"),
            taste=NO_TASTE,
            reach={},
        ),
    ),
    channels=(HALL,),
    choice=Choice(dissimilarity={"physical": c(1, "plain logit")}, constants={}, expected_wait_s={}),
    follow_ups=FollowUps(attempts_most=c(1, "one attempt"), by_outcome={}),
    accounts=Accounts(
        subscribers=c(1, EXAMPLE),
        balance_yuan_mean=c(1, EXAMPLE),
        balance_cv=c(1, EXAMPLE),
        price_yuan={},
        under_contract_share=c(0, EXAMPLE),
    ),
    share_definitions=(
        ShareDefinition(
            name="none",
            text="one hall: nothing is electronic",
            electronic=(),
            counted=("hall",),
            operations=("query",),
        ),
    ),
)
