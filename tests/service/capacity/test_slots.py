"""Slots, accept queue, deadline and faults of a request server, over HTTP."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import httpx
import pytest

from footfall._model.changes import set_number, set_text
from footfall._model.channel import Fault, Verb, Work
from footfall._model.model import Model
from footfall._model.numbers import assumed
from footfall._records.rows import Outcome
from tests.service.running import Running, Start

Failure = Literal[Outcome.REJECTED, Outcome.ERROR, Outcome.TIMEOUT]


ORDER_S = "web.works.order.service.mean_s"


def slow(model: Model, **numbers: float) -> Model:
    """Give the model whose web pages take their time, with other numbers of its slots."""
    model = set_number(model, "web.works.browse.service.mean_s", 0.2)
    for name, value in numbers.items():
        model = set_number(model, f"web.{name}", value)
    return model


def ask(running: Running, times: int) -> Counter[tuple[int, str]]:
    """Ask for a page many times at once; count status and code."""
    with ThreadPoolExecutor(times) as pool:
        answers = pool.map(lambda _: running.client.get("/web/pages/home"), range(times))
        return Counter((answer.status_code, answer.json().get("code", "")) for answer in answers)


def test_beyond_slots_and_queue_requests_are_throttled(start: Start, model: Model) -> None:
    """Two in work and three waiting are served, whoever comes beyond is turned away at once."""
    running = start(model=slow(model, slots=2, accept_queue=3))
    seen = ask(running, 9)
    assert set(seen) == {(200, ""), (503, "throttled")}
    assert 5 <= seen[200, ""] < 9


def test_never_more_in_work_than_slots(start: Start, model: Model) -> None:
    """Six requests of 0.2 s through two slots take at least three times 0.2 s."""
    running = start(model=slow(model, slots=2, accept_queue=10))
    since_s = time.monotonic()
    assert ask(running, 6) == {(200, ""): 6}
    # A lower bound, whatever else the machine does; timers may be a tick early.
    assert time.monotonic() - since_s > 3 * 0.2 - 0.01


def test_a_request_past_its_deadline_fails(start: Start, model: Model) -> None:
    """Where the work takes longer than the deadline, the answer is 504; the slot is free again."""
    running = start(model=slow(model, deadline_s=0.05))
    assert ask(running, 3) == {(504, "deadline"): 3}
    assert running.counts("web")["busy"] == 0


def test_waiting_counts_towards_the_deadline(start: Start, model: Model) -> None:
    """Behind a busy slot the deadline passes in the queue."""
    running = start(model=slow(model, slots=1, accept_queue=10, deadline_s=0.3))
    seen = ask(running, 5)
    assert set(seen) == {(200, ""), (504, "deadline")}
    assert seen[200, ""] <= 2
    counts = running.counts("web")
    assert counts["busy"] == counts["waiting"] == 0


def test_a_client_that_has_gone_does_not_free_its_slot(start: Start, model: Model) -> None:
    """Stale work served: after its deadline a request waits and works on, and its order is executed."""
    with_orders = set_number(slow(model, slots=1, accept_queue=10, deadline_s=0.1), ORDER_S, 0.6)
    running = start(model=set_text(with_orders, "web.stale_work=served"))
    headers = running.log_in("web", 3)
    for key in ("a", "b"):
        with pytest.raises(httpx.ReadTimeout):
            running.client.post(
                "/web/orders",
                json={"operation": "recharge", "item": "voucher", "amount_fen": 1000},
                headers=headers | {"Idempotency-Key": key},
                timeout=0.1,
            )
    counts = running.counts("web")
    assert counts["busy"] == counts["waiting"] == 1
    late = running.client.get("/web/pages/home")
    assert late.status_code == 200, "it came behind both, and is worked off after its deadline, too"
    assert running.ledger()["orders"] == {"done": 2}
    assert running.counts("web")["busy"] == 0


def test_a_dropped_request_is_answered_at_its_turn_without_work(start: Start, model: Model) -> None:
    """One slot for 0.2 s, a deadline of 0.1 s: the first is answered late, those behind it 504 at its end."""
    running = start(
        model=set_text(slow(model, slots=1, accept_queue=10, deadline_s=0.1), "web.stale_work=dropped")
    )
    assert ask(running, 4) == {(200, ""): 1, (504, "deadline"): 3}
    counts = running.counts("web")
    assert counts["busy"] == counts["waiting"] == 0


def test_requests_beyond_the_rate_limit_are_told_when_to_come_again(start: Start, model: Model) -> None:
    """A burst of 3, room for one more in 100 s: four pass, the others get 429 and Retry-After."""
    limited = {"rate_limit.requests_per_s": 0.01, "rate_limit.burst": 3}
    running = start(model=slow(model, slots=8, accept_queue=10, **limited))
    assert ask(running, 9) == {(200, ""): 4, (429, "rate_limit"): 5}
    refused = running.client.get("/web/pages/home")
    assert 90 < int(refused.headers["Retry-After"]) <= 100
    assert "Retry-After" not in running.client.get("/agent/pages/home").headers


def test_an_excess_that_is_delayed_is_served_at_the_rate(start: Start, model: Model) -> None:
    """Five at once at 20/s: all served, the last one after 0.2 s at the soonest."""
    limited = {"rate_limit.requests_per_s": 20, "rate_limit.burst": 9}
    delayed = set_text(slow(model, slots=8, **limited), "web.rate_limit.excess=delayed")
    running = start(model=set_number(delayed, "web.works.browse.service.mean_s", 0))
    since_s = time.monotonic()
    assert ask(running, 5) == {(200, ""): 5}
    assert time.monotonic() - since_s > 4 / 20 - 0.01


def test_a_request_that_waits_too_long_for_its_slot_fails(start: Start, model: Model) -> None:
    """One slot, 0.2 s of work, 0.05 s of wait: the first is served, however long its own work takes."""
    running = start(model=slow(model, slots=1, accept_queue=10, queue_timeout_s=0.05))
    seen = ask(running, 4)
    assert set(seen) == {(200, ""), (503, "queue_timeout")}
    counts = running.counts("web")
    assert counts["busy"] == counts["waiting"] == 0


def test_without_delays_nothing_takes_time_or_fails(start: Start, model: Model) -> None:
    """The benchmark's service keeps its capacity and drops its delays and faults."""
    running = start(model=faulty(model, share=1.0), delays=False)
    assert ask(running, 8) == {(200, ""): 8}


