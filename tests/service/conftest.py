"""A small operator, its running service, and customers who use it over HTTP."""

import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine

from footfall._model.channel import Channel, LogoutReminder, Verb, Work
from footfall._model.model import Model, ShareDefinition
from footfall._model.population import Accounts, NestedLogit, RetryPolicy, Segment
from footfall._model.station_specs import CallCentre, Counters, Kiosks, MessageGateway, RequestServer, Station
from footfall._service import database as schema
from footfall._service.server import Service
from footfall._service.settings import ServiceSettings
from tests.made_up import INDIFFERENT, always, number, seconds, turns
from tests.service.running import SEED, START_S_MAX, SUBSCRIBERS, Clock, MakeSettings, Running, Start

_WORKS = {verb: Work(service=seconds(0)) for verb in Verb}


_AT_ONCE = {name: turns(Verb.ORDER) for name in ("transact", "recharge", "purchase", "roaming")}
_TWICE = _AT_ONCE | {name: turns(Verb.ORDER, Verb.CONFIRM) for name in ("transact", "roaming", "purchase")}


def _channel(name: str, station: Station, **more: object) -> Channel:
    ordinary: dict[str, Any] = {
        "name": name,
        "title": name,
        "nest": "electronic",
        "station": station,
        "sites": number(1),
        "access_s_mean": number(0),
        "price_yuan": number(0),
        "works": _WORKS,
        "dialogues": _AT_ONCE,
    }
    return Channel(**ordinary | more)


def _stations() -> tuple[Channel, ...]:
    web = RequestServer(slots=number(64), accept_queue=number(64), deadline_s=number(10))
    hall = Counters(
        clerks=always(1),
        clerks_factor=number(1),
        room=number(2),
        patience=seconds(60),
        balk_wait=seconds(3600),
    )
    hotline = CallCentre(
        lines=number(2),
        agents=always(1),
        agents_factor=number(1),
        patience=seconds(60),
        talk=seconds(0),
        wrap_up=seconds(0),
        agent_share={},
    )
    kiosk = Kiosks(machines=number(1), up=seconds(0), repair=seconds(0), patience=seconds(60))
    sms = MessageGateway(messages_per_s=number(10_000), queue=number(100_000))
    confirmed = {"dialogues": _TWICE, "confirm_expiry_s": number(60)}
    reminder = LogoutReminder(forgotten_share=number(0.3), idle_s=number(300))
    return (
        _channel("web", web, logout_reminder=reminder, **confirmed),
        _channel("agent", web),
        _channel("own_hall", hall, sites=number(2)),
        _channel("kiosk", kiosk),
        _channel("hotline", hotline),
        _channel("sms", sms, **confirmed),
    )


@pytest.fixture(scope="session")
def model() -> Model:
    """An operator with one channel of each kind, which takes no time and never fails."""
    segment = Segment(
        name="all",
        title="all",
        population_share=number(1),
        month_visits={name: number(1) for name in _AT_ONCE},
        day_profile=always(1),
        taste=INDIFFERENT,
        reach={},
    )
    return Model(
        name="small",
        title="Small operator",
        population=number(1000),
        busy_day_factor=number(1),
        busyness_cv=number(0),
        segments=(segment,),
        channels=_stations(),
        choice=NestedLogit(
            dissimilarity={"physical": number(1), "electronic": number(1)}, constants={}, expected_wait_s={}
        ),
        follow_ups=RetryPolicy(attempts_most=number(1), by_outcome={}),
        accounts=Accounts(
            subscribers=number(SUBSCRIBERS),
            balance_yuan_mean=number(100),
            balance_cv=number(0.3),
            price_yuan={"transact": number(10), "roaming": number(5), "purchase": number(2)},
            under_contract_share=number(0.2),
        ),
        share_definitions=(
            ShareDefinition(name="all", text="all", electronic=("web",), counted=("web",), operations=()),
        ),
    )


@pytest.fixture
def clock() -> Clock:
    """A clock of the test's own."""
    return Clock()


@pytest.fixture
def settings(model: Model, tmp_path: Path) -> MakeSettings:
    """Settings of a service on a free port with a ledger of its own."""
    return partial(_settings, model, tmp_path)


@pytest.fixture(scope="module")
def shared(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service that the tests of one file share, whose requests leave nothing that another would see."""
    running = _run(partial(_settings, model, tmp_path_factory.mktemp("shared")))
    yield running
    running.stop()


@pytest.fixture
def start(settings: MakeSettings) -> Iterator[Start]:
    """Start services over HTTP; they end with the test."""
    started: list[Running] = []

    def run(**changes: object) -> Running:
        started.append(_run(partial(settings, **changes)))
        return started[-1]

    yield run
    for running in started:
        running.stop()


def _settings(small: Model, folder: Path, /, **changes: object) -> ServiceSettings:
    ordinary: dict[str, Any] = {
        "model": small,
        "seed": SEED,
        "database": str(folder / "ledger.db"),
        "subscribers": SUBSCRIBERS,
        "numbers": 200,
        "port": 0,
        "control_token": "control",
    }
    return ServiceSettings(**ordinary | changes)


def _run(settings: MakeSettings) -> Running:
    ready = threading.Event()
    service = Service(settings(on_ready=lambda _: ready.set()))
    thread = threading.Thread(target=service.run)
    thread.start()
    assert ready.wait(START_S_MAX)
    url = f"http://127.0.0.1:{service.port}"
    client = httpx.Client(base_url=url, timeout=START_S_MAX, limits=httpx.Limits(max_connections=None))
    return Running(service, client, url, thread)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return str(tmp_path / "ledger.db")
    url = str(request.getfixturevalue("postgres_url"))
    engine = create_engine(url)
    schema.metadata.drop_all(engine)
    engine.dispose()
    return url
