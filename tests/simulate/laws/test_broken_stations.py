"""Stations that misbehave are found out: a day with one of them ends in the law that it broke."""

from collections.abc import Callable
from pathlib import Path

import pytest

from footfall._cli.app import run
from footfall._model.channel import Channel
from footfall._model.durations import Duration
from footfall._model.model import Model
from footfall._model.numbers import Number, Profile
from footfall._model.station_specs import CallCentre, Counters, MessageGateway, RequestServer, Station
from footfall._records.errors import InvariantError
from footfall._records.rows import Outcome
from footfall._simulate.customer_state import Customer, VisitLog
from footfall._simulate.day import DayResult
from footfall._simulate.engine import Body
from footfall._simulate.stations.call_centre import Calls
from footfall._simulate.stations.gateway import MessageGatewayStation
from footfall._simulate.stations.queues import HallQueue
from footfall._simulate.stations.request_servers import SharedSlots

SMALLEST = Path(__file__).parents[3] / "models" / "mm3.py"
EVERY_MINUTE = [60.0 * k for k in range(100)]
Run = Callable[[Station], DayResult]
Halls = Callable[[], Counters]


class LosesTheFifth(HallQueue):
    """A line that forgets every fifth customer who should be called."""

    def admit(self) -> None:
        """Skip one."""
        if self.waiting and self.busy < self.servers and len(self.left_s) % 5 == 4:
            self._tickets.popleft().waits = False
            self.leave()
        super().admit()


class ServesWithoutServer(HallQueue):
    """A line that lets everybody begin."""

    def take(self) -> bool:
        """Say yes."""
        self.busy += 1
        self._busy_moment_s -= self._env.now
        return True


class KeepsItsServer(HallQueue):
    """A line whose every tenth server is never given back."""

    def release(self) -> None:
        """Forget it."""
        if len(self.ended_s) % 10:
            super().release()


class ForgetsToCount(HallQueue):
    """A line that lets customers go without counting their seconds."""

    def leave(self) -> None:
        """Count one less, but no time."""
        self.waiting -= 1


class LetsThroughTooSoon(MessageGatewayStation):
    """A gateway that tells its senders half of the wait."""

    def _enter(self) -> float | None:
        done_s = super()._enter()
        if done_s is None:
            return None
        self._gone_s[-1] = (self.env.now + done_s) / 2
        return self._gone_s[-1]


class DropsTheThird(VisitLog):
    """A log that loses a visit."""

    def add(self, customer: Customer, outcome: Outcome, now_s: float) -> None:
        """Leave one out."""
        if customer.n != 3:
            super().add(customer, outcome, now_s)


class WritesTheThirdTwice(VisitLog):
    """A log that notes a visit twice."""

    def add(self, customer: Customer, outcome: Outcome, now_s: float) -> None:
        """Note it, and one of them again."""
        for _ in range(2 if customer.n == 3 else 1):
            super().add(customer, outcome, now_s)


class WaitsNegatively(HallQueue):
    """A line after which a customer has waited less than nothing."""

    def wait(self, customer: Customer, patience_s: float) -> Body:
        """Turn the wait round."""
        granted = yield from super().wait(customer, patience_s)
        customer.wait_s = -customer.wait_s
        return granted


@pytest.fixture(scope="module")
def run_with(
    day: Callable[..., DayResult], model: Callable[..., Model], channel: Callable[..., Channel]
) -> Run:
    """Run 100 customers, a minute apart and served for 90 s, through a station."""

    def run(station: Station) -> DayResult:
        held = station.kind == "counters"
        played = model(channel(station, **{"human_s" if held else "service_s": 90.0}))
        return day(played, EVERY_MINUTE, length_s=7200.0)

    return run


@pytest.fixture(scope="module")
def hall(
    all_day: Callable[[float], Profile],
    number: Callable[[float], Number],
    exactly: Callable[[float], Duration],
) -> Halls:
    """Give a hall of one clerk whose customers wait half an hour at most."""

    def make() -> Counters:
        return Counters(
            clerks=all_day(1),
            clerks_factor=number(1),
            room=number(1000),
            patience=exactly(1800),
            balk_wait=exactly(1e9),
        )

    return make


