"""Locust users of the user's own at a channel: how they are declared, and how one of their visits is run."""

import contextlib
import errno
import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast
from uuid import NAMESPACE_OID, uuid5

import gevent
from gevent import Greenlet
from gevent.pool import Group
from locust import FastHttpUser, HttpUser, TaskSet, User
from locust.env import Environment
from locust.exception import (
    StopTest,
)
from locust.user.task import LOCUST_STATE_RUNNING, DefaultTaskSet

from footfall._load.identity import Identity
from footfall._load.locust_users import RequestContext
from footfall._load.own_users import OwnUser, OwnUsers
from footfall._load.responses import NO_ANSWER, SERVED, Ending, Response, ending_of
from footfall._load.secrets import cleaned
from footfall._load.visit import Attempt
from footfall._load.visit_tasks import LEAVING, VisitTasks, think
from footfall._records.errors import BadInputError
from footfall._records.load_generator import NO_DESCRIPTOR, NO_PORT
from footfall._records.rows import OUTCOMES, Arrival, Hit, Outcome

NO_REQUEST = "no_request"
"""Cause of a visit that sent nothing, so that nobody knows whether it was served."""
CHECK_FAILED = "check_failed"
"""Cause of a request that its user called a failure although the status was a good one."""
CONNECTION_FAILED = "connection_failed"
RETURNED_FALSE = "returned_false"
UNKNOWN_OUTCOME = "unknown_outcome"
_KEY = "footfall_visit"
_STEP_MOST = 120
_GOOD = range(200, 400)
_BY_CODE = {"deadline_exceeded": Outcome.TIMEOUT, "resource_exhausted": Outcome.THROTTLED}
"""Status codes of gRPC that are not an `error`."""
logger = logging.getLogger(__name__)


class ChannelUser(User):
    """A customer's behaviour at one channel: a method for each operation, beside any Locust client.

    Use it with one of Locust's users: `class Shop(ChannelUser, FastHttpUser)`, name the `channel`, and write
    a method for each operation of the model, decorated with `@task` or not. A visit is served when all its
    requests were; a method may return its outcome instead (`True`, `False`, `Outcome.REJECTED`, `"rejected"`,
    or one of these and a cause).
    """

    abstract = True
    channel: str = ""
    """Name of the model's channel whose visits it serves."""
    operations: Mapping[str, str] = {}
    """Names of methods by operation, where they are not the operation's own name."""
    attempt: Attempt
    """The visit under way."""
    human_time_factor: float = 1.0
    """Set for each run: the scenario's."""
    _random: random.Random | None = None

    @property
    def arrival(self) -> Arrival:
        """The arrival: customer, subscriber, segment, operation, first channel, when it was due."""
        return self.attempt.customer.arrival

    @property
    def identity(self) -> Identity:
        """The customer's account: `msisdn`, `pin`, `plan`, `recharge_fen`, `browser`."""
        return self.attempt.customer.person

    @property
    def idempotency_key(self) -> str:
        """A UUID: the same in every attempt of this customer at this channel, and another in every run."""
        customer = self.attempt.customer
        return str(uuid5(NAMESPACE_OID, f"{customer.run}-{customer.arrival.customer}-{self.channel}"))

    @property
    def random(self) -> random.Random:
        """Random numbers of this visit: the same in every run of the trace."""
        if self._random is None:
            self._random = random.Random(self.attempt.u("own_user"))
        return self._random

    def think(self, seconds: float) -> None:
        """Sleep, as a customer who reads or types: the scenario's `human_time_factor` shortens it.

        Response times leave it out.
        """
        self.attempt.be_human(seconds * self.human_time_factor)

    def wait(self) -> None:
        """Sleep for the user's `wait_time`, as a customer who thinks."""
        self.think(self.wait_time())


Work = str | Callable[..., Any] | type[TaskSet]
"""What is done for an operation: the name of a method, a task function, or a task set."""


@dataclass(frozen=True, slots=True)
class DrivenUser:
    """A user class and what it does at a channel."""

    user: type[User]
    channel: str
    works: Mapping[str, Work] | None
    """By operation; None: for any, `tasks` of the user's own tasks, chosen by their weights."""
    tasks: int | None = 1
    """Tasks that make a visit; None: until the user stops itself."""
    answers: bool = False
    """Whether what a method returns says how the visit ended."""


_DRIVEN: list[DrivenUser] = []


