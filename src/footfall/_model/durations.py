"""How long something takes: a law, its mean, and how much it varies."""

from bisect import bisect_left, bisect_right
from enum import StrEnum
from itertools import pairwise
from math import exp, inf, isfinite, lgamma, log, log1p, sqrt
from numbers import Real
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, Discriminator, Tag, ValidationError, model_validator

from footfall._model.duration_quantiles import (
    hyperexponential_at,
    hyperexponential_survival,
    lognormal_parameters,
    special_functions,
    uniform_at,
    uniform_survival,
    weibull_shape,
)
from footfall._model.numbers import (
    Curve,
    Name,
    NonNegative,
    Number,
    SecondsOrNever,
    Several,
    Share,
    Spec,
    as_time,
    default,
    number_of,
)
from footfall._model.value_errors import BadModelError, Meaning, WrongValueError, in_words, user_line


class DistributionFamily(StrEnum):
    """Family of a distribution of times."""

    CONSTANT = "constant"
    EXPONENTIAL = "exponential"
    LOGNORMAL = "lognormal"
    GAMMA = "gamma"
    WEIBULL = "weibull"
    UNIFORM = "uniform"
    """Between mean (1 - cv sqrt 3) and mean (1 + cv sqrt 3), all alike."""
    HYPEREXPONENTIAL = "hyperexponential"
    """One of two exponential times, of balanced means: more varied than one alone."""


_FIXED_VARIATION = {DistributionFamily.CONSTANT: 0.0, DistributionFamily.EXPONENTIAL: 1.0}
UNIFORM_CV_MOST = 1 / sqrt(3)
"""Of a uniform time from 0 on."""
_CV_ROUNDING = 1e-9
_LOG_MOST = 700.0
"""The exponential of more is beyond a float."""


class Duration(Spec):
    """A distribution of seconds, given by its law, its mean and its coefficient of variation.

    Example:
        >>> lognormal("2 min", cv=0.8).at(0.5)  # the median, in seconds
        93.7...
    """

    law: DistributionFamily
    mean_s: SecondsOrNever
    cv: NonNegative | None = None
    """Standard deviation over mean; fixed for constant and exponential, above 1 for hyperexponential, at most
    1/sqrt 3 for uniform."""

    @model_validator(mode="after")
    def _has_the_cv_it_needs(self) -> Self:
        if self.mean_s == inf and self.law is not DistributionFamily.CONSTANT:
            msg = f"a time that is {self.law.value} ends: its mean is finite"
            raise ValueError(msg)
        least = 1.0 if self.law is DistributionFamily.HYPEREXPONENTIAL else 0.0
        if (self.law not in _FIXED_VARIATION) != ((self.cv or 0.0) > least):
            msg = f"law {self.law.value} and cv={self.cv} do not go together"
            raise ValueError(msg)
        if self.law is DistributionFamily.UNIFORM and self.variation > UNIFORM_CV_MOST + _CV_ROUNDING:
            msg = f"law uniform and cv={self.cv:g} do not go together: at most 1/sqrt 3 = 0.577"
            raise ValueError(msg)
        return self

    @property
    def variation(self) -> float:
        """Standard deviation over mean, whatever the law."""
        return _FIXED_VARIATION.get(self.law, float(self.cv or 0.0))

    def at(self, u: float) -> float:
        """Seconds at the quantile u, 0 < u < 1 (inversion)."""
        if self.law is DistributionFamily.CONSTANT or not self.mean_s:
            return float(self.mean_s)
        if self.law is DistributionFamily.EXPONENTIAL:
            return -self.mean_s * log1p(-u)
        cv = float(self.cv or 0.0)
        if self.law is DistributionFamily.LOGNORMAL:
            mu, sigma = lognormal_parameters(float(self.mean_s), cv)
            return exp(mu + sigma * float(special_functions().ndtri(u)))
        if self.law is DistributionFamily.GAMMA:
            return float(special_functions().gammaincinv(cv**-2, u)) * self.mean_s * cv**2
        if self.law in {DistributionFamily.HYPEREXPONENTIAL, DistributionFamily.UNIFORM}:
            at_of = hyperexponential_at if self.law is DistributionFamily.HYPEREXPONENTIAL else uniform_at
            return at_of(u, cv) * self.mean_s
        shape = weibull_shape(cv)
        return self.mean_s / exp(lgamma(1 + 1 / shape)) * float((-log1p(-u)) ** (1 / shape))

    def survival(self, t_s: float) -> float:
        """Share of times longer than `t_s`, for t_s >= 0."""
        if self.law is DistributionFamily.CONSTANT or not self.mean_s:
            return float(t_s < self.mean_s)
        reduced, cv = t_s / self.mean_s, float(self.cv or 0.0)
        if self.law is DistributionFamily.EXPONENTIAL:
            return exp(-reduced)
        if self.law is DistributionFamily.LOGNORMAL:
            mu, sigma = lognormal_parameters(1.0, cv)
            return float(special_functions().ndtr((mu - log(reduced)) / sigma)) if reduced > 0 else 1.0
        if self.law is DistributionFamily.GAMMA:
            return float(special_functions().gammaincc(cv**-2, reduced * cv**-2))
        if self.law in {DistributionFamily.HYPEREXPONENTIAL, DistributionFamily.UNIFORM}:
            survival = (
                hyperexponential_survival
                if self.law is DistributionFamily.HYPEREXPONENTIAL
                else uniform_survival
            )
            return survival(reduced, cv)
        shape = weibull_shape(cv)
        scaled = reduced * exp(lgamma(1 + 1 / shape))
        is_beyond = scaled > 1 and shape * log(scaled) > _LOG_MOST
        return 0.0 if is_beyond else exp(-(scaled**shape))

    def times(self, factor: float) -> "Duration":
        """Return the same shape with its mean multiplied by a factor."""
        if factor == 1.0 or self.mean_s == inf:
            return self
        mean_s = Number(self.mean_s * factor, self.mean_s.grade, f"{self.mean_s.source} (times {factor:g})")
        return self.model_copy(update={"mean_s": mean_s})


