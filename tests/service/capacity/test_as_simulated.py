"""The service and the simulation serve the same customers alike, however late the machine's timers are.

The real application runs on its real event loop, only that the loop's clock stands still while there is work
and jumps to the next timer: seconds of load pass in a moment, and to the millisecond as they should.
"""

import asyncio
import selectors
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Literal

import httpx
import numpy as np
import polars as pl
import pytest

from footfall._behaviour import customer_rules, keyed
from footfall._model.channel import LogoutReminder, Step, Verb, Work
from footfall._model.durations import lognormal_s
from footfall._model.model import Model
from footfall._model.station_specs import RequestServer, Stalls
from footfall._service.server import build_app
from footfall._service.settings import ServiceSettings
from footfall._simulate.day import Day
from footfall._workload.arrivals import Arrivals
from tests.made_up import number, seconds
from tests.service.running import SEED, SUBSCRIBERS

HUMAN = lognormal_s(number(0.25), number(0.8))
"""Drawn for each customer and turn, so that no two things happen at one instant."""
LATEST_S = 20.0
"""Nobody is still there so long after the last has come."""
SERVICE_S = {Verb.LOGIN: 0.031, Verb.BROWSE: 0.0217, Verb.QUERY: 0.0413, Verb.LOGOUT: 0.0109}
PATHS = {
    Verb.LOGIN: ("POST", "/web/login", 200),
    Verb.BROWSE: ("GET", "/web/pages/home", 200),
    Verb.QUERY: ("GET", "/web/account", 200),
    Verb.LOGOUT: ("POST", "/web/logout", 204),
}
VISIT = (Verb.LOGIN, Verb.BROWSE, Verb.QUERY, Verb.LOGOUT)
Ending = tuple[str, float]
"""Cause (empty: served), and when the visit ended, to the millisecond."""


class JumpingClock(selectors.SelectSelector):
    """A selector that waits for no timer: it sets the clock to it, and by `late_s` beyond."""

    def __init__(self, late_s: float) -> None:
        """Start at a second that no real clock shows."""
        super().__init__()
        self.now_s = 1000.0
        self._late_s = late_s

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Jump, unless there is something to do."""
        if timeout is not None and timeout > 0:
            self.now_s += timeout + self._late_s
        return super().select(0)


Busy = Callable[..., Model]
NO_STALLS = Stalls()
StaleWork = Literal["cut", "served", "dropped"]
Serve = Callable[[Model, list[float], float], list[Ending]]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Serve:
    """Have the application serve one customer at each of some seconds, timers `late_s` late."""

    def run(model: Model, at_s: list[float], late_s: float) -> list[Ending]:
        clock = JumpingClock(late_s)
        monkeypatch.setattr(time, "monotonic", lambda: clock.now_s)
        loop = asyncio.SelectorEventLoop(clock)
        settings = ServiceSettings(
            model=model,
            seed=SEED,
            database=str(tmp_path / f"{late_s}.db"),
            subscribers=SUBSCRIBERS,
            numbers=10,
            now_s=lambda: clock.now_s,
        )
        try:
            return loop.run_until_complete(_served(settings, at_s, clock))
        finally:
            loop.close()
            monkeypatch.undo()

    return run


async def _served(settings: ServiceSettings, at_s: list[float], clock: JumpingClock) -> list[Ending]:
    app = build_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            begun_s = clock.now_s
            (web,) = settings.model.channels
            assert isinstance(web.station, RequestServer)
            asks = Asks(client, web.station.deadline_s)
            visits = [_visit(asks, n, at, lambda: clock.now_s - begun_s) for n, at in enumerate(at_s)]
            endings = list(await asyncio.gather(*visits))
            await asyncio.gather(*asks.given_up)
            return endings


class Asks:
    """Requests of clients that give up at a deadline, which the service is not told of."""

    def __init__(self, client: httpx.AsyncClient, deadline_s: float) -> None:
        """Nothing has been asked."""
        self._client = client
        self._deadline_s = deadline_s
        self.given_up: list[asyncio.Task[httpx.Response]] = []

    async def __call__(self, *what: str, **more: Any) -> httpx.Response | None:  # noqa: ANN401  of a request
        """Ask; None: no answer came in time."""
        task = asyncio.ensure_future(self._client.request(*what, **more))
        done, _ = await asyncio.wait({task}, timeout=self._deadline_s)
        if done:
            return task.result()
        self.given_up.append(task)
        return None


async def _visit(ask: Asks, n: int, at_s: float, now_s: Callable[[], float]) -> Ending:
    await asyncio.sleep(at_s)
    headers: dict[str, str] = {}
    who = {"msisdn": customer_rules.msisdn(n % SUBSCRIBERS), "pin": customer_rules.pin(SEED, n % SUBSCRIBERS)}
    key = keyed.customer_key(keyed.run_key(SEED, 0), n)
    for turn, verb in enumerate(VISIT):
        await asyncio.sleep(HUMAN.at(keyed.uniform(key, "human", 1, turn)))
        method, path, right = PATHS[verb]
        body: Any = who if verb is Verb.LOGIN else None
        answer = await ask(method, path, json=body, headers=headers)
        if answer is None:
            return "deadline", now_s()
        if answer.status_code != right:
            return answer.json()["code"], now_s()
        if verb is Verb.LOGIN:
            headers = {"Authorization": f"Bearer {answer.json()['token']}"}
    return "", now_s()


def simulated(model: Model, at_s: list[float]) -> list[Ending]:
    """Give the endings of the simulated customers."""
    numbers = np.arange(len(at_s), dtype=np.int64)
    zeros = np.zeros(len(at_s), dtype=np.int64)
    people = Arrivals(
        customers=numbers,
        keys=keyed.customer_keys(keyed.run_key(SEED, 0), numbers),
        at_s=np.array(at_s),
        segments=zeros,
        operations=zeros,
        subscribers=numbers % SUBSCRIBERS,
        channels=zeros,
        run=keyed.run_key(SEED, 0),
    )
    visits = Day(model, people, SEED, length_s=max(at_s) + LATEST_S).run().visits.sort("customer")
    return list(visits.select(pl.col("cause"), pl.col("ended_s")).iter_rows())


@pytest.fixture
def busy(model: Model) -> Callable[..., Model]:
    """Make the small operator's web hall with few slots, fixed times and no faults."""

    def make(
        slots: int,
        queue: int,
        deadline_s: float,
        idle_s: float,
        stale_work: StaleWork = "cut",
        stalls: Stalls = NO_STALLS,
    ) -> Model:
        web = model.channel("web").model_copy(
            update={
                "station": RequestServer(
                    slots=number(slots),
                    accept_queue=number(queue),
                    deadline_s=number(deadline_s),
                    stale_work=stale_work,
                    stalls=stalls,
                ),
                "works": {verb: Work(service=seconds(SERVICE_S.get(verb, 0.0))) for verb in Verb},
                "dialogues": {"query": tuple(Step(verb=v, human=HUMAN, pages=number(1)) for v in VISIT)},
                "logout_reminder": LogoutReminder(forgotten_share=number(0), idle_s=number(idle_s)),
            }
        )
        segment = model.segments[0].model_copy(update={"month_visits": {"query": number(1)}})
        return model.model_copy(update={"channels": (web,), "segments": (segment,)})

    return make


