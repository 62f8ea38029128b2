"""A channel: how it is reached, what one says and does there, and the station behind it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from annotated_types import Le
from pydantic import BeforeValidator, model_validator

from footfall._model.durations import AT_ONCE, AnyDuration, Duration, Time
from footfall._model.numbers import (
    DAY_S,
    CountFromOne,
    Name,
    NonNegative,
    Number,
    Seconds,
    Several,
    Share,
    Spec,
    as_time,
    default,
)
from footfall._model.profiles import minute_of_day
from footfall._model.station_specs import CallCentre, Station
from footfall._model.value_errors import Meaning, WrongValueError
from footfall._records.errors import shown
from footfall._records.rows import Outcome

Nest = Literal["physical", "electronic"]
"""Groups of channels that are alike to a customer who chooses."""
_MINUTE_S = 60.0
SITES_MOST = 1_000_000
"""Each has its own queue."""
_BY_HAND = {"counters", "kiosks"}
"""Stations that serve for as long as the customer's turn takes; the others take their systems' time."""
_STEP = re.compile(r"(?P<verb>[a-z]\w*)(?:\s+x\s*(?P<pages>\d+))?(?:\s+(?P<human>\S.*))?")
_STEPS = Meaning('steps, such as "login, query x3 15s, logout": verb, pages, the customer\'s own time before')
_HOURS = Meaning('hours of opening, such as "9:00-17:30" or (9, 17.5)')


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
    """One cause of failure in a turn, and how often it strikes.

    Example:
        >>> Fault("wrong_pin", "customer", "rejected", percent(1.5)).share
        0.015
    """

    heads = ("cause", "by", "outcome", "share")
    cause: Name
    by: Literal["customer", "service"]
    """Whose doing: the customer's (drawn with the customer, so alike in both worlds), or the operator's."""
    outcome: Literal[Outcome.REJECTED, Outcome.ERROR, Outcome.TIMEOUT, Outcome.UNCONFIRMED]
    share: Share

    if TYPE_CHECKING:

        def __init__(self, cause: str, by: str, outcome: Outcome | str, share: float | str) -> None: ...


class Work(Spec):
    """What one turn costs the operator's systems, and what can go wrong in it.

    Example:
        >>> Work("200ms", Fault("down", "service", "error", "1%")).service.mean_s
        0.2
    """

    heads = ("service", "faults")
    service: AnyDuration = AT_ONCE
    """Time in the operator's systems, for each page or message."""
    faults: Several[Fault] = ()

    if TYPE_CHECKING:

        def __init__(self, service: Time = ..., faults: Fault | Sequence[Fault] = ...) -> None: ...

    @model_validator(mode="after")
    def _faults_fit(self) -> Self:
        for by in ("customer", "service"):
            if sum(fault.share for fault in self.faults if fault.by == by) > 1:
                msg = f"shares of the faults by the {by} add up to more than 1"
                raise ValueError(msg)
        return self


class Step(Spec):
    """One turn of a dialogue: the customer's own time before it, then what they ask.

    Example:
        >>> Step("query", human=lognormal("7s", cv=0.8), pages=3).pages
        3.0
    """

    heads = ("verb", "human", "pages")
    verb: Verb
    human: AnyDuration = AT_ONCE
    """What the customer (or clerk) reads, types or says before asking."""
    pages: CountFromOne = default(1)
    """Pages or messages fetched one after another in this turn."""

    if TYPE_CHECKING:

        def __init__(self, verb: Verb | str, human: Time = ..., pages: float = ...) -> None: ...


class OpeningHours(Spec):
    """Hours of the day in which the channel takes new customers; those inside are still served.

    Example:
        >>> OpeningHours(hours(9), hours(17.5)).has(12 * 3600)
        True
    """

    heads = ("opens_s", "closes_s")
    opens_s: Seconds
    closes_s: Seconds

    if TYPE_CHECKING:

        def __init__(self, opens_s: float | str, closes_s: float | str) -> None: ...

    @model_validator(mode="after")
    def _is_open_some_time(self) -> Self:
        if not self.opens_s < self.closes_s <= DAY_S:
            problem = f"opens at {_clock(self.opens_s)} and closes at {_clock(self.closes_s)}"
            raise WrongValueError(problem, "hours of one day, opening before closing")
        return self

    def has(self, at_s: float) -> bool:
        """Whether it is open at this second of the day."""
        return self.opens_s <= at_s % DAY_S < self.closes_s


