"""Clients of a played channel give up, try again and hold back as those of the simulated day do."""

from itertools import pairwise

import pytest

from footfall._behaviour.client_guards import ClientGuard, backoff_u
from footfall._behaviour.customer_rules import request_number
from footfall._load.endpoints.endpoints_file import endpoints_in
from footfall._load.endpoints.target_service import TargetService
from footfall._load.reference_steps import serve
from footfall._load.responses import NO_ANSWER, Response
from footfall._load.visit import JourneyRunner, RequestSpec
from footfall._model.changes import set_text
from footfall._model.model import Model
from footfall._model.station_specs import RequestServer
from footfall._records.rows import Outcome, Visit
from tests.load.scripted import ScriptedWire, customer_at
from tests.load.small import small_model

DOWN = Response(502, {"code": "crm_error"})
LOGIN = "POST /login"


class FailingWire(ScriptedWire):
    """A wire on which the first tries of a step fail; it counts what `Attempt` counts."""

    def __init__(
        self, failures: int, answer: Response = DOWN, step: str = LOGIN, request_s: float = 0
    ) -> None:
        """Fail so many tries."""
        super().__init__(self._fail, request_s=request_s)
        self._left, self._answer, self._step = failures, answer, step
        self.counts: list[str] = []
        self.sent_s: list[float] = []

    def send(self, request: RequestSpec, attempt: int) -> Response:
        """Note when each try was sent; a request without an answer takes as long as its client waits."""
        self.sent_s.append(self.clock_s)
        answer = super().send(request, attempt)
        if answer.problem == NO_ANSWER:
            self.clock_s += request.timeout_s
        return answer

    def _fail(self, request: RequestSpec) -> Response | None:
        if request.step != self._step or not self._left:
            return None
        self._left -= 1
        return self._answer


def model_with(*assignments: str) -> Model:
    """Give the small model with other clients of its web channel."""
    model = small_model()
    for assignment in assignments:
        model = set_text(model, f"web.{assignment}")
    return model


def played(model: Model, wire: FailingWire, customers: int = 1, processes: int = 1) -> list[Visit]:
    """Give the visits of so many customers, one after the other."""
    rows: list[Visit] = []
    runner = JourneyRunner(model, serve, rows.append, processes=processes, count=wire.counts.append)
    for number in range(customers):
        runner.run(customer_at("web", "query", wire, number))
    return rows


def test_a_request_that_failed_is_sent_again_within_its_visit() -> None:
    """Two failures, two retries: one visit, served at its first attempt, of six requests."""
    wire = FailingWire(failures=2)
    (row,) = played(model_with("retries_most=2"), wire)
    assert (row.outcome, row.attempt) == ("served", 1)
    assert wire.steps().count(f"web {LOGIN}") == 3
    assert wire.counts == ["retried", "retried"]


def test_with_its_retries_used_up_the_request_ends_as_its_last_try_did() -> None:
    """Three tries of the login, and nothing after it; another visit would be the customer's decision."""
    wire = FailingWire(failures=99)
    (row,) = played(model_with("retries_most=2"), wire)
    assert (row.outcome, row.cause) == ("error", "crm_error")
    assert wire.steps() == [f"web {LOGIN}"] * 3


@pytest.mark.parametrize(
    "answer", [Response(401, {"code": "wrong_pin"}), Response(409, {"code": "insufficient_funds"})]
)
def test_a_refusal_of_the_business_is_an_answer(answer: Response) -> None:
    """It is not sent again."""
    wire = FailingWire(99, answer)
    (row,) = played(model_with("retries_most=2"), wire)
    assert row.outcome == "rejected"
    assert len(wire.requests) == 1


def test_pauses_are_those_of_the_simulated_day() -> None:
    """Keyed by customer, attempt, request and retry, doubling, shortened by the jitter."""
    wire = FailingWire(failures=3, step="GET /account")
    model = model_with("retries_most=3", "backoff_s=0.1", "backoff_s_most=0.3", "jitter_share=0.5")
    played(model, wire)
    key = customer_at("web", "query", wire, 0).key
    place = next(
        number for number, step in enumerate(model.channel("web").dialogues["query"]) if step.verb == "query"
    )
    us = [backoff_u(key, 1, request_number(place, 0), retry) for retry in (1, 2, 3)]
    pauses_s = [longest_s * (1 - 0.5 * u) for longest_s, u in zip((0.1, 0.2, 0.3), us, strict=True)]
    tries_s = [at for at, step in zip(wire.sent_s, wire.steps(), strict=True) if step == "web GET /account"]
    found_s = [after - before for before, after in pairwise(tries_s)]
    assert found_s == pytest.approx(pauses_s)
    assert len(set(us)) == 3


