"""Stations of known numbers, their simulated logs, and what is learned from these."""

from functools import cache
from typing import Any

from footfall._calibrate.learn import learn_station
from footfall._calibrate.learned_station import LearnedNumber, LearnedStation
from footfall._calibrate.request_log import RequestLog
from footfall._calibrate.station_parameters import LawFamily, ServiceLaw, StationParameters
from footfall._calibrate.station_simulation import simulate_runs

DRAWS = 20
LOGNORMAL = ServiceLaw(family="lognormal", mean_s=0.04, cv=1.0)


def law(family: LawFamily, mean_s: float, cv: float) -> ServiceLaw:
    """Make a law."""
    return ServiceLaw(family=family, mean_s=mean_s, cv=cv)


def station(*laws: ServiceLaw, faults: float = 0.0, **limits: Any) -> StationParameters:  # noqa: ANN401  fields of several types
    """Make a station with a kind of request for each law."""
    laws = laws or (LOGNORMAL,)
    kinds = tuple(f"web.kind{number}/GET /" for number in range(len(laws)))
    fields: dict[str, Any] = {"network_s": 0.002, "slots": 4} | limits
    return StationParameters(kinds=kinds, laws=laws, fault_shares=(faults,) * len(laws), **fields)


@cache
def logs_of(
    truth: StationParameters, rates: tuple[float, ...], length_s: float, seed: int
) -> list[RequestLog]:
    """Simulate a run from idle at each rate."""
    runs = simulate_runs([truth] * len(rates), rates, length_s=length_s, seed=seed)
    return [
        runs.request_log(column, truth.kinds, run=f"run at {rate}/s", length_s=length_s)
        for column, rate in enumerate(rates)
    ]


@cache
def learned(
    truth: StationParameters, rates: tuple[float, ...], length_s: float = 20.0, seed: int = 1
) -> LearnedStation:
    """Learn a station from simulated runs, with fewer draws than a prediction needs."""
    return learn_station(logs_of(truth, rates, length_s, seed), seed=seed, draws=DRAWS)


def number(found: LearnedStation, path: str) -> LearnedNumber:
    """Find a number by its path."""
    return next(one for one in found.numbers if one.path == path)


def holds(found: LearnedStation, path: str, truth: float, *, wider: float = 1.0) -> bool:
    """Whether the interval of a number, made wider by a factor, holds the truth."""
    one = number(found, path)
    half = (one.high - one.low) / 2 * (wider - 1)
    return one.low - half <= truth <= one.high + half