@pytest.mark.parametrize(
    ("slots", "queue", "deadline_s", "idle_s", "causes"),
    [
        (1, 200, 60, 60, {""}),
        (2, 12, 60, 60, {"", "throttled"}),
        (1, 200, 0.9, 60, {"", "deadline"}),
        (1, 200, 60, 2.0, {"", "no_session"}),
    ],
)
def test_every_customer_ends_alike_in_both_worlds(
    slots: int, queue: int, deadline_s: float, idle_s: float, causes: set[str], busy: Busy, serve: Serve
) -> None:
    """Beyond what the slots bear: the same cause at the same time, customer by customer."""
    model, rng = busy(slots, queue, deadline_s, idle_s), Random(SEED)
    at_s = sorted(rng.uniform(0, 2 / slots) for _ in range(60))
    foreseen, found = simulated(model, at_s), serve(model, at_s, 0.0)
    assert {cause for cause, _ in foreseen} == causes
    assert [cause for cause, _ in found] == [cause for cause, _ in foreseen]
    assert [end for _, end in found] == pytest.approx([end for _, end in foreseen], abs=1e-6)


@pytest.mark.parametrize(("stale_work", "are_served"), [("cut", 32), ("dropped", 25), ("served", 9)])
def test_stale_work_takes_its_time_in_both_worlds(
    stale_work: StaleWork, are_served: int, busy: Busy, serve: Serve
) -> None:
    """Clients give up after 0.5 s: what the service does with their requests decides who else is served."""
    model, rng = busy(1, 200, 0.5, 60, stale_work), Random(SEED)
    at_s = sorted(rng.uniform(0, 3) for _ in range(60))
    foreseen, found = simulated(model, at_s), serve(model, at_s, 0.0)
    assert [cause for cause, _ in foreseen].count("") == are_served
    assert [cause for cause, _ in found] == [cause for cause, _ in foreseen]
    assert [end for _, end in found] == pytest.approx([end for _, end in foreseen], abs=1e-6)


@pytest.mark.parametrize("stale_work", ["cut", "served"])
@pytest.mark.parametrize(
    ("queue", "first_s", "causes"), [(200, 1.5, {"", "deadline"}), (3, None, {"throttled"})]
)
def test_a_server_stands_still_at_the_same_times_in_both_worlds(
    stale_work: StaleWork, queue: int, first_s: float | None, causes: set[str], busy: Busy, serve: Serve
) -> None:
    """Work rests and goes on where it was, nothing begins, and free slots are places to wait."""
    stalls = Stalls(length_s=number(0.4), every_s=number(1), first_s=first_s and number(first_s))
    model, rng = busy(2, queue, 0.6, 60, stale_work, stalls), Random(SEED)
    at_s = sorted(rng.uniform(0, 3) for _ in range(60))
    foreseen, found = simulated(model, at_s), serve(model, at_s, 0.0)
    assert causes <= {cause for cause, _ in foreseen}
    assert [cause for cause, _ in found] == [cause for cause, _ in foreseen]
    assert [end for _, end in found] == pytest.approx([end for _, end in foreseen], abs=1e-6)


def test_late_timers_do_not_make_a_busy_slot_slower(busy: Busy, serve: Serve) -> None:
    """Two hundred and forty pages in a row, each timer 5 ms late: the last ends some ms late, not 1.2 s."""
    model = busy(1, 200, 60, 60)
    at_s = [k / 1000 for k in range(60)]
    last_s = max(end for _, end in simulated(model, at_s))
    late_s = max(end for _, end in serve(model, at_s, 0.005)) - last_s
    assert abs(late_s) < 0.05  # an order that came out otherwise may even end a little earlier
