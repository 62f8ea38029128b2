"""A prediction as a file: the figures of a run not yet made, with intervals, and what they were made from."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isinf
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from footfall._calibrate.calibration import SourceRun
from footfall._calibrate.load_figures import SUCCESS, THROUGHPUT
from footfall._calibrate.request_log import Floats
from footfall._records.errors import BadInputError
from footfall._records.runs import read_limited
from footfall._workload.held_back import HeldBack

PREDICTION_FILE = "prediction.json"
_EXPECTED = "prediction.json as `footfall predict` wrote it"
_DRAW_DIGITS = 7
_LARGE_SAMPLE = 150
"""From so many simulated runs on, their own quantiles are the interval."""
_T_95_SMALL = 2.0
"""About Student's 97.5 % for 60 degrees of freedom, and a little more for fewer."""

FiguresOf: TypeAlias = Literal["requests", "visits", "closed loop", "shared cores", "utilisation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureForecast:
    """One figure of the run, with a 95 % interval for what such a run measures."""

    channel: str
    """`*`: all together."""
    name: str
    """What it is, with its unit, such as `response_s_p95`."""
    value: float
    """The median of what such runs measure."""
    low: float
    high: float

    @property
    def path(self) -> str:
        """Channel and name."""
        return f"{self.channel}.{self.name}"

    @property
    def is_share(self) -> bool:
        """Whether it lies between 0 and 1."""
        return self.name.endswith("_share")

    @property
    def is_time(self) -> bool:
        """Whether it is a time, in seconds."""
        return "_s_" in self.name

    @property
    def kind(self) -> str:
        """What sort of figure it is: throughput, success, response or another."""
        if self.name == THROUGHPUT:
            return "throughput"
        if self.name == SUCCESS:
            return "success"
        return self.name if not self.is_time else f"response {self.name.rpartition('_')[2]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseForecast:
    """How large a share of the requests or visits fails for one cause."""

    channel: str
    cause: str
    value: float
    """Share, 0 to 1."""
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KneeForecast:
    """The highest arrival rate at which the criteria hold, in arrivals per second."""

    criteria: tuple[str, ...]
    value: float
    """Where `high` is `inf`: that of the fewest slots that the runs allow."""
    low: float
    high: float
    """`inf`: the runs do not bound the number of slots, so the knee may be higher by any factor."""

    @property
    def is_least(self) -> bool:
        """Whether it is that of the fewest slots that the runs allow."""
        return isinf(self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedLoad:
    """The load of the run that is predicted; None: not part of it."""

    length_s: float
    """Seconds in which arrivals come."""
    rate_per_s: float | None = None
    """Arrivals per second, all channels together."""
    rates: tuple[tuple[str, float], ...] = ()
    """By channel, or by class of requests."""
    arrivals: int | None = None
    """Exact number; None: as many as a Poisson process gives."""
    scenario: str | None = None
    window_s: float | None = None
    speed: float | None = None
    scale: float | None = None
    at_hour: float | None = None
    human_time_factor: float | None = None
    users: int | None = None
    think_s: float | None = None
    changes: tuple[str, ...] = ()
    """Numbers that differ from the calibrated model, as `path=value`."""
    outages: tuple[tuple[str, float, float], ...] = ()
    """Channel, and the shares of the window at which it fails and works again."""
    held_back: HeldBack | None = None
    """Arrivals that come later than they were due; None: none do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationUsed:
    """What a prediction was made from."""

    run: str
    sha256: str
    """Of `calibration.json`."""
    sources: tuple[SourceRun, ...]


class LoadPrediction(BaseModel):
    """Figures of a run not yet made; the content of `prediction.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    run: str
    """Id of the prediction."""
    made_at: str
    """UTC time, ISO 8601."""
    version: str
    """Of Footfall."""
    of: FiguresOf
    """What the figures count."""
    load: PredictedLoad
    calibration: CalibrationUsed
    figures: tuple[FigureForecast, ...]
    causes: tuple[CauseForecast, ...] = ()
    knee: KneeForecast | None = None
    depends_on: tuple[str, ...] = ()
    """Numbers that the calibration does not know and this prediction needs, a sentence each."""
    draws: tuple[tuple[float, ...], ...] = ()
    """Simulated runs: the figures of each, in their order; empty: only intervals are known."""
    sha256: str = Field("", description="Of all the rest.")

    def content_sha256(self) -> str:
        """Return the digest of everything else in it."""
        data = self.model_dump(mode="json", exclude={"sha256"})
        return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()

    def signed(self) -> "LoadPrediction":
        """Return it with its own digest."""
        return self.model_copy(update={"sha256": self.content_sha256()})


def prediction_text(prediction: LoadPrediction) -> str:
    """Write a prediction as JSON."""
    return prediction.model_dump_json(indent=1) + "\n"


def read_prediction(path: Path) -> LoadPrediction:
    """Read a prediction from its file or its folder.

    Raises:
        BadInputError: there is none, it is damaged, or it was changed after it had been written.
    """
    file = path if path.is_file() else path / PREDICTION_FILE
    if not file.is_file():
        raise BadInputError(
            str(path), f"no {PREDICTION_FILE} there", "the folder that `footfall predict` wrote"
        )
    try:
        found = LoadPrediction.model_validate_json(read_limited(file, _EXPECTED))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadInputError(str(file), f"{place}: {first['msg']}", _EXPECTED) from error
    if found.sha256 != found.content_sha256():
        raise BadInputError(str(file), "was changed after it had been written", _EXPECTED)
    return found


def forecasts(drawn: Mapping[tuple[str, str], Floats]) -> tuple[FigureForecast, ...]:
    """Return value and interval of each figure from simulated runs, an element a run.

    A figure that some simulated run lacks, such as a percentile where nothing was served, is left out.
    """
    return tuple(
        _forecast(channel, name, values)
        for (channel, name), values in drawn.items()
        if len(values) and np.isfinite(values).all()
    )


def drawn_rows(
    drawn: Mapping[tuple[str, str], Floats], figures: tuple[FigureForecast, ...]
) -> tuple[tuple[float, ...], ...]:
    """Return the simulated runs as rows in the order of the figures."""
    table = (
        np.stack([drawn[one.channel, one.name] for one in figures], axis=1) if figures else np.empty((0, 0))
    )
    return tuple(tuple(float(f"{value:.{_DRAW_DIGITS}g}") for value in row) for row in table)


def _forecast(channel: str, name: str, values: Floats) -> FigureForecast:
    low, high = interval_of(values, is_share=name.endswith("_share"))
    return FigureForecast(channel=channel, name=name, value=float(np.median(values)), low=low, high=high)


def interval_of(values: Floats, *, is_share: bool) -> tuple[float, float]:
    """Return the range in which one more value like these lies with 95 %.

    Of many: between the order statistics whose ranks leave 2.5 % outside on each side. Of few: mean
    ± t s √(1 + 1/n) (Hahn and Meeker 1991, equation 4.9), of logarithms where the values are above 0, joined
    with the range of all values where it is narrower than that.
    """
    ordered, n = np.sort(values), len(values)
    if n >= _LARGE_SAMPLE:
        rank = max(int(np.floor(0.025 * (n + 1))), 1)
        return float(ordered[rank - 1]), float(ordered[n - rank])
    if n < 2:  # noqa: PLR2004  a spread needs two
        return float(ordered[0]), float(ordered[-1])
    is_log = bool(ordered[0] > 0) and not is_share
    scaled = np.log(ordered) if is_log else ordered
    half = (_T_95_SMALL + 2 / n) * scaled.std(ddof=1) * np.sqrt(1 + 1 / n)
    low, high = scaled.mean() - half, scaled.mean() + half
    if is_log:
        low, high = np.exp(low), np.exp(high)
    if is_share:
        low, high = max(float(low), 0.0), min(float(high), 1.0)
    return float(low), float(high)