def faulty(model: Model, share: float, verb: Verb = Verb.BROWSE, outcome: Failure = Outcome.ERROR) -> Model:
    """Give the model whose web hall fails with a share of one verb's requests."""
    fault = Fault(cause="crm_error", by="service", outcome=outcome, share=assumed(share, "for a test"))
    web = model.channel("web")
    works = web.works | {verb: Work(service=web.works[verb].service, faults=(fault,))}
    changed = web.model_copy(update={"works": works})
    others = tuple(changed if channel.name == "web" else channel for channel in model.channels)
    return model.model_copy(update={"channels": others})


@pytest.mark.parametrize(
    ("outcome", "status"), [(Outcome.ERROR, 502), (Outcome.TIMEOUT, 504), (Outcome.REJECTED, 409)]
)
def test_a_fault_of_the_operator_answers_with_its_cause(
    start: Start, model: Model, outcome: Failure, status: int
) -> None:
    """Each kind of fault has its status, and the cause is the code."""
    running = start(model=faulty(model, share=1.0, outcome=outcome))
    assert ask(running, 2) == {(status, "crm_error"): 2}


def test_a_fault_leaves_no_half_order(start: Start, model: Model) -> None:
    """Orders struck by a fault are not there at all; retried under their key each is executed once."""
    running = start(model=faulty(model, share=0.5, verb=Verb.ORDER))
    headers = running.log_in("web", 3)
    statuses = Counter(
        running.order("web", headers, f"k{n // 2}", "recharge", item="voucher", amount_fen=1000).status_code
        for n in range(200)
    )
    assert set(statuses) == {200, 201, 502}
    ledger = running.ledger()
    assert ledger["orders"] == {"done": statuses[201]}
    assert ledger["issued_fen"] == 1000 * statuses[201]
    assert ledger["conserved"]
