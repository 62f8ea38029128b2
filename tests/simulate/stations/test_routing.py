"""Which agents a call reaches and when, and how long they talk, worked out by hand and against theory."""

from collections import Counter
from typing import Any

import numpy as np
import polars as pl
import pytest

from footfall._behaviour import keyed
from footfall._behaviour.load_model import RunPace, as_played, check_played, check_served
from footfall._model.changes import set_text
from footfall._model.durations import exponential_s
from footfall._model.numbers import DAY_S, Grade
from footfall._model.population import AfterFailure, RetryPolicy
from footfall._model.profiles import profile
from footfall._model.station_specs import AgentGroup, CallCentre
from footfall._model.value_errors import BadModelError
from footfall._records.errors import BadInputError
from footfall._records.rows import Outcome
from footfall._simulate.day import Day, DayResult
from footfall._workload.arrivals import Arrivals
from footfall.theory.many_servers import erlang_c_wait_mean
from tests.laws.staffed import hotline, mean, replicated, two_kinds
from tests.made_up import always, number, seconds

Calls = list[tuple[float, int]]
KINDS = ("query", "recharge")


def group(name: str, agents: float, *skills: str, **fields: Any) -> AgentGroup:  # noqa: ANN401  any field
    """Make a group of agents."""
    return AgentGroup(name=name, agents=always(agents), skills=skills, **fields)


def of_calls(station: CallCentre, calls: Calls, **fields: Any) -> DayResult:  # noqa: ANN401  any field
    """Run calls of (second, operation) at a hotline without an IVR."""
    model = two_kinds(station, seconds(0), **fields)
    numbers = np.arange(len(calls), dtype=np.int64)
    operations = np.array([kind for _, kind in calls], dtype=np.int64)
    crowd = Arrivals(
        customers=numbers,
        keys=keyed.customer_keys(keyed.run_key(1, 0), numbers),
        at_s=np.array([at_s for at_s, _ in calls]),
        segments=operations,
        operations=operations,
        subscribers=numbers * 0,
        channels=numbers * 0,
        run=keyed.run_key(1, 0),
    )
    return Day(model, crowd, 1, DAY_S).run()


def waits_s(result: DayResult) -> list[float]:
    """Waits in the order of coming."""
    found: list[float] = result.visits.sort("customer", "attempt")["wait_s"].to_list()
    return found


def busy_s(result: DayResult) -> dict[str, float]:
    """Seconds of work by group."""
    return dict(result.staff.group_by("group").agg(pl.col("busy_s").sum()).iter_rows())


def test_agents_of_a_group_talk_as_long_as_the_group_says() -> None:
    """Experts need 20 s for a query, and all the others' 60 s for what is not said; the agents 60 s."""
    experts = group("experts", 1, "query", "recharge", talk={"query": seconds(20)})
    found = of_calls(hotline(1, groups=(experts,)), [(0, 0), (30, 1), (31, 0)])
    assert found.visits.sort("customer")["ended_s"].to_list() == [20, 90, 91]
    assert busy_s(found) == {"experts": 80, "agents": 60}


def test_an_exponential_talk_by_group_is_the_same_caller_s() -> None:
    """Twice the mean is twice the time of each caller: groups differ, callers do not."""
    calls: Calls = [(1000.0 * k, 0) for k in range(40)]
    one, other = (
        of_calls(
            hotline(0, groups=(group("all", 1, "query", talk={"query": exponential_s(number(mean_s))}),)),
            calls,
        ).visits.sort("customer")["ended_s"]
        - pl.Series([at_s for at_s, _ in calls])
        for mean_s in (30, 60)
    )
    assert (2 * one).to_list() == pytest.approx(other.to_list())


def test_talk_of_what_a_group_does_not_serve_is_refused() -> None:
    """The error names the group, its skills and the other."""
    with pytest.raises(BadModelError, match=r"talk of a for its skills .query., not for recharge"):
        group("a", 1, "query", talk={"recharge": seconds(1)})


