"""How well a learned station explains its logs."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf

import numpy as np

from footfall._calibrate.learned_station import GoodnessOfFit, ResponseQuantile
from footfall._calibrate.observed import Observed
from footfall._calibrate.refusals import RefusalRule
from footfall._calibrate.station_parameters import StationParameters
from footfall._calibrate.station_profile import (
    Explained,
    StationProfile,
    agreeing_share,
    autocorrelation,
    work_trend,
)
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
    return GoodnessOfFit(
        blocks=len(np.unique(profile.block)),
        agreeing_share=agreeing_share(profile, explained),
        autocorrelation=autocorrelation(profile, explained),
        work_trend=work_trend(profile, explained),
        refusals=refusal.refusals,
        refusals_misread=refusal.misread,
        response_quantiles=_response_quantiles(profile.observed, stations[:_COLUMNS], seed),
    )


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
