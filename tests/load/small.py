"""A small operator, and traces of its customers."""

import polars as pl

from footfall._behaviour.load_model import RunPace
from footfall._model.channel import Channel, Fault, Verb, Work
from footfall._model.model import Model, ShareDefinition
from footfall._model.numbers import Spec
from footfall._model.population import Accounts, AfterFailure, NestedLogit, RetryPolicy, Segment
from footfall._model.station_specs import CallCentre, Counters, Kiosks, MessageGateway, RequestServer
from footfall._records.rows import Outcome
from footfall._workload.trace import Trace, TraceInfo, cut
from tests.made_up import INDIFFERENT, always, number, seconds, turns

SEED = 7
SUBSCRIBERS = 50
OPERATIONS = ("query", "recharge", "transact", "purchase", "roaming")


def works(**faults: Fault) -> dict[Verb, Work]:
    """Give works that take no time, with a fault by verb."""
    return {
        verb: Work(service=seconds(0), faults=(faults[verb.value],) if verb.value in faults else ())
        for verb in Verb
    }


def customer_error_of(cause: str, outcome: Outcome = Outcome.REJECTED, share: float = 1.0) -> Fault:
    """Give a customer's fault."""
    return Fault.model_validate(
        {"cause": cause, "by": "customer", "outcome": outcome, "share": number(share)}
    )


ENTER, LEAVE = (Verb.LOGIN, Verb.BROWSE, Verb.QUERY), (Verb.LOGOUT,)
ONCE = {"query": turns(*ENTER, *LEAVE)} | {
    name: turns(*ENTER, Verb.ORDER, *LEAVE) for name in OPERATIONS if name != "query"
}
TWICE = ONCE | {
    name: turns(*ENTER, Verb.ORDER, Verb.CONFIRM, *LEAVE) for name in ("transact", "roaming", "purchase")
}
BY_MESSAGE = {
    "query": turns(Verb.QUERY),
    "recharge": turns(Verb.ORDER),
    "transact": turns(Verb.ORDER, Verb.CONFIRM),
    "roaming": turns(Verb.ORDER, Verb.CONFIRM),
}


def channel(name: str, station: Spec, **more: object) -> Channel:
    """Give a channel of one place; anything may be set."""
    ordinary: dict[str, object] = {
        "name": name,
        "title": name,
        "nest": "electronic",
        "station": station,
        "sites": number(1),
        "access_s_mean": number(0),
        "price_yuan": number(0),
        "works": works(),
        "dialogues": ONCE,
    }
    return Channel.model_validate(ordinary | more)


WEB = RequestServer(slots=number(64), accept_queue=number(500), deadline_s=number(20))
HALL = Counters(
    clerks=always(50),
    clerks_factor=number(1),
    room=number(100),
    patience=seconds(600),
    balk_wait=seconds(36_000),
)
HOTLINE = CallCentre(
    lines=number(200),
    agents=always(50),
    agents_factor=number(1),
    patience=seconds(600),
    talk=seconds(2),
    wrap_up=seconds(1),
    agent_share={"query": number(0.5)},
)
KIOSK = Kiosks(machines=number(50), up=seconds(0), repair=seconds(0), patience=seconds(600))
GATEWAY = MessageGateway(messages_per_s=number(500), queue=number(500))


def channels() -> tuple[Channel, ...]:
    """Give one channel of every kind."""
    confirms: dict[str, object] = {"dialogues": TWICE, "confirm_expiry_s": number(3000)}
    return (
        channel("web", WEB, **confirms),
        channel("wap", WEB, **confirms),
        channel("sms", GATEWAY, dialogues=BY_MESSAGE, confirm_expiry_s=number(3000)),
        channel("hotline", HOTLINE),
        channel("kiosk", KIOSK, sites=number(3)),
        channel("own_hall", HALL, nest="physical", sites=number(2)),
        channel("agent", WEB, nest="physical"),
    )


def small_model(**more: object) -> Model:
    """Give a model in which nothing fails and no customer comes back; anything may be set."""
    zero = number(0)
    people = Segment(
        name="all",
        title="all",
        population_share=number(1),
        month_visits={name: number(1) for name in OPERATIONS},
        day_profile=always(1),
        taste=INDIFFERENT,
        reach={},
    )
    ordinary: dict[str, object] = {
        "name": "small",
        "title": "small",
        "population": number(1000),
        "busy_day_factor": number(1),
        "busyness_cv": zero,
        "segments": (people,),
        "channels": channels(),
        "choice": NestedLogit(
            dissimilarity={"electronic": number(1), "physical": number(1)}, constants={}, expected_wait_s={}
        ),
        "follow_ups": RetryPolicy(attempts_most=number(3), by_outcome={}),
        "accounts": Accounts(
            subscribers=number(SUBSCRIBERS),
            balance_yuan_mean=number(5000),
            balance_cv=number(0.1),
            price_yuan={"transact": number(1)},
            under_contract_share=zero,
        ),
        "share_definitions": (
            ShareDefinition(name="all", text="all", electronic=(), counted=("web",), operations=OPERATIONS),
        ),
    }
    return Model.model_validate(ordinary | more)


def after_failure(
    outcome: Outcome, *, retry: float = 0.0, switch: float = 0.0, delay_s: float = 0.0
) -> RetryPolicy:
    """Give the rule that follows one outcome."""
    rule = AfterFailure(retry_share=number(retry), switch_share=number(switch), delay=seconds(delay_s))
    return RetryPolicy(attempts_most=number(3), by_outcome={outcome: rule})


def day_of(rows: list[tuple[float, str, str]]) -> pl.DataFrame:
    """Give the arrivals of a day from (second, operation, channel), customers numbered in order."""
    return pl.DataFrame(
        {
            "at_s": [row[0] for row in rows],
            "customer": range(len(rows)),
            "segment": ["all"] * len(rows),
            "operation": [row[1] for row in rows],
            "channel": [row[2] for row in rows],
        },
        schema_overrides={"at_s": pl.Float64, "customer": pl.Int64},
    )


def everywhere(count: int, length_s: float, model: Model) -> pl.DataFrame:
    """Give so many arrivals, evenly spread, each channel and operation in turn."""
    pairs = [(name, known.name) for known in model.channels for name in known.dialogues]
    return day_of([(k * length_s / count, *pairs[k % len(pairs)]) for k in range(count)])


def trace_of(model: Model, day: pl.DataFrame, length_s: float, *, human_time_factor: float = 0.01) -> Trace:
    """Give the trace of the first seconds of a day."""
    play = RunPace(starts_s=0, length_s=length_s, speed=1, human_time_factor=human_time_factor)
    info = TraceInfo(
        model="small.py", fingerprint=model.fingerprint(), seed=SEED, play=play, subscribers=SUBSCRIBERS
    )
    return Trace(info=info, model=model, arrivals=cut(day, play, 1, SUBSCRIBERS))