def register(
    user: type[User], channel: str, operations: Mapping[str, Work] | None = None, tasks: int | None = 1
) -> None:
    """Note a user class that is to serve a channel, as `footfall.locust.drive` says.

    Raises:
        BadInputError: it is no user class with tasks, or what is said of it cannot be right.
    """
    name, given = getattr(user, "__name__", repr(user)), cast("object", user)
    where = f"drive({name}, channel={channel!r})"
    if not (isinstance(given, type) and issubclass(given, User)):
        raise BadInputError(where, f"{name} is no Locust user class", "a class such as HttpUser's")
    if not channel:
        raise BadInputError(where, "names no channel", "a channel of the model")
    if tasks is not None and tasks < 1:
        raise BadInputError(where, f"tasks is {tasks}", "at least 1, or None")
    if operations is None and not user.tasks:
        raise BadInputError(where, f"{name} has no tasks", "@task on a method, or operations={…}")
    for operation, work in (operations or {}).items():
        if isinstance(work, str) and not callable(getattr(user, work, None)):
            raise BadInputError(
                f"{where} {operation}", f"{name} has no method {work}", "the name of a method"
            )
    _DRIVEN.append(DrivenUser(user, channel, operations, tasks))


def driven_users(classes: Iterable[type[User]]) -> dict[str, DrivenUser]:
    """Give the users that serve channels by channel, of those classes that Locust runs.

    Raises:
        BadInputError: two of them serve one channel, or a `ChannelUser` names none.
    """
    chosen = list(classes)
    found: dict[str, DrivenUser] = {}
    for each in (*_declared(chosen), *(each for each in _DRIVEN if each.user in chosen)):
        if each.channel in found:
            pair = f"{found[each.channel].user.__name__} and {each.user.__name__}"
            raise BadInputError(f"channel {each.channel}", f"{pair} both serve it", "one user a channel")
        found[each.channel] = each
    return found


def _declared(classes: Iterable[type[User]]) -> Iterator[DrivenUser]:
    for user in classes:
        if issubclass(user, ChannelUser):
            if not user.channel:
                raise BadInputError(user.__name__, "names no channel", 'channel = "…", one of the model')
            yield DrivenUser(user, user.channel, _Methods(user), answers=True)


class _Methods(Mapping[str, Work]):
    """Operations of a `ChannelUser`: the public methods that are its own and neither Locust's nor ours."""

    def __init__(self, user: type[ChannelUser]) -> None:
        ours = {*dir(ChannelUser), *dir(HttpUser), *dir(FastHttpUser)}
        names = (name for name in dir(user) if not name.startswith("_") and name not in ours)
        self._names = {name: name for name in names if callable(getattr(user, name))} | dict(user.operations)
        for operation, name in user.operations.items():
            if not callable(getattr(user, name, None)):
                where = f"{user.__name__}.operations {operation}"
                raise BadInputError(where, f"{user.__name__} has no method {name}", "the name of a method")

    def __getitem__(self, operation: str) -> Work:
        return self._names[operation]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def own_users_of(driven: Mapping[str, DrivenUser], locustfile: str) -> OwnUsers:
    """Say as plain data which channels are served by whom."""
    users = tuple(
        OwnUser(
            channel=each.channel,
            user=each.user.__name__,
            operations=None if each.works is None else tuple(sorted(each.works)),
            speaks_http=issubclass(each.user, HttpUser | FastHttpUser),
        )
        for each in driven.values()
    )
    return OwnUsers(locustfile=", ".join(Path(file).name for file in locustfile.split(",")), users=users)


def own_host() -> str | None:
    """Give the host that a driven class names itself, if one does."""
    return next((str(each.user.host) for each in _DRIVEN if each.user.host), None)


_CURRENT: ContextVar["OwnVisit | None"] = ContextVar(_KEY, default=None)


def note_request(**told: Any) -> None:  # noqa: ANN401  Locust's event is untyped
    """Take a request of Locust's `request` event as one of the visit that is under way in this greenlet.

    One that is sent from another greenlet is known by its context, which Locust's HTTP clients fill in.
    """
    visit = _CURRENT.get() or (told.get("context") or {}).get(_KEY)
    if isinstance(visit, OwnVisit):
        visit.note(told)


