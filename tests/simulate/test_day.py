"""The day: nobody is lost, nothing depends on luck that is not one's own, journeys follow their rules."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from footfall._behaviour import keyed
from footfall._behaviour.customer_rules import FOLLOW, FOLLOW_DELAY, Action, after
from footfall._model.changes import set_number, with_outage
from footfall._model.channel import Channel, Fault, OpeningHours, Verb, Work
from footfall._model.durations import Duration, exponential_s
from footfall._model.model import Model
from footfall._model.numbers import Grade, Number, Profile
from footfall._model.population import RetryPolicy
from footfall._model.station_specs import CallCentre, Counters, Kiosks, MessageGateway, RequestServer
from footfall._records.rows import Outcome
from footfall._records.tables import check_visits, write_parquet
from footfall._simulate.day import (
    DRAIN_S,
    DayResult,
    Replay,
    check_conservation,
    predict,
    predictions,
    simulate_day,
)
from footfall._workload.arrivals import draw_arrivals

Numbers = Callable[[float], Number]
Exactly = Callable[[float], Duration]
Channels = Callable[..., Channel]
Models = Callable[..., Model]


@pytest.fixture(scope="session")
def crowded(small_province: Model) -> Model:
    """Give a province where much goes wrong: few clerks and agents, a slow gateway, an outage."""
    changes = {"own_hall.clerks_factor": 0.6, "hotline.agents_factor": 0.01, "sms.messages_per_s": 0.6}
    model = small_province
    for path, value in (changes | {"web.slots": 1, "busy_day_factor": 1.5}).items():
        model = set_number(model, path, value)
    return with_outage(model, "wap", 36_000, 43_200)


@pytest.fixture(scope="session")
def crowded_day(crowded: Model) -> DayResult:
    """Give its day."""
    return simulate_day(crowded, 2)


def test_the_same_seed_gives_the_same_file_to_the_byte(
    crowded: Model, crowded_day: DayResult, tmp_path: Path
) -> None:
    """Run again in the same process, after other runs."""
    again = simulate_day(crowded, 2)
    paths = tmp_path / "one.parquet", tmp_path / "two.parquet"
    for path, result in zip(paths, (crowded_day, again), strict=True):
        write_parquet(result.visits, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert (again.events, again.logout_reminders) == (crowded_day.events, crowded_day.logout_reminders)


def test_another_seed_and_another_replication_are_other_days(crowded: Model, crowded_day: DayResult) -> None:
    """They share no customer's luck."""
    for other in (simulate_day(crowded, 3), simulate_day(crowded, 2, 1)):
        assert not other.visits["due_s"].equals(crowded_day.visits["due_s"])


def test_every_customer_comes_once_and_ends_once(crowded: Model, crowded_day: DayResult) -> None:
    """Attempts of a customer are 1, 2, … without a gap, and only the last may be a success."""
    visits = crowded_day.visits.sort("customer", "attempt")
    assert len(draw_arrivals(crowded, 2, 0)) == crowded_day.arrivals.height + crowded_day.nowhere_to_go
    counted = visits.group_by("customer").agg(
        attempts=pl.len(),
        last=pl.col("attempt").max(),
        served=(pl.col("outcome") == "served").sum(),
        served_last=(pl.col("outcome") == "served").last(),
    )
    assert counted["attempts"].equals(counted["last"].cast(pl.UInt32), check_names=False)
    assert counted["served"].max() == 1
    assert counted.filter(pl.col("served") == 1)["served_last"].all()
    assert visits["attempt"].max() == crowded.follow_ups.attempts_most


def test_much_goes_wrong_on_a_crowded_day(crowded_day: DayResult) -> None:
    """The laws below are held against a day that has every kind of trouble."""
    found = set(crowded_day.visits["outcome"])
    assert found >= {
        *("served", "rejected", "error", "timeout", "abandoned", "balked", "unconfirmed", "closed"),
    }


def test_what_follows_a_failure_is_what_the_rules_say(crowded: Model, crowded_day: DayResult) -> None:
    """Retry at the same channel, switch to another, or nothing: by the customer's own numbers."""
    visits = crowded_day.visits.sort("customer", "attempt")
    run = keyed.run_key(2, 0)
    rows = visits.select("customer", "attempt", "channel", "outcome", "ended_s", "due_s").rows()
    seen = set()
    for row, after_it in zip(rows, [*rows[1:], None], strict=True):
        customer, attempt, channel, outcome, ended_s, _ = row
        key = keyed.customer_key(run, customer)
        u = keyed.uniform(key, FOLLOW, attempt), keyed.uniform(key, FOLLOW_DELAY, attempt)
        decision = after(crowded.follow_ups, Outcome(outcome), attempt, *u)
        follows = after_it is not None and after_it[0] == customer
        if decision.action is Action.SWITCH and not follows:
            continue  # no other channel was open, checked below by its rarity
        seen.add(decision.action)
        assert follows == (decision.action in {Action.RETRY, Action.SWITCH})
        if follows and after_it is not None:
            assert (after_it[2] == channel) == (decision.action is Action.RETRY)
            assert after_it[5] == pytest.approx(ended_s + decision.delay_s, abs=1e-6)
    assert seen == {Action.DONE, Action.RETRY, Action.SWITCH, Action.GIVE_UP}


