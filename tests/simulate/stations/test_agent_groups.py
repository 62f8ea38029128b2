"""Who answers whom at a hotline with groups, skills, priority and credit, worked out by hand."""

from collections.abc import Callable
from math import sqrt
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from footfall._behaviour import keyed
from footfall._model.channel import Channel, Verb
from footfall._model.model import Model
from footfall._model.numbers import DAY_S, Grade
from footfall._model.population import Segment
from footfall._model.profiles import profile
from footfall._model.station_specs import AgentGroup, CallCentre, Caller
from footfall._model.value_errors import BadModelError
from footfall._simulate.day import Day
from footfall._workload.arrivals import Arrivals
from tests.made_up import INDIFFERENT, always, number, seconds, turns

Channels = Callable[..., Channel]
Models = Callable[..., Model]
Run = Callable[..., pl.DataFrame]
OPERATIONS = ("query", "recharge", "transact")
SEGMENTS = ("plain", "silver", "gold")
MANY = 10**6


def hotline(agents: float = 0, **fields: Any) -> CallCentre:  # noqa: ANN401  any field
    """Make a hotline without an IVR, lines without end, talks of 100 s, unless told otherwise."""
    whole: dict[str, Any] = {
        "lines": number(MANY),
        "agents": always(agents),
        "agents_factor": number(1),
        "patience": seconds(1e9),
        "talk": seconds(100),
        "wrap_up": seconds(0),
        "agent_share": dict.fromkeys(OPERATIONS, number(1)),
    } | fields
    return CallCentre(**whole)


def group(name: str, agents: float, *skills: str) -> AgentGroup:
    """Make a group of agents."""
    return AgentGroup(name=name, agents=always(agents), skills=skills)


@pytest.fixture(scope="session")
def run(channel: Channels, model: Models) -> Run:
    """Give the visits of (second, operation, segment) at a hotline, in order of coming."""
    people = tuple(
        Segment(
            name=name,
            title=name,
            population_share=number(1 / 3),
            month_visits=dict.fromkeys(OPERATIONS, number(1)),
            day_profile=always(1),
            taste=INDIFFERENT,
            reach={},
        )
        for name in SEGMENTS
    )

    def visits(station: CallCentre, calls: list[tuple[float, int, int]], seed: int = 1) -> pl.DataFrame:
        answering = channel(station, dialogues=dict.fromkeys(OPERATIONS, turns(Verb.QUERY, human_s=0)))
        numbers = np.arange(len(calls), dtype=np.int64)
        codes = np.array(calls, dtype=np.float64).reshape(-1, 3)
        crowd = Arrivals(
            customers=numbers,
            keys=keyed.customer_keys(keyed.run_key(seed, 0), numbers),
            at_s=codes[:, 0],
            segments=codes[:, 2].astype(np.int64),
            operations=codes[:, 1].astype(np.int64),
            subscribers=numbers % 50,
            channels=numbers * 0,
            run=keyed.run_key(seed, 0),
        )
        found = Day(model(answering, segments=people), crowd, seed, DAY_S).run().visits.sort("customer")
        # Service begins in the IVR; without one, an agent answers when the wait is over.
        return found.with_columns(answered_s=pl.col("due_s") + pl.col("wait_s"))

    return visits


def answered(found: pl.DataFrame) -> list[int]:
    """Customers in the order in which they were answered."""
    return found.sort("answered_s", "customer")["customer"].to_list()


def test_an_operation_has_its_own_talk_patience_and_wrap_up(run: Run) -> None:
    """One agent: recharging takes 10 s and 20 s after it; who transacts hangs up after 50 s."""
    callers = {
        "recharge": Caller(talk=seconds(10), wrap_up=seconds(20)),
        "transact": Caller(patience=seconds(50)),
    }
    found = run(hotline(1, callers=callers), [(0, 0, 0), (1, 1, 0), (2, 2, 0), (3, 0, 0)])
    assert found["outcome"].to_list() == ["served", "served", "abandoned", "served"]
    assert found["ended_s"].to_list() == [100, 110, 52, 230]