def warm_up(spec: Any) -> None:  # noqa: ANN401  any part of a spec
    """Draw once from every duration of a spec, so that what this imports and solves is not done in a run."""
    if isinstance(spec, Duration):
        spec.at(0.5)
    elif isinstance(spec, BaseModel):
        for name in type(spec).model_fields:
            warm_up(getattr(spec, name))
    elif isinstance(spec, dict | tuple):
        for value in spec.values() if isinstance(spec, dict) else spec:
            warm_up(value)


def constant(time: float | str) -> Duration:
    """Return a time that never varies.

    Raises:
        BadModelError: it is no time.

    Example:
        >>> constant("90s").mean_s
        90.0
    """
    return _of(DistributionFamily.CONSTANT, time)


def exponential(mean: float | str) -> Duration:
    """Return an exponential time of this mean.

    Raises:
        BadModelError: the mean is no time.

    Example:
        >>> exponential("6 min").mean_s
        360.0
    """
    return _of(DistributionFamily.EXPONENTIAL, mean)


def lognormal(mean: float | str, cv: float) -> Duration:
    """Return a lognormal time; `cv` is its standard deviation over its mean.

    Raises:
        BadModelError: the mean is no time, or `cv` is not above 0.

    Example:
        >>> lognormal("2 min", cv=0.8).variation
        0.8
    """
    return _of(DistributionFamily.LOGNORMAL, mean, cv)


def gamma(mean: float | str, cv: float) -> Duration:
    """Return a gamma time; `cv` is its standard deviation over its mean.

    Raises:
        BadModelError: the mean is no time, or `cv` is not above 0.

    Example:
        >>> gamma(60, cv=0.5).mean_s
        60.0
    """
    return _of(DistributionFamily.GAMMA, mean, cv)


def weibull(mean: float | str, cv: float) -> Duration:
    """Return a Weibull time; `cv` is its standard deviation over its mean.

    Raises:
        BadModelError: the mean is no time, or `cv` is not above 0.

    Example:
        >>> weibull(60, cv=0.5).mean_s
        60.0
    """
    return _of(DistributionFamily.WEIBULL, mean, cv)


def hyperexponential(mean: float | str, cv: float) -> Duration:
    """Return one of two exponential times, of balanced means; `cv` above 1.

    Raises:
        BadModelError: the mean is no time, or `cv` is not above 1.

    Example:
        >>> hyperexponential(60, cv=2).variation
        2.0
    """
    return _of(DistributionFamily.HYPEREXPONENTIAL, mean, cv)


def uniform(least: float | str, most: float | str) -> Duration:
    """Return a time between two bounds, all alike: mean (a + b)/2, cv (b - a)/((a + b) sqrt 3).

    Raises:
        BadModelError: the bounds are no times, negative, equal or in the wrong order.

    Example:
        >>> uniform(10, 20).mean_s
        15.0
    """
    try:
        least_s, most_s = (number_of(as_time(bound)) for bound in (least, most))
    except WrongValueError as error:
        raise BadModelError(user_line(), "uniform", error.problem, error.expected) from None
    if not 0 <= least_s < most_s < inf:
        msg = f"from {least_s:g} s to {most_s:g} s"
        raise BadModelError(user_line(), "uniform", msg, "two bounds, the smaller first")
    source = f"{least_s.source} (uniform from {least_s:g} s to {most_s:g} s)"
    total = float(least_s + most_s)
    cv = float(most_s - least_s) / (total * sqrt(3))
    return Duration(
        law=DistributionFamily.UNIFORM,
        mean_s=Number(total / 2, least_s.grade, source),
        cv=Number(cv, least_s.grade, source),
    )


