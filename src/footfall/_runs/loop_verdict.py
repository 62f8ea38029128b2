"""The verdict of a loop: each part against its prediction, and one over all of them."""

from collections.abc import Mapping, Sequence
from math import log, sqrt
from statistics import NormalDist
from typing import Any

from footfall._calibrate.load_prediction import KneeForecast
from footfall._calibrate.verification import LEVEL, WIDE_SHARE, PredictionVerdict, too_wide
from footfall._runs.loop_plan import KNEE
from footfall._runs.loop_records import ComparedFigure, LoopVerdict, PartVerdict
from footfall._runs.verify import VerificationRun

_Z_95 = NormalDist().inv_cdf(0.975)
_SD_LEAST = 1e-4
_NO_UPPER_END = "the loads do not bound the number of slots, so the prediction has no upper end"
_WORDS = {"knee": "the capacity", "beyond": "the load beyond it", "outage": "the outage"}


def knee_part(
    predicted: KneeForecast | None,
    measured: Mapping[str, Any] | None,
    why_not: str,
    depends_on: Sequence[str],
) -> PartVerdict:
    """Compare the predicted capacity with the measured one, each with its 95 % interval.

    Two estimates of one number, made from different runs, differ by chance: by more than 1.96 times the root
    of the sum of their variances in 5 % of cases (Schenker and Gentleman 2001, The American Statistician 55).
    Rates are compared by their logarithms. `measured` has value, low and high; None: see `why_not`.
    """
    if predicted is None or measured is None or measured["value"] is None:
        return PartVerdict(part=KNEE, verdict=PredictionVerdict.CANNOT_TELL, reason=why_not)
    value, low, high = (float(measured[name]) for name in ("value", "low", "high"))
    is_above = value > predicted.value
    if predicted.is_least and (is_above or high >= predicted.low):
        # Any capacity above its low end agrees with it: that says nothing.
        return PartVerdict(part=KNEE, verdict=PredictionVerdict.CANNOT_TELL, reason=_NO_UPPER_END)
    own_sd = _sd(predicted.value, predicted.high if is_above else predicted.low)
    other_sd = _sd(value, low if is_above else high)
    away = abs(log(value / predicted.value)) / max(sqrt(own_sd**2 + other_sd**2), _SD_LEAST)
    probability = 2 * (1 - NormalDist().cdf(away))
    figure = ComparedFigure(
        part=KNEE,
        channel="*",
        name="knee_per_s",
        predicted=predicted.value,
        predicted_low=predicted.low,
        predicted_high=predicted.high,
        measured=value,
        measured_low=low,
        measured_high=high,
        is_inside=away <= _Z_95,
    )
    return PartVerdict(
        part=KNEE,
        verdict=PredictionVerdict.HELD,
        reason=_off_text(value / predicted.value - 1),
        probability=probability,
        depends_on=tuple(depends_on),
        figures=() if predicted.is_least else (figure,),
    )


def _off_text(share: float) -> str:
    """Say how far the measured value is from the predicted one."""
    return f"{abs(share):.1%} {'above' if share > 0 else 'below'} the prediction".replace("%", " %")


def run_part(part: str, done: VerificationRun, depends_on: Sequence[str]) -> PartVerdict:
    """Take over what `footfall verify` says of a run."""
    found = done.verification
    figures = tuple(
        ComparedFigure(
            part=part,
            channel=one.forecast.channel,
            name=one.forecast.name,
            predicted=one.forecast.value,
            predicted_low=one.forecast.low,
            predicted_high=one.forecast.high,
            measured=None if one.measured == float("inf") else one.measured,
            is_inside=one.is_inside,
        )
        for one in found.figures
    )
    if not found.runs:
        return PartVerdict(part=part, verdict=PredictionVerdict.CANNOT_TELL, reason=found.reason)
    wide = too_wide(done.prediction)
    reason = f"{sum(one.is_inside for one in figures)} of {len(figures)} figures inside"
    if wide:
        reason += f", most intervals wider than ±{WIDE_SHARE:.0%}".replace("%", " %")
    return PartVerdict(
        part=part,
        verdict=PredictionVerdict.CANNOT_TELL if wide else PredictionVerdict.HELD,
        reason=reason,
        probability=min(1.0, len(found.runs) * min(run.probability for run in found.runs)),
        depends_on=tuple(depends_on),
        figures=figures,
    )


def not_measured(part: str, reason: str) -> PartVerdict:
    """Say that a part was not measured, and why."""
    return PartVerdict(part=part, verdict=PredictionVerdict.CANNOT_TELL, reason=reason)


def loop_verdict(parts: Sequence[PartVerdict]) -> LoopVerdict:
    """Give one verdict: a right prediction is said not to hold in at most 5 % of loops (Bonferroni).

    Where numbers decide that no run has shown, a part that is off refutes nothing. The prediction held only
    if every part held: a part that was not measured is no success.
    """
    tested = sum(one.probability is not None for one in parts)
    judged = tuple(_judged(one, tested) for one in parts)
    words = {verdict: [one for one in judged if one.verdict is verdict] for verdict in PredictionVerdict}
    refuted, untold = words[PredictionVerdict.DID_NOT_HOLD], words[PredictionVerdict.CANNOT_TELL]
    if refuted:
        verdict, named = PredictionVerdict.DID_NOT_HOLD, refuted
    elif untold or not judged:
        verdict, named = PredictionVerdict.CANNOT_TELL, untold
    else:
        verdict, named = PredictionVerdict.HELD, list(judged)
    reason = "; ".join(f"{_WORDS.get(one.part, one.part)}: {one.reason}" for one in named)
    return LoopVerdict(verdict=verdict, reason=reason or "nothing was measured", parts=judged)


def _judged(part: PartVerdict, tested: int) -> PartVerdict:
    if part.probability is None or part.probability * tested > LEVEL:
        return part
    verdict = PredictionVerdict.CANNOT_TELL if part.depends_on else PredictionVerdict.DID_NOT_HOLD
    why = "; it depends on numbers that no run has shown" if part.depends_on else ""
    return PartVerdict(
        part=part.part,
        verdict=verdict,
        reason=f"{part.reason}{why}",
        probability=part.probability,
        depends_on=part.depends_on,
        figures=part.figures,
    )


def _sd(value: float, end: float) -> float:
    """Return the standard deviation of a logarithm from one end of its 95 % interval."""
    if end <= 0 or value <= 0:
        return 1.0
    return abs(log(end / value)) / _Z_95