def test_nobody_waits_for_a_clerk_who_is_free(crowded: Model, crowded_day: DayResult) -> None:
    """At every own hall, whenever somebody is called from the line, all clerks were busy until then."""
    station = crowded.channel("own_hall").station
    assert isinstance(station, Counters)
    halls = crowded_day.visits.filter(pl.col("channel") == "own_hall", pl.col("served_s").is_not_null())
    for (_site,), hall in halls.group_by("site"):
        starts, ends = np.sort(hall["served_s"].to_numpy()), np.sort(hall["ended_s"].to_numpy())
        waited = hall.filter(pl.col("wait_s") > 0)
        due_s = waited["due_s"].to_numpy()
        busy = np.searchsorted(starts, due_s, "right") - np.searchsorted(ends, due_s, "right")
        clerks = [round(station.clerks.at(at_s) * station.clerks_factor) for at_s in due_s]
        assert np.all(busy >= clerks)


def test_numbers_inside_and_times_inside_obey_little(crowded_day: DayResult) -> None:
    """The integral of the number inside over the day is the sum of the times inside, by channel."""
    for (_channel,), visits in crowded_day.visits.group_by("channel"):
        due_s, ended_s = visits["due_s"].to_numpy(), visits["ended_s"].to_numpy()
        times = np.concatenate([due_s, ended_s])
        steps = np.concatenate([np.ones(len(due_s)), -np.ones(len(ended_s))])
        order = np.argsort(times, kind="stable")
        inside = np.cumsum(steps[order])[:-1]
        area = float(np.sum(inside * np.diff(times[order])))
        assert area == pytest.approx(float(np.sum(ended_s - due_s)), rel=1e-9)


def test_one_channel_s_staff_changes_nothing_for_those_who_never_meet_it(small_province: Model) -> None:
    """Half the agents: whoever went only to channels without a line has the same visits, row by row."""
    wide = small_province
    for path in ("web.slots", "wap.slots", "agent.slots"):
        wide = set_number(wide, path, 1000)
    before = simulate_day(wide, 5).visits
    after_it = simulate_day(set_number(wide, "hotline.agents_factor", 0.01), 5).visits
    assert not before.equals(after_it)
    own = pl.col("channel").is_in(["web", "wap", "agent"])
    others = pl.concat([before, after_it]).filter(~own)["customer"].unique()
    alone = ~pl.col("customer").is_in(others.implode())
    kept = [day.filter(alone).sort("customer", "attempt") for day in (before, after_it)]
    assert kept[0].height > 2000
    assert kept[0].equals(kept[1])


def test_who_is_inside_at_the_horizon_is_unfinished(
    channel: Channels, model: Models, day: Callable[..., DayResult], number: Numbers
) -> None:
    """A visit of twelve days: cut six hours after the end of a day of 100 s, not known to be served."""
    server = RequestServer(slots=number(1), accept_queue=number(1), deadline_s=number(1e9))
    found = day(model(channel(server, human_s=1e6)), [10], length_s=100).visits
    assert found.select("outcome", "cause", "ended_s").rows() == [("unfinished", "horizon", 100 + DRAIN_S)]
    assert found["human_s"][0] <= found["ended_s"][0] - found["due_s"][0]


def test_a_window_of_seconds_is_looked_at_ever_more_rarely_while_it_empties(
    channel: Channels, model: Models, day: Callable[..., DayResult], number: Numbers
) -> None:
    """The laws are held 20 times in 4 s, and not 54,000 times in the three hours that a visit goes on."""
    server = RequestServer(slots=number(1), accept_queue=number(1), deadline_s=number(1e9))
    held = day(model(channel(server, human_s=3 * 3600)), [1], length_s=4).laws
    assert 20 < held.flow < 200


def test_a_trace_predicted_at_full_length_is_the_day_itself(small_province: Model) -> None:
    """The same customers at the same times have the same visits."""
    result = simulate_day(small_province, 6)
    numbers = pl.int_range(pl.len(), dtype=pl.Int64)
    subscribers = result.visits.filter(pl.col("attempt") == 1).select("customer", "subscriber")
    trace = result.arrivals.join(subscribers, on="customer").sort("at_s", "customer")
    trace = trace.with_columns(arrival=numbers, due_s=pl.col("at_s"))
    again = predict(small_province, trace, 6, 0, 86_400).visits
    order = ["customer", "attempt"]
    assert again.sort(order).equals(result.visits.sort(order))


