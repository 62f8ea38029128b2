"""The service as a process: its port, its end, and what outlives a kill."""

import os
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from footfall._behaviour import customer_rules
from footfall._model.model import Model
from footfall._records.errors import BadInputError
from footfall._service.server import Service, serve
from tests.service.running import MakeSettings

PROGRAM = """
import pickle, sys
from footfall._service.server import serve
from footfall._service.settings import ServiceSettings
with open(sys.argv[1], "rb") as file:
    settings = pickle.load(file)
serve(ServiceSettings(**settings, on_ready=lambda port: print(port, flush=True)))
print("ended", flush=True)
"""
END_S_MAX = 30

Process = tuple["subprocess.Popen[str]", httpx.Client]


@pytest.fixture
def spawn(model: Model, tmp_path: Path) -> Iterator[Callable[[str], Process]]:
    """Start the service as a process of its own; give the process and a client."""
    children: list[Process] = []

    def run(database: str) -> Process:
        settings = {"model": model, "seed": 7, "database": database, "subscribers": 50, "port": 0}
        file = tmp_path / "settings.pickle"
        file.write_bytes(pickle.dumps(settings | {"control_token": "control"}))
        child = subprocess.Popen([sys.executable, "-c", PROGRAM, file], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        client = httpx.Client(base_url=f"http://127.0.0.1:{int(child.stdout.readline())}", timeout=END_S_MAX)
        children.append((child, client))
        return child, client

    yield run
    for child, client in children:
        client.close()
        child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


def log_in(client: httpx.Client, n: int) -> dict[str, str]:
    """Headers of somebody logged in at the agents' channel."""
    body = {"msisdn": customer_rules.msisdn(n), "pin": customer_rules.pin(7, n)}
    return {"Authorization": f"Bearer {client.post('/agent/login', json=body).json()['token']}"}


def recharge(client: httpx.Client, headers: dict[str, str], key: str) -> httpx.Response:
    """Recharge by ten yuan."""
    body = {"operation": "recharge", "item": "voucher", "amount_fen": 1000}
    return client.post("/agent/orders", json=body, headers=headers | {"Idempotency-Key": key})


def test_a_confirmed_order_survives_a_kill(spawn: Callable[[str], Process], database: str) -> None:
    """Killed in the middle of its work: every order that was answered is there, and no half one."""
    child, client = spawn(database)
    tokens = [log_in(client, n) for n in range(8)]
    answered: list[tuple[int, str, int]] = []

    def shop(n: int) -> None:
        for turn in range(10_000):
            try:
                answer = recharge(client, tokens[n], f"k{turn}")
            except httpx.TransportError:
                return
            assert answer.status_code == 201
            answered.append((n, f"k{turn}", answer.json()["order"]))
            if n == 0 and turn == 60:
                os.kill(child.pid, signal.SIGKILL)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(shop, range(8)))
    assert child.wait(END_S_MAX) == -signal.SIGKILL
    assert len(answered) > 60

    _, again = spawn(database)
    for n, key, order in answered:
        retried = recharge(again, tokens[n], key)
        assert (retried.status_code, retried.json()["order"]) == (200, order)
    ledger = again.get("/control/ledger", headers={"X-Control-Token": "control"}).json()
    assert ledger["conserved"]
    # Each of the eight may have had one order on its way that was executed and never answered.
    assert 0 <= ledger["orders"]["done"] - len(answered) <= 8
    assert ledger["issued_fen"] == 1000 * ledger["orders"]["done"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_service_in_good_order(
    spawn: Callable[[str], Process], tmp_path: Path, number: signal.Signals
) -> None:
    """It returns from `serve`, with exit code 0, and what it answered is there."""
    database = str(tmp_path / "ledger.db")
    child, client = spawn(database)
    order = recharge(client, log_in(client, 3), "k").json()["order"]
    child.send_signal(number)
    assert child.wait(END_S_MAX) == 0
    assert child.stdout is not None
    assert child.stdout.read() == "ended\n"
    _, again = spawn(database)
    assert recharge(again, log_in(again, 3), "k").json() == {"order": order, "state": "done"}


def test_a_port_in_use_is_told_before_anything_is_written(settings: MakeSettings, tmp_path: Path) -> None:
    """One clear line, and no database."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BadInputError, match=rf"^--port {port}: in use; expected a free port$"):
            serve(settings(port=port))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["203.0.113.1", "no such host"])
def test_a_host_that_is_not_ours_is_told(settings: MakeSettings, tmp_path: Path, host: str) -> None:
    """An address of another machine, or none, is bad input."""
    with pytest.raises(BadInputError, match=rf"^--host {host}"):
        serve(settings(host=host))
    assert list(tmp_path.iterdir()) == []


def test_the_service_listens_on_loopback_unless_told(settings: MakeSettings) -> None:
    """The default address is reached from this machine alone."""
    made = settings()
    assert made.host == "127.0.0.1"
    service = Service(made)
    assert service._socket.getsockname()[0] == "127.0.0.1"
    service.close()


@pytest.mark.parametrize("changes", [{"port": 70_000}, {"port": -1}, {"subscribers": 0}])
def test_impossible_settings_are_told(settings: MakeSettings, changes: dict[str, int]) -> None:
    """A number out of its range is bad input."""
    with pytest.raises(BadInputError):
        settings(**changes)


def test_secrets_are_not_in_the_settings_words(settings: MakeSettings) -> None:
    """Whoever prints the settings prints no token."""
    assert "hush" not in repr(settings(control_token="hush", gateway_key="hush"))