def test_the_client_gives_up_at_the_channel_s_deadline_and_tries_again() -> None:
    """Each try has the whole deadline; the last one ends as `timeout`, cause `deadline`, as simulated."""
    model = model_with("retries_most=1", "backoff_s=0", "deadline_s=3")
    wire = FailingWire(failures=99, answer=Response(0, problem=NO_ANSWER))
    (row,) = played(model, wire)
    assert (row.outcome, row.cause) == ("timeout", "deadline")
    assert wire.sent_s == [1, 4]
    assert row.ended_s == 7


@pytest.mark.parametrize(
    ("assignments", "timeout_s"), [((), 30), (("stale_work=served",), 20), (("breaker.failure_share=1",), 20)]
)
def test_plain_clients_wait_for_the_server_to_end_a_request(
    assignments: tuple[str, ...], timeout_s: float
) -> None:
    """A server that cuts answers at the deadline (20 s here); one that works stale requests off does not."""
    wire = FailingWire(failures=0)
    played(model_with(*assignments), wire)
    assert {request.timeout_s for request in wire.requests} == {timeout_s}


def test_a_budget_is_shared_by_all_customers_of_the_channel() -> None:
    """A burst of 2 and a share of 0.25: eight requests that always fail earn two retries more."""
    wire = FailingWire(failures=99)
    rows = played(model_with("retries_most=3", "retry_budget_share=0.25", "retry_budget_burst=2"), wire, 8)
    assert len(rows) == 8
    assert len(wire.requests) - 8 == wire.counts.count("retried") == 3  # the bucket was full at the start


def test_processes_divide_the_burst_of_a_budget() -> None:
    """Ten tokens by four processes are two retries and a half each; by a hundred, one each."""
    model = model_with("retries_most=100", "retry_budget_share=0.0001")
    sent = {processes: FailingWire(failures=999) for processes in (1, 4, 100)}
    for processes, wire in sent.items():
        played(model, wire, processes=processes)
    assert {processes: len(wire.requests) - 1 for processes, wire in sent.items()} == {1: 10, 4: 2, 100: 1}


def test_an_open_circuit_ends_requests_without_sending_them() -> None:
    """Four failures open it: the fifth customer is refused at once, and has not been served at any second."""
    model = model_with("breaker.failure_share=0.5", "breaker.requests_least=4", "retries_most=1")
    wire = FailingWire(failures=99, request_s=0.01)
    rows = played(model, wire, 5)
    assert len(wire.requests) == 4
    assert [row.cause for row in rows[2:]] == ["circuit_open"] * 3
    assert {row.outcome for row in rows[2:]} == {"throttled"}
    assert rows[-1].served_s is None
    assert wire.counts.count("refused_by_breaker") == 3


def test_a_probe_that_breaks_off_counts_as_failed() -> None:
    """Otherwise the circuit would wait for its answer for good."""
    spec = model_with("breaker.failure_share=0.5", "breaker.requests_least=1").channel("web").station
    assert isinstance(spec, RequestServer)
    guard = ClientGuard(spec)
    first = guard.enter(0)
    assert first is not None
    guard.note(first, 0, Outcome.ERROR)
    probe = guard.enter(5)
    assert probe is not None
    guard.note(probe, 6, Outcome.ERROR)
    assert guard.enter(7) is None
    assert guard.enter(11) is not None


ENDPOINTS = """
[[operation]]
for = "web.query"
step = [{ path = "/bill" }]
"""


def test_an_own_service_s_requests_are_sent_again_too() -> None:
    """Its steps go through the same policy as those of the reference service."""
    wire = FailingWire(1, Response(503), step="GET /bill")
    service = TargetService(endpoints_in(ENDPOINTS, "test"), {}, 1.0)
    rows: list[Visit] = []
    model = model_with("retries_most=1")
    JourneyRunner(model, service.serve, rows.append).run(customer_at("web", "query", wire))
    assert wire.steps() == ["web GET /bill"] * 2
    assert rows[0].outcome == "served"
