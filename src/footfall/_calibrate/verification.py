"""Whether a measured run is one of those that were predicted: figure by figure, and as a whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from statistics import NormalDist

import numpy as np

from footfall._calibrate.load_prediction import FigureForecast, LoadPrediction
from footfall._calibrate.request_log import Floats

LEVEL = 0.05
"""A right prediction is said not to hold in at most this share of cases."""
WIDE_SHARE = 0.5
"""An interval wider than this to either side, as a share of the value, says too little to be tested."""
_NORMAL_95 = NormalDist().inv_cdf(0.975)
_STATISTICS = 2
_NO_WIDTH = 1e-9
_TIE = 1e-7
"""Relative: values this close are equal, whatever rounding did to them."""


class PredictionVerdict(StrEnum):
    """What a verification says of a prediction."""

    HELD = "held"
    DID_NOT_HOLD = "did not hold"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedFigure:
    """One predicted figure and what a run measured."""

    forecast: FigureForecast
    measured: float
    position: float | None
    """Share of the simulated runs below what was measured; equal ones count half. None: none are known."""

    @property
    def is_inside(self) -> bool:
        """Whether the interval holds it."""
        if not isfinite(self.measured):
            return False
        slack = _TIE * max(abs(self.measured), _NO_WIDTH)
        return self.forecast.low - slack <= self.measured <= self.forecast.high + slack

    @property
    def width_share(self) -> float | None:
        """Half the width of the interval over the value; None: the value is 0."""
        one = self.forecast
        return (one.high - one.low) / 2 / abs(one.value) if one.value else None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedRun:
    """All figures of one run against the prediction."""

    run: str
    figures: tuple[VerifiedFigure, ...]
    outside_most: int
    """So many figures outside, or fewer, have 95 % of the runs of a right prediction."""
    probability: float
    """Of figures at least as far off, if the prediction is right."""

    @property
    def outside(self) -> int:
        """Number of figures outside their intervals."""
        return sum(not one.is_inside for one in self.figures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The verdict over one run or several."""

    runs: tuple[VerifiedRun, ...]
    verdict: PredictionVerdict
    reason: str

    @property
    def figures(self) -> tuple[VerifiedFigure, ...]:
        """Those of all runs."""
        return tuple(figure for run in self.runs for figure in run.figures)


def verify_run(
    prediction: LoadPrediction, measured: Mapping[tuple[str, str], float | None], run: str
) -> VerifiedRun:
    """Compare the figures of a run with a prediction; those that the run lacks are infinite.

    The figures of a run depend on each other. If the prediction is right, the measured run is one more of the
    simulated ones: all are exchangeable, so the rank of a symmetric statistic among them gives an exact
    test (Barnard 1963, in the discussion of Bartlett; Phipson and Smyth 2010). Two statistics are taken, how
    far the farthest figure is off and how many are outside, each at half the level. Without simulated runs
    the farthest figure is tested by Bonferroni's inequality.
    """
    values = [measured.get((one.channel, one.name)) for one in prediction.figures]
    found = np.array([np.inf if value is None else value for value in values], dtype=np.float64)
    draws = np.array(prediction.draws, dtype=np.float64).reshape(len(prediction.draws), len(found))
    figures = tuple(
        VerifiedFigure(
            forecast=one,
            measured=float(value),
            position=_position(draws[:, place], float(value)) if len(draws) else None,
        )
        for place, (one, value) in enumerate(zip(prediction.figures, found, strict=True))
    )
    if len(draws):
        probability, most = _among_draws(draws, found)
    else:
        probability, most = _by_bonferroni(figures)
    return VerifiedRun(run=run, figures=figures, outside_most=most, probability=probability)