def test_credit_lets_a_caller_stand_where_an_earlier_one_would(run: Run) -> None:
    """90 s of credit: who came at 100 stands at 10, behind who came at 10 and before who came at 11."""
    calls = [(0.0, 0, 0), (10.0, 0, 0), (11.0, 0, 0), (40.0, 0, 0), (100.0, 0, 2)]
    station = hotline(1, talk=seconds(150), credit_s={"gold": number(90)})
    assert answered(run(station, calls)) == [0, 1, 4, 2, 3]


def test_no_credit_is_first_come_first_served_and_endless_credit_is_priority(run: Run) -> None:
    """The two limits of credit."""
    calls = [(float(k), 0, 2 * (k % 3 == 0)) for k in range(12)]
    plain = run(hotline(2), calls)
    assert run(hotline(2, credit_s={"gold": number(0)}), calls).equals(plain)
    first = run(hotline(2, priority={"gold": number(1)}), calls)
    assert run(hotline(2, credit_s={"gold": number(1e9)}), calls).equals(first)
    assert answered(first)[2:6] == [3, 6, 9, 2]


def test_the_greater_of_two_priorities_counts_and_nobody_is_interrupted(run: Run) -> None:
    """Gold 2, transactions 1: gold, then transactions, then the others, each by coming."""
    station = hotline(1, priority={"gold": number(2), "transact": number(1)})
    calls = [(0.0, 0, 0), (1.0, 0, 1), (2.0, 2, 0), (3.0, 0, 2), (4.0, 2, 2), (5.0, 2, 1)]
    found = run(station, calls)
    assert answered(found) == [0, 3, 4, 2, 5, 1]
    assert found["answered_s"].to_list() == [0, 500, 300, 100, 200, 400]


def test_callers_of_one_instant_are_answered_in_their_order(run: Run) -> None:
    """Also in a heap: among equals the number decides."""
    station = hotline(1, priority={"gold": number(1)})
    calls = [(0.0, k % 3, 2 * (k % 2)) for k in range(10)]
    assert answered(run(station, calls)) == [0, 1, 3, 5, 7, 9, 2, 4, 6, 8]


def test_a_call_goes_to_the_group_that_prefers_it_and_to_the_generalists_last(run: Run) -> None:
    """Three idle agents: the recharger, who can recharge too, the generalist; the fourth call waits."""
    groups = (group("second", 1, "query", "recharge"), group("first", 1, "recharge"))
    talks = {"query": Caller(talk=seconds(10))}
    calls = [(0.0, 1, 0), (1.0, 0, 0), (2.0, 1, 0), (3.0, 1, 0), (4.0, 0, 0)]
    found = run(hotline(1, groups=groups, callers=talks), calls)
    # The second call takes `second` (its first skill) to 11; the third finds only the generalist, to 102.
    # At 11 `second` takes, of those that wait, the one who came first: the fourth call, to 111.
    assert found["answered_s"].to_list() == [0, 1, 2, 11, 100 + 2]


def test_an_agent_takes_who_waits_longest_of_their_skills_and_leaves_the_others(run: Run) -> None:
    """Who transacts waits for the generalist of the next half hour, whoever is served meanwhile."""
    groups = (group("tellers", 1, "recharge", "query"),)
    nobody_yet = profile([0.0, *[1.0] * 47], Grade.ASSUMED, "test")
    calls = [(0.0, 2, 0), (1.0, 0, 0), (2.0, 0, 0), (3.0, 1, 0)]
    found = run(hotline(agents=0, groups=groups).model_copy(update={"agents": nobody_yet}), calls)
    assert found["answered_s"].to_list() == [1800, 1, 101, 201]


