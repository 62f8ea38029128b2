"""Clerks, machines, lines and agents: held, waited for, given back."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from footfall._model.changes import set_number
from footfall._model.model import Model
from tests.service.running import Clock, Running, Start

PATIENT = 60.0
SOON_S = 20.0


def visit(running: Running, channel: str, patience_s: float = PATIENT, **more: float) -> httpx.Response:
    """Ask for a server; give the answer."""
    body = {"site": 0, "patience_s": patience_s} | more
    return running.client.post(f"/{channel}/visits", json=body)


def leave(running: Running, channel: str, opened: httpx.Response) -> None:
    """End a visit."""
    answer = running.client.delete(f"/{channel}/visits/{opened.json()['visit']}")
    assert answer.status_code == 204


def until(holds: Callable[[], bool]) -> None:
    """Return once something holds; fail if it does not soon."""
    end_s = time.monotonic() + SOON_S
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.005)


Later = Callable[..., "Future[httpx.Response]"]


@pytest.fixture
def later() -> Iterator[Later]:
    """Ask in another thread; give the future answer."""
    with ThreadPoolExecutor(8) as pool:
        yield pool.submit


@pytest.mark.parametrize("channel", ["own_hall", "kiosk"])
def test_a_server_is_held_until_the_end_of_the_visit(start: Start, later: Later, channel: str) -> None:
    """The second customer is called when the first one leaves, and not before."""
    running = start()
    first = visit(running, channel)
    assert first.status_code == 201
    second = later(visit, running, channel)
    until(lambda: running.counts(channel)["waiting"] == 1)
    assert not second.done()
    leave(running, channel, first)
    assert second.result(SOON_S).status_code == 201
    assert running.counts(channel)["visits"] == 1


def test_a_full_room_takes_nobody_more(start: Start, later: Later) -> None:
    """With the clerk busy and two waiting, the next one finds no room; other places have some."""
    running = start()
    first = visit(running, "own_hall")
    waiting = [later(visit, running, "own_hall") for _ in range(2)]
    until(lambda: running.counts("own_hall")["waiting"] == 2)
    refused = visit(running, "own_hall")
    assert (refused.status_code, refused.json()["code"]) == (503, "no_room")
    assert visit(running, "own_hall", site=1).status_code == 201
    leave(running, "own_hall", first)
    for _ in range(2):
        until(lambda: any(one.done() for one in waiting))
        done = next(one for one in waiting if one.done())
        waiting.remove(done)
        leave(running, "own_hall", done.result())


def test_an_impatient_customer_leaves_the_queue(start: Start) -> None:
    """When patience ends before a clerk is free, the answer is 408 and the place is empty again."""
    running = start()
    visit(running, "own_hall")
    gone = visit(running, "own_hall", patience_s=0.05)
    assert (gone.status_code, gone.json()["code"]) == (408, "patience")
    assert running.counts("own_hall")["waiting"] == 0


def test_a_customer_who_hangs_up_leaves_the_queue(start: Start, later: Later) -> None:
    """A client that disconnects while it waits frees its place for the others behind it."""
    running = start()
    first = visit(running, "own_hall")
    timeout = httpx.Timeout(SOON_S, read=0.3)
    with httpx.Client(base_url=running.url, timeout=timeout) as client, pytest.raises(httpx.ReadTimeout):
        client.post("/own_hall/visits", json={"site": 0, "patience_s": PATIENT})
    until(lambda: running.counts("own_hall")["waiting"] == 0)
    next_one = later(visit, running, "own_hall")
    until(lambda: running.counts("own_hall")["waiting"] == 1)
    leave(running, "own_hall", first)
    assert next_one.result(SOON_S).status_code == 201


def test_a_long_display_puts_off_who_says_so(start: Start) -> None:
    """A customer who would balk at the displayed wait is told of it and does not wait."""
    running = start()
    visit(running, "own_hall")
    refused = visit(running, "own_hall", balk_wait_s=0.5)
    assert (refused.status_code, refused.json()["code"]) == (503, "long_queue")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"site": 2, "patience_s": 1}, 422),
        ({"site": -1, "patience_s": 1}, 422),
        ({"patience_s": 1}, 400),
        ({"site": 0}, 400),
        ({"site": "0", "patience_s": 1}, 400),
        ({"site": 0, "patience_s": "long"}, 400),
    ],
)
def test_a_visit_to_nowhere_is_refused(shared: Running, body: dict[str, Any], status: int) -> None:
    """An unknown place or a missing patience is bad input."""
    assert shared.client.post("/own_hall/visits", json=body).status_code == status


def test_a_turn_without_a_visit_is_refused(start: Start) -> None:
    """Nobody talks to a clerk before being called, nor after having left."""
    running = start()
    none = running.client.get("/own_hall/pages/home")
    assert (none.status_code, none.json()["code"]) == (400, "bad_request")
    none = running.client.get("/own_hall/pages/home", headers={"X-Visit": "nobody's"})
    assert (none.status_code, none.json()["code"]) == (409, "no_visit")
    opened = visit(running, "own_hall")
    headers = {"X-Visit": opened.json()["visit"]}
    assert running.client.get("/own_hall/pages/home", headers=headers).status_code == 200
    leave(running, "own_hall", opened)
    assert running.client.get("/own_hall/pages/home", headers=headers).status_code == 409


def test_a_session_ends_with_its_visit(start: Start) -> None:
    """Whoever uses the machine next does not find it logged in."""
    running = start()
    first = visit(running, "kiosk")
    logged_in = running.log_in("kiosk", 3, **{"X-Visit": first.json()["visit"]})
    assert running.client.get("/kiosk/account", headers=logged_in).status_code == 200
    leave(running, "kiosk", first)
    second = visit(running, "kiosk")
    headers = logged_in | {"X-Visit": second.json()["visit"]}
    assert running.client.get("/kiosk/account", headers=headers).json()["code"] == "no_session"


def test_a_forgotten_visit_is_taken_back(start: Start, clock: Clock) -> None:
    """A server held by nobody serves again after its time, and that is counted."""
    running = start(now_s=clock.now_s, visit_idle_s=300.0)
    forgotten = visit(running, "own_hall")
    clock.set_forward(301)
    assert visit(running, "own_hall").status_code == 201
    assert running.counts("own_hall")["visits_taken_back"] == 1
    answer = running.client.delete(f"/own_hall/visits/{forgotten.json()['visit']}")
    assert answer.status_code == 409


def test_a_call_needs_a_free_line_at_once(start: Start) -> None:
    """With two lines the third caller is turned away, and may call once one is free."""
    running = start()
    calls = [visit(running, "hotline") for _ in range(3)]
    assert [call.status_code for call in calls] == [201, 201, 503]
    assert calls[2].json()["code"] == "no_line"
    leave(running, "hotline", calls[0])
    assert visit(running, "hotline").status_code == 201


def test_an_agent_serves_one_call_and_then_wraps_up(start: Start, later: Later, model: Model) -> None:
    """The next caller gets the agent after the call and its wrap-up, not at the hang-up."""
    running = start(model=set_number(model, "hotline.wrap_up.mean_s", 0.2))
    first, second = visit(running, "hotline"), visit(running, "hotline")
    assert _agent(running, first, PATIENT).status_code == 200
    impatient = _agent(running, second, 0.05)
    assert (impatient.status_code, impatient.json()["code"]) == (408, "patience")
    waiting = later(_agent, running, second, PATIENT)
    until(lambda: running.counts("hotline")["waiting"] == 1)
    since_s = time.monotonic()
    leave(running, "hotline", first)
    assert waiting.result(SOON_S).status_code == 200
    # The wrap-up is a lower bound whatever the machine does beside it; timers may be a tick early.
    assert time.monotonic() - since_s > 0.19
    leave(running, "hotline", second)


def test_without_agents_on_duty_all_lose_patience(start: Start, model: Model) -> None:
    """No staff means no service, not an error."""
    running = start(model=set_number(model, "hotline.agents_factor", 0))
    assert _agent(running, visit(running, "hotline"), 0.02).status_code == 408


def test_stopping_sends_waiting_customers_home(start: Start, later: Later) -> None:
    """A service that is stopped does not keep those who wait, and ends soon."""
    running = start()
    visit(running, "own_hall")
    waiting = later(visit, running, "own_hall")
    until(lambda: running.counts("own_hall")["waiting"] == 1)
    running.service.stop()
    assert waiting.result(SOON_S).status_code == 408
    running.thread.join(SOON_S)
    assert not running.thread.is_alive()


def _agent(running: Running, call: httpx.Response, patience_s: float) -> httpx.Response:
    path = f"/hotline/visits/{call.json()['visit']}/agent"
    return running.client.post(path, json={"patience_s": patience_s})


def test_many_customers_share_few_clerks_without_losing_one(start: Start, model: Model) -> None:
    """After hundreds of visits from all sides every clerk is free and nobody waits."""
    running = start(model=set_number(model, "own_hall.room", 1000))
    inside = [0, 0]
    most = [0, 0]
    lock = threading.Lock()

    def come(turn: int) -> int:
        site = turn % 2
        opened = visit(running, "own_hall", patience_s=0.01 if turn % 7 == 0 else PATIENT, site=site)
        if opened.status_code != 201:
            return int(opened.status_code)
        with lock:
            inside[site] += 1
            most[site] = max(most[site], inside[site])
        with lock:
            inside[site] -= 1
        leave(running, "own_hall", opened)
        return 201

    with ThreadPoolExecutor(10) as pool:
        statuses = set(pool.map(come, range(600)))
    assert statuses <= {201, 408}
    assert most == [1, 1]
    counts = running.counts("own_hall")
    assert counts["visits"] == counts["waiting"] == 0
