"""The user's own Locust users at a channel: how they are declared, and how one of their visits is run."""

import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast
from uuid import NAMESPACE_OID, uuid5

import gevent
from gevent import Greenlet
from gevent.pool import Group
from locust import FastHttpUser, HttpUser, TaskSet, User
from locust.env import Environment
from locust.exception import StopTest
from locust.user.task import LOCUST_STATE_RUNNING, DefaultTaskSet

from footfall._load.identity import Identity
from footfall._load.locust_users import RequestContext
from footfall._load.own_users import OwnUser, OwnUsers
from footfall._load.responses import SERVED, Ending, ending_of_request, status_in
from footfall._load.secrets import cleaned
from footfall._load.visit import Attempt
from footfall._load.visit_tasks import LEAVING, VisitTasks, think
from footfall._records.errors import BadInputError
from footfall._records.load_generator import NO_DESCRIPTOR, NO_PORT
from footfall._records.rows import OUTCOMES, Arrival, Hit, Outcome

NO_REQUEST = "no_request"
"""Cause of a visit without requests: it is unknown whether it was served."""
RETURNED_FALSE = "returned_false"
UNKNOWN_OUTCOME = "unknown_outcome"
_KEY = "footfall_visit"
_STEP_MOST = 120
logger = logging.getLogger(__name__)


class ChannelUser(User):
    """A customer's behaviour at one channel: a method for each operation, with any Locust client.

    Use it with one of Locust's users: `class Shop(ChannelUser, FastHttpUser)`, name the `channel`, and write
    a method for each operation of the model, decorated with `@task` or not. A visit is served when all its
    requests were; a method may return its outcome instead (`True`, `False`, `Outcome.REJECTED`, `"rejected"`,
    or one of these and a cause).
    """

    abstract = True
    channel: str = ""
    """Name of the model's channel whose visits it serves."""
    operations: Mapping[str, str] = {}
    """Names of methods by operation, where they differ from the operation's name."""
    attempt: Attempt
    """The visit under way."""
    human_time_factor: float = 1.0
    """Set for each run, from the scenario."""
    _random: random.Random | None = None

    @property
    def arrival(self) -> Arrival:
        """The arrival: customer, subscriber, segment, operation, first channel, when it was due."""
        return self.attempt.customer.arrival

    @property
    def identity(self) -> Identity:
        """The customer's account: `msisdn`, `pin`, `plan`, `recharge_fen`, `browser`."""
        return self.attempt.customer.identity

    @property
    def idempotency_key(self) -> str:
        """A UUID: the same in all attempts of this customer at this channel, different in every run."""
        customer = self.attempt.customer
        return str(uuid5(NAMESPACE_OID, f"{customer.run}-{customer.arrival.customer}-{self.channel}"))

    @property
    def random(self) -> random.Random:
        """Random numbers of this visit: the same in every run of the trace."""
        if self._random is None:
            self._random = random.Random(self.attempt.u("own_user"))
        return self._random

    def think(self, seconds: float) -> None:
        """Wait while the customer reads or types; the scenario's `human_time_factor` shortens it.

        Response times do not include it.
        """
        self.attempt.think(seconds * self.human_time_factor)

    def wait(self) -> None:
        """Wait for the user's `wait_time`, as the customer's think time."""
        self.think(self.wait_time())


Work = str | Callable[..., Any] | type[TaskSet]
"""What is done for an operation: the name of a method, a task function, or a task set."""


@dataclass(frozen=True, slots=True)
class DrivenUser:
    """A user class and what it does at a channel."""

    user: type[User]
    channel: str
    works: Mapping[str, Work] | None
    """By operation; None: for all operations, `tasks` of the user's tasks, chosen by their weights."""
    tasks: int | None = 1
    """Number of tasks in a visit; None: until the user stops itself."""
    returns_outcome: bool = False
    """Whether the return value of a method says how the visit ended."""


_DRIVEN: list[DrivenUser] = []


def register(
    user: type[User], channel: str, operations: Mapping[str, Work] | None = None, tasks: int | None = 1
) -> None:
    """Register a user class for a channel; see `footfall.locust.drive`.

    Raises:
        BadInputError: it is not a user class with tasks, or an argument is impossible.
    """
    name, given = getattr(user, "__name__", repr(user)), cast("object", user)
    where = f"drive({name}, channel={channel!r})"
    if not (isinstance(given, type) and issubclass(given, User)):
        raise BadInputError(
            where, f"{name} is not a Locust user class", "a subclass of locust.User, such as HttpUser"
        )
    if not channel:
        raise BadInputError(where, "the channel is empty", "the name of a channel of the model")
    if tasks is not None and tasks < 1:
        raise BadInputError(where, f"tasks is {tasks}", "1 or more, or None")
    if operations is None and not user.tasks:
        raise BadInputError(where, f"{name} has no tasks", "a method with @task, or operations={…}")
    for operation, work in (operations or {}).items():
        if isinstance(work, str) and not callable(getattr(user, work, None)):
            raise BadInputError(
                f"{where} {operation}", f"{name} has no method {work}", "the name of a method"
            )
    _DRIVEN.append(DrivenUser(user, channel, operations, tasks))