class OwnVisit:
    """One visit under way, and what became of its requests."""

    def __init__(self, attempt: Attempt, side: RequestContext) -> None:
        """Begin without a request."""
        self._attempt = attempt
        self._side = side
        self._requests = 0
        self._failure: Ending | None = None

    def note(self, told: Mapping[str, Any]) -> None:
        """Note a request as a hit."""
        took_s = max(float(told.get("response_time") or 0.0) / 1000, 0.0)
        now_s, started = self._side.clock.now_s(), told.get("start_time")
        ago_s = took_s if started is None else max(time.time() - float(started), took_s)
        asked_s = max(now_s - ago_s, 0.0)
        response = told.get("response")
        ending = ending_of_request(response, told.get("exception"))
        self._requests += 1
        if ending != SERVED:
            self._failure = self._failure or ending
            if ending[1] in {NO_PORT, NO_DESCRIPTOR}:
                self._side.book.count(ending[1])
        step = " ".join(f"{told.get('request_type', '')} {told.get('name', '')}".split())[:_STEP_MOST]
        arrival, attempt = self._side.arrival, self._attempt
        hit = Hit(
            customer=arrival.customer,
            channel=attempt.channel.name,
            operation=arrival.operation,
            attempt=attempt.number,
            step=step,
            asked_s=asked_s,
            connect_s=0.0,
            sent_s=None,
            ended_s=asked_s + took_s,
            status=_status(response),
            outcome=ending[0].value,
        )
        self._side.book.hit(hit, is_kept=self._side.keeps_hits)

    def ending(self, returned: object = None) -> Ending:
        """Say how the visit ended: as its method says, else as its requests did; never served without any."""
        if (told := _told(returned)) is not None:
            return told
        if self._failure is not None:
            return self._failure
        return SERVED if self._requests else (Outcome.ERROR, NO_REQUEST)


def _told(returned: object) -> Ending | None:
    """Give the ending that a method returned; None: it leaves that to its requests."""
    cause: object = ""
    if isinstance(returned, tuple) and len(returned) == 2:  # noqa: PLR2004  an outcome and a cause
        returned, cause = returned
    if isinstance(returned, bool):
        return SERVED if returned else (Outcome.ERROR, cleaned(str(cause)) or RETURNED_FALSE)
    if not isinstance(returned, str):
        return None
    if returned not in OUTCOMES or returned == Outcome.UNFINISHED:
        return Outcome.ERROR, UNKNOWN_OUTCOME
    outcome = Outcome(returned)
    return SERVED if outcome is Outcome.SERVED else (outcome, cleaned(str(cause)) or outcome.value)


def ending_of_request(response: object, exception: BaseException | None) -> Ending:
    """Say how a visit ends with a request, by what Locust was told of it, without the exception's text."""
    if exception is None:
        return SERVED
    status = _status(response)
    if status in _GOOD:
        return Outcome.ERROR, CHECK_FAILED
    return ending_of(Response(status)) if status else _ending_by(exception)


def _ending_by(exception: BaseException) -> Ending:
    """Say it where there was no answer."""
    if (ran_out := _ran_out(exception)) is not None:
        return Outcome.ERROR, ran_out
    if isinstance(exception, TimeoutError | gevent.Timeout) or "timeout" in type(exception).__name__.lower():
        return Outcome.TIMEOUT, NO_ANSWER
    if code := _grpc_code(exception):
        return _BY_CODE.get(code, Outcome.ERROR), f"grpc_{code}"
    if isinstance(exception, ConnectionError) or "connection" in type(exception).__name__.lower():
        return Outcome.ERROR, CONNECTION_FAILED
    return Outcome.ERROR, cleaned(f"raised_{type(exception).__name__}")


def _status(response: object) -> int:
    status = getattr(response, "status_code", 0)
    return status if isinstance(status, int) else 0


def _ran_out(exception: BaseException) -> str | None:
    """Give what the generator itself had no more of; clients wrap the system's error, and keep its text."""
    text = str(exception)
    for number, cause in ((errno.EMFILE, NO_DESCRIPTOR), (errno.EADDRNOTAVAIL, NO_PORT)):
        if getattr(exception, "errno", None) == number or f"[Errno {number}]" in text:
            return cause
    return None


def _grpc_code(exception: BaseException) -> str:
    code = getattr(exception, "code", None)
    if callable(code):
        with contextlib.suppress(Exception):
            return cleaned(str(getattr(code(), "name", "")).lower())
    return ""


