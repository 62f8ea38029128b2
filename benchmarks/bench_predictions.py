"""Learn simulated stations from low loads, predict higher ones, verify: coverage, widths and false alarms.

    python benchmarks/bench_predictions.py [--stations 24] [--runs 4]

Each station has numbers drawn at random. It is learned from two runs of 30 s at 40 and 70 % of its
capacity; runs of 60 s are predicted at 50, 80 and 90 %, and at 75 % on hardware with two times the slots.
Then such runs are simulated from the true numbers and verified. A right prediction must have 90 to 98 % of
the figures inside its 95 % intervals, and may be said not to hold in 5 % of the cases.
"""

import argparse
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np

from footfall import __version__
from footfall._calibrate.calibration import CalibratedStation, SeenLoad
from footfall._calibrate.learn import learn_station
from footfall._calibrate.load_figures import RequestSample, figures_by_channel
from footfall._calibrate.load_prediction import (
    CalibrationUsed,
    LoadPrediction,
    PredictedLoad,
    drawn_rows,
    forecasts,
)
from footfall._calibrate.station_parameters import LawFamily, ServiceLaw, StationParameters
from footfall._calibrate.station_prediction import RequestLoad, simulate_load
from footfall._calibrate.station_runs import LoadPlan, SimulatedRuns, drawn_requests
from footfall._calibrate.station_simulation import serve
from footfall._calibrate.verification import LEVEL, VerifiedRun, verify_run

CHANNEL = "web"
LEARNED_SHARES, LEARNED_S = (0.4, 0.7), 30.0
PREDICTED, PREDICTED_S = ((0.5, 1), (0.8, 1), (0.9, 1), (0.75, 2)), 60.0
"""Shares of the capacity, and times the slots."""
FAMILIES: tuple[LawFamily, ...] = ("exponential", "gamma", "lognormal", "weibull")


@dataclass(frozen=True, kw_only=True)
class Verified:
    """One verified run."""

    share: float
    slots_factor: int
    run: VerifiedRun


def drawn_station(rng: np.random.Generator) -> StationParameters:
    """Draw the numbers of a station."""
    family = FAMILIES[int(rng.integers(len(FAMILIES)))]
    cv = 1.0 if family == "exponential" else float(rng.uniform(0.3, 1.4))
    mean_s = float(rng.uniform(0.02, 0.08))
    return StationParameters(
        kinds=("get",),
        laws=(ServiceLaw(family=family, mean_s=mean_s, cv=cv),),
        fault_shares=(float(rng.choice([0.0, 0.01, 0.03])),),
        network_s=float(rng.uniform(0.0005, 0.003)),
        slots=int(rng.integers(1, 9)),
    )


def capacity_per_s(station: StationParameters) -> float:
    """Return the requests that its slots can work off."""
    return station.slots / station.laws[0].mean_s


def runs_of(
    station: StationParameters, load: tuple[float, float], count: int, rng: np.random.Generator
) -> SimulatedRuns:
    """Simulate runs of a rate and length from idle, with as many requests as a Poisson process gives."""
    rate, length_s = load
    counts = np.maximum(rng.poisson(rate * length_s, count), 1)
    plans = [LoadPlan(arrivals_per_s=n / length_s, requests=int(n)) for n in counts]
    stations = [station] * count
    return serve(stations, drawn_requests(stations, plans, rng))


def calibrated(truth: StationParameters, rng: np.random.Generator) -> CalibratedStation:
    """Learn a station from its two runs."""
    logs = [
        runs_of(truth, (share * capacity_per_s(truth), LEARNED_S), 1, rng).request_log(
            0, truth.kinds, run=f"{share:g}", length_s=LEARNED_S
        )
        for share in LEARNED_SHARES
    ]
    learned = learn_station(logs)
    return CalibratedStation(
        channel=CHANNEL,
        kind_shares=(1.0,),
        parameters=learned.parameters,
        draws=learned.draws,
        requests_a_visit=1.0,
        seen=SeenLoad(requests_per_s=0.0, most_inside=0, longest_response_s=0.0),
        fit=learned.fit,
    )


def predicted(station: CalibratedStation, rate: float, slots_factor: int, seed: int) -> LoadPrediction:
    """Predict a run at a rate, with so many times the slots."""
    draws = [replace(one, slots=one.slots * slots_factor) for one in station.draws]
    load = RequestLoad(requests_per_s={CHANNEL: rate}, length_s=PREDICTED_S)
    simulated = simulate_load([(station, draws)], load, seed)
    figures = forecasts(simulated.figures)
    return LoadPrediction(
        run="benchmark",
        made_at="",
        version=__version__,
        of="requests",
        load=PredictedLoad(length_s=PREDICTED_S, rate_per_s=rate),
        calibration=CalibrationUsed(run="", sha256="", sources=()),
        figures=figures,
        draws=drawn_rows(simulated.figures, figures),
        sha256="",
    )


def verified_runs(stations: int, runs: int, seed: int) -> list[Verified]:
    """Learn, predict and verify stations drawn at random, each load by so many runs."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(stations):
        truth = drawn_station(rng)
        station = calibrated(truth, rng)
        for share, factor in PREDICTED:
            true = replace(truth, slots=truth.slots * factor)
            rate = share * capacity_per_s(true)
            prediction = predicted(station, rate, factor, seed + number)
            measured = runs_of(true, (rate, PREDICTED_S), runs, rng)
            figures = figures_by_channel({CHANNEL: RequestSample.of_runs(measured)}, PREDICTED_S)
            for place in range(runs):
                own = {key: float(values[place]) for key, values in figures.items()}
                run = verify_run(prediction, own, f"{number}")
                found.append(Verified(share=share, slots_factor=factor, run=run))
    return found


def lines_of(found: list[Verified]) -> list[str]:
    """Say coverage, mean half-width and false alarms, by load and by figure."""
    lines = [f"{'':24} {'figures':>8} {'inside':>8} {'half-width':>11}"]
    names = dict.fromkeys(figure.forecast.name for one in found for figure in one.run.figures)
    groups = [
        (
            f"at {share:.0%}, slots x {factor}",
            [o for o in found if (o.share, o.slots_factor) == (share, factor)],
        )
        for share, factor in PREDICTED
    ]
    for name, own in [*groups, ("all", found)]:
        figures = [figure for one in own for figure in one.run.figures]
        lines.append(_line(name, [(one.is_inside, one.width_share or 0.0) for one in figures]))
    for name in names:
        own_figures = [f for one in found for f in one.run.figures if f.forecast.name == name]
        lines.append(_line(name, [(one.is_inside, one.width_share or 0.0) for one in own_figures]))
    alarms = sum(one.run.probability <= LEVEL for one in found)
    lines.append(f"said not to hold: {alarms} of {len(found)} right predictions ({alarms / len(found):.1%})")
    return lines


def _line(name: str, pairs: list[tuple[bool, float]]) -> str:
    inside, width = fmean(p[0] for p in pairs), fmean(p[1] for p in pairs)
    return f"{name:24} {len(pairs):8} {inside:8.1%} {f'±{width:.1%}':>11}"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stations", type=int, default=24)
    parser.add_argument("--runs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    for line in lines_of(verified_runs(asked.stations, asked.runs, asked.seed)):
        print(line)


if __name__ == "__main__":
    main()
