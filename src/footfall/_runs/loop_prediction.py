"""What a loop predicts before it measures: the capacity, a load beyond it, an outage; and its file."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from footfall._calibrate.calibration import CALIBRATION_FILE, CalibratedStation, LearnedStations, SourceRun
from footfall._calibrate.load_figures import (
    ALL_CHANNELS,
    SUCCESS,
    THROUGHPUT,
    TIMES,
    RequestSample,
    sample_figures,
)
from footfall._calibrate.load_prediction import KneeForecast
from footfall._calibrate.station_simulation import simulate_runs
from footfall._capacity.load_steps import PlayedStep
from footfall._criteria.objects import Criterion
from footfall._records.errors import BadInputError
from footfall._records.runs import digests, now, read_limited
from footfall._records.tables import write_text
from footfall._runs.calibrate import CalibrationRun
from footfall._runs.capacity_target import CapacityTarget, CapacityWanted
from footfall._runs.content import model_in
from footfall._runs.loop_figures import FIGURE_NAMES, estimate_text, range_text, value_text
from footfall._runs.loop_plan import (
    BEYOND,
    BEYOND_SHARE,
    FROM_SHARE,
    OUTAGE,
    OUTAGE_SHARE,
    TO_SHARE,
    UNTIL_SHARE,
)
from footfall._runs.loop_records import FROZEN_FILE, PREDICTED_DIR, OutageDone
from footfall._runs.make_trace import chosen_scenario
from footfall._runs.messages import Messages
from footfall._runs.predict_load import PredictionRun, predict_run
from footfall._runs.predicted_figures import MODEL_FILE, PredictOptions
from footfall._runs.predicted_knee import predicted_knee
from footfall._runs.predicted_stations import CalibratedService, calibrated_service
from footfall._runs.run_options import TraceOptions
from footfall._runs.unknown_numbers import depends_on
from footfall._workload.held_back import HeldBack
from footfall._workload.scenario import Scenario

_EXPECTED = f"{FROZEN_FILE} as `footfall loop` wrote it"
_SHOWN = (THROUGHPUT, SUCCESS, TIMES[1])
_FAILS_UNTIL_SHARE = 0.5
_START_SHARE = 0.5
_CURVE_DRAWS, _CURVE_RATES, _CURVE_SEED = 32, 14, 17
_CURVE_FROM_SHARE = 0.08


@dataclass(frozen=True, kw_only=True)
class PredictAsked:
    """What a loop predicts from."""

    search: CapacityWanted
    target: CapacityTarget
    learned: CalibrationRun
    criteria: tuple[Criterion, ...]
    steps: tuple[PlayedStep, ...]
    """The loads that were learned from."""
    limit_per_s: float
    """The limit as the loads bound it, where the capacity cannot be predicted."""
    beyond_s: float
    outage_s: float
    folder: Path
    """Of the loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedPart:
    """One prediction of a run, in a folder of its own."""

    name: str
    """`beyond` or `outage`."""
    run: str
    sha256: str
    """Of its content."""
    title: str
    """Its load, in words."""
    figures: tuple[str, ...]
    """The main ones, as people read them."""
    depends_on: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveRow:
    """What a run at one rate is predicted to measure of requests, with 95 % bounds."""

    offered_per_s: float
    """Arrivals of all channels per second."""
    throughput_per_s: float
    """Arrivals of all channels per second, if all channels are served as this one."""
    throughput_per_s_low: float
    throughput_per_s_high: float
    response_s_p95: float
    response_s_p95_low: float
    response_s_p95_high: float


