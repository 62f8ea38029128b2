"""A channel: how it is reached, what one says and does there, and the station behind it."""

from enum import StrEnum
from typing import Literal, Self

from pydantic import model_validator

from footfall.model.durations import AnyDuration
from footfall.model.numbers import DAY_S, CountFromOne, NonNegative, Share, Spec
from footfall.model.station_specs import Station
from footfall.records.rows import Outcome


class Verb(StrEnum):
    """What a customer asks of a channel in one turn."""

    LOGIN = "login"
    BROWSE = "browse"
    """Look at pages, menus, tariffs; no account data."""
    QUERY = "query"
    """Balance, bill, usage: account data."""
    ORDER = "order"
    """Recharge, change of plan, number, roaming: the account changes, or an order waits."""
    CONFIRM = "confirm"
    """The second confirmation of an order."""
    LOGOUT = "logout"


class Fault(Spec):
    """One cause of failure in a turn, and how often it strikes."""

    cause: str
    by: Literal["customer", "service"]
    """Whose doing: the customer's (drawn with the customer, so alike in both worlds), or the operator's."""
    outcome: Literal[Outcome.REJECTED, Outcome.ERROR, Outcome.TIMEOUT, Outcome.UNCONFIRMED]
    share: Share


class Work(Spec):
    """What one turn costs the operator's systems, and what can go wrong in it."""

    service: AnyDuration
    """Time in the operator's systems, for each page or message."""
    faults: tuple[Fault, ...] = ()

    @model_validator(mode="after")
    def _faults_fit(self) -> Self:
        for by in ("customer", "service"):
            if sum(fault.share for fault in self.faults if fault.by == by) > 1:
                msg = f"shares of the faults by the {by} add up to more than 1"
                raise ValueError(msg)
        return self


class Step(Spec):
    """One turn of a dialogue: the customer's own time before it, then what they ask."""

    verb: Verb
    human: AnyDuration
    """What the customer (or clerk) reads, types or says before asking."""
    pages: CountFromOne
    """Pages or messages fetched one after another in this turn."""


class OpeningHours(Spec):
    """Hours of the day in which the channel takes new customers; those inside are still served."""

    opens_s: NonNegative
    closes_s: NonNegative

    def has(self, at_s: float) -> bool:
        """Whether it is open at this second of the day."""
        return self.opens_s <= at_s % DAY_S < self.closes_s


class Outage(Spec):
    """A time in which the channel fails every request: `error`, cause `outage`."""

    starts_s: NonNegative
    ends_s: NonNegative

    def has(self, at_s: float) -> bool:
        """Whether it lasts at this second."""
        return self.starts_s <= at_s < self.ends_s


class LogoutReminder(Spec):
    """The message sent to a customer who left a session open."""

    forgotten_share: Share
    """Customers who leave without logging out."""
    idle_s: NonNegative
    """Idle time after which the reminder goes out and the session ends."""


class Channel(Spec):
    """A way of being served."""

    name: str
    title: str
    nest: Literal["physical", "electronic"]
    station: Station
    sites: CountFromOne
    """Places, each with its own servers and queue; every customer has a nearest one."""
    opening: OpeningHours | None = None
    """None: round the clock."""
    outages: tuple[Outage, ...] = ()
    access_s_mean: NonNegative
    """Time to reach it: the way to the hall, dialling, the browser's start. Weighs in the choice."""
    price_yuan: NonNegative
    """What a use costs the customer: fare, call charge, message fee. Weighs in the choice."""
    works: dict[Verb, Work]
    dialogues: dict[str, tuple[Step, ...]]
    """By operation; an operation that is not here is not offered."""
    confirm_expiry_s: NonNegative | None = None
    """An order confirmed later than this is `unconfirmed`; None: no second confirmation here."""
    logout_reminder: LogoutReminder | None = None
    """None: visits here leave no session open."""

    @model_validator(mode="after")
    def _dialogues_fit(self) -> Self:
        for operation, turns in self.dialogues.items():
            for turn in turns:
                if turn.verb not in self.works:
                    verb = turn.verb.value
                    msg = f"dialogues.{operation} has the turn {verb!r}, which works does not describe"
                    raise ValueError(msg)
            if any(turn.verb is Verb.CONFIRM for turn in turns) and self.confirm_expiry_s is None:
                msg = f"dialogues.{operation} has a confirmation, so confirm_expiry_s is needed"
                raise ValueError(msg)
        return self

    def open_at(self, at_s: float) -> bool:
        """Whether new customers are taken at this second of the day."""
        return self.opening is None or self.opening.has(at_s)

    def out_at(self, at_s: float) -> bool:
        """Whether an outage lasts at this second."""
        return any(outage.has(at_s) for outage in self.outages)
