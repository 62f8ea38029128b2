"""How well a learned station explains its logs."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf

import numpy as np
from scipy import stats

from footfall._calibrate.learned_station import GoodnessOfFit, ResponseQuantile
from footfall._calibrate.observed import Observed
from footfall._calibrate.refusals import RefusalRule
from footfall._calibrate.request_log import Floats, Integers
from footfall._calibrate.station_parameters import StationParameters
from footfall._calibrate.station_profile import AGREES, Explained, StationProfile
from footfall._calibrate.station_simulation import simulate_arrivals

SHARES = (0.5, 0.95, 0.99)
_REPLAYED_MOST = 1500
_REPLAYED_ALL = 4500
_COLUMNS = 12
_MANY = 50


def goodness(
    profile: StationProfile,
    explained: Explained,
    stations: Sequence[StationParameters],
    refusal: RefusalRule,
    seed: int,
) -> GoodnessOfFit:
    """Compare the logs with the best station, and their response times with a replay of some of its draws."""
    score = work_scores(explained)
    return GoodnessOfFit(
        blocks=len(np.unique(profile.block)),
        agreeing_share=_agreeing(profile, explained),
        autocorrelation=_autocorrelation(score, profile.run),
        work_trend=_trend(score, profile),
        refusals=refusal.refusals,
        refusals_misread=refusal.misread,
        response_quantiles=_response_quantiles(profile.observed, stations[:_COLUMNS], seed),
    )


def work_scores(explained: Explained) -> Floats:
    """Service times as ranks within their kind, -1 to 1: independent if the station is right."""
    own_s = explained.work.times_s - np.where(explained.work.has_delay, explained.fitted.delay_s, 0.0)
    score = np.zeros(len(own_s))
    for kind in np.unique(explained.work.kind):
        of_kind = explained.work.kind == kind
        ranks = stats.rankdata(own_s[of_kind])
        score[of_kind] = 2 * (ranks - 0.5) / len(ranks) - 1
    return score


def _agreeing(profile: StationProfile, explained: Explained) -> float:
    table = profile.block_table()
    count = table.shape[1]
    own = np.bincount(profile.block, explained.log_likelihood, count)
    used = np.unique(profile.block)
    return float(np.mean((table.max(axis=0) - own)[used] <= AGREES))


def _autocorrelation(score: Floats, run: Integers) -> float:
    same = run[1:] == run[:-1]
    before, after = score[:-1][same], score[1:][same]
    if len(before) < _MANY or before.std() == 0 or after.std() == 0:
        return 0.0
    return float(np.corrcoef(before, after)[0, 1])


def _trend(score: Floats, profile: StationProfile) -> float:
    """Rank correlation of the work with the requests inside at its arrival (Spearman 1904)."""
    inside = profile.inside
    if len(score) < _MANY or np.all(inside == inside[0]):
        return 0.0
    return float(stats.spearmanr(score, inside).statistic)


def _response_quantiles(
    observed: Observed, stations: Sequence[StationParameters], seed: int
) -> tuple[ResponseQuantile, ...]:
    """Percentiles of the answered requests, measured and replayed with the same arrivals."""
    found: list[ResponseQuantile] = []
    # The clock of the runs stands still in stalls, so those that are replayed have none.
    working = [replace(station, stall_length_s=0.0, stall_every_s=inf) for station in stations]
    left = _REPLAYED_ALL
    for number, run in enumerate(observed.runs):
        # The first requests, from idle.
        first = min(run.log.requests, _REPLAYED_MOST, left)
        success = run.log.is_success[:first]
        if first < _MANY or success.sum() < _MANY:
            continue
        left -= first
        simulated = simulate_arrivals(working, run.sent_s[:first], run.log.kind[:first], seed=seed + number)
        expected = np.median(simulated.response_quantiles_s(SHARES), axis=1)
        measured = np.quantile((run.ended_s - run.sent_s)[:first][success], SHARES)
        found += [
            ResponseQuantile(run=run.log.run, share=share, measured_s=float(one), expected_s=float(other))
            for share, one, other in zip(SHARES, measured, expected, strict=True)
        ]
    return tuple(found)
