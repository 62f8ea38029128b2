"""Prints as JSON what visits of Locust users come to: for a process of its own, which Locust patches."""

# ruff: noqa: ANN401, ARG005, I001  methods of users are of any kind; Locust comes first, since it patches
from locust import LoadTestShape, SequentialTaskSet, TaskSet, User, constant, task
from locust.env import Environment
from locust.exception import CatchResponseError, InterruptTaskSet, StopUser

import json
import sys
from types import SimpleNamespace
from typing import Any

import gevent

from footfall._load.channel_users import (
    ChannelUser,
    DrivenUser,
    OwnCustomer,
    driven_users,
    note_request,
    register,
)
from footfall._load.locust_plugin import _check_shape
from footfall._load.locust_users import LocustTransport, RequestContext
from footfall._load.identity import Identity
from footfall._load.locust_users import check_users
from footfall._load.responses import ending_of_request
from footfall._load.results import RunResults
from footfall._load.visit import Attempt, RunCustomer
from footfall._load.worker import _check_driven
from footfall._records.errors import BadInputError
from footfall._records.rows import Arrival
from tests.load.small import small_model

MODEL = small_model()
ENVIRONMENT = Environment(host="http://127.0.0.1:9")
REQUESTS: Any = ENVIRONMENT.events.request
REQUESTS.add_listener(note_request)


class Clock:
    """A clock that stands still."""

    def now_s(self) -> float:
        """Always one second."""
        return 1.0


def visits_of(driven: DrivenUser, attempts: int = 1, customer: int = 0) -> tuple[list[Any], list[Attempt]]:
    """Run a customer's visits; gives how they ended, and the visits."""
    who: dict[str, Any] = {"customer": customer, "subscriber": 0, "segment": "all"}
    arrival = Arrival(arrival=0, due_s=0, at_s=0, operation="query", channel="web", **who)
    side = RequestContext(Clock(), RunResults([arrival]), arrival, None)
    person = RunCustomer(
        arrival=arrival,
        key=customer + 1,
        identity=Identity(7, 0, 1),
        transport=LocustTransport(None, side),
        run="r",
    )
    own = OwnCustomer({"web": driven}, ENVIRONMENT, side, 0.01)
    made = [Attempt(person, MODEL.channel("web"), number + 1, 0.0) for number in range(attempts)]
    endings = [[outcome.value, cause] for outcome, cause in map(own.serve, made)]
    own.leave()
    return endings, made


def send(user: User, status: int = 200, exception: Exception | None = None) -> Any:
    """Tell Locust of a request, as its clients do."""
    response = SimpleNamespace(status_code=status)
    reported = {"request_type": "GET", "name": "/", "response_time": 5, "response_length": 0, "context": {}}
    user.environment.events.request.fire(**reported, response=response, exception=exception)
    return response


def ending(does: Any, on_start: Any = None) -> list[str]:
    """Say how a visit ends whose method does this."""
    names = {"channel": "web", "query": does} | ({"on_start": on_start} if on_start else {})
    user: Any = type("Shop", (ChannelUser, User), names)
    endings, _ = visits_of(driven_users([user])["web"])
    return [str(part) for part in endings[0]]


def raising(error: BaseException) -> Any:
    """Give a method that sends a request and raises."""

    def method(user: User) -> None:
        send(user)
        raise error

    return method


def endings() -> dict[str, Any]:
    """How visits end."""
    bad = CatchResponseError("no")
    return {
        "all requests served": ending(lambda user: [send(user), None][1]),
        "one request failed": ending(lambda user: [send(user, 500, bad), send(user), None][2]),
        "a failed check": ending(lambda user: [send(user, 200, bad), None][1]),
        "no request": ending(lambda _: None),
        "returned True without a request": ending(lambda _: True),
        "returned False": ending(lambda user: [send(user), False][1]),
        "returned rejected": ending(lambda user: [send(user), "rejected"][1]),
        "returned rejected with a cause": ending(lambda user: [send(user), ("rejected", "sold out")][1]),
        "returned a word that is no outcome": ending(lambda user: [send(user), "fine"][1]),
        "returned unfinished": ending(lambda user: [send(user), "unfinished"][1]),
        "returned a response": ending(send),
        "raised an error": ending(raising(ValueError("a secret"))),
        "called sys.exit": ending(raising(SystemExit(0))),
        "raised a timeout of gevent": ending(raising(gevent.Timeout(1))),
        "left by StopUser": ending(raising(StopUser())),
        "on_start failed": ending(send, on_start=raising(RuntimeError("a secret"))),
    }


class Grpc(Exception):  # noqa: N818  as the library has it
    """An error as gRPC raises it."""

    def __init__(self, name: str) -> None:
        """Keep the code."""
        super().__init__(name)
        self.code = lambda: SimpleNamespace(name=name)


def requests() -> dict[str, Any]:
    """What requests come to."""
    cases: dict[str, tuple[int, Exception]] = {
        "429": (429, CatchResponseError("x")),
        "409": (409, CatchResponseError("x")),
        "504": (504, CatchResponseError("x")),
        "TimeoutError": (0, TimeoutError()),
        "ConnectionRefusedError": (0, ConnectionRefusedError(111, "refused")),
        "too many files": (0, OSError(24, "Too many open files")),
        "no port": (0, ConnectionError("HTTPConnectionPool: [Errno 99] Cannot assign requested address")),
        "grpc deadline": (0, Grpc("DEADLINE_EXCEEDED")),
        "grpc exhausted": (0, Grpc("RESOURCE_EXHAUSTED")),
        "KeyError": (0, KeyError("a secret")),
    }
    found = {}
    for name, (status, error) in cases.items():
        outcome, cause = ending_of_request(SimpleNamespace(status_code=status), error)
        found[name] = [outcome.value, cause]
    return found


