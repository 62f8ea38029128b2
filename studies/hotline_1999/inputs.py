"""What a month's own records say: how long services take, how long callers wait, who has priority."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from footfall._fit.distributions import kaplan_meier
from studies.hotline_1999.classes import is_evening, kinds_with_floods, part_of_day, place_class
from studies.hotline_1999.records import NOT_RECORDED, SERVICE_S_MOST, RecordedDay
from studies.hotline_1999.spec import Hotline
from studies.hotline_1999.waiting import waiting_of

Floats = NDArray[np.float64]
Key = tuple[object, ...]
NOBODY_NAMED = -1.0
"""A service without an agent's name: it ended within seconds and held nobody."""
_SERVICES_LEAST, _KIND_LEAST, _LEFT_LEAST, _AT_RISK_LEAST = 50, 20, 30, 20
_USUAL_SERVICES = 20
"""An agent's own pace counts against this many services at the usual pace."""
_SHORTEST_WAIT_S = 0.5


@dataclass(frozen=True, slots=True)
class Patience:
    """A Kaplan–Meier curve, beyond its end a constant rate."""

    seconds: Floats
    survival: Floats
    beyond_per_s: float

    def at(self, u: float) -> float:
        """Seconds at which the share still waiting falls to u."""
        if u <= self.survival[-1]:
            last_s = float(self.seconds[-1])
            return last_s + float(np.log(self.survival[-1] / u)) / self.beyond_per_s
        return float(self.seconds[np.searchsorted(-self.survival, -u)])


@dataclass(frozen=True, slots=True)
class MonthInputs:
    """Distributions of one month; a class with few calls is answered by the wider one."""

    services: dict[Key, Floats]
    """Ascending seconds by (kind, part of the day), (kind,) and (part of the day,)."""
    paces: dict[str, float]
    """By agent: own services over those of all, of the same kinds and parts of the day."""
    patience: dict[Key, Patience]
    """By (kind, place, evening), (kind, place), (place,) and ()."""
    priority_shares: dict[str, float]

    def service_s(self, kind: str, part: int, u: float) -> float:
        """Seconds of a service at the quantile u, or `NOBODY_NAMED`."""
        services = self.services_of(kind, part)
        return float(services[int(u * services.size)])

    def services_of(self, kind: str, part: int) -> Floats:
        """Services of the narrowest class with enough of them."""
        for key, least in (((kind, part), _SERVICES_LEAST), ((kind,), _KIND_LEAST), ((part,), 1)):
            found = self.services.get(key)
            if found is not None and found.size >= least:
                return found
        return self.services[()]

    def patience_of(self, kind: str, place: int, *, evening: bool) -> Patience:
        """Patience of the narrowest class in which enough left."""
        keys: tuple[Key, ...] = ((kind, place, evening), (kind, place), (place,))
        return next((self.patience[key] for key in keys if key in self.patience), self.patience[()])


def month_inputs(hotline: Hotline, days: Sequence[RecordedDay]) -> MonthInputs:
    """Read a month's own distributions."""
    kinds = kinds_with_floods(hotline.flood, days)
    services = _services(hotline, days, kinds)
    inputs = MonthInputs(services, {}, _patience(hotline, days, kinds), _priority(days))
    return MonthInputs(
        services, _paces(hotline, inputs, days, kinds), inputs.patience, inputs.priority_shares
    )


def _services(
    hotline: Hotline, days: Sequence[RecordedDay], kinds: Sequence[tuple[str, ...]]
) -> dict[Key, Floats]:
    found: dict[Key, list[float]] = defaultdict(list)
    for day, names in zip(days, kinds, strict=True):
        for n in np.flatnonzero(day.served & (day.service_s >= 0) & (day.service_s <= SERVICE_S_MOST)):
            part = part_of_day(hotline, day.arrived_s[n])
            seconds = float(day.service_s[n]) if day.agents[n] else NOBODY_NAMED
            keys: tuple[Key, ...] = ((names[n], part), (names[n],), (part,), ())
            for key in keys:
                found[key].append(seconds)
    return {key: np.sort(np.array(seconds)) for key, seconds in found.items()}


def _paces(
    hotline: Hotline, inputs: MonthInputs, days: Sequence[RecordedDay], kinds: Sequence[tuple[str, ...]]
) -> dict[str, float]:
    usual: dict[tuple[str, int], float] = {}
    own: dict[str, float] = defaultdict(float)
    expected: dict[str, float] = defaultdict(float)
    for day, names in zip(days, kinds, strict=True):
        for n, agent in enumerate(day.agents):
            if not agent or not 0 <= day.service_s[n] <= SERVICE_S_MOST:
                continue
            key = (names[n], part_of_day(hotline, day.arrived_s[n]))
            if key not in usual:
                services = inputs.services_of(*key)
                usual[key] = float(services[services >= 0].mean()) if (services >= 0).any() else 0.0
            own[agent] += float(day.service_s[n])
            expected[agent] += usual[key]
    every = inputs.services[()]
    ballast_s = _USUAL_SERVICES * float(every[every >= 0].mean())
    return {agent: (own[agent] + ballast_s) / (expected[agent] + ballast_s) for agent in own}


def _patience(
    hotline: Hotline, days: Sequence[RecordedDay], kinds: Sequence[tuple[str, ...]]
) -> dict[Key, Patience]:
    waits: dict[Key, list[float]] = defaultdict(list)
    left: dict[Key, list[bool]] = defaultdict(list)
    for day, names in zip(days, kinds, strict=True):
        queue = waiting_of(day)
        for n in np.flatnonzero(day.waited_s > 0):
            at_s = float(day.arrived_s[n])
            place = place_class(hotline, queue.at(at_s - _SHORTEST_WAIT_S))
            keys: tuple[Key, ...] = (
                (names[n], place, is_evening(hotline, at_s)), (names[n], place), (place,), (),
            )  # fmt: skip
            for key in keys:
                waits[key].append(float(day.waited_s[n]))
                left[key].append(not day.served[n])
    return {
        key: _curve(np.array(waits[key]), np.array(left[key]))
        for key in waits
        if key == () or sum(left[key]) >= _LEFT_LEAST
    }


def _curve(waits_s: Floats, left: NDArray[np.bool_]) -> Patience:
    # Nobody waits for ever, even in a month in which nobody left.
    rate = max(float(left.sum()), 1.0) / float(waits_s.sum())
    curve = kaplan_meier(waits_s, left)
    enough = (curve.at_risk >= _AT_RISK_LEAST) & (curve.survival > 0)
    seconds = np.concatenate([[0.0], curve.seconds[enough]])
    return Patience(seconds, np.concatenate([[1.0], curve.survival[enough]]), rate)


def _priority(days: Sequence[RecordedDay]) -> dict[str, float]:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for day in days:
        for kind, priority in zip(day.kinds, day.priority, strict=True):
            if priority != NOT_RECORDED:
                counts[kind][0] += int(priority)
                counts[kind][1] += 1
    return {kind: yes / total for kind, (yes, total) in counts.items()}