class Outage(Spec):
    """A time in which the channel fails every request: `error`, cause `outage`.

    Example:
        >>> Outage("1h", "2h").has(5000)
        True
    """

    heads = ("starts_s", "ends_s")
    starts_s: Seconds
    ends_s: Seconds

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Self:
        if not self.starts_s < self.ends_s:
            raise WrongValueError(f"from {self.starts_s:g} s to {self.ends_s:g} s", "a start before the end")
        return self

    def has(self, at_s: float) -> bool:
        """Whether it lasts at this second."""
        return self.starts_s <= at_s < self.ends_s


class LogoutReminder(Spec):
    """The message sent to a customer who left a session open.

    Example:
        >>> LogoutReminder(forgotten_share="30%", idle="10 min").idle_s
        600.0
    """

    forgotten_share: Share
    """Customers who leave without logging out."""
    idle_s: Seconds
    """Idle time after which the reminder goes out and the session ends."""

    if TYPE_CHECKING:

        def __init__(
            self, *, forgotten_share: float | str, idle: float | str = ..., idle_s: float | str = ...
        ) -> None: ...


def _clock(at_s: float) -> str:
    return "{:.0f}:{:02.0f}".format(*divmod(at_s // _MINUTE_S, 60))


def _as_work(value: object) -> object:
    """Let a time be work without faults."""
    is_one = isinstance(value, Work) or (isinstance(value, dict) and not value.keys() & {"law", "value"})
    return value if is_one else {"service": value}


def _as_opening(value: object) -> object:
    """Let two times of day be the hours of opening."""
    times = value.split("-") if isinstance(value, str) else value
    if not isinstance(times, list | tuple):
        return value
    minutes = [minute_of_day(at) for at in times]
    known = [minute * _MINUTE_S for minute in minutes if minute is not None]
    if not len(times) == len(known) == 2:  # noqa: PLR2004  from and to
        raise WrongValueError(f"{shown(value)} is not a range of opening hours", _HOURS.text)
    return {"opens_s": known[0], "closes_s": known[1]}


def nest_of(channel: Any) -> str:  # noqa: ANN401  a channel, or its fields
    """Return the nest of a channel: physical for counters and terminals, else electronic, unless given."""
    if isinstance(channel, Channel):
        return channel.nest
    fields = channel if isinstance(channel, Mapping) else {}
    return str(
        fields.get("nest", "physical" if _kind_of(fields.get("station")) in _BY_HAND else "electronic")
    )


def _kind_of(station: Any) -> str | None:  # noqa: ANN401  a station, or its fields
    kind = station.get("kind") if isinstance(station, dict) else getattr(station, "kind", None)
    return kind if isinstance(kind, str) else None


def _steps(text: str, human: Any) -> tuple[dict[str, Any], ...]:  # noqa: ANN401  as given
    """Read the steps of a dialogue, such as "login 25s, query x3".

    A step without a time has that of `human`; one with a time has it as its mean, by the law of `human`.
    """
    found = []
    for part in text.split(","):
        read = _STEP.fullmatch(part.strip())
        mean_s = as_time(read["human"]) if read else None
        if read is None or isinstance(mean_s, str):
            raise WrongValueError(f"{part.strip()!r} is not a step", _STEPS.text)
        if read["verb"] not in set(Verb):
            raise WrongValueError(f"{read['verb']!r} is not what a step asks", ", ".join(Verb))
        step = {"verb": read["verb"], "human": _of_mean(human, mean_s)}
        found.append(step | ({"pages": _like(human, int(read["pages"]))} if read["pages"] else {}))
    return tuple(found)


def _of_mean(human: Any, mean_s: Any) -> Any:  # noqa: ANN401  as given
    """Return a time of the same law with another mean."""
    if mean_s is None:
        return AT_ONCE if human is None else human
    if mean_s == 0:
        return AT_ONCE
    if isinstance(human, Duration):
        return human.model_copy(update={"mean_s": _like(human, mean_s)})
    return {**human, "mean_s": mean_s} if isinstance(human, Mapping) and "law" in human else mean_s


def _like(human: Any, value: float) -> float:  # noqa: ANN401  as given
    """Return a number with the source of a time."""
    if not isinstance(human, Duration):
        return value
    return Number(value, human.mean_s.grade, human.mean_s.source)


def _fill_in_dialogues(found: dict[str, Any]) -> None:
    """Let a dialogue be a text, and `human` be the time of its steps."""
    human, dialogues = found.pop("human", None), found.get("dialogues")
    given = dialogues if isinstance(dialogues, Mapping) else {}
    read = {name: _steps(text, human) for name, text in given.items() if isinstance(text, str)}
    if read:
        found["dialogues"] = {**given, **read}
    elif human is not None:
        raise WrongValueError("human is the time of steps that are a text", _STEPS.text)


def _fill_in_service(found: dict[str, Any], kind: str | None) -> None:
    """Make one turn of each operation from `service`, and work of no time for what the turns ask."""
    service, named = found.pop("service", None), found.pop("operations", None)
    operations = _names_of(Verb.QUERY.value if named is None else named)
    if named is not None and _is_by_operation(service):
        raise WrongValueError("service by operation and operations= both name operations", "one of them")
    by_hand = kind in _BY_HAND
    if "dialogues" not in found:
        times = _by_operation(service, operations, kind)
        if not by_hand and len(set(map(id, times.values()))) > 1:
            expected = "one service time, or works= and dialogues= with a verb for each operation"
            raise WrongValueError("a server has one service time for all operations", expected)
        found["dialogues"] = {
            name: ({"verb": Verb.BROWSE, "human": time if by_hand else AT_ONCE},)
            for name, time in times.items()
        }
        if not by_hand:
            found.setdefault("works", {Verb.BROWSE: {"service": next(iter(times.values()))}})
    elif service is not None:
        raise WrongValueError("service and dialogues both say how a visit goes", "one of them")
    if not isinstance(found["dialogues"], Mapping):
        found.setdefault("works", {})
    if "works" not in found:
        turns = [turn for several in found["dialogues"].values() for turn in _turns(several)]
        verbs = [
            turn.get("verb") if isinstance(turn, Mapping) else getattr(turn, "verb", None) for turn in turns
        ]
        found["works"] = {verb: Work() for verb in verbs if isinstance(verb, str)}


def _by_operation(service: Any, operations: tuple[str, ...], kind: str | None) -> dict[str, Any]:  # noqa: ANN401  as given
    """Return the service time of each operation."""
    if _is_by_operation(service):
        return dict(service)
    if service == {} or (service is None and kind != "call_centre"):
        expected = "how long a visit takes, such as service=exponential(minutes(6))"
        raise WrongValueError("service is missing", expected)
    return dict.fromkeys(operations, AT_ONCE if service is None else service)


def _is_by_operation(service: Any) -> bool:  # noqa: ANN401  as given
    return isinstance(service, Mapping) and bool(service) and not service.keys() & {"law", "value"}


def _names_of(operations: Any) -> tuple[str, ...]:  # noqa: ANN401  as given
    """Give the names of operations; one may stand alone."""
    names = (operations,) if isinstance(operations, str) else operations
    if not (isinstance(names, tuple | list) and names and all(isinstance(name, str) for name in names)):
        expected = 'names of what people come for, such as ("query", "order")'
        raise WrongValueError(f"operations cannot be {shown(operations)}", expected)
    return tuple(names)


def _with_agent_share(station: Any, kind: str | None, operations: Iterable[str]) -> Any:  # noqa: ANN401  as given
    """Spell out for each operation what share of a call centre's callers ask for an agent."""
    if isinstance(station, CallCentre):
        return station.for_operations(operations)
    if kind != "call_centre" or not isinstance(station, dict):
        return station
    share = station.get("agent_share", default(1))
    is_for_all = not isinstance(share, Mapping) or "value" in share
    return station | ({"agent_share": dict.fromkeys(operations, share)} if is_for_all else {})


def _turns(several: Any) -> Sequence[Any]:  # noqa: ANN401  as given
    return several if isinstance(several, tuple | list) else (several,)


class Channel(Spec):
    """A channel: the station that serves it, its service times, opening hours and price.

    Example:
        >>> hall = Channel("hall", Counters(3), service=exponential("6 min"), opening="9-17:30")
        >>> hall.open_at(8 * 3600)
        False
    """

    heads = ("name", "station")
    name: Name
    title: str
    """Its name, unless given."""
    nest: Nest
    """Physical for counters and terminals, electronic for the others, unless given."""
    station: Station
    sites: Annotated[CountFromOne, Le(SITES_MOST)] = default(1)
    """Places, each with its own servers and queue; every customer has a nearest one."""
    opening: Annotated[OpeningHours, BeforeValidator(_as_opening), _HOURS] | None = None
    """Also as "9:00-17:30" or (9, 17.5); None: round the clock."""
    outages: Several[Outage] = ()
    access_s_mean: Seconds = default(0)
    """Time to reach it: the way to the hall, dialling, the browser's start. Weighs in the choice."""
    price_yuan: NonNegative = default(0)
    """What a use costs the customer: fare, call charge, message fee. Weighs in the choice."""
    works: dict[Verb, Annotated[Work, BeforeValidator(_as_work)]]
    """By what is asked, each that a step asks; without any of them requests cost the systems no time."""
    dialogues: dict[str, Several[Step]]
    """By operation; an operation that is not here is not offered. Steps may be a text, such as
    "login, query x3, order 15s, logout": what is asked, its pages, and the customer's own time before, which
    is `human` unless given, and has its law."""
    confirm_expiry_s: Seconds | None = None
    """An order confirmed later than this is `unconfirmed`; None: no second confirmation here."""
    logout_reminder: LogoutReminder | None = None
    """None: visits here leave no session open."""

    if TYPE_CHECKING:

        def __init__(
            self,
            name: str,
            station: Station,
            *,
            service: Time | Mapping[str, Time] = ...,
            operations: str | Sequence[str] = ...,
            title: str = ...,
            nest: Nest = ...,
            sites: float = ...,
            opening: OpeningHours | str | tuple[Any, Any] | None = ...,
            outages: Outage | Sequence[Outage] = ...,
            access: float | str = ...,
            access_s_mean: float | str = ...,
            price: float = ...,
            price_yuan: float = ...,
            works: Mapping[Any, Work | Time] = ...,
            dialogues: Mapping[str, str | Step | Sequence[Step]] = ...,
            human: Time = ...,
            confirm_expiry_s: float | str | None = ...,
            logout_reminder: LogoutReminder | None = ...,
        ) -> None: ...

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, data: Any) -> Any:  # noqa: ANN401  signature of pydantic
        if not isinstance(data, dict) or "name" not in data or "station" not in data:
            return data
        found = {"title": data["name"]} | data
        station, kind = found["station"], _kind_of(found["station"])
        found.setdefault("nest", nest_of(found))
        _fill_in_dialogues(found)
        _fill_in_service(found, kind)
        names = tuple(found["dialogues"]) if isinstance(found["dialogues"], Mapping) else ()
        return found | {"station": _with_agent_share(station, kind, names)}

    @model_validator(mode="after")
    def _dialogues_fit(self) -> Self:
        for operation, turns in self.dialogues.items():
            for turn in turns:
                if turn.verb not in self.works:
                    verb = turn.verb.value
                    msg = f"dialogues.{operation} has the step {verb!r}, which works does not describe"
                    raise WrongValueError(msg, f'its time in the systems, such as works={{"{verb}": "50ms"}}')
            if any(turn.verb is Verb.CONFIRM for turn in turns) and self.confirm_expiry_s is None:
                msg = f"dialogues.{operation} has a confirmation, so confirm_expiry_s is needed"
                raise WrongValueError(msg, 'how long it may take, such as confirm_expiry="5 min"')
        return self

    def open_at(self, at_s: float) -> bool:
        """Whether new customers are taken at this second of the day."""
        return self.opening is None or self.opening.has(at_s)

    def out_at(self, at_s: float) -> bool:
        """Whether an outage lasts at this second."""
        return any(outage.has(at_s) for outage in self.outages)