def test_a_call_reaches_the_overflow_group_only_after_its_delay() -> None:
    """One own agent, busy to 60 s; backup after 30 s: the second waits 30 s, the third until 60 s."""
    backup = group("backup", 1, "query", overflow_after_s=number(30))
    found = of_calls(hotline(1, groups=(backup,), talk=seconds(60)), [(0, 0), (10, 0), (20, 0)])
    assert waits_s(found) == [0, 30, 40]
    assert busy_s(found) == {"backup": 60, "agents": 120}


def test_a_busy_overflow_group_takes_the_longest_waiting_call_that_has_reached_it() -> None:
    """Backup is free at 30 and at 90 s: it takes the second call then, and the third at 90, not at 50 s."""
    backup = group("backup", 1, "query", "recharge", overflow_after_s=number(30))
    station = hotline(0, groups=(backup,), talk=seconds(60))
    assert waits_s(of_calls(station, [(0, 0), (20, 1), (85, 0), (140, 1)])) == [30, 70, 65, 70]


def test_the_agents_of_all_operations_may_be_the_overflow() -> None:
    """The specialist takes the first; the agents are reached after 10 s by the second."""
    own = group("own", 1, "query")
    station = hotline(5, groups=(own,), agents_overflow_after_s=number(10), talk=seconds(60))
    assert waits_s(of_calls(station, [(0, 0), (1, 0), (2, 1)])) == [0, 10, 10]


def test_who_hangs_up_before_the_delay_never_reaches_the_overflow_group() -> None:
    """Patience of 20 s, a delay of 30 s: the backup is idle all day."""
    backup = group("backup", 3, "query", overflow_after_s=number(30))
    found = of_calls(hotline(0, groups=(backup,), patience=seconds(20)), [(0, 0), (1, 0)])
    assert found.visits["outcome"].to_list() == ["abandoned"] * 2
    assert busy_s(found) == {"backup": 0, "agents": 0}


def test_overflow_after_for_ever_is_no_overflow_and_after_nothing_is_none_of_it() -> None:
    """The same visits as without the group, and as with a group that is reached at once."""
    calls: Calls = [(7.0 * k, k % 2) for k in range(300)]
    talk = exponential_s(number(40))

    def visits(*groups: AgentGroup, agents: float = 3) -> pl.DataFrame:
        station = hotline(agents, groups=groups, talk=talk)
        return of_calls(station, calls).visits.sort("customer").select("customer", "wait_s", "ended_s")

    never = group("backup", 2, "query", overflow_after_s=number(1e9))
    assert visits(never).equals(visits())
    at_once = group("backup", 2, "query", "recharge", overflow_after_s=number(1e-9))
    waits = (visits(at_once)["wait_s"] - visits(group("backup", 2, "query", "recharge"))["wait_s"]).abs()
    assert waits.max() <= 1e-6  # type: ignore[operator]  # polars types a maximum as anything


def test_a_hotline_that_all_reach_after_a_delay_is_erlang_c_and_the_delay() -> None:
    """Poisson calls that come half a minute later are Poisson: M/M/3 at 0.8, and 30 s more."""
    talk = exponential_s(number(60))
    backup = group("backup", 3, "query", "recharge", overflow_after_s=number(30))
    model = two_kinds(hotline(0, groups=(backup,), talk=talk), seconds(0))
    rates = (0.02, 0.02)
    (found,) = replicated(
        model, rates, lambda _, visits: [mean(visits, pl.col("wait_s"))], customers=2500, replications=8
    )
    found.agrees_with(30 + erlang_c_wait_mean(3, sum(rates), 1 / 60), 0.1)


def test_the_agent_who_has_been_idle_longest_takes_the_call() -> None:
    """One agent each: a call at 0 s to the first of equals, idle again at 60 s; then each in turn."""
    groups = (group("one", 1, "query"), group("two", 1, "query"))
    calls: Calls = [(0.0, 0), (100.0, 0), (200.0, 0), (300.0, 0)]
    in_turn = of_calls(hotline(0, groups=groups, agent_choice="longest_idle"), calls)
    assert busy_s(in_turn) == {"one": 120, "two": 120, "agents": 0}
    preferred = of_calls(hotline(0, groups=groups), calls)
    assert busy_s(preferred) == {"one": 240, "two": 0, "agents": 0}


