"""Every arrival has one owner at most, and ends in one state, whichever workers come and go."""

import pytest
from hypothesis import given, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from footfall._load.assignment import Assignment, clock_offset
from footfall._load.results import ArrivalState, ArrivalStates

DUE = 40


def test_arrival_k_belongs_to_slot_k_mod_n() -> None:
    """Dealt in turn, so that each worker has its part of every second."""
    plan = Assignment([float(k) for k in range(10)], ArrivalStates(10))
    assert plan.begin(["a", "b", "c"]) == {"a": [0, 3, 6, 9], "b": [1, 4, 7], "c": [2, 5, 8]}
    assert [plan.slots(worker) for worker in "abc"] == [(0,), (1,), (2,)]


def test_what_a_silent_worker_may_have_started_is_lost_and_the_rest_passes_on() -> None:
    """Silent since second 5: of its arrivals at 0, 2, 4, 6, 8 the last two cannot have been started."""
    tally = ArrivalStates(10)
    plan = Assignment([float(k) for k in range(10)], tally)
    plan.begin(["a", "b"])
    tally.start(0, 0.0)
    tally.end(0, ArrivalState.PLAYED)
    tally.start(2, 0.0)
    assert plan.lose("a", 5.0) == [6, 8]
    assert [tally.state(k) for k in (0, 2, 4, 6)] == [
        ArrivalState.PLAYED,
        ArrivalState.LOST,
        ArrivalState.LOST,
        ArrivalState.WAITING,
    ]
    assert plan.assign([6, 8], ["b"]) == {"b": [6, 8]}
    assert plan.slots("b") == (0, 1)


def test_a_worker_that_leaves_loses_no_arrival_that_it_has_not_started() -> None:
    """It has reported everything, so what is waiting has not been started, whether it was due or not."""
    tally = ArrivalStates(4)
    plan = Assignment([0.0, 0.0, 9.0, 9.0], tally)
    plan.begin(["a"])
    assert plan.leave("a") == [0, 1, 2, 3]
    assert tally.counts().lost == 0


def test_nothing_is_assigned_without_a_worker_or_twice() -> None:
    """A customer would be run by no worker, or by two."""
    plan = Assignment([0.0, 1.0], ArrivalStates(2))
    with pytest.raises(ValueError, match="no worker"):
        plan.begin([])
    plan.begin(["a"])
    with pytest.raises(ValueError, match="has an owner"):
        plan.assign([0], ["b"])


class WorkersMachine(RuleBasedStateMachine):
    """Workers that start, end, go silent, leave and come, in any order; each is honest about its lease."""

    def __init__(self) -> None:
        """Begin without workers."""
        super().__init__()
        self.states = ArrivalStates(DUE)
        self.due_s = [k / 2 for k in range(DUE)]
        self.plan = Assignment(self.due_s, self.states)
        self.now_s = 0.0
        self.owned: dict[str, list[int]] = {}
        self.started: list[int] = []
        self.really_started: list[int] = []
        """By any worker, reported or not: what the service saw."""
        self.count = 0

    @initialize(n=st.integers(1, 4))
    def begin(self, n: int) -> None:
        """Deal the trace."""
        self.count = n
        self.owned = self.plan.begin([str(k) for k in range(n)])

    @rule(seconds=st.floats(0, 4))
    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self.now_s += seconds

    @precondition(lambda self: self.owned)
    @rule(data=st.data(), reported=st.booleans())
    def start(self, data: st.DataObject, reported: bool) -> None:  # noqa: FBT001  Hypothesis gives it
        """A worker starts the first that is due; the word may be on its way when the worker goes."""
        worker = data.draw(st.sampled_from(sorted(self.owned)))
        mine = [k for k in self.owned[worker] if self.due_s[k] <= self.now_s]
        if mine:
            self.owned[worker].remove(mine[0])
            self.really_started.append(mine[0])
            if reported:
                self.states.start(mine[0], 0.0)
                self.started.append(mine[0])
            else:
                # Its later words would come in order, so it says nothing more: it goes.
                self.lose(worker)

    @precondition(lambda self: self.started)
    @rule(data=st.data(), played=st.booleans())
    def end(self, data: st.DataObject, played: bool) -> None:  # noqa: FBT001  as above
        """A customer leaves."""
        arrival = data.draw(st.sampled_from(self.started))
        self.started.remove(arrival)
        if self.states.state(arrival) is ArrivalState.STARTED:
            self.states.end(arrival, ArrivalState.PLAYED if played else ArrivalState.FAILED)

    @precondition(lambda self: self.owned)
    @rule(data=st.data())
    def go_silent(self, data: st.DataObject) -> None:
        """A worker dies."""
        self.lose(data.draw(st.sampled_from(sorted(self.owned))))

    @rule()
    def come(self) -> None:
        """A spare joins."""
        self.owned[str(self.count)] = []
        self.count += 1

    def lose(self, worker: str) -> None:
        """Take all from it and pass it on."""
        del self.owned[worker]
        free = self.plan.lose(worker, self.now_s)
        if self.owned:
            for other, arrivals in self.plan.assign(free, sorted(self.owned)).items():
                self.owned[other] = sorted(self.owned[other] + arrivals)

    @invariant()
    def no_arrival_is_run_twice(self) -> None:
        """What the service saw, it saw once."""
        assert len(set(self.really_started)) == len(self.really_started)

    @invariant()
    def the_sum_holds(self) -> None:
        """Each arrival in one state; owned by one worker at most."""
        counts = self.states.counts()
        assert counts.played + counts.failed + counts.not_sent + counts.lost == DUE
        owned = [arrival for arrivals in self.owned.values() for arrival in arrivals]
        assert len(set(owned)) == len(owned)
        if self.owned and self.count:
            waiting = {k for k in range(DUE) if self.states.state(k) is ArrivalState.WAITING}
            assert waiting >= set(owned)


TestWorkers = WorkersMachine.TestCase


@given(
    offset_s=st.floats(-1e5, 1e5),
    trips=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=9),
)
def test_the_quickest_ping_tells_the_offset_to_half_its_time(
    offset_s: float, trips: list[tuple[float, float]]
) -> None:
    """However the way there and the way back differ."""
    pings = [(float(k), k + there + offset_s, k + there + back) for k, (there, back) in enumerate(trips)]
    found = clock_offset(pings)
    assert found is not None
    assert abs(found[0] - offset_s) <= min(sum(trip) for trip in trips) / 2 + 1e-9
    assert found[1] == pytest.approx(min(sum(trip) for trip in trips), abs=1e-9)


def test_no_ping_no_offset() -> None:
    """Unknown is not zero."""
    assert clock_offset([]) is None
