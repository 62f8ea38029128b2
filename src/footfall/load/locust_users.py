"""Locust's users: one instance is one arrival, started when it is due."""

from collections.abc import Collection, Iterable
from typing import Protocol

from locust import User, task
from locust.exception import StopUser

from footfall.model.channel import Channel
from footfall.model.station_specs import CallCentre, Counters, Kiosks, MessageGateway
from footfall.records.errors import BadInputError
from footfall.records.rows import Arrival


class Runner(Protocol):
    """What a user's arrival is run by."""

    def run(self, user: User, arrival: Arrival) -> None:
        """Follow the customer of an arrival to the end of their journey."""


class ModelUser(User):
    """A customer who does at a channel what the model says; after a failure they may go on at another."""

    abstract = True
    arrival: Arrival | None = None
    arrival_runner: Runner | None = None

    def on_stop(self) -> None:
        """Let go of what runs the task, which holds on to us: else both wait for the cyclic collector."""
        self._taskset_instance = None

    @task
    def errand(self) -> None:
        """Follow the customer once, then leave.

        Raises:
            StopUser: always, which is how a Locust user leaves.
        """
        if self.arrival_runner is not None and self.arrival is not None:
            self.arrival_runner.run(self, self.arrival)
        raise StopUser


class WebUser(ModelUser):
    """A channel of requests alone: browse, log in, query, order, confirm, log out."""


class SmsUser(ModelUser):
    """Messages: a message out, an answer in, and a `Y` where it is asked for."""


class HotlineUser(ModelUser):
    """Hotline: a line, the IVR, and an agent for whoever needs one."""


class KioskUser(ModelUser):
    """Self-service terminal: wait for a machine, then use it."""


class CounterUser(ModelUser):
    """Service hall: take a ticket, wait for a clerk, who works the terminal."""


USERS: tuple[type[ModelUser], ...] = (
    WebUser,
    SmsUser,
    HotlineUser,
    KioskUser,
    CounterUser,
)
_BY_STATION: tuple[tuple[type, type[ModelUser]], ...] = (
    (MessageGateway, SmsUser),
    (CallCentre, HotlineUser),
    (Kiosks, KioskUser),
    (Counters, CounterUser),
)


def user_of(channel: Channel) -> type[ModelUser]:
    """Give the user class of a channel, by its station and never by its name."""
    for station, user in _BY_STATION:
        if isinstance(channel.station, station):
            return user
    return WebUser


def check_users(classes: Iterable[type[User]], driven: Collection[type[User]]) -> None:
    """See that every user class of the locustfile serves a channel: the trace starts no others.

    Raises:
        BadInputError: one does not.
    """
    others = sorted(
        each.__name__ for each in classes if not issubclass(each, ModelUser) and each not in driven
    )
    if others:
        problem = f"the user class {others[0]} serves no channel, so the trace would never start it"
        expected = f'drive({others[0]}, channel="…") for a channel of the model, or a locustfile without it'
        raise BadInputError("-f", problem, expected)
