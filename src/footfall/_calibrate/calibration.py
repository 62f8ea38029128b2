"""A calibration as a file: what was learned, from which runs, how sure it is, and what stays unknown."""

from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from footfall._calibrate.closed_loop import ClosedLoopFit
from footfall._calibrate.learned_station import GoodnessOfFit, LearnedNumber
from footfall._calibrate.shared_cores import SharedCores
from footfall._calibrate.station_parameters import StationParameters, impossible_number
from footfall._calibrate.utilisation_law import UtilisationLaw
from footfall._records.errors import BadInputError, shown
from footfall._records.runs import read_limited

CALIBRATION_FILE = "calibration.json"
_EXPECTED = "calibration.json as `footfall calibrate` wrote it"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRun:
    """A run or a file that was learned from."""

    run: str
    """Its id, or the name of the file."""
    sha256: str
    """Of its requests, or of the file."""
    requests: int
    length_s: float
    scenario: str = ""
    """The scenario whose numbers the calibrated model has already; empty: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutRun:
    """A run that was not learned from."""

    run: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenLoad:
    """How far the runs went at one station: beyond it, limits that they never reached may decide."""

    requests_per_s: float
    """Highest rate of a run."""
    most_inside: int
    """Requests under way at once."""
    longest_response_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibratedStation:
    """The station of one channel."""

    channel: str
    kind_shares: tuple[float, ...]
    """Share of the requests by kind, in the order of the parameters."""
    parameters: StationParameters
    draws: tuple[StationParameters, ...]
    requests_a_visit: float
    """Mean number of requests of a visit of the channel."""
    seen: SeenLoad
    fit: GoodnessOfFit


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedStations:
    """What runs with a row a request taught: a station for each channel."""

    kind: Literal["requests"] = "requests"
    stations: tuple[CalibratedStation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedLoop:
    """What runs of a closed loop taught."""

    kind: Literal["closed loop"] = "closed loop"
    fit: ClosedLoopFit


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedCores:
    """What response times by class taught."""

    kind: Literal["shared cores"] = "shared cores"
    cores: SharedCores


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedUtilisation:
    """What a table of rates taught."""

    kind: Literal["utilisation"] = "utilisation"
    law: UtilisationLaw


Learned: TypeAlias = Annotated[
    LearnedStations | LearnedLoop | LearnedCores | LearnedUtilisation, Field(discriminator="kind")
]


class Calibration(BaseModel):
    """What was learned from runs; the content of `calibration.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    run: str
    """Id of the calibration."""
    learned: Learned
    numbers: tuple[LearnedNumber, ...]
    unknown: tuple[str, ...]
    """What the runs cannot tell, a sentence each."""
    flags: tuple[str, ...]
    sources: tuple[SourceRun, ...]
    left_out: tuple[LeftOutRun, ...]


def calibration_text(calibration: Calibration) -> str:
    """Write a calibration as JSON."""
    return calibration.model_dump_json(indent=1) + "\n"


def read_calibration(path: Path) -> Calibration:
    """Read a calibration from its file, its folder, or the model next to it.

    Raises:
        BadInputError: there is none, or it is damaged.
    """
    file = path if path.name == CALIBRATION_FILE else _folder(path) / CALIBRATION_FILE
    if not file.is_file():
        raise BadInputError(
            str(path), f"no {CALIBRATION_FILE} there", "the folder that `footfall calibrate` wrote"
        )
    try:
        found = Calibration.model_validate_json(read_limited(file, _EXPECTED))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadInputError(str(file), f"{place}: {first['msg']}", _EXPECTED) from error
    if isinstance(found.learned, LearnedStations):
        for station in found.learned.stations:
            if problem := _damage(station):
                raise BadInputError(str(file), f"{shown(station.channel)}: {problem}", _EXPECTED)
    return found


def _damage(station: CalibratedStation) -> str:
    """Return what no station that was learned can be; empty: nothing."""
    kinds = len(station.parameters.kinds)
    if len(station.kind_shares) != kinds or not _are_shares(station.kind_shares):
        return "kind_shares are not the shares of its kinds of requests"
    if not station.draws:
        return "there are no draws"
    if not 0 < station.requests_a_visit < inf:
        return f"requests_a_visit is {station.requests_a_visit:g}"
    for parameters in (station.parameters, *station.draws):
        if parameters.kinds != station.parameters.kinds:
            return "its draws have other kinds of requests"
        if wrong := impossible_number(parameters):
            return wrong
    return ""


def _are_shares(shares: tuple[float, ...]) -> bool:
    return all(0 <= share <= 1 for share in shares) and sum(shares) > 0


def _folder(path: Path) -> Path:
    return path.parent if path.is_file() else path
