"""After a failure a customer does what the model says, as in the simulated day."""

import pytest
from hypothesis import given, strategies as st

from footfall._load.responses import Response
from footfall._load.visit import RequestSpec
from footfall._records.rows import OUTCOMES, Outcome, Visit
from footfall._records.tables import VISITS, check_visits, table
from tests.load.scripted import ScriptedWire, customer_at, steps_for
from tests.load.small import after_failure, small_model

DOWN = Response(503, {"code": "outage"})


def failing(*channels: str) -> ScriptedWire:
    """Give a wire on which these channels are down."""
    return ScriptedWire(lambda request: DOWN if request.channel in channels else None, request_s=0.01)


def test_who_is_served_makes_one_visit() -> None:
    """Nothing follows a success."""
    rows = steps_for(small_model(), customer_at("web", "query", failing()))
    assert [row.outcome for row in rows] == ["served"]


def test_who_retries_stays_and_comes_back_after_the_delay() -> None:
    """Three attempts at most, counted from 1, each due when the delay after the last one is over."""
    model = small_model(follow_ups=after_failure(Outcome.ERROR, retry=1, delay_s=10))
    rows = steps_for(model, customer_at("web", "query", failing("web")))
    assert [row.channel for row in rows] == ["web"] * 3
    assert [row.attempt for row in rows] == [1, 2, 3]
    visits = table(rows, VISITS)
    assert visits["due_s"][1:].to_list() == [ended_s + 10 for ended_s in visits["ended_s"][:-1]]


def test_who_switches_never_goes_back_to_what_failed() -> None:
    """Three attempts at three channels, in all of the small model's orders of choice."""
    model = small_model(follow_ups=after_failure(Outcome.ERROR, switch=1))
    down = [known.name for known in model.channels]
    for number in range(50):
        rows = steps_for(model, customer_at("web", "query", failing(*down), number))
        assert len(rows) == 3
        assert len({row.channel for row in rows}) == 3


def test_who_finds_no_other_channel_gives_up() -> None:
    """Purchase is offered at one channel of this model alone."""
    web = small_model().channel("web")
    model = small_model(channels=(web,), follow_ups=after_failure(Outcome.ERROR, switch=1))
    assert len(steps_for(model, customer_at("web", "purchase", failing("web")))) == 1


def test_an_outcome_without_a_rule_ends_the_journey() -> None:
    """The model says nothing of errors, so no customer comes back."""
    model = small_model(follow_ups=after_failure(Outcome.TIMEOUT, retry=1))
    assert len(steps_for(model, customer_at("web", "query", failing("web")))) == 1


@pytest.mark.parametrize(
    ("status", "code", "is_same"), [(504, "crm_timeout", True), (409, "insufficient_funds", False)]
)
def test_a_retried_order_keeps_its_key_only_while_it_may_have_been_executed(
    status: int, code: str, *, is_same: bool
) -> None:
    """After a timeout it is unknown, so the key stays; after a refusal the order is a new one."""
    outcome = Outcome.TIMEOUT if is_same else Outcome.REJECTED
    model = small_model(follow_ups=after_failure(outcome, retry=1))

    def script(request: RequestSpec) -> Response | None:
        return Response(status, {"code": code}) if request.step == "POST /orders" else None

    wire = ScriptedWire(script)
    steps_for(model, customer_at("agent", "recharge", wire))
    keys = [r.headers["Idempotency-Key"] for r in wire.requests if r.step == "POST /orders"]
    assert len(keys) == 3
    assert len(set(keys)) == (1 if is_same else 3)


def test_an_attempt_that_fails_before_the_order_does_not_forget_the_one_before() -> None:
    """Timeout at the order, then an error at the login, then all goes well: one order, one key."""
    rules = {
        outcome: after_failure(outcome, retry=1).by_outcome[outcome]
        for outcome in (Outcome.TIMEOUT, Outcome.ERROR)
    }
    follow_ups = after_failure(Outcome.TIMEOUT).model_copy(update={"by_outcome": rules})
    model = small_model().model_copy(update={"follow_ups": follow_ups})
    wrong = [("POST /orders", Response(504)), ("POST /login", Response(500)), ("", Response(0))]

    def script(request: RequestSpec) -> Response | None:
        return wrong.pop(0)[1] if request.step == wrong[0][0] else None

    wire = ScriptedWire(script)
    rows = steps_for(model, customer_at("agent", "recharge", wire))
    assert [row.outcome for row in rows] == ["timeout", "error", "served"]
    keys = [r.headers["Idempotency-Key"] for r in wire.requests if r.step == "POST /orders"]
    assert len(keys) == 2
    assert len(set(keys)) == 1


def test_who_is_cut_off_leaves_an_unfinished_visit() -> None:
    """The visit is noted on the way out, whatever cut it off."""

    class CutError(Exception):
        """What cuts off."""

    def script(request: RequestSpec) -> Response | None:
        if request.step == "GET /account":
            raise CutError
        return None

    rows: list[Visit] = []
    customer = customer_at("web", "query", ScriptedWire(script))
    with pytest.raises(CutError):
        steps_for(small_model(), customer, rows)
    assert [row.outcome for row in rows] == ["unfinished"]


@given(
    channel=st.sampled_from([known.name for known in small_model().channels]),
    down=st.sets(st.sampled_from([known.name for known in small_model().channels])),
    number=st.integers(0, 1000),
    outcome=st.sampled_from(["outage", "throttled", "closed"]),
    request_s=st.floats(0, 5),
)
def test_the_visits_of_any_journey_keep_the_laws_of_visits(
    channel: str, down: set[str], number: int, outcome: str, request_s: float
) -> None:
    """Times in order, attempts from 1 without a gap; only the last visit can be a success."""
    rules = {
        each: after_failure(each, retry=0.5, switch=0.4, delay_s=3).by_outcome[each]
        for each in map(Outcome, OUTCOMES)
        if each is not Outcome.SERVED
    }
    model = small_model()
    model = model.model_copy(update={"follow_ups": model.follow_ups.model_copy(update={"by_outcome": rules})})
    wire = ScriptedWire(
        lambda request: Response(503, {"code": outcome}) if request.channel in down else None, request_s
    )
    rows = steps_for(model, customer_at(channel, "recharge", wire, number))
    check_visits(table(rows, VISITS))
    assert [row.attempt for row in rows] == list(range(1, len(rows) + 1))
    assert all(row.outcome != "served" for row in rows[:-1])
