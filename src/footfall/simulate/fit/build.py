"""From fitted records to a model: one channel, a segment for each kind of customer."""

from dataclasses import dataclass

from footfall.records.outcomes import Outcome
from footfall.simulate.fit.channels import NEUTRAL, channel_of
from footfall.simulate.fit.durations import empirical, rounded
from footfall.simulate.fit.fit import Fitted
from footfall.simulate.spec.base import profile
from footfall.simulate.spec.model import Model, ShareDefinition
from footfall.simulate.spec.number import Grade, Number, assumed, fitted
from footfall.simulate.spec.people import Choice, FollowUp, FollowUps, Segment, no_accounts, no_taste

DAYS_A_MONTH = 31
_ATTEMPTS_MOST = 10
_NO_ACCOUNTS = "accounts are not in the log"


@dataclass(frozen=True, slots=True)
class Named:
    """What a model is called and where it comes from."""

    name: str
    title: str
    log: str
    """The log and its days, such as `fitted from calls.csv: 20 days, 1999-02-01 to 1999-02-28`."""


def model_of(fit: Fitted, named: Named) -> Model:
    """Make the model of the mean day of a fit; every number says the log, or that it is assumed."""
    arrivals = fit.arrivals
    profiles = {kind: arrivals.profile(kind) for kind in fit.kinds}
    profiles = {kind: values for kind, values in profiles.items() if sum(values) > 0}
    total = sum(map(sum, profiles.values()))
    people = max(round(total), 1)
    source = f"{named.log}; {total:,.1f} arrivals a day"
    busyness = arrivals.busyness
    varies = Number(0, Grade.ASSUMED, "too few days to tell how busy days differ")
    if busyness is not None:
        told = f"{named.log}; 95 %: {busyness.low:.3f} to {busyness.high:.3f}"
        varies = fitted(rounded(busyness.cv), told)
    channel = channel_of(fit, named.log, list(profiles))
    return Model(
        name=named.name,
        title=named.title,
        population=fitted(people, source),
        busy_day_factor=assumed(1, "an ordinary day"),
        busyness_cv=varies,
        segments=tuple(
            Segment(
                name=kind,
                title=kind,
                population_share=fitted(rounded(sum(values) / total, 9), named.log),
                month_visits={kind: fitted(rounded(DAYS_A_MONTH * total / people, 9), source)},
                day_profile=profile(list(map(rounded, values)), Grade.FITTED, f"{named.log}; arrivals"),
                taste=no_taste(NEUTRAL),
                reach={},
            )
            for kind, values in profiles.items()
        ),
        channels=(channel,),
        choice=Choice(dissimilarity={channel.nest: assumed(1, NEUTRAL)}, constants={}, expected_wait_s={}),
        follow_ups=_follow_ups(fit, named),
        accounts=no_accounts(_NO_ACCOUNTS),
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
    """Give a fitted model with the arrivals (by kind, in each half hour) and the staff of other days."""
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


def _follow_ups(fit: Fitted, named: Named) -> FollowUps:
    redial = fit.redial
    if redial is None or not redial.share:
        return FollowUps(attempts_most=assumed(1, "calls are not followed up"), by_outcome={})
    source = f"{named.log}; {redial.identified:,} known by name who abandoned"
    again = FollowUp(
        retry_share=fitted(rounded(redial.share), f"{source}, within an hour, new errands left out"),
        switch_share=assumed(0, NEUTRAL),
        delay=empirical(redial.delays, None, source),
    )
    return FollowUps(attempts_most=assumed(_ATTEMPTS_MOST, "a bound"), by_outcome={Outcome.ABANDONED: again})