class FrozenPrediction(BaseModel):
    """All that a loop predicts, written before the runs that verify it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    made_at: str
    """UTC time, ISO 8601."""
    criteria: tuple[str, ...]
    knee: KneeForecast | None
    """Highest arrival rate at which the criteria hold; None: see `knee_unknown`."""
    knee_unknown: str = ""
    knee_depends_on: tuple[str, ...] = ()
    beyond_per_s: float
    """Arrivals per second of the load beyond the capacity."""
    beyond_s: float
    outage_per_s: float
    """Arrivals per second of the run with the outage."""
    outage_s: float
    outage: OutageDone
    held_back: HeldBack | None = None
    parts: tuple[PredictedPart, ...]
    learned_from: tuple[SourceRun, ...]
    learned_most_per_s: float
    """Arrivals per second of the highest load that was learned from."""
    calibration_sha256: str
    curve_channel: str
    """Channel with most requests, whose figures `curve` has."""
    curve: tuple[CurveRow, ...]
    sha256: str = Field("", description="Of all the rest.")

    def content_sha256(self) -> str:
        """Return the digest of everything else in it."""
        data = self.model_dump(mode="json", exclude={"sha256"})
        return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()

    @property
    def start_per_s(self) -> float:
        """A rate that a search for the capacity may begin with."""
        return _START_SHARE * (self.beyond_per_s / BEYOND_SHARE)

    def lines(self) -> list[str]:
        """Return what is predicted, as people read it."""
        knee = self.knee
        first = (
            f"capacity unknown: {self.knee_unknown}"
            if knee is None
            else f"capacity {estimate_text(knee.value, knee.low, knee.high)}"
        )
        return [first, *(f"{part.title}: {', '.join(part.figures)}" for part in self.parts)]


def predict_parts(asked: PredictAsked, messages: Messages) -> FrozenPrediction:
    """Predict capacity, the load beyond it and the outage, and write them down.

    Raises:
        BadInputError: the loads do not allow a prediction, or the folder cannot be written.
    """
    calibration = asked.learned.calibration
    learned = calibration.learned
    assert isinstance(learned, LearnedStations)  # noqa: S101  runs of requests teach stations
    service = calibrated_service(model_in(asked.learned.folder / MODEL_FILE), learned.stations, ())
    shares = _request_shares(asked.steps)
    with messages.progress("predicting the capacity"):
        knee, unknown = _knee(asked, service)
    basis = asked.limit_per_s if knee is None else knee.value
    beyond_per_s = min(BEYOND_SHARE * basis, asked.search.most_per_s or BEYOND_SHARE * basis)
    outage_per_s = OUTAGE_SHARE * basis
    outage, held = _outage(asked, shares)
    common = _common(asked)
    beyond = predict_run(
        _options(asked, common, BEYOND, _rates(asked, shares, beyond_per_s), asked.beyond_s), messages
    )
    during = predict_run(
        _options(
            asked,
            common | {"held_back": held, "outages": _outages(outage, asked.outage_s)},
            OUTAGE,
            _rates(asked, shares, outage_per_s),
            asked.outage_s,
        ),
        messages,
    )
    busiest = max(shares, key=lambda name: shares[name])
    main = next(one for one in service.stations if one.channel == busiest)
    at_knee = {channel: share * basis for channel, share in shares.items()}
    frozen = FrozenPrediction(
        made_at=now(),
        criteria=tuple(each.text for each in asked.criteria),
        knee=knee,
        knee_unknown=unknown,
        knee_depends_on=depends_on(calibration.unknown, service, at_knee, None),
        beyond_per_s=beyond_per_s,
        beyond_s=asked.beyond_s,
        outage_per_s=outage_per_s,
        outage_s=asked.outage_s,
        outage=outage,
        held_back=held,
        parts=(
            _part(BEYOND, f"at {beyond_per_s:.3g} arrivals/s", beyond),
            _part(OUTAGE, f"outage at {outage_per_s:.3g} arrivals/s", during),
        ),
        learned_from=calibration.sources,
        learned_most_per_s=max(one.sent_per_s for one in asked.steps),
        curve_channel=busiest,
        curve=predicted_curve(main, shares[busiest], 1.15 * beyond_per_s, asked.beyond_s),
        calibration_sha256=digests(asked.learned.folder, [CALIBRATION_FILE])[CALIBRATION_FILE],
    )
    signed = frozen.model_copy(update={"sha256": frozen.content_sha256()})
    write_text(signed.model_dump_json(indent=1) + "\n", asked.folder / FROZEN_FILE)
    return signed


def read_frozen(folder: Path) -> FrozenPrediction:
    """Read what was predicted.

    Raises:
        BadInputError: it is missing or damaged, or was changed after it had been written.
    """
    file = folder / FROZEN_FILE
    try:
        found = FrozenPrediction.model_validate_json(read_limited(file, _EXPECTED))
    except ValidationError as error:
        raise BadInputError(str(file), f"damaged ({error.errors()[0]['msg']})", _EXPECTED) from error
    if found.sha256 != found.content_sha256():
        raise BadInputError(str(file), "was changed after it had been written", _EXPECTED)
    return found


def predicted_curve(
    station: CalibratedStation, requests_an_arrival: float, most_per_s: float, length_s: float
) -> tuple[CurveRow, ...]:
    """Return throughput and p95 of a station over the rates up to `most_per_s`, in arrivals per second.

    Each with the range of 95 % of runs of that length, over all draws of the station's numbers.
    """
    draws = [station.draws[n] for n in np.linspace(0, len(station.draws) - 1, _CURVE_DRAWS).astype(int)]
    rows = []
    for per_s in np.linspace(_CURVE_FROM_SHARE * most_per_s, most_per_s, _CURVE_RATES):
        rate = float(per_s) * requests_an_arrival
        runs = simulate_runs(
            draws,
            [rate] * len(draws),
            length_s=length_s,
            seed=_CURVE_SEED,
            kind_shares=station.kind_shares,
        )
        figures = sample_figures(RequestSample.of_runs(runs), length_s)
        served, slow = figures[THROUGHPUT] / requests_an_arrival, figures[TIMES[1]]
        if not np.isfinite(slow).all():
            continue
        rows.append(
            CurveRow(
                offered_per_s=float(per_s),
                throughput_per_s=float(np.median(served)),
                throughput_per_s_low=float(np.quantile(served, 0.025)),
                throughput_per_s_high=float(np.quantile(served, 0.975)),
                response_s_p95=float(np.median(slow)),
                response_s_p95_low=float(np.quantile(slow, 0.025)),
                response_s_p95_high=float(np.quantile(slow, 0.975)),
            )
        )
    return tuple(rows)


# ── The parts


def _knee(asked: PredictAsked, service: CalibratedService) -> tuple[KneeForecast | None, str]:
    """Predict the capacity; or say why it is not known."""
    trace = asked.target.job.trace if asked.target.job.trace.info.model else None
    try:
        return predicted_knee(service, trace, asked.criteria, asked.search.seed), ""
    except BadInputError:
        return None, "as far as these loads tell, the criteria hold at every rate, or at none"


def _request_shares(steps: Sequence[PlayedStep]) -> dict[str, float]:
    """Return the requests of each channel per arrival."""
    arrivals = sum(one.sent_per_s * one.length_s for one in steps)
    channels = sorted({channel for one in steps for channel in one.logs})
    counts = {
        channel: sum(one.logs[channel].requests for one in steps if channel in one.logs)
        for channel in channels
    }
    return {channel: count / arrivals for channel, count in counts.items()}


def _rates(asked: PredictAsked, shares: Mapping[str, float], per_s: float) -> tuple[str, ...]:
    """Return a rate as `footfall predict` takes it: of visits where there is a scenario, else by channel."""
    if asked.target.job.trace.info.model:
        return (f"{per_s!r}",)
    return tuple(f"{channel}={share / sum(shares.values()) * per_s!r}" for channel, share in shares.items())


def _common(asked: PredictAsked) -> dict[str, object]:
    """Return what both predictions have."""
    options = TraceOptions(seed=asked.search.seed)
    return {
        "model": asked.learned.folder,
        "exact": True,
        "scenario": _scenario(asked),
        "options": options,
        "overwrite": asked.search.overwrite,
    }


def _scenario(asked: PredictAsked) -> Scenario | None:
    """Return the scenario without what its model has by now: its numbers, and its outages."""
    if not asked.target.job.trace.info.model:
        return None
    chosen, _ = chosen_scenario(asked.search.scenario, asked.search.model)
    return chosen.model_copy(update={"set": {}, "multiply": {}, "outages": ()})


def _options(
    asked: PredictAsked, common: Mapping[str, object], name: str, rates: tuple[str, ...], length_s: float
) -> PredictOptions:
    given = dict(common) | {"rates": rates, "length_s": length_s, "out": asked.folder / PREDICTED_DIR / name}
    return PredictOptions(**given)  # type: ignore[arg-type]  # named as its fields


def _outage(asked: PredictAsked, shares: Mapping[str, float]) -> tuple[OutageDone, HeldBack | None]:
    """Choose the outage: at the reference service a channel fails, elsewhere arrivals are held back."""
    length_s = asked.outage_s
    if asked.target.job.host is not None:
        held = HeldBack(from_share=FROM_SHARE, to_share=TO_SHARE, until_share=UNTIL_SHARE)
        done = OutageDone(
            kind="arrivals held back",
            channel="",
            from_s=FROM_SHARE * length_s,
            to_s=TO_SHARE * length_s,
            until_s=UNTIL_SHARE * length_s,
        )
        return done, held
    chosen, _ = chosen_scenario(asked.search.scenario, asked.search.model)
    if chosen.outages:
        own = chosen.outages[0]
        channel, start, stop = own.channel, own.from_share, own.to_share
    else:
        channel, start, stop = max(shares, key=lambda name: shares[name]), FROM_SHARE, _FAILS_UNTIL_SHARE
    return (
        OutageDone(kind="channel fails", channel=channel, from_s=start * length_s, to_s=stop * length_s),
        None,
    )


def _outages(outage: OutageDone, length_s: float) -> tuple[str, ...]:
    if outage.kind != "channel fails":
        return ()
    return (f"{outage.channel}={outage.from_s / length_s:.6g}-{outage.to_s / length_s:.6g}",)


def _part(name: str, title: str, done: PredictionRun) -> PredictedPart:
    found = done.prediction
    channels = {one.channel for one in found.figures}
    whole = ALL_CHANNELS if ALL_CHANNELS in channels else next(iter(channels), "")
    figures = {one.name: one for one in found.figures if one.channel == whole}
    texts = [
        f"{FIGURE_NAMES[shown]} {value_text(shown, one.value)} ({range_text(shown, one.low, one.high)})"
        for shown in _SHOWN
        if (one := figures.get(shown)) is not None
    ]
    return PredictedPart(
        name=name,
        run=found.run,
        sha256=found.sha256,
        title=title,
        figures=tuple(texts),
        depends_on=found.depends_on,
    )
