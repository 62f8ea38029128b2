"""How sure the numbers of a calibrated model are, in the file that `footfall simulate` draws them from."""

from collections.abc import Callable
from functools import partial
from math import log

import numpy as np
from scipy.special import logit

from footfall._calibrate.calibrated_model import MEASURED_FAULT
from footfall._calibrate.calibration import CalibratedStation, Learned, LearnedStations
from footfall._calibrate.station_parameters import StationParameters
from footfall._fit.uncertainty import UncertainNumber, Uncertainty
from footfall._model.model import Model
from footfall._model.numbers import Number, leaves

_WHAT = (
    "How sure the numbers of model.toml are. Each deviation belongs to one draw from the joint uncertainty "
    "of the calibration (calibration.json); a draw of all numbers is each number plus the sum of its "
    "deviations, each times a normal number of its draw, on the scale named. Slots are not varied."
)
_SHARE_LEAST = 1e-6
_Read = Callable[[StationParameters], float]


def station_uncertainty(learned: Learned, model: Model) -> Uncertainty | None:
    """Return the uncertainty of a calibrated model; None: it has no stations, or nothing varies.

    With G draws whose deviations from their mean are d_g, the numbers d_g/sqrt(G - 1) times independent
    normal numbers have the covariance of the draws.
    """
    if not isinstance(learned, LearnedStations):
        return None
    known = {path: value for path, value in leaves(model) if isinstance(value, Number)}
    numbers = [
        number
        for station in learned.stations
        for path, read in _reads(station).items()
        if path in known and (number := _number(path, float(known[path]), station, read)) is not None
    ]
    draws = min((len(station.draws) for station in learned.stations), default=0)
    if not numbers or draws < 2:  # noqa: PLR2004  a spread needs two
        return None
    return Uncertainty(what=_WHAT, days=draws, groups=draws, busyness=None, numbers=tuple(numbers), curves=())


def _reads(station: CalibratedStation) -> dict[str, _Read]:
    """Return where each number is in the model, and how it is read from a draw."""
    at = f"channels.{station.channel}"
    found: dict[str, _Read] = {
        f"{at}.station.network_s": lambda one: one.network_s,
        f"{at}.station.deadline_s": lambda one: one.deadline_s,
        f"{at}.station.queue_timeout_s": lambda one: one.queue_timeout_s,
        f"{at}.station.rate_limit.requests_per_s": lambda one: one.rate_limit_per_s,
        f"{at}.station.stalls.length_s": lambda one: one.stall_length_s,
    }
    for n, kind in enumerate(station.parameters.kinds):
        work = f"{at}.works.{kind}"
        found[f"{work}.service.mean_s"] = partial(_mean_s, n)
        if not station.parameters.fault_causes:
            found[f"{work}.faults.{MEASURED_FAULT}.share"] = partial(_fault_share, n)
        for place, cause in enumerate(station.parameters.fault_causes):
            found[f"{work}.faults.{cause.name}.share"] = partial(_cause_share, n, place)
    return found


def _mean_s(kind: int, one: StationParameters) -> float:
    return one.laws[kind].mean_s


def _cause_share(kind: int, cause: int, one: StationParameters) -> float:
    return one.fault_shares[kind] * one.cause_shares[kind][cause]


def _fault_share(kind: int, one: StationParameters) -> float:
    return one.fault_shares[kind]


def _number(path: str, value: float, station: CalibratedStation, read: _Read) -> UncertainNumber | None:
    """Return a number with the deviations of the draws; None: it does not vary, or has no scale."""
    drawn = np.array([read(one) for one in station.draws])
    if not (np.isfinite(drawn).all() and value > 0 and np.ptp(drawn) > 0):
        return None
    is_share = path.endswith(".share")
    if is_share:
        if not 0 < value < 1:
            return None
        scaled = logit(drawn.clip(_SHARE_LEAST, 1 - _SHARE_LEAST))
    else:
        scaled = np.array([log(max(one, 1e-9 * value)) for one in drawn])
    deviations = (scaled - scaled.mean()) / np.sqrt(len(drawn) - 1)
    return UncertainNumber(
        path=path,
        value=value,
        scale="logit" if is_share else "log",
        deviations=tuple(float(one) for one in deviations),
    )