def _of(law: DistributionFamily, mean: float | str, cv: float | None = None) -> Duration:
    try:
        return Duration.model_validate({"law": law, "mean_s": mean, "cv": cv})
    except ValidationError as error:
        found = in_words(error, Duration)
        field = found.place.removeprefix("Duration").replace("mean_s", "mean")
        raise BadModelError(user_line(), law.value + field, found.problem, found.expected) from None


NEVER = Duration(law=DistributionFamily.CONSTANT, mean_s=default(inf))
"""A time that does not end: a customer with this patience stays."""
AT_ONCE = Duration(law=DistributionFamily.CONSTANT, mean_s=default(0))

# The names within the kit, where a time has its unit in its name.
constant_s = constant
exponential_s = exponential
lognormal_s = lognormal
hyperexponential_s = hyperexponential
uniform_s = uniform


# ── Times that no single law describes: a mixture of laws, and a measured curve

_POINTS_LEAST = 2
_TIME = Meaning('a time, such as minutes(6), "90s" or exponential(minutes(6))')


def _as_time(value: object) -> object:
    """Let a number, or a text such as "90s", be a time that does not vary."""
    is_number = isinstance(value, str | Real) or (isinstance(value, dict) and "value" in value)
    return {"law": DistributionFamily.CONSTANT, "mean_s": value} if is_number else value


def _kind(value: object) -> str:
    law = value.get("law") if isinstance(value, dict) else getattr(value, "law", None)
    return str(law) if law in ("mixture", "empirical") else "law"


PlainDuration = Annotated[Duration, BeforeValidator(_as_time), _TIME]
"""A time of one law."""


class Empirical(Spec):
    """A measured distribution of seconds, linear between its points.

    Example:
        >>> measured = Empirical(curve=Curve(seconds=(0, 60, 120), shares=(0, 0.5, 1)))
        >>> measured.at(0.25)
        30.0
    """

    law: Literal["empirical"] = "empirical"
    curve: Curve
    """Seconds, and the share of times that are no longer; what the first point holds lies at its second."""
    beyond: PlainDuration | None = None
    """How much longer those last who outlast the curve, where it ends below 1, as the Kaplan–Meier estimate
    does when the longest waits were cut short (Kaplan and Meier 1958); None: they last for ever."""

    @model_validator(mode="after")
    def _is_a_distribution(self) -> Self:
        seconds, shares = self.curve.seconds, self.curve.shares
        if len(seconds) != len(shares) or len(seconds) < _POINTS_LEAST:
            msg = f"{len(seconds)} seconds and {len(shares)} shares: two points or more"
            raise ValueError(msg)
        is_finite = all(map(isfinite, (*seconds, *shares)))
        if not is_finite or seconds[0] < 0 or shares[0] < 0 or not 0 < shares[-1] <= 1:
            msg = "seconds are finite and not negative, shares lie in 0 … 1"
            raise ValueError(msg)
        if list(seconds) != sorted(seconds) or list(shares) != sorted(shares):
            msg = "seconds and shares of a curve increase"
            raise ValueError(msg)
        if shares[-1] == 1 and self.beyond is not None:
            msg = "the curve ends at 1, so no share is left for `beyond`"
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
        """Return the same shape with every time multiplied by a factor."""
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


UnmixedDuration = Annotated[
    Annotated[Duration, Tag("law")] | Annotated[Empirical, Tag("empirical")],
    Discriminator(_kind),
    BeforeValidator(_as_time),
    _TIME,
]
"""A time of one law, or as it was measured."""


class Part(Spec):
    """A part of the customers whose times follow a law of their own."""

    heads = ("name", "share", "time")
    name: Name
    share: Share
    time: UnmixedDuration


class Mixture(Spec):
    """Times of some parts of the customers, and of the rest of them.

    Example:
        >>> hung_up = {"name": "hung up", "share": "10%", "time": "5s"}
        >>> Mixture(parts=[hung_up], rest=exponential("3 min")).mean_s
        162.5
    """

    law: Literal["mixture"] = "mixture"
    parts: Several[Part]
    """The lowest quantiles are the first part's, and so on: give the shortest times first, then a greater
    number gives no shorter time."""
    rest: UnmixedDuration
    """Times of those who belong to no part."""

    @model_validator(mode="after")
    def _shares_fit(self) -> Self:
        if len({part.name for part in self.parts}) != len(self.parts):
            msg = "two parts have the same name"
            raise ValueError(msg)
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
        """Return the same shape with every time multiplied by a factor."""
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


AnyDuration = Annotated[
    Annotated[Duration, Tag("law")]
    | Annotated[Mixture, Tag("mixture")]
    | Annotated[Empirical, Tag("empirical")],
    Discriminator(_kind),
    BeforeValidator(_as_time),
    _TIME,
]
"""How long something takes, by whatever is known of it."""
Time = float | str | Duration | Mixture | Empirical
"""What a time may be given as."""
DURATIONS = (Duration, Mixture, Empirical)
