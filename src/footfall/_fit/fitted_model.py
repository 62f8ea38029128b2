"""A model built from the fit of a log."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Literal

from footfall._fit.arrival_fit import EVERY
from footfall._fit.distributions import FittedDistribution, Points
from footfall._fit.fit import Fitted, KindFit
from footfall._fit.patience_fit import PatienceFit, TimesFit
from footfall._model import durations
from footfall._model.channel import Channel, Fault, Step, Verb, Work
from footfall._model.model import Model, ShareDefinition
from footfall._model.numbers import Curve, Grade, Number, Profile, assumed, fitted
from footfall._model.population import AfterFailure, RetryPolicy, Segment
from footfall._model.profiles import constant, profile
from footfall._model.station_specs import CallCentre, Caller, Counters, RequestServer, Station
from footfall._records.rows import Outcome

# ── Fitted times in the form of a model

_CV_LEAST = 1e-6
"""Times that vary less are treated as constant."""


def rounded(value: float, digits: int = 6) -> float:
    """Round a number to significant digits, as written in the model file."""
    return float(f"{value:.{digits}g}")


def time_of(fit: TimesFit | None, log: str, what: str) -> durations.AnyDuration | None:
    """Convert a fitted time for a model, short ones as a separate part; None: too few."""
    if fit is None:
        return None
    source = f"{log}; {fit.times:,} {what}"
    whole: durations.Duration | durations.Empirical
    whole = empirical(fit.points, None, source) if fit.chosen is None else _distribution_of(fit.best, source)
    if not fit.short or (fit.chosen is None and not fit.short_s_mean):
        return whole  # the measured curve includes times of 0
    note = f"{log}; {fit.short:,} short {what}"
    short = durations.constant_s(fitted(rounded(fit.short_s_mean), note))
    return durations.Mixture(
        parts=(durations.Part(name="short", share=fitted(rounded(fit.short_share), note), time=short),),
        rest=whole,
    )


def patience_of(fit: PatienceFit | None, log: str) -> durations.AnyDuration | None:
    """Convert a fitted patience for a model; None: no customer left."""
    if fit is None:
        return None
    source = f"{log}; {fit.left:,} of {fit.waits:,} who waited left"
    if fit.chosen is None:
        beyond = (
            None if fit.beyond_s is None else durations.exponential_s(fitted(rounded(fit.beyond_s), source))
        )
        return empirical(fit.points, beyond, f"{source}; Kaplan–Meier")
    return _distribution_of(fit.best, source)


def _distribution_of(distribution: FittedDistribution, source: str) -> durations.Duration:
    """Convert a fitted distribution for a model."""
    mean_s = fitted(rounded(distribution.mean_s), source)
    if distribution.family is durations.DistributionFamily.CONSTANT or distribution.cv < _CV_LEAST:
        return durations.constant_s(mean_s)
    if distribution.family is durations.DistributionFamily.EXPONENTIAL:
        return durations.exponential_s(mean_s)
    return durations.Duration(
        law=distribution.family, mean_s=mean_s, cv=fitted(rounded(distribution.cv), source)
    )


def empirical(points: Points, beyond: durations.Duration | None, source: str) -> durations.Empirical:
    """Return a measured curve; `beyond` applies only if it ends below 1."""
    seconds, shares = (tuple(map(rounded, part)) for part in points)
    curve = Curve(seconds=seconds, shares=shares, grade=Grade.FITTED, source=source)
    return durations.Empirical(curve=curve, beyond=None if shares[-1] == 1 else beyond)


# ── The channel of a fitted model: hotline, hall or web server, with the staff of the log

UNLIMITED = "not in the log: no limit"
NEUTRAL = "one channel: nothing to choose"
ENDLESS = 10_000
"""Places, or staff where the log has no service times."""
_DEADLINE_S = 60.0
_Faulty = Literal[Outcome.REJECTED, Outcome.ERROR, Outcome.TIMEOUT, Outcome.UNCONFIRMED]
_FAULTS: tuple[_Faulty, ...] = (Outcome.REJECTED, Outcome.ERROR, Outcome.TIMEOUT, Outcome.UNCONFIRMED)
_Parts = tuple[Station, dict[Verb, Work], dict[str, tuple[Step, ...]]]


def channel_of(fit: Fitted, log: str, kinds: list[str]) -> Channel:
    """Build the channel of a fit for some of its kinds; `log` is the source of its numbers."""
    makers: dict[str, Callable[[Fitted, str, list[str]], _Parts]] = {
        "hotline": _hotline,
        "hall": _hall,
        "web": _web,
    }
    station, works, dialogues = makers[fit.options.station](fit, log, kinds)
    return Channel(fit.options.station, station, works=works, dialogues=dialogues)


def _hotline(fit: Fitted, log: str, kinds: list[str]) -> _Parts:
    """Build a hotline: no IVR, every caller needs an agent, each kind with its own talk and patience."""
    nothing = durations.constant_s(assumed(0, "the log begins at the queue"))
    wrap_up = fit.staff.wrap_up if fit.staff and fit.options.wrap_up else None
    station = CallCentre(
        lines=assumed(ENDLESS, UNLIMITED),
        agents=_staff(fit, log),
        agents_factor=assumed(1, "as the log has them"),
        rounding="random",
        patience=patience_of(fit.every.patience, log) or _forever(),
        talk=time_of(fit.every.service, log, "services") or nothing,
        wrap_up=time_of(wrap_up, log, "gaps to the next call, customers waiting") or nothing,
        agent_share={kind: assumed(1, "the log is of those who ask for an agent") for kind in kinds},
        callers={kind: caller for kind in kinds if (caller := _caller(fit.kinds[kind], log))},
    )
    step = Step(verb=Verb.QUERY, human=nothing, pages=assumed(1, "one call"))
    return station, {Verb.QUERY: Work(service=nothing)}, dict.fromkeys(kinds, (step,))


def _caller(kind: KindFit, log: str) -> Caller | None:
    talk = time_of(kind.service, log, f"services of {kind.kind}")
    patience = patience_of(kind.patience, f"{log}; {kind.kind}")
    return Caller(talk=talk, patience=patience) if talk or patience else None


def _hall(fit: Fitted, log: str, kinds: list[str]) -> _Parts:
    """Build a hall with one queue; each kind has its own service time."""
    nothing = durations.constant_s(assumed(0, "the clerk's screens are in the service time"))
    station = Counters(
        clerks=_staff(fit, log),
        clerks_factor=assumed(1, "as the log has them"),
        rounding="random",
        room=assumed(ENDLESS, UNLIMITED),
        patience=patience_of(fit.every.patience, log) or _forever(),
        balk_wait=_forever(),
    )
    service = partial(_service_of, fit, log)
    dialogues: dict[str, tuple[Step, ...]] = {
        kind: (Step(verb=Verb.QUERY, human=service(kind), pages=assumed(1, "one visit")),) for kind in kinds
    }
    return station, {Verb.QUERY: Work(service=nothing, faults=_faults(fit.every, log))}, dialogues


def _web(fit: Fitted, log: str, kinds: list[str]) -> _Parts:
    """Build a server whose slots are the most concurrent requests, with one service time for all kinds."""
    most = 1 if fit.staff is None else int(fit.staff.days["busy_most"].to_numpy().max())
    station = RequestServer(
        slots=fitted(max(most, 1), f"{log}; the most at once: capacity is at least this"),
        accept_queue=assumed(ENDLESS, UNLIMITED),
        deadline_s=assumed(_DEADLINE_S, "not in the log"),
    )
    nothing = durations.constant_s(assumed(0, "no time of the customer's own"))
    step = Step(verb=Verb.QUERY, human=nothing, pages=assumed(1, "a row is a request"))
    work = Work(service=_service_of(fit, log, EVERY), faults=_faults(fit.every, log))
    return station, {Verb.QUERY: work}, dict.fromkeys(kinds, (step,))


def _service_of(fit: Fitted, log: str, kind: str) -> durations.AnyDuration:
    own = None if kind == EVERY else time_of(fit.kinds[kind].service, log, f"services of {kind}")
    every = time_of(fit.every.service, log, "services")
    return own or every or durations.constant_s(assumed(0, "no services in the log"))


def _faults(every: KindFit, log: str) -> tuple[Fault, ...]:
    """Return the outcomes of the log that are faults, each with its share of all rows."""
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
        return constant(ENDLESS, Grade.ASSUMED, "no service times in the log: endless")
    note = f"{fit.staff.agents} agents, mean on duty" if fit.staff.by_agent else "the most served at once"
    return profile(list(map(rounded, fit.staff.profile())), Grade.FITTED, f"{log}; {note}")


def _forever() -> durations.Duration:
    return durations.constant_s(assumed(inf, "no customer left in the log"))


# ── The whole model: one channel, one segment per kind of customer

DAYS_A_MONTH = 31
_ATTEMPTS_MOST = 10


@dataclass(frozen=True, slots=True)
class Named:
    """Name, title and source of a fitted model."""

    name: str
    title: str
    log: str
    """The log and its days, such as `fitted from calls.csv: 20 days, 1999-02-01 to 1999-02-28`."""


def model_of(fit: Fitted, named: Named) -> Model:
    """Build the model of a fit's mean day; every number has the log as source, or is marked as assumed."""
    arrivals = fit.arrivals
    profiles = {kind: arrivals.profile(kind) for kind in fit.kinds}
    profiles = {kind: values for kind, values in profiles.items() if sum(values) > 0}
    total = sum(map(sum, profiles.values()))
    people = max(round(total), 1)
    source = f"{named.log}; {total:,.1f} arrivals a day"
    busyness = arrivals.busyness
    varies = Number(0, Grade.ASSUMED, "too few days to tell how busy days differ")
    if busyness is not None:
        note = f"{named.log}; 95 %: {busyness.low:.3f} to {busyness.high:.3f}"
        varies = fitted(rounded(busyness.cv), note)
    channel = channel_of(fit, named.log, list(profiles))
    return Model(
        name=named.name,
        title=named.title,
        population=fitted(people, source),
        busyness_cv=varies,
        segments=tuple(
            Segment(
                kind,
                fitted(rounded(sum(values) / total, 9), named.log),
                month_visits={kind: fitted(rounded(DAYS_A_MONTH * total / people, 9), source)},
                day_profile=profile(list(map(rounded, values)), Grade.FITTED, f"{named.log}; arrivals"),
            )
            for kind, values in profiles.items()
        ),
        channels=(channel,),
        follow_ups=_follow_ups(fit, named),
        share_definitions=(
            ShareDefinition(
                name="none",
                text=f"one channel, the {channel.title}: no share",
                electronic=(),
                counted=(channel.name,),
                operations=tuple(profiles),
            ),
        ),
    )