@pytest.mark.parametrize(
    ("double", "law"),
    [
        (LosesTheFifth, "Little's law of waiting' at one, 00:06 to 00:12"),
        (ServesWithoutServer, "busy <= staffed or finishing' at one, site 0, second 60: 2 are in service"),
        (KeepsItsServer, "Little's law of service' at one"),
        (ForgetsToCount, "Little's law of waiting' at one"),
        (WaitsNegatively, "no negative wait' at one"),
    ],
)
def test_a_line_that_misbehaves_breaks_a_law(
    double: type[HallQueue], law: str, hall: Halls, run_with: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The law, the station and the first interval in which it shows are named."""
    assert run_with(hall()).laws.checks > 100
    monkeypatch.setattr("footfall._simulate.stations.halls.HallQueue", double)
    with pytest.raises(InvariantError) as raised:
        run_with(hall())
    assert law in str(raised.value)


@pytest.mark.parametrize(
    ("double", "told"),
    [
        (DropsTheThird, r"one\.query, 00:00 to 00:06: 6 arrivals .* 5 visits due"),
        (WritesTheThirdTwice, r"each attempt once.*2 visits"),
    ],
)
def test_a_log_that_loses_or_doubles_a_visit_breaks_a_law(
    double: type[VisitLog], told: str, hall: Halls, run_with: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fourth customer came in the first six minutes; one visit cannot be two."""
    monkeypatch.setattr("footfall._simulate.day.VisitLog", double)
    with pytest.raises(InvariantError, match=told):
        run_with(hall())


def test_a_gateway_that_misstates_its_waits_breaks_the_law_of_work(
    number: Callable[[float], Number], run_with: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two minutes for each message, one message a minute: the backlog grows, the told waits do not fit."""
    gateway = MessageGateway(messages_per_s=number(1 / 120), queue=number(1000))
    assert run_with(gateway).laws.little > 0
    monkeypatch.setattr("footfall._simulate.stations.MessageGatewayStation", LetsThroughTooSoon)
    with pytest.raises(InvariantError, match="Little's law of work in hand' at one, 00:00 to 00:06"):
        run_with(gateway)


def test_a_pool_that_never_gives_back_breaks_little_s_law(
    number: Callable[[float], Number], run_with: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Web pages: the slot is counted busy, its page was over."""
    pool = RequestServer(slots=number(3), accept_queue=number(100), deadline_s=number(600))
    assert run_with(pool).laws.staffing == 1
    monkeypatch.setattr("footfall._simulate.stations.request_servers.HallQueue", KeepsItsServer)
    with pytest.raises(InvariantError, match="Little's law of service"):
        run_with(pool)


def test_shared_slots_that_work_too_fast_break_little_s_law(
    number: Callable[[float], Number], run_with: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests on one shared core of which every tenth is forgotten while it is in work."""

    class Forgets(SharedSlots):
        def _less_work(self) -> None:
            if len(self.ended_s) % 10 != 9:
                super()._less_work()

    pool = RequestServer(
        slots=number(50), accept_queue=number(0), deadline_s=number(600), discipline="sharing"
    )
    assert run_with(pool).laws.little > 0
    monkeypatch.setattr("footfall._simulate.stations.request_servers.SharedSlots", Forgets)
    with pytest.raises(InvariantError, match="Little's law of service"):
        run_with(pool)


def test_a_pool_of_agents_that_forgets_to_count_breaks_little_s_law(
    number: Callable[[float], Number],
    all_day: Callable[[float], Profile],
    exactly: Callable[[float], Duration],
    run_with: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A hotline of one agent: whoever leaves the line is counted on in it."""

    class Forgets(Calls):
        def leave(self) -> None:
            self.waiting -= 1

    hotline = CallCentre(
        lines=number(1000),
        agents=all_day(1),
        agents_factor=number(1),
        patience=exactly(1800),
        talk=exactly(90),
        wrap_up=exactly(5),
        agent_share={"query": number(1)},
    )
    assert run_with(hotline).laws.staffing == 1
    monkeypatch.setattr("footfall._simulate.stations.call_centre.Calls", Forgets)
    with pytest.raises(InvariantError, match="Little's law of waiting"):
        run_with(hotline)


def test_the_command_ends_in_one_line_and_exit_code_3(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A run that is not to be trusted is no result, and no traceback either."""
    monkeypatch.setattr("footfall._simulate.stations.halls.HallQueue", ServesWithoutServer)
    assert run(("simulate", str(SMALLEST), "--out", str(tmp_path))) == 3
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert line.startswith("footfall: simulate: violated invariant 'busy <= staffed or finishing' at hall")