def driven_users(classes: Iterable[type[User]]) -> dict[str, DrivenUser]:
    """Return the users that serve channels, by channel, among the classes that Locust runs.

    Raises:
        BadInputError: two of them serve one channel, or a `ChannelUser` has no channel.
    """
    chosen = list(classes)
    found: dict[str, DrivenUser] = {}
    for each in (*_declared(chosen), *(each for each in _DRIVEN if each.user in chosen)):
        if each.channel in found:
            pair = f"{found[each.channel].user.__name__} and {each.user.__name__}"
            raise BadInputError(
                f"channel {each.channel}", f"{pair} both serve it", "one user class for each channel"
            )
        found[each.channel] = each
    return found


def _declared(classes: Iterable[type[User]]) -> Iterator[DrivenUser]:
    for user in classes:
        if issubclass(user, ChannelUser):
            if not user.channel:
                raise BadInputError(
                    user.__name__, "has no channel", 'channel = "…", the name of a channel of the model'
                )
            yield DrivenUser(user, user.channel, _Methods(user), returns_outcome=True)


class _Methods(Mapping[str, Work]):
    """Operations of a `ChannelUser`: its public methods that neither Locust nor Footfall defines."""

    def __init__(self, user: type[ChannelUser]) -> None:
        inherited = {*dir(ChannelUser), *dir(HttpUser), *dir(FastHttpUser)}
        names = (name for name in dir(user) if not name.startswith("_") and name not in inherited)
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
    """Return as plain data which user serves which channel."""
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
    """Return the `host` of a registered user class, if one has it."""
    return next((str(each.user.host) for each in _DRIVEN if each.user.host), None)


_CURRENT: ContextVar["OwnVisit | None"] = ContextVar(_KEY, default=None)


def note_request(**event: Any) -> None:  # noqa: ANN401  Locust's event is untyped
    """Record a request of Locust's `request` event for the visit that is under way in this greenlet.

    A request from another greenlet is recognised by its context, which Locust's HTTP clients pass on.
    """
    visit = _CURRENT.get() or (event.get("context") or {}).get(_KEY)
    if isinstance(visit, OwnVisit):
        visit.note(event)


class OwnVisit:
    """One visit under way, with the results of its requests."""

    def __init__(self, attempt: Attempt, context: RequestContext, human_time_factor: float) -> None:
        """Begin without a request."""
        self._attempt = attempt
        self._context = context
        self._human_time_factor = human_time_factor
        self._requests = 0
        self._failure: Ending | None = None

    def note(self, event: Mapping[str, Any]) -> None:
        """Record a request as a hit."""
        took_s = max(float(event.get("response_time") or 0.0) / 1000, 0.0)
        now_s, started = self._context.clock.now_s(), event.get("start_time")
        ago_s = took_s if started is None else max(time.time() - float(started), took_s)
        asked_s = max(now_s - ago_s, 0.0)
        response = event.get("response")
        ending = ending_of_request(response, event.get("exception"))
        self._requests += 1
        if ending != SERVED:
            self._failure = self._failure or ending
            if ending[1] in {NO_PORT, NO_DESCRIPTOR}:
                self._context.results.count(ending[1])
        step = " ".join(f"{event.get('request_type', '')} {event.get('name', '')}".split())[:_STEP_MOST]
        arrival, attempt = self._context.arrival, self._attempt
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
            status=status_in(response),
            outcome=ending[0].value,
        )
        self._context.results.hit(hit, is_kept=self._context.keeps_hits)

    def wait(self, user: User) -> None:
        """Wait for a user's `wait_time` as think time."""
        think(user, self._attempt, self._human_time_factor)

    def ending(self, returned: object = None) -> Ending:
        """Return how the visit ended: by its method's return value, otherwise by its requests."""
        if (ending := _ending_returned(returned)) is not None:
            return ending
        if self._failure is not None:
            return self._failure
        return SERVED if self._requests else (Outcome.ERROR, NO_REQUEST)


def _ending_returned(returned: object) -> Ending | None:
    """Return the ending that a method returned; None: its requests decide."""
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


