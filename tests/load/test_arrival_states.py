"""Every arrival ends in exactly one state, whatever happens to it."""

import pytest
from hypothesis import given, strategies as st

from footfall._load.results import ArrivalState, ArrivalStates
from footfall._stats.intervals import nearest_rank


@given(
    endings=st.lists(st.sampled_from(["played", "failed", "broken", "under way", "not sent"]), max_size=80),
    data=st.data(),
)
def test_played_and_failed_and_not_sent_add_up_to_due(endings: list[str], data: st.DataObject) -> None:
    """In whatever order arrivals start and end; who was started and did not end has failed."""
    tally = ArrivalStates(len(endings))
    started = [k for k, ending in enumerate(endings) if ending != "not sent"]
    for arrival in data.draw(st.permutations(started)):
        tally.start(arrival, 0.001)
    for arrival in data.draw(st.permutations([k for k in started if endings[k] != "under way"])):
        tally.end(arrival, ArrivalState[endings[arrival].upper()])
    counts = tally.counts()
    assert counts.played == endings.count("played")
    assert counts.failed == endings.count("failed") + endings.count("under way")
    assert counts.not_sent == endings.count("not sent")
    assert counts.broken == endings.count("broken")
    assert counts.started + counts.not_sent == counts.due == len(endings)
    assert tally.started == counts.started == len(started)
    assert tally.under_way == endings.count("under way")


def test_an_arrival_is_neither_started_twice_nor_ended_twice() -> None:
    """The account would not add up, so it is an error at once."""
    tally = ArrivalStates(2)
    tally.start(0, 0.0)
    with pytest.raises(ValueError, match="STARTED, not WAITING"):
        tally.start(0, 0.0)
    tally.end(0, ArrivalState.PLAYED)
    with pytest.raises(ValueError, match="PLAYED, not STARTED"):
        tally.end(0, ArrivalState.FAILED)
    with pytest.raises(ValueError, match="WAITING, not STARTED"):
        tally.end(1, ArrivalState.PLAYED)


def test_percentiles_of_lag_are_those_of_all_arrivals() -> None:
    """Of 1 to 200 ms the 99th percentile is 198 ms: the rank is exact, nothing is rounded."""
    tally = ArrivalStates(200)
    for arrival in range(200):
        tally.start(arrival, (200 - arrival) / 1000)
    lag = tally.lag()
    assert (lag.p50, lag.p99, lag.max) == (0.100, 0.198, 0.200)


@given(values=st.lists(st.integers(), min_size=1), share=st.floats(0.01, 1))
def test_the_nearest_rank_covers_its_share_and_no_smaller_value_does(values: list[int], share: float) -> None:
    """The definition of the nearest rank."""
    ordered = sorted(map(float, values))
    found = nearest_rank(ordered, share)
    assert found is not None
    assert sum(value <= found for value in ordered) >= share * len(ordered) - 1e-9
    assert sum(value < found for value in ordered) < share * len(ordered)


def test_of_nothing_there_is_no_lag() -> None:
    """Nothing was started, so nothing is known."""
    assert ArrivalStates(3).lag().p99 is None