def test_an_agent_who_comes_on_duty_has_been_idle_since_then() -> None:
    """The second group comes at 8:00: the call at 8:05 goes to the first, idle since 7:50."""
    late = AgentGroup(
        name="late", agents=profile([0.0] * 8 + [1.0] * 16, Grade.ASSUMED, "test"), skills=("query",)
    )
    station = hotline(0, groups=(late, group("early", 1, "query")), agent_choice="longest_idle")
    hour_s = 3600.0
    found = of_calls(station, [(8 * hour_s - 600, 0), (8 * hour_s + 300, 0), (8 * hour_s + 400, 0)])
    assert busy_s(found) == {"late": 60, "early": 120, "agents": 0}


def test_a_random_agent_is_of_a_group_in_proportion_to_its_idle_agents() -> None:
    """Three and one idle: of 2,000 calls three quarters go to the three."""
    station = hotline(1, groups=(group("three", 3, "query"),), agent_choice="random", talk=seconds(1))
    found = busy_s(of_calls(station, [(10.0 * k, 0) for k in range(2000)]))
    assert found["three"] + found["agents"] == pytest.approx(2000)
    assert abs(found["three"] - 1500) < 4 * np.sqrt(2000 * 3 / 16)


def test_who_calls_again_has_the_patience_of_the_first_call_if_the_model_says_so() -> None:
    """Nobody answers: every call of a caller ends after the same wait; drawn anew, after another."""
    retry = AfterFailure(retry_share=number(1), switch_share=number(0), delay=seconds(100))
    rules = RetryPolicy(attempts_most=number(4), by_outcome={Outcome.ABANDONED: retry})
    waits: dict[str, Counter[int]] = {}
    for redials in ("as_before", "drawn_anew"):
        station = hotline(0, patience=exponential_s(number(50)), redials=redials)
        found = of_calls(station, [(0.0, 0), (5.0, 1)], follow_ups=rules).visits
        assert found.height == 8
        waits[redials] = Counter(
            found.group_by("customer").agg(pl.col("wait_s").round(6).n_unique())["wait_s"]
        )
    assert waits == {"as_before": Counter({1: 2}), "drawn_anew": Counter({4: 2})}


@pytest.mark.parametrize(
    ("fields", "setting", "served_only"),
    [
        ({"redials": "as_before"}, "redials=as_before", False),
        ({"agents_overflow_after_s": number(5)}, "agents_overflow_after_s=5", True),
        ({"groups": (group("a", 1, "query"),)}, "groups", True),
    ],
)
def test_what_the_reference_service_cannot_do_is_refused_in_one_line(
    fields: dict[str, Any], setting: str, *, served_only: bool
) -> None:
    """It names the channel and the setting; what only customers do is refused at any service."""
    model = two_kinds(hotline(1, **fields), seconds(0))
    with pytest.raises(BadInputError, match=f"one.{setting}: cannot be served, only simulated"):
        check_served(model)
    if served_only:
        check_played(model)
    else:
        with pytest.raises(BadInputError, match=f"one.{setting}: cannot be played, only simulated"):
            check_played(model)


def test_numbers_of_a_group_are_set_and_shrink_with_people_s_own_time() -> None:
    """By their paths; played at a tenth, talk and delay are a tenth."""
    backup = group("backup", 1, "query", talk={"query": seconds(50)}, overflow_after_s=number(30))
    model = two_kinds(hotline(1, groups=(backup,), agents_overflow_after_s=number(10)), seconds(0))
    model = set_text(model, "one.backup.talk.query.mean_s=40")
    model = set_text(model, "one.backup.overflow_after_s=20")
    model = set_text(model, "one.agent_choice=random")
    play = RunPace(starts_s=0, length_s=3600, speed=10, human_time_factor=0.1)
    station = as_played(model, play).channels[0].station
    assert isinstance(station, CallCentre)
    (found,) = station.groups
    assert (float(found.talk["query"].mean_s), float(found.overflow_after_s)) == pytest.approx((4, 2))
    assert float(station.agents_overflow_after_s) == pytest.approx(1)
    assert station.agent_choice == "random"