class _VisitingUser(User):
    """Lets a user class serve visits; `_visiting` puts it in front of the class."""

    abstract = True
    _footfall_visit: OwnVisit
    _group: Any = None
    _greenlet: Any = None

    def __init__(self, environment: Environment) -> None:
        """Take the environment only: the class's own `__init__` may take time and is left to the greenlet."""
        self.environment = environment
        self._state = None

    def _footfall_begin(self) -> None:
        """Initialise the user in its greenlet, as Locust's `start` and `run` would."""
        group, greenlet = self._group, self._greenlet
        super().__init__(self.environment)
        self._group, self._greenlet, self._state = group, greenlet, LOCUST_STATE_RUNNING
        self._taskset_instance = DefaultTaskSet(self)

    def context(self) -> dict[str, Any]:
        """Add the visit, so that requests from other greenlets are recognised."""
        return {**super().context(), _KEY: self._footfall_visit}


class _WaitingUser(_VisitingUser):
    """The same for classes that are not a `ChannelUser`: their waiting is think time, too."""

    abstract = True

    def wait(self) -> None:
        """Wait for `wait_time` as think time."""
        self._footfall_visit.wait(self)


@cache
def _visiting(user_class: type[User]) -> type[_VisitingUser]:
    """Return a subclass that serves visits, with the name under which Locust counts its users."""
    kind = _VisitingUser if issubclass(user_class, ChannelUser) else _WaitingUser
    names = {"__module__": user_class.__module__, "__qualname__": user_class.__qualname__}
    return type(user_class.__name__, (kind, user_class), names)


class OwnCustomer:
    """The own users of one arrival: created at the first visit to their channel, kept for the journey."""

    def __init__(
        self,
        driven: Mapping[str, DrivenUser],
        environment: Environment,
        context: RequestContext,
        human_time_factor: float,
    ) -> None:
        """Begin without users."""
        self._driven = driven
        self._environment = environment
        self._context = context
        self._human_time_factor = human_time_factor
        self._users: dict[type[User], _VisitingUser] = {}
        self._started: list[User] = []

    def begins_as(self, user: User) -> None:
        """Use the user that represents the arrival in Locust's counts, if it is an own one."""
        if isinstance(user, _VisitingUser):
            self._users[type(user)] = user

    def serve(self, attempt: Attempt) -> Ending:
        """Run one visit at its channel to its end."""
        driven = self._driven[attempt.channel.name]
        visit = OwnVisit(attempt, self._context, self._human_time_factor)
        token = _CURRENT.set(visit)
        attempt.start_service()
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
        except (Exception, SystemExit) as error:  # noqa: BLE001  the user's own code may raise anything
            # It ends the visit. A SystemExit that went on would end Locust, and the run without its results.
            self._report(user, error)
            return ending_of_request(None, error)
        finally:
            _CURRENT.reset(token)
        return visit.ending(returned if driven.returns_outcome else None)

    def leave(self) -> None:
        """Run `on_stop` of the users that have started; errors are reported to Locust and change no visit."""
        while self._started:
            user = self._started.pop()
            try:
                user.on_stop()  # type: ignore[no-untyped-call]  # Locust's is untyped
            except LEAVING:
                continue
            except (Exception, SystemExit) as error:  # noqa: BLE001  as in `serve`
                self._report(user, error)
            finally:
                # The two refer to each other and would otherwise wait for the cyclic collector.
                user._taskset_instance = None  # noqa: SLF001  Locust has no other way

    def _ready(self, driven: DrivenUser, attempt: Attempt, visit: OwnVisit) -> User:
        """Return the customer's user of the class, initialised and started at its first visit."""
        user_class = _visiting(driven.user)
        if user_class not in self._users:
            self._users[user_class] = user_class(self._environment)
        user = self._users[user_class]
        is_new = user not in self._started
        if is_new:
            user._footfall_begin()  # noqa: SLF001  ours
        user._footfall_visit = visit  # noqa: SLF001  ours
        if isinstance(user, ChannelUser):
            user.attempt, user.human_time_factor, user._random = attempt, self._human_time_factor, None  # noqa: SLF001  ours
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

    def _report(self, user: User | None, error: BaseException) -> None:
        """Report an error of the user's own code to Locust."""
        fire: Any = self._environment.events.user_error.fire
        fire(user_instance=user, exception=error, tb=error.__traceback__)

    def _stop_run(self, error: StopTest) -> Ending:
        """End the run, as Locust does; arrivals that have not started are not sent."""
        logger.error("a Locust user stopped the run by raising %s", type(error).__name__)
        if self._environment.runner is not None:
            gevent.spawn(self._environment.runner.quit)
        return Outcome.ERROR, "raised_StopTest"


def start_user(
    user_class: type[User], environment: Environment, run: Callable[[User], None], group: Group
) -> Greenlet:
    """Start a user of a class in its own greenlet, where it is initialised at its first visit.

    Locust counts users by the first argument of their greenlets, so the user exists from the beginning.
    """
    user = _visiting(user_class)(environment)
    user._group = group  # noqa: SLF001  Locust reads it
    user._greenlet = group.spawn(run, user)  # noqa: SLF001  as above
    return user._greenlet  # noqa: SLF001  as above