def test_groups_that_all_serve_all_are_one(run: Run) -> None:
    """Two of one name and one of another wait as three of one."""
    calls = [(7.0 * k, k % 3, k % 3) for k in range(40)]
    groups = (group("a", 2, *OPERATIONS), group("b", 1, *reversed(OPERATIONS)))
    assert run(hotline(0, groups=groups), calls).equals(run(hotline(3), calls))


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_nobody_waits_beside_an_idle_agent_and_order_holds(run: Run, data: st.DataObject) -> None:
    """A second program, which looks through all who wait at every instant, finds the same."""
    count = data.draw(st.integers(1, 25))
    whole = st.tuples(st.integers(0, 300), st.integers(0, 2), st.integers(0, 2))
    calls = sorted(data.draw(st.lists(whole, min_size=count, max_size=count)))
    priority = {"gold": number(data.draw(st.integers(0, 1))), "recharge": number(1)}
    credit_s = {"silver": number(data.draw(st.integers(0, 60)))}
    agents, tellers = data.draw(st.integers(1, 2)), data.draw(st.integers(0, 2))
    talk_s = [31 + sqrt(0.02), 47 + sqrt(0.03), 73 + sqrt(0.05)]  # no agent frees up as a call comes
    station = hotline(
        agents,
        groups=(group("tellers", tellers, "recharge", "query"),),
        callers={name: Caller(talk=seconds(t)) for name, t in zip(OPERATIONS, talk_s, strict=True)},
        priority=priority,
        credit_s=credit_s,
    )
    found = run(station, [(float(at), operation, segment) for at, operation, segment in calls])
    ranks = [max(priority["recharge"] * (o == 1), priority["gold"] * (s == 2)) for _, o, s in calls]
    since = [at - credit_s["silver"] * (s == 1) for at, _, s in calls]
    places = [(-rank, since_s) for rank, since_s in zip(ranks, since, strict=True)]
    expected = by_hand(calls, places, talk_s, agents, tellers)
    assert found["answered_s"].to_list() == pytest.approx(expected, rel=1e-12)


def by_hand(
    calls: list[tuple[int, int, int]],
    places: list[tuple[float, float]],
    talk_s: list[float],
    agents: int,
    tellers: int,
) -> list[float]:
    """Give when each call is answered, by looking at all calls and all agents for the next thing to happen.

    Agents who become free choose by place; a call that comes, by group.
    """
    answered_s: dict[int, float] = {}
    free_s = {(False, k): 0.0 for k in range(tellers)} | {(True, k): 0.0 for k in range(agents)}
    while len(answered_s) < len(calls):
        options = [
            (start, not waited, places[k] if waited else (0, 0), k, is_generalist, n)
            for k, (at, operation, _) in enumerate(calls)
            for (is_generalist, n), idle_s in free_s.items()
            if k not in answered_s and (is_generalist or operation != 2)
            for start, waited in ((max(float(at), idle_s), at < idle_s),)
        ]
        start, _, _, k, is_generalist, n = min(options)
        answered_s[k] = start
        free_s[is_generalist, n] = start + talk_s[calls[k][1]]
    return [answered_s[k] for k in range(len(calls))]


def test_names_that_the_model_does_not_know_are_refused(channel: Channels, model: Models) -> None:
    """One line names the channel, what is unknown and what is known."""
    for wrong in (
        {"priority": {"platinum": number(1)}},
        {"credit_s": {"query": number(1)}},
        {"callers": {"sing": Caller()}},
        {"groups": (group("a", 1, "sing"),)},
    ):
        with pytest.raises(BadModelError, match=r"one: unknown segment or operation .*; known: all, query"):
            model(channel(hotline(1, **wrong)))


@pytest.mark.parametrize("names", [("a", "a"), ("agents",)])
def test_groups_of_one_name_are_refused(names: tuple[str, ...]) -> None:
    """`agents` are those who serve everything."""
    with pytest.raises(BadModelError, match="names of their own"):
        hotline(1, groups=tuple(group(name, 1, "query") for name in names))
