"""The customer's journey: what any host sees of it, whatever the visits come to."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from footfall._behaviour.customer_rules import Action, out_of_reach
from footfall._behaviour.journey import Journey, Journeys
from footfall._model.model import Model
from footfall._records.rows import Outcome
from tests.made_up import number

MORNING_S = 10 * 3600.0
CHANNELS = 8
FAILURES = [outcome for outcome in Outcome if outcome is not Outcome.SERVED]


@pytest.fixture(scope="session")
def persistent(small_province: Model) -> Model:
    """Give the province with customers who retry or switch after every failure, up to twelve times."""
    rule = small_province.follow_ups.by_outcome[Outcome.ERROR].model_copy(
        update={"retry_share": number(0.35), "switch_share": number(0.6)}
    )
    rules = {"attempts_most": number(12), "by_outcome": dict.fromkeys(FAILURES, rule)}
    follow_ups = small_province.follow_ups.model_copy(update=rules)
    return small_province.model_copy(update={"follow_ups": follow_ups})


def hosted(model: Model, journey: Journey, outcomes: Sequence[Outcome]) -> list[tuple[int, int, Action]]:
    """Host a journey whose visits end as given; the channel, attempt and next action of each visit."""
    journeys, now_s = Journeys(model), MORNING_S
    endings, steps = iter(outcomes), list[tuple[int, int, Action]]()
    while journey.action < Action.DONE:
        if journey.action is Action.VISIT:
            channel, attempt = journey.channel, journey.attempt
            steps.append((channel, attempt, journeys.end_visit(journey, next(endings))))
        else:
            assert journey.delay_s >= 0
            now_s += journey.delay_s
            journeys.end_wait(journey, now_s)
    return steps


@given(
    key=st.integers(0, 2**64 - 1),
    segment=st.integers(0, 5),
    operation=st.integers(0, 4),
    first=st.integers(0, CHANNELS - 1),
    outcomes=st.lists(st.sampled_from(Outcome), min_size=12, max_size=12),
)
def test_any_journey_keeps_its_laws(
    persistent: Model, key: int, segment: int, operation: int, first: int, outcomes: list[Outcome]
) -> None:
    """At most twelve attempts, counted from 1; done exactly when served; no way back to what was left."""
    model = persistent
    journey = Journey(key, segment, operation, first)
    steps = hosted(model, journey, outcomes)
    assert [attempt for _, attempt, _ in steps] == list(range(1, len(steps) + 1))
    assert len(steps) <= model.follow_ups.attempts_most
    assert journey.action in {Action.DONE, Action.GIVE_UP}
    served = [outcome is Outcome.SERVED for outcome in outcomes[: len(steps)]]
    assert served == [False] * (len(steps) - 1) + [journey.action is Action.DONE]
    assert steps[0][0] == first
    left: set[int] = set()
    reachless = out_of_reach(model.segments[segment], key)
    for (channel, _, action), (following, _, _) in pairwise(steps):
        if action is Action.RETRY:
            assert following == channel
            continue
        assert action is Action.SWITCH
        left.add(channel)
        assert following not in left
        chosen = model.channels[following]
        assert chosen.name not in reachless
        assert model.operations[operation] in chosen.dialogues


@given(key=st.integers(0, 2**64 - 1), attempts=st.integers(1, 12))
def test_nobody_makes_more_attempts_than_the_most(persistent: Model, key: int, attempts: int) -> None:
    """Whatever the most is, and with every visit failing."""
    limited = persistent.follow_ups.model_copy(update={"attempts_most": number(attempts)})
    model = persistent.model_copy(update={"follow_ups": limited})
    steps = hosted(model, Journey(key, 0, 0, 0), [Outcome.ERROR] * 12)
    assert len(steps) <= attempts


def test_without_rules_every_journey_is_one_visit(persistent: Model) -> None:
    """This is how a model says that customers make one attempt."""
    none = persistent.follow_ups.model_copy(update={"by_outcome": {}})
    model = persistent.model_copy(update={"follow_ups": none})
    for key, outcome in enumerate(Outcome):
        assert len(hosted(model, Journey(key, 0, 0, 0), [outcome])) == 1


def test_whoever_has_tried_all_channels_gives_up(persistent: Model) -> None:
    """With certain switching, the journeys end when no channel is left, and not by going round."""
    rule = persistent.follow_ups.by_outcome[Outcome.ERROR].model_copy(
        update={"retry_share": number(0), "switch_share": number(1)}
    )
    rules = {"attempts_most": number(99), "by_outcome": {Outcome.ERROR: rule}}
    follow_ups = persistent.follow_ups.model_copy(update=rules)
    model = persistent.model_copy(update={"follow_ups": follow_ups})
    for key in range(20):
        journey = Journey(key, 0, 0, 0)
        steps = hosted(model, journey, [Outcome.ERROR] * 99)
        visited = [channel for channel, _, _ in steps]
        assert journey.action is Action.GIVE_UP
        assert 1 < len(visited) == len(set(visited)) <= len(model.channels)