def verify_runs(prediction: LoadPrediction, runs: Sequence[VerifiedRun]) -> Verification:
    """Give one verdict over runs: `did not hold` at the level over all of them (Bonferroni).

    A prediction that was made with numbers unknown cannot be refuted where they decide, and one whose
    intervals are wide cannot be confirmed.
    """
    probability = min(1.0, len(runs) * min(run.probability for run in runs))
    total, outside = sum(len(run.figures) for run in runs), sum(run.outside for run in runs)
    most = sum(run.outside_most for run in runs)
    counted = (
        f"{outside} of {total} figures outside their 95 % intervals; a right prediction has up to {most}"
    )
    if probability <= LEVEL:
        if prediction.depends_on:
            reason = f"{counted}. The prediction depends on numbers that the calibration does not know"
            return Verification(runs=tuple(runs), verdict=PredictionVerdict.CANNOT_TELL, reason=reason)
        reason = f"{counted}; figures this far off have a probability of {probability:.2g}"
        return Verification(runs=tuple(runs), verdict=PredictionVerdict.DID_NOT_HOLD, reason=reason)
    if too_wide(prediction):
        wide = f"most intervals are wider than ±{100 * WIDE_SHARE:.0f} %: too wide to test anything"
        reason = f"{counted}, but {wide}"
        return Verification(runs=tuple(runs), verdict=PredictionVerdict.CANNOT_TELL, reason=reason)
    return Verification(runs=tuple(runs), verdict=PredictionVerdict.HELD, reason=counted)


def too_wide(prediction: LoadPrediction) -> bool:
    """Whether most of the intervals are wider than `WIDE_SHARE` of their value to either side."""
    wide = [(one.high - one.low) / 2 > WIDE_SHARE * abs(one.value) for one in prediction.figures]
    return 2 * sum(wide) > len(wide)


def _position(draws: Floats, value: float) -> float:
    slack = _TIE * max(abs(value), _NO_WIDTH) if np.isfinite(value) else 0.0
    below, equal = draws < value - slack, np.abs(draws - value) <= slack
    return float(below.mean() + equal.mean() / 2)


def _among_draws(draws: Floats, measured: Floats) -> tuple[float, int]:
    """Return the probability, and how many figures 95 % of the simulated runs have outside at most."""
    usable = np.where(np.isfinite(measured), measured, 10 * np.abs(draws).max(axis=0) + 1)
    pool = np.vstack([usable, draws])
    middle = np.median(pool, axis=0)
    low, high = (np.quantile(pool, q, axis=0) for q in (0.025, 0.975))
    slack = _TIE * np.maximum(np.abs(middle), _NO_WIDTH)
    scale = np.where(pool >= middle, high - middle, middle - low)
    away = np.abs(pool - middle)
    # Where nearly all runs agree exactly, any other value is farther off than these, in order of distance.
    off = np.where(away <= slack, 0.0, away / np.maximum(scale, slack))
    farthest = off.max(axis=1)
    outside = ((pool < low - slack) | (pool > high + slack)).sum(axis=1)
    count = len(pool)
    chances = [
        float((farthest >= farthest[0] * (1 - 1e-12)).sum() / count),
        float((outside >= outside[0]).sum() / count),
    ]
    return min(1.0, _STATISTICS * min(chances)), int(np.quantile(outside[1:], 1 - LEVEL, method="higher"))


def _by_bonferroni(figures: Sequence[VerifiedFigure]) -> tuple[float, int]:
    """Return the probability of the farthest figure, and how many independent figures would be outside."""
    normal = NormalDist()
    farthest = 0.0
    for one in figures:
        forecast = one.forecast
        side = (
            forecast.high - forecast.value if one.measured > forecast.value else forecast.value - forecast.low
        )
        slack = _TIE * max(abs(forecast.value), _NO_WIDTH)
        off = abs(one.measured - forecast.value)
        farthest = max(farthest, 0.0 if off <= slack else _NORMAL_95 * off / max(side, slack))
    chance = min(1.0, len(figures) * 2 * (1 - normal.cdf(farthest)))
    return chance, _binomial_most(len(figures))


def _binomial_most(figures: int) -> int:
    """Return how many of so many independent figures are outside at most, with 95 %."""
    total, term, count = 0.0, (1 - LEVEL) ** figures, 0
    while total + term < 1 - LEVEL and count < figures:
        total += term
        term *= (figures - count) / (count + 1) * LEVEL / (1 - LEVEL)
        count += 1
    return count


def interval_score(low: float, high: float, measured: float) -> float:
    """Return the score of a 95 % interval, in the figure's unit: the less, the better.

    Its width, and 2/0.05 times the distance of a measured value that lies outside (Gneiting and Raftery
    2007, Journal of the American Statistical Association 102, equation 43).
    """
    below, above = max(low - measured, 0.0), max(measured - high, 0.0)
    return (high - low) + 2 / LEVEL * (below + above)