class OwnCustomer:
    """One arrival's own users: made at the first visit to their channel, kept to the end of the journey."""

    def __init__(
        self,
        driven: Mapping[str, DrivenUser],
        environment: Environment,
        side: RequestContext,
        human_time_factor: float,
    ) -> None:
        """Have no user yet."""
        self._driven = driven
        self._environment = environment
        self._side = side
        self._human_time_factor = human_time_factor
        self._users: dict[type[User], User] = {}
        self._started: list[User] = []

    def begins_as(self, user: User) -> None:
        """Take the user that stands for the arrival in Locust's own counts; it is not made yet."""
        self._users[type(user)] = user

    def serve(self, attempt: Attempt) -> Ending:
        """Run one visit at its channel to its end."""
        driven, visit = self._driven[attempt.channel.name], OwnVisit(attempt, self._side)
        token = _CURRENT.set(visit)
        attempt.note_service()
        user: User | None = None
        try:
            user = self._ready(driven, attempt, visit)
            returned = self._run(driven, user, attempt)
        except LEAVING:
            return visit.ending()
        except gevent.Timeout as error:
            return ending_of_request(None, error)
        except StopTest as error:
            return self._stop_run(error)
        except Exception as error:  # noqa: BLE001  the user's own code; what it raises is the visit's end
            self._say(user, error)
            return ending_of_request(None, error)
        finally:
            _CURRENT.reset(token)
        return visit.ending(returned if driven.answers else None)

    def leave(self) -> None:
        """Run `on_stop` of the users that began; what it raises is told to Locust and changes no visit."""
        while self._started:
            user = self._started.pop()
            try:
                user.on_stop()  # type: ignore[no-untyped-call]  # Locust's is untyped
            except LEAVING:
                continue
            except Exception as error:  # noqa: BLE001  as in `serve`
                self._say(user, error)
            finally:
                # It holds on to the user, and the user to it: else both wait for the cyclic collector.
                user._taskset_instance = None  # noqa: SLF001  Locust has no other way

    def _ready(self, driven: DrivenUser, attempt: Attempt, visit: OwnVisit) -> User:
        """Give the customer's user of the class, made and started when it is needed first."""
        if driven.user not in self._users:
            self._users[driven.user] = driven.user.__new__(driven.user)
        user = self._users[driven.user]
        is_new = user not in self._started
        if is_new:
            group, greenlet = getattr(user, "_group", None), getattr(user, "_greenlet", None)
            user.__init__(self._environment)  # type: ignore[misc]  # `start_user` has begun it
            user._group, user._greenlet, user._state = group, greenlet, LOCUST_STATE_RUNNING  # noqa: SLF001  Locust's
            user._taskset_instance = DefaultTaskSet(user)  # noqa: SLF001  as above
        if isinstance(user, ChannelUser):
            user.attempt, user.human_time_factor, user._random = attempt, self._human_time_factor, None  # noqa: SLF001  ours
        else:
            user.wait = partial(think, user, attempt, self._human_time_factor)  # type: ignore[method-assign]  # its own
        user.context = partial(_context, type(user).context, user, visit)  # type: ignore[method-assign]  # its own
        if is_new:
            user.on_start()
            self._started.append(user)
        return user

    def _run(self, driven: DrivenUser, user: User, attempt: Attempt) -> object:
        if driven.works is None:
            VisitTasks(user, attempt, driven.tasks, self._human_time_factor).run(user.tasks)
            return None
        work = driven.works[attempt.customer.arrival.operation]
        if isinstance(work, str):
            return getattr(user, work)()
        VisitTasks(user, attempt, 1, self._human_time_factor).run([work])
        return None

    def _say(self, user: User | None, error: Exception) -> None:
        """Report an error of the user's own code where Locust reports those."""
        fire: Any = self._environment.events.user_error.fire
        fire(user_instance=user, exception=error, tb=error.__traceback__)

    def _stop_run(self, error: StopTest) -> Ending:
        """End the run, as Locust does; what has not come by then is not sent."""
        logger.error("a user stops the run: %s", type(error).__name__)
        if self._environment.runner is not None:
            gevent.spawn(self._environment.runner.quit)
        return Outcome.ERROR, "raised_StopTest"


def _context(own: Callable[[User], dict[str, Any]], user: User, visit: OwnVisit) -> dict[str, Any]:
    return {**own(user), _KEY: visit}


def start_user(user_class: type[User], run: Callable[[User], None], group: Group) -> Greenlet:
    """Let a user of a class begin in a greenlet of its own; it is made there, which may take its time.

    Locust counts users by the first argument of their greenlets, so the user is there from the beginning.
    """
    user = user_class.__new__(user_class)
    user._state, user._group = None, group  # noqa: SLF001  Locust looks at both
    user._greenlet = group.spawn(run, user)  # noqa: SLF001  as above
    return user._greenlet  # noqa: SLF001  as above