def test_replications_of_a_prediction_have_the_same_customers(
    channel: Channels, model: Models, number: Numbers
) -> None:
    """The first is the prediction itself; the others differ in how long they were served alone."""
    server = RequestServer(slots=number(2), accept_queue=number(9), deadline_s=number(99))
    work = Work(service=exponential_s(number(1)))
    played = model(channel(server, human_s=1, works=dict.fromkeys(Verb, work)))
    people = {"segment": "all", "operation": "query", "channel": "one"}
    due = pl.DataFrame({"arrival": range(20), "due_s": [k / 3 for k in range(20)]})
    arrivals = due.with_columns(
        customer=pl.col("arrival"), subscriber=pl.col("arrival"), **{k: pl.lit(v) for k, v in people.items()}
    )
    drawn = list(predictions(played, Replay(arrivals, 6, 0, 10), range(3)))
    assert drawn[0].equals(predict(played, arrivals, 6, 0, 10).visits)
    assert len({tuple(visits["ended_s"]) for visits in drawn}) == 3
    who = [visits.sort("customer").select("customer", "due_s", "human_s") for visits in drawn]
    assert who[0].equals(who[1])
    assert who[0].equals(who[2])


def test_a_lost_customer_is_noticed(crowded_day: DayResult) -> None:
    """The law of conservation can fail."""
    with pytest.raises(ValueError, match="customers came but"):
        check_conservation(crowded_day.visits[1:].filter(pl.col("attempt") == 1), crowded_day.arrivals)


STATIONS = st.sampled_from(["counters", "kiosks", "call_centre", "message_gateway", "request_server"])


@settings(max_examples=60)
@given(
    kinds=st.lists(STATIONS, min_size=1, max_size=3),
    servers=st.integers(1, 3),
    room=st.integers(0, 3),
    fault_share=st.sampled_from([0.0, 0.2, 1.0]),
    opens=st.booleans(),
    customers=st.integers(0, 300),
    seed=st.integers(0, 1000),
)
def test_any_small_day_obeys_the_laws_of_visits(
    kinds: list[str],
    servers: int,
    room: int,
    fault_share: float,
    opens: bool,  # noqa: FBT001  a drawn case
    customers: int,
    seed: int,
    made_of: Callable[..., Model],
) -> None:
    """Times in order, one end each, one first attempt each, attempts limited, nobody done goes on."""
    model = made_of(kinds, servers, room, fault_share, opens).model_copy(
        update={"population": Number(max(customers, 1), Grade.ASSUMED, "test")}
    )
    result = simulate_day(model, seed)
    visits = result.visits
    check_visits(visits)
    check_conservation(visits, result.arrivals)
    assert visits["attempt"].max() is None or int(str(visits["attempt"].max())) <= 3
    goes_on = visits.join(
        visits.select("customer", attempt=pl.col("attempt") - 1, next_due_s="due_s"),
        on=["customer", "attempt"],
    )
    assert (goes_on["next_due_s"] >= goes_on["ended_s"]).all()
    assert not (goes_on["outcome"] == "served").any()
    assert (visits["wait_s"] >= 0).all()
    assert (visits["wait_s"] <= visits["ended_s"] - visits["due_s"] + 1e-6).all()
    assert (visits["human_s"] >= 0).all()


@pytest.fixture(scope="session")
def made_of(
    channel: Channels,
    model: Models,
    number: Numbers,
    exactly: Exactly,
    all_day: Callable[[float], Profile],
    follow_ups: Callable[..., RetryPolicy],
) -> Callable[..., Model]:
    """Make a model of stations of given kinds, all alike in size."""

    def make(kinds: list[str], servers: int, room: int, fault_share: float, opens: bool) -> Model:  # noqa: FBT001  a drawn case
        patience = exponential_s(number(200))
        stations = {
            "counters": Counters(
                clerks=all_day(servers),
                clerks_factor=number(1),
                room=number(room),
                balk_wait=exactly(900),
                patience=patience,
            ),
            "kiosks": Kiosks(
                machines=number(servers),
                up=exponential_s(number(5000)),
                repair=exactly(900),
                patience=patience,
            ),
            "call_centre": CallCentre(
                lines=number(servers + room),
                agents=all_day(servers),
                agents_factor=number(1),
                talk=exactly(100),
                wrap_up=exactly(10),
                agent_share={"query": number(0.5)},
                patience=patience,
            ),
            "message_gateway": MessageGateway(messages_per_s=number(0.01), queue=number(room)),
            "request_server": RequestServer(
                slots=number(servers), accept_queue=number(room), deadline_s=number(400)
            ),
        }
        fault = Fault(cause="down", by="service", outcome=Outcome.ERROR, share=number(fault_share))
        works = {Verb.QUERY: Work(service=exponential_s(number(120)), faults=(fault,))}
        hours = OpeningHours(opens_s=number(30_000), closes_s=number(60_000)) if opens else None
        channels = [
            channel(stations[kind], name=f"{kind}_{n}", works=works, opening=hours, human_s=60)
            for n, kind in enumerate(kinds)
        ]
        failures = [o.value for o in Outcome if o is not Outcome.SERVED]
        rules = follow_ups(3, **dict.fromkeys(failures, (0.4, 0.4, 30)))
        return model(*channels, follow_ups=rules, busyness_cv=number(0.2))

    return make