DONE: list[str] = []


def done(name: str) -> Any:
    """Give a task that notes its name."""
    return lambda _: DONE.append(name)


class Sequence(SequentialTaskSet):
    """Three steps."""

    tasks = [done("1"), done("2"), done("3")]  # noqa: RUF012  as Locust has it

    def on_start(self) -> None:
        """Note it."""
        DONE.append("in")

    def on_stop(self) -> None:
        """Note it."""
        DONE.append("out")


class Looking(TaskSet):
    """Leaves at its third task."""

    on_start, on_stop = Sequence.on_start, Sequence.on_stop

    @task
    def look(self) -> None:
        """Look, and leave at the third."""
        if DONE.count("x") == 2:
            DONE.append("leave")
            raise InterruptTaskSet
        DONE.append("x")


def tasks_of(tasks: list[Any], most: int | None, customer: int = 0) -> tuple[list[str], float]:
    """Give what a visit did, and how long it waited."""
    DONE.clear()
    names = {"tasks": tasks, "wait_time": constant(4), "on_start": done("start"), "on_stop": done("stop")}
    user: Any = type("Visitor", (User,), names)
    register(user, "web", tasks=most)
    _, (attempt,) = visits_of(driven_users([user])["web"], customer=customer)
    return list(DONE), attempt.human_s


def stops(_: Any) -> None:
    """Leave after the second."""
    DONE.append("a")
    if DONE.count("a") == 2:
        raise StopUser


def tasks() -> dict[str, Any]:
    """How tasks run."""
    LocustTransport.now_s = lambda self: SLEPT[0]  # type: ignore[method-assign]  # its own
    LocustTransport.sleep = lambda self, seconds: SLEPT.__setitem__(0, SLEPT[0] + seconds)  # type: ignore[method-assign]  # its own
    three, waited = tasks_of([done("a"), done("b")], 3)
    chosen = [tasks_of([done("a")] * 3 + [done("b")], 1, customer)[0][1] for customer in range(600)]
    again = [tasks_of([done("a")] * 3 + [done("b")], 1, customer)[0][1] for customer in range(20)]
    return {
        "one task": tasks_of([done("a")], 1)[0],
        "three tasks": three,
        "waited for three tasks": waited,
        "until it stops": tasks_of([stops], None)[0],
        "a sequence": tasks_of([Sequence], 1)[0],
        "a set that interrupts itself": tasks_of([Looking], None)[0],
        "of weight 3 to 1": chosen.count("a") / len(chosen),
        "chosen again alike": again == chosen[:20],
    }


SLEPT = [1.0]


def retries() -> dict[str, Any]:
    """What a customer who comes back has kept."""
    seen: list[Any] = []
    calls: list[str] = []

    class Shop(ChannelUser, User):
        channel = "web"

        def on_start(self) -> None:
            calls.append("start")

        def on_stop(self) -> None:
            calls.append("stop")

        def query(self) -> bool:
            seen.append((self, self.idempotency_key, self.attempt.number, self.random.random()))
            return False

    driven = driven_users([Shop])["web"]
    visits_of(driven, attempts=2)
    first = list(seen)
    visits_of(driven, attempts=2)
    return {
        "starts": calls.count("start") // 2,
        "stops": calls.count("stop") // 2,
        "users": len({id(user) for user, *_ in first}),
        "keys": len({key for _, key, *_ in first}),
        "attempts": [number for _, _, number, _ in first],
        "random": len({number for *_, number in first}),
        "repeats": [row[3] for row in seen[2:]] == [row[3] for row in first],
    }


def shop(**names: Any) -> Any:
    """Give a user class."""
    return type("Shop", (ChannelUser, User), {"query": done("query")} | names)


def refused() -> dict[str, str]:
    """What is said of users that cannot be meant."""
    other = type("Other", (shop(channel="web"),), {})
    shape: Any = type("Mine", (LoadTestShape,), {"tick": done("tick")})
    mine = Environment(host="http://127.0.0.1:9", shape_class=shape())
    cases = {
        "two users": lambda: driven_users([shop(channel="web"), other]),
        "no channel": lambda: driven_users([shop()]),
        "not driven": lambda: check_users([type("Idle", (User,), {})], []),
        "no such method": lambda: driven_users([shop(channel="web", operations={"change-plan": "change"})]),
        "a shape": lambda: _check_shape(mine),
        "other locustfile": lambda: _check_driven({"web": "Shop"}, driven_users([other])),
    }
    return {name: reported(does) for name, does in cases.items()}


def reported(does: Any) -> str:
    """Give the line of an error."""
    try:
        does()
    except BadInputError as error:
        return str(error)
    return ""


facts = {"endings": endings(), "requests": requests(), "tasks": tasks(), "retries": retries()}
json.dump(facts | {"refused": refused()}, sys.stdout)
