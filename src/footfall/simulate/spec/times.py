"""Times that no single law describes: a mixture of laws, and a measured curve."""

from bisect import bisect_left, bisect_right
from itertools import pairwise
from math import inf, sqrt
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Tag, model_validator

from footfall.simulate.spec.base import Curve, Spec
from footfall.simulate.spec.duration import Duration
from footfall.simulate.spec.number import Share

_POINTS_LEAST = 2


class Empirical(Spec):
    """A measured distribution of seconds, linear between its points."""

    law: Literal["empirical"] = "empirical"
    curve: Curve
    """Seconds, and the share of times that are no longer; what the first point holds lies at its second."""
    beyond: Duration | None = None
    """How much longer those last who outlast the curve, where it ends below 1, as the Kaplan–Meier estimate
    does when the longest waits were cut short (Kaplan and Meier 1958); None: they last for ever."""

    @model_validator(mode="after")
    def _is_a_distribution(self) -> Self:
        seconds, shares = self.curve.seconds, self.curve.shares
        if len(seconds) != len(shares) or len(seconds) < _POINTS_LEAST:
            msg = f"{len(seconds)} seconds and {len(shares)} shares: two points or more"
            raise ValueError(msg)
        if list(seconds) != sorted(seconds) or list(shares) != sorted(shares):
            msg = "seconds and shares of a curve increase"
            raise ValueError(msg)
        if seconds[0] < 0 or shares[0] < 0 or not 0 < shares[-1] <= 1 or seconds[-1] == inf:
            msg = "seconds are finite and not negative, shares lie in 0 … 1"
            raise ValueError(msg)
        if shares[-1] == 1 and self.beyond is not None:
            msg = "the curve ends at 1: nobody is left for `beyond`"
            raise ValueError(msg)
        return self

    @property
    def mean_s(self) -> float:
        """Mean seconds; infinite where some last for ever."""
        return self._moments()[0]

    @property
    def variation(self) -> float:
        """Standard deviation over mean; infinite where some last for ever."""
        return _variation(*self._moments())

    def at(self, u: float) -> float:
        """Seconds at the quantile u, 0 < u < 1; never less for a greater u."""
        seconds, shares = self.curve.seconds, self.curve.shares
        if u > shares[-1]:
            rest = (u - shares[-1]) / (1 - shares[-1])
            return seconds[-1] + self.beyond.at(rest) if self.beyond else inf
        k = bisect_left(shares, u)
        if k == 0:
            return seconds[0]
        part = (u - shares[k - 1]) / (shares[k] - shares[k - 1])
        return seconds[k - 1] + part * (seconds[k] - seconds[k - 1])

    def survival(self, t_s: float) -> float:
        """Share of times longer than `t_s`, for t_s >= 0."""
        seconds, shares = self.curve.seconds, self.curve.shares
        k = bisect_right(seconds, t_s)
        if k == len(seconds):
            return (1 - shares[-1]) * (self.beyond.survival(t_s - seconds[-1]) if self.beyond else 1.0)
        if k == 0:
            return 1.0
        part = (t_s - seconds[k - 1]) / (seconds[k] - seconds[k - 1])
        return 1 - shares[k - 1] - part * (shares[k] - shares[k - 1])

    def times(self, factor: float) -> "Empirical":
        """Give the same shape with every time multiplied by a factor."""
        if factor == 1.0:
            return self
        beyond = self.beyond.times(factor) if self.beyond else None
        return self.model_copy(update={"curve": self.curve.times(factor), "beyond": beyond})

    def _moments(self) -> tuple[float, float]:
        """Mean, and mean of the square."""
        seconds, shares = self.curve.seconds, self.curve.shares
        first, second = shares[0] * seconds[0], shares[0] * seconds[0] ** 2
        for (low_s, high_s), (low, high) in zip(pairwise(seconds), pairwise(shares), strict=True):
            first += (high - low) * (low_s + high_s) / 2
            second += (high - low) * (low_s**2 + low_s * high_s + high_s**2) / 3
        left, last_s = 1 - shares[-1], seconds[-1]
        if left == 0:
            return first, second
        if self.beyond is None:
            return inf, inf
        more, more_square = _moments_of(self.beyond)
        return first + left * (last_s + more), second + left * (last_s**2 + 2 * last_s * more + more_square)


class Part(Spec):
    """A part of the customers whose times follow a law of their own."""

    name: str
    share: Share
    time: Duration | Empirical


class Mixture(Spec):
    """Times of some parts of the customers, and of the rest of them."""

    law: Literal["mixture"] = "mixture"
    parts: tuple[Part, ...]
    """The lowest quantiles are the first part's, and so on: give the shortest times first, then a greater
    number gives no shorter time."""
    rest: Duration | Empirical
    """Times of those who belong to no part."""

    @model_validator(mode="after")
    def _shares_fit(self) -> Self:
        if sum(part.share for part in self.parts) > 1:
            msg = "shares of the parts add up to more than 1"
            raise ValueError(msg)
        return self

    @property
    def mean_s(self) -> float:
        """Mean seconds."""
        return self._moments()[0]

    @property
    def variation(self) -> float:
        """Standard deviation over mean."""
        return _variation(*self._moments())

    def at(self, u: float) -> float:
        """Seconds of the part to which u falls, at its place there, 0 < u < 1 (composition)."""
        below = 0.0
        for part in self.parts:
            if u < below + part.share:
                return part.time.at((u - below) / part.share)
            below += part.share
        return self.rest.at((u - below) / (1 - below)) if below < 1 else self.parts[-1].time.at(u)

    def survival(self, t_s: float) -> float:
        """Share of times longer than `t_s`, for t_s >= 0."""
        return sum(share * time.survival(t_s) for share, time in self._weighted())

    def times(self, factor: float) -> "Mixture":
        """Give the same shape with every time multiplied by a factor."""
        if factor == 1.0:
            return self
        parts = tuple(part.model_copy(update={"time": part.time.times(factor)}) for part in self.parts)
        return self.model_copy(update={"parts": parts, "rest": self.rest.times(factor)})

    def _weighted(self) -> list[tuple[float, Duration | Empirical]]:
        shares = [float(part.share) for part in self.parts]
        times = [part.time for part in self.parts]
        found = list(zip([*shares, max(1 - sum(shares), 0.0)], [*times, self.rest], strict=True))
        return [(share, time) for share, time in found if share > 0]

    def _moments(self) -> tuple[float, float]:
        """Mean, and mean of the square."""
        moments = [(share, *_moments_of(time)) for share, time in self._weighted()]
        first = sum(share * mean for share, mean, _ in moments)
        return first, sum(share * square for share, _, square in moments)


def _moments_of(time: Duration | Empirical) -> tuple[float, float]:
    mean_s = float(time.mean_s)
    return mean_s, mean_s**2 * (1 + time.variation**2)


def _variation(mean_s: float, square: float) -> float:
    if mean_s in {0.0, inf}:
        return mean_s
    return sqrt(max(square / mean_s**2 - 1, 0.0))


def _kind(value: object) -> str:
    law = value.get("law") if isinstance(value, dict) else getattr(value, "law", None)
    return law if law in {"mixture", "empirical"} else "law"


AnyDuration = Annotated[
    Annotated[Duration, Tag("law")]
    | Annotated[Mixture, Tag("mixture")]
    | Annotated[Empirical, Tag("empirical")],
    Discriminator(_kind),
]
"""How long something takes, by whatever is known of it."""
DURATIONS = (Duration, Mixture, Empirical)