def on_day(model: Model, arrivals: dict[str, list[float]], staff: list[float], source: str) -> Model:
    """Return a fitted model with the arrivals (by kind, per half hour) and the staff of other days."""
    total = sum(map(sum, arrivals.values()))
    people = max(round(total), 1)
    segments = tuple(
        segment.model_copy(
            update={
                "population_share": fitted(sum(arrivals[segment.name]) / total if total else 0.0, source),
                "month_visits": {
                    segment.name: fitted(DAYS_A_MONTH * total / people, f"{source}; {total:,.1f} a day")
                },
                "day_profile": profile(arrivals[segment.name], Grade.FITTED, f"{source}; arrivals")
                if any(arrivals[segment.name])
                else segment.day_profile,
            }
        )
        for segment in model.segments
    )
    channel = model.channels[0]
    field = {"call_centre": "agents", "counters": "clerks"}.get(channel.station.kind)
    if staff and field:
        on_duty = profile(staff, Grade.FITTED, f"{source}; staff")
        channel = channel.model_copy(update={"station": channel.station.model_copy(update={field: on_duty})})
    update = {"segments": segments, "channels": (channel,), "population": fitted(people, source)}
    return model.model_copy(update=update)


def _follow_ups(fit: Fitted, named: Named) -> RetryPolicy:
    redial = fit.redial
    if redial is None or not redial.share:
        return RetryPolicy(attempts_most=assumed(1, "calls are not followed up"), by_outcome={})
    source = f"{named.log}; {redial.identified:,} known by name who abandoned"
    again = AfterFailure(
        retry_share=fitted(rounded(redial.share), f"{source}, within an hour, unrelated calls excluded"),
        switch_share=assumed(0, NEUTRAL),
        delay=empirical(redial.delays, None, source),
    )
    return RetryPolicy(assumed(_ATTEMPTS_MOST, "a bound"), {Outcome.ABANDONED: again})
