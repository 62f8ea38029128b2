"""The one channel of a fitted model: hotline, hall or web server, with the staff of the log."""

from collections.abc import Callable
from functools import partial
from typing import Literal

from footfall.records.outcomes import Outcome
from footfall.simulate.fit.arrivals import EVERY
from footfall.simulate.fit.durations import patience_of, rounded, time_of
from footfall.simulate.fit.fit import Fitted, KindFit
from footfall.simulate.spec.agents import Caller
from footfall.simulate.spec.base import Profile, constant, profile
from footfall.simulate.spec.channel import Channel, Fault, Turn, Verb, Work
from footfall.simulate.spec.duration import Duration, constant_s
from footfall.simulate.spec.number import Grade, assumed, fitted
from footfall.simulate.spec.station import CallCentre, Counters, RequestServer, Station
from footfall.simulate.spec.times import AnyDuration

FOREVER_S = 1e9
UNLIMITED = "not in the log: no limit"
NEUTRAL = "one channel: nothing to choose"
_ENDLESS = 10_000
_DEADLINE_S = 60.0
_Faulty = Literal[Outcome.REJECTED, Outcome.ERROR, Outcome.TIMEOUT, Outcome.UNCONFIRMED]
_FAULTS: tuple[_Faulty, ...] = (Outcome.REJECTED, Outcome.ERROR, Outcome.TIMEOUT, Outcome.UNCONFIRMED)
_Parts = tuple[Station, dict[Verb, Work], dict[str, tuple[Turn, ...]]]


def channel_of(fit: Fitted, log: str, kinds: list[str]) -> Channel:
    """Make the channel of a fit for some of its kinds; `log` is the source of its numbers."""
    makers: dict[str, Callable[[Fitted, str, list[str]], _Parts]] = {
        "hotline": _hotline,
        "hall": _hall,
        "web": _web,
    }
    station, works, dialogues = makers[fit.options.station](fit, log, kinds)
    title = fit.options.station
    return Channel(
        name=title,
        title=title,
        nest="physical" if title == "hall" else "electronic",
        station=station,
        sites=assumed(1, "the log is of one place"),
        access_s_mean=assumed(0, NEUTRAL),
        price_yuan=assumed(0, NEUTRAL),
        works=works,
        dialogues=dialogues,
    )


def _hotline(fit: Fitted, log: str, kinds: list[str]) -> _Parts:
    """Give a hotline: no IVR, every caller asks for an agent, each kind with its own talk and patience."""
    nothing = constant_s(assumed(0, "the log begins at the queue"))
    wrap_up = fit.staff.wrap_up if fit.staff and fit.options.wrap_up else None
    station = CallCentre(
        lines=assumed(_ENDLESS, UNLIMITED),
        agents=_staff(fit, log),
        agents_factor=assumed(1, "as the log has them"),
        rounding="random",
        patience=patience_of(fit.every.patience, log) or _forever(),
        talk=time_of(fit.every.service, log, "services") or nothing,
        wrap_up=time_of(wrap_up, log, "gaps to the next call, somebody waiting") or nothing,
        agent_share={kind: assumed(1, "the log is of those who ask for an agent") for kind in kinds},
        callers={kind: caller for kind in kinds if (caller := _caller(fit.kinds[kind], log))},
    )
    turn = Turn(verb=Verb.QUERY, human=nothing, pages=assumed(1, "one call"))
    return station, {Verb.QUERY: Work(service=nothing)}, dict.fromkeys(kinds, (turn,))


def _caller(kind: KindFit, log: str) -> Caller | None:
    talk = time_of(kind.service, log, f"services of {kind.kind}")
    patience = patience_of(kind.patience, f"{log}; {kind.kind}")
    return Caller(talk=talk, patience=patience) if talk or patience else None


def _hall(fit: Fitted, log: str, kinds: list[str]) -> _Parts:
    """Give a hall with one line, in which a clerk serves each kind for its own time."""
    nothing = constant_s(assumed(0, "the clerk's screens are in the service time"))
    station = Counters(
        clerks=_staff(fit, log),
        clerks_factor=assumed(1, "as the log has them"),
        rounding="random",
        room=assumed(_ENDLESS, UNLIMITED),
        patience=patience_of(fit.every.patience, log) or _forever(),
        balk_wait=_forever(),
    )
    service = partial(_service_of, fit, log)
    dialogues: dict[str, tuple[Turn, ...]] = {
        kind: (Turn(verb=Verb.QUERY, human=service(kind), pages=assumed(1, "one visit")),) for kind in kinds
    }
    return station, {Verb.QUERY: Work(service=nothing, faults=_faults(fit.every, log))}, dialogues


def _web(fit: Fitted, log: str, kinds: list[str]) -> _Parts:
    """Give a server whose slots are the most requests at once; one law of service for all kinds."""
    most = 1 if fit.staff is None else int(fit.staff.days["busy_most"].to_numpy().max())
    station = RequestServer(
        slots=fitted(max(most, 1), f"{log}; the most at once: capacity is at least this"),
        accept_queue=assumed(_ENDLESS, UNLIMITED),
        deadline_s=assumed(_DEADLINE_S, "not in the log"),
    )
    nothing = constant_s(assumed(0, "no time of the customer's own"))
    turn = Turn(verb=Verb.QUERY, human=nothing, pages=assumed(1, "a row is a request"))
    work = Work(service=_service_of(fit, log, EVERY), faults=_faults(fit.every, log))
    return station, {Verb.QUERY: work}, dict.fromkeys(kinds, (turn,))


def _service_of(fit: Fitted, log: str, kind: str) -> AnyDuration:
    own = None if kind == EVERY else time_of(fit.kinds[kind].service, log, f"services of {kind}")
    every = time_of(fit.every.service, log, "services")
    return own or every or constant_s(assumed(0, "no services in the log"))


def _faults(every: KindFit, log: str) -> tuple[Fault, ...]:
    """Give the outcomes of the log that are faults, each with its share of all rows."""
    return tuple(
        Fault(
            cause=f"logged_{outcome}",
            by="service",
            outcome=outcome,
            share=fitted(
                rounded(every.outcomes[outcome] / every.rows), f"{log}; {every.outcomes[outcome]:,} rows"
            ),
        )
        for outcome in _FAULTS
        if every.outcomes.get(outcome)
    )


def _staff(fit: Fitted, log: str) -> Profile:
    if fit.staff is None:
        return constant(_ENDLESS, Grade.ASSUMED, "no service times in the log: endless")
    told = f"{fit.staff.agents} agents, mean on duty" if fit.staff.by_agent else "the most served at once"
    return profile(list(map(rounded, fit.staff.profile())), Grade.FITTED, f"{log}; {told}")


def _forever() -> Duration:
    return constant_s(assumed(FOREVER_S, "nobody left in the log"))
