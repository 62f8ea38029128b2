"""Sentences about what the logs of a station cannot tell."""

from math import isfinite

import numpy as np

from footfall._calibrate.limits import Limits
from footfall._calibrate.observed import Observed
from footfall._calibrate.station_draws import Weighed
from footfall._calibrate.station_parameters import StationParameters
from footfall._calibrate.station_profile import StationProfile

STALE_UNKNOWN = "stale work: the successes do not show whether a request keeps its slot after the deadline"
_RIVAL, _LIKELY = 0.05, 0.5
_WAITED_LEAST = 20


def unknown_sentences(
    observed: Observed,
    profile: StationProfile,
    limits: Limits,
    weighed: tuple[Weighed, ...],
    best: StationParameters,
) -> tuple[str, ...]:
    """Say what was never reached, and what the logs leave undecided."""
    most_inside = observed.most_inside
    longest_s = max(float(run.log.response_s[run.log.is_success].max(initial=0.0)) for run in observed.runs)
    explained = profile.explained[weighed[0].supposed]
    work = explained.work
    waited = int((~work.has_delay).sum())
    waits_s = explained.of_its_rows(profile.response_s) - work.times_s
    longest_wait_s = float(waits_s[~work.has_delay].max(initial=0.0))
    sentences = [
        *_slots(weighed, most_inside, waited),
        *_delay(waited, best),
    ]
    if not isfinite(best.accept_queue):
        sentences.append(f"accept queue: never full; the most requests inside at once were {most_inside}")
    if not isfinite(best.deadline_s):
        sentences.append(f"deadline: never reached; longest response seen {_s(longest_s)}")
    if not isfinite(best.queue_timeout_s) and not isfinite(best.deadline_s):
        sentences.append(f"queue timeout: never reached; longest wait seen {_s(longest_wait_s)}")
    if not isfinite(best.rate_limit_per_s):
        most = max(run.log.offered_per_s for run in observed.runs)
        sentences.append(f"rate limit: never reached; highest rate seen {most:.3g} requests/s")
    if limits.time.unanswered and limits.time.reached:
        sentences.append(
            f"time limit of {_s(limits.time.limit_s)}: no response came, so it may be the client's own"
        )
    if limits.refusal.name == "chance":
        sentences.append(
            f"refusals: neither a bound on the requests inside nor a rate limit explains the "
            f"{limits.refusal.refusals} requests that failed at once"
        )
    if observed.unexplained:
        sentences.append(
            f"kind of station: none that was tried explains {', '.join(observed.unexplained)}; "
            "the service times are those of the lighter runs"
        )
    stalls = [stall for stall in observed.stalls if not stall.is_first]
    if 0 < len(stalls) < 3:  # noqa: PLR2004 - two have one distance
        sentences.append(f"stalls: {len(stalls)} seen; whether they come periodically needs a longer run")
    sentences += [
        f"start of {observed.runs[stall.run].log.run}: no response for {_s(stall.length_s)}; requests from "
        "before it were still inside, or the station stood still"
        for stall in observed.stalls
        if stall.is_first
    ]
    return tuple(sentences)


def _slots(weighed: tuple[Weighed, ...], most_inside: int, waited: int) -> list[str]:
    shares: dict[str, float] = {}
    for one in weighed:
        shares[one.supposed.discipline] = shares.get(one.supposed.discipline, 0.0) + one.probability
    open_share = sum(one.probability for one in weighed if one.is_open)
    found = []
    if open_share > _RIVAL:
        found.append(
            f"slots: {most_inside} requests were inside at most, and {waited} may have waited; more slots of "
            f"the same speed would have shown the same"
        )
    found += _rival_slots(weighed, waited)
    rivals = [name for name, share in shares.items() if share > _RIVAL]
    if len(rivals) > 1 or open_share > _LIKELY:
        found.append(
            "order of service: too few requests waited to tell a queue before slots from shared cores"
        )
    return found


def _rival_slots(weighed: tuple[Weighed, ...], waited: int) -> list[str]:
    """Say so where several numbers of slots explain the logs about as well."""
    likely = [one for one in weighed if one.probability > _RIVAL and one.supposed.discipline == "slots"]
    numbers = sorted({one.supposed.number for one in likely if not one.is_open})
    if len(numbers) < 2:  # noqa: PLR2004 - one alone has no rival
        return []
    return [f"slots: {numbers[0]} to {numbers[-1]} explain the {waited} requests that waited about as well"]


def _delay(waited: int, best: StationParameters) -> list[str]:
    if waited >= _WAITED_LEAST:
        return []
    total_s = best.network_s + float(np.mean([law.mean_s for law in best.laws]))
    sentence = (
        f"network delay: {waited} requests waited for a slot, too few to tell it from the work; together "
        f"they take {_s(total_s)}"
    )
    return [sentence]


def _s(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"
