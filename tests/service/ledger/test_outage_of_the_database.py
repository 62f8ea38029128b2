"""PostgreSQL goes away and comes back: everybody gets an answer, nothing is lost, and work goes on."""

import asyncio
import threading
from collections import Counter

import httpx
import pytest

from footfall._service.database import Database, DatabaseConnection
from footfall._service.http_messages import ApiError
from footfall._service.seeding import open_engine
from tests.conftest import PostgresServer
from tests.service.running import START_S_MAX, MakeSettings, Running, Start

CUSTOMERS = 20
AWAY = {503: "no_database", 504: "commit_unknown"}


def recharge(running: Running, headers: dict[str, str], key: str) -> httpx.Response:
    """Top an account up by ten yuan."""
    return running.order("web", headers, key, "recharge", item="voucher", amount_fen=1000)


def successes(answers: list[list[httpx.Response]]) -> list[int]:
    """Count what each customer's orders came to."""
    return [sum(answer.is_success for answer in each) for each in answers]


def until_well(running: Running) -> None:
    """Ask the service how it is until it is well."""
    for _ in range(START_S_MAX * 10):
        if running.client.get("/health").status_code == 200:
            return
        threading.Event().wait(0.1)
    raise AssertionError("it never recovered")


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_reads_and_writes_are_refused_while_it_is_away_and_served_afterwards(
    start: Start, database: str, postgres: PostgresServer
) -> None:
    """Also when a write was the first to notice; a message accepted before is answered."""
    running = start(database=database)
    headers = running.log_in("web", 1)
    client = running.client
    assert client.get("/health").json()["status"] == "ok"
    postgres.stop()
    try:
        for answer in (
            recharge(running, headers, "a"),
            client.get("/web/account", headers=headers),
            client.post("/sms/messages", json={"msisdn": "13800000001", "text": "CX", "id": "1"}),
            client.post("/web/logout", headers=headers),
            client.get("/health"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (503, "no_database")
        assert client.get("/health").json()["status"] == "unhealthy"
    finally:
        postgres.start()
    until_well(running)
    balance = client.get("/web/account", headers=headers).json()["balance_fen"]
    assert recharge(running, headers, "a").status_code == 201
    assert client.get("/web/account", headers=headers).json()["balance_fen"] == balance + 1000
    assert client.post("/web/logout", headers=headers).status_code == 204
    assert running.ledger()["conserved"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_an_immediate_restart_under_customers_loses_no_answered_order(
    start: Start, database: str, postgres: PostgresServer
) -> None:
    """Twenty customers order on and on; each answer is a success or says that the database was away."""
    running = start(database=database)
    sessions = [running.log_in("web", n) for n in range(CUSTOMERS)]
    is_over = threading.Event()
    answers: list[list[httpx.Response]] = [[] for _ in sessions]

    def customer(n: int) -> None:
        number = 0
        while not is_over.is_set():
            # The same order again until it is answered for good: executed once all the same.
            answer = recharge(running, sessions[n], f"{n}-{number}")
            answers[n].append(answer)
            number += answer.is_success

    threads = [threading.Thread(target=customer, args=(n,)) for n in range(CUSTOMERS)]
    for thread in threads:
        thread.start()
    postgres.stop()
    postgres.start()
    until_well(running)
    before = successes(answers)
    for _ in range(START_S_MAX * 50):
        is_over.wait(0.02)
        if all(now > then for now, then in zip(successes(answers), before, strict=True)):
            break
    else:
        raise AssertionError(before, successes(answers))
    is_over.set()
    for thread in threads:
        thread.join(START_S_MAX)
    seen = Counter(answer.status_code for each in answers for answer in each)
    assert set(seen) <= {200, 201, *AWAY}, seen
    for answer in (a for each in answers for a in each if not a.is_success):
        assert answer.json()["code"] == AWAY[answer.status_code]
    ledger = running.ledger()
    succeeded = sum(successes(answers))
    assert ledger["conserved"]
    # An order whose commit was lost with the connection may have been kept before its customer asked again.
    assert succeeded <= ledger["orders"]["done"] <= succeeded + CUSTOMERS


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_connection_that_breaks_before_the_commit_runs_all_once_more(
    settings: MakeSettings, database: str
) -> None:
    """And one that breaks in the commit runs nothing again: what was kept nobody knows."""

    def cut(handle: DatabaseConnection) -> None:
        handle.row("SELECT pg_terminate_backend(pg_backend_pid())")

    def cut_once(handle: DatabaseConnection, done: list[int]) -> int:
        done.append(handle.change("UPDATE subscribers SET plan = 'A' WHERE id = 1"))
        if len(done) == 1:
            cut(handle)
        return len(done)

    class CutAtCommit(DatabaseConnection):
        """A connection that is lost in its first commit."""

        cuts = 1

        def command(self, sql: str) -> None:
            if sql == "COMMIT" and self.cuts:
                self.cuts -= 1
                cut(self)
            super().command(sql)

    async def work() -> None:
        engine = open_engine(settings(database=database))
        store = Database(engine)
        done: list[int] = []
        assert await store.write(lambda handle: cut_once(handle, done)) == 2
        assert store.reconnections == 1
        store._connection.close()
        store._connection = CutAtCommit(engine)
        with pytest.raises(ApiError, match="commit_unknown"):
            await store.write(lambda handle: handle.change("UPDATE subscribers SET plan = 'B' WHERE id = 2"))
        assert await store.write(lambda handle: handle.row("SELECT 1")) == (1,)
        store.close()

    asyncio.run(work())


@pytest.mark.parametrize("path", ["/sms/answers/%00", "/web/pages/a%00", "/own_hall/visits/%00"])
@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_a_zero_byte_in_a_path_is_a_bad_request(start: Start, database: str, path: str) -> None:
    """No text of PostgreSQL's can hold one."""
    running = start(database=database)
    headers = running.log_in("web", 1)
    assert running.client.get(path).status_code == 400
    for action in ("reserve", "release"):
        assert running.client.post(f"/web/numbers/%00/{action}", headers=headers).status_code == 400
