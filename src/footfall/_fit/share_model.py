"""Channel shares by month: level, damped trend, season and overdispersion, learned and forecast."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

# ── Counts of cases by month and channel

Floats = NDArray[np.float64]
MONTHS_OF_A_YEAR = 12
SEASON_MONTHS_LEAST = 24
"""A season needs two years; in a shorter record it cannot be distinguished from a trend."""


@dataclass(frozen=True, slots=True)
class History:
    """Months with cases, in order; months without any are left out."""

    months: NDArray[np.int64]
    """Shape (months,): months since year 0, January 2015 being 2015 * 12."""
    counts: Floats
    """Shape (months, channels): cases; NaN if a channel has no data for that month."""
    covered: Floats = field(default_factory=lambda: np.empty(0))
    """Shape (months,): the part of each month that the record covers, 0 to 1; empty: all of each."""

    def __post_init__(self) -> None:
        """Treat an empty `covered` as whole months."""
        if not self.covered.size:
            object.__setattr__(self, "covered", np.ones(self.months.size))

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.counts.shape[1])

    @property
    def span(self) -> int:
        """Months from the first to the last, gaps included."""
        return int(self.months[-1] - self.months[0]) + 1

    def until(self, months: int) -> "History":
        """Return the first `months` months."""
        return History(self.months[:months], self.counts[:months], self.covered[:months])

    def since(self, months: int) -> "History":
        """Return the last months, at most `months`."""
        return History(self.months[-months:], self.counts[-months:], self.covered[-months:])


def shares_of(counts: Floats) -> Floats:
    """Return counts along the last axis as shares; NaN counts as 0."""
    known = np.nan_to_num(counts)
    found: Floats = known / known.sum(axis=-1, keepdims=True)
    return found


# ── Channel shares as a logit in time: level, damped trend, season, and scatter beyond counting noise
#
# The log of a channel's share, less a term common to all channels of the month, is
#
#     level + trend + season + scatter
#
# - level: a random walk (sd `level` a month);
# - trend: a slope that changes and fades, b' = f b + noise with stationary sd `slope` (the damped trend of
#   Gardner and McKenzie 1985, as a state-space model: Hyndman, Koehler, Ord and Snyder 2008, ch. 3);
# - season: the same every year (sd `season`), given two years;
# - scatter: variation of single months (sd `scatter`) beyond multinomial counting (Aitchison 2003, ch. 13).
#
# A count n observes log(n + 1/2) with variance 1 / (n + 1/2). Given the four sd, everything is Gaussian and
# exact. The sd are not estimated: all combinations on a grid are weighted by likelihood, so that what a short
# record cannot determine widens the interval (Rasmussen and Williams 2006, ch. 5).

_MONTHS_MOST, _MONTHS_KEPT, _ODDS_MOST = 60, 30, 240
DRAWS = 8000
_SEED = 11
_LEVELS = (0.003, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64)
_SCATTERS = (0.003, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64)
_SLOPES = (0.0, 0.01, 0.03, 0.09)
_DAMPINGS = (0.85, 0.97)
_SEASONS = (0.0, 0.05, 0.15, 0.45)
_SMALLER = (0.0, 1.0)
"""Extra variation of small channels: variances in the log scale with the share to minus this power."""
_ANYWHERE = 25.0
"""Prior variance of the first month's log-odds: practically flat."""
_HALF = 0.5
_NEGLIGIBLE = 1e-5
_POINTS_MOST = 500
"""Number of grid points to draw from, by their probability."""
_SMALL = 48
"""Below this number of rows, a batched general solver is faster than triangular solves."""
_CASES_MOST = 1_000_000_000
"""More cases make no difference to a share."""
_CHUNK_CELLS = 1_000_000
_FAR = 7.0
"""In log probability: points less likely than the best by a factor of 1,000 are left out."""


@dataclass(frozen=True, slots=True)
class Variation:
    """Monthly standard deviations of a channel's log share, as likelihood-weighted means."""

    level_sd: float
    slope_sd: float
    season_sd: float | None
    """None: the record is too short for a season."""
    scatter_sd: float
    overdispersion: float
    """Variance of a month's shares around their level, relative to multinomial counting."""


@dataclass(frozen=True, slots=True)
class Learned:
    """Draws from the predictive distribution."""

    draws: Floats
    """Shape (draws, months ahead, channels): shares as they would be recorded; each sums to 1."""
    middle: Floats
    """Shape (months ahead, channels): medians of the shares without counting noise; each sums to 1."""
    variation: Variation


@dataclass(frozen=True, slots=True)
class _Grid:
    """All combinations of the sd, one per row."""

    level: Floats
    scatter: Floats
    slope: Floats
    damping: NDArray[np.int64]
    season: Floats
    smaller: NDArray[np.int64]
    log_prior: Floats
    coarse: NDArray[np.int64]
    """Starting points of the search."""
    neighbours: NDArray[np.int64]
    """Shape (points, neighbours): points one step away; the point itself at an edge."""


def months_learned(channels: int) -> int:
    """Return how many of the last months are used: 60 with up to five channels, at least 30."""
    return min(_MONTHS_MOST, max(_MONTHS_KEPT, _ODDS_MOST // (channels - 1)))


def learn(history: History, ahead: int, cases: float, draws: int = DRAWS) -> Learned:
    """Learn shares and draw those of the next `ahead` months, each with `cases` cases."""
    return _Learner(history.since(months_learned(history.channels)), ahead).learned(cases, draws)


class _Learner:
    """A history with its covariances."""

    def __init__(self, history: History, ahead: int) -> None:
        self._history, self._ahead = history, ahead
        channels = history.channels
        rows = [_contrasts(~np.isnan(counts)) for counts in history.counts]
        self._at = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
        self._rows = np.concatenate(rows)
        counts = np.nan_to_num(history.counts) + _HALF
        self._seen = np.einsum("rk,rk->r", self._rows, np.log(counts)[self._at])
        self._future = np.tile(scipy.linalg.helmert(channels), (ahead, 1))
        self._future_at = np.repeat(np.arange(ahead), channels - 1)
        pooled = counts.sum(axis=0) / counts.sum()
        self._weights = [(1 / (channels * pooled)) ** power for power in _SMALLER]
        self._same = self._at[:, None] == self._at
        self._counting = self._same * ((self._rows / counts[self._at]) @ self._rows.T)
        months = history.months
        self._months = np.concatenate([months, months[-1] + 1 + np.arange(ahead)]) - months[0]

    def learned(self, cases: float, draws: int) -> Learned:
        grid = _grid(self._history.span >= SEASON_MONTHS_LEAST)
        weight = self._weights_of(grid)
        kept = np.flatnonzero(weight > _NEGLIGIBLE)
        weight = weight / weight.sum()
        random = np.random.default_rng(_SEED)
        each = max(1, draws // _POINTS_MOST)
        numbers = each * random.multinomial(draws // each, weight[kept] / weight[kept].sum())
        some = numbers > 0
        shares = self._drawn(grid, kept[some], numbers[some], random)
        number = min(max(round(cases), 1), _CASES_MOST)
        counted = random.multinomial(number, shares / shares.sum(axis=2, keepdims=True))
        middle = np.median(shares, axis=0)
        return Learned(
            draws=counted / number,
            middle=middle / middle.sum(axis=1, keepdims=True),
            variation=self._variation(grid, weight),
        )

    def _covariances(self, grid: _Grid, k: NDArray[np.int64], *, future: bool) -> Floats:
        """Return the covariances of all observed rows (and future ones) for points of the grid."""
        times = self._months if future else self._months[: self._history.months.size]
        at = np.concatenate([self._at, self._history.months.size + self._future_at]) if future else self._at
        rows = np.concatenate([self._rows, self._future]) if future else self._rows
        walk, slopes, season = _kernels(tuple(times.tolist()))
        covered = np.concatenate([self._history.covered, np.ones(self._ahead)])
        scatter = (at[:, None] == at) / covered[at]
        alike = np.stack([(rows * weight) @ rows.T for weight in self._weights])
        pick = np.ix_(at, at)
        in_time = (
            (grid.level[k] ** 2)[:, None, None] * walk[pick]
            + (grid.slope[k] ** 2)[:, None, None] * np.stack([each[pick] for each in slopes])[grid.damping[k]]
            + (grid.season[k] ** 2)[:, None, None] * season[pick]
            + (grid.scatter[k] ** 2)[:, None, None] * scatter
        )
        found: Floats = in_time * alike[grid.smaller[k]] + _ANYWHERE * (rows @ rows.T)
        seen = self._at.size
        found[:, :seen, :seen] += self._counting
        return found

    def _weights_of(self, grid: _Grid) -> Floats:
        """Return the probability of each point of the grid; very unlikely points get 0.

        Starting from a coarse grid, neighbours of likely points are evaluated until there are no new ones.
        """
        log_weight = np.full(grid.level.size, -np.inf)
        new = grid.coarse
        asked = np.zeros(grid.level.size, dtype=np.bool_)
        while new.size:
            asked[new] = True
            log_weight[new] = self._log_likelihoods(grid, new) + grid.log_prior[new]
            likely = np.flatnonzero(log_weight > log_weight.max() - _FAR)
            near = np.unique(grid.neighbours[likely])
            new = near[~asked[near]]
        weight = np.exp(log_weight - log_weight.max())
        shared: Floats = weight / weight.sum()
        return shared

    def _log_likelihoods(self, grid: _Grid, points: NDArray[np.int64]) -> Floats:
        size = self._at.size
        chunk = max(1, _CHUNK_CELLS // size**2)
        found = np.empty(points.size)
        for first in range(0, points.size, chunk):
            k = points[first : first + chunk]
            root = np.linalg.cholesky(self._covariances(grid, k, future=False))
            white = _solved(root, self._seen)
            diagonal = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
            found[first : first + chunk] = -diagonal - 0.5 * (white**2).sum(axis=1)
        return found

    def _drawn(
        self, grid: _Grid, points: NDArray[np.int64], numbers: NDArray[np.int64], random: np.random.Generator
    ) -> Floats:
        """Draw shares of the future months, `numbers` at each point of the grid."""
        seen = self._at.size
        chunk = max(1, _CHUNK_CELLS // (seen + self._future_at.size) ** 2)
        contrasts = []
        for first in range(0, points.size, chunk):
            whole = self._covariances(grid, points[first : first + chunk], future=True)
            gain = np.linalg.solve(whole[:, :seen, :seen], whole[:, :seen, seen:])
            mean = np.einsum("pso,s->po", gain, self._seen)
            left = whole[:, seen:, seen:] - whole[:, seen:, :seen] @ gain
            values, vectors = np.linalg.eigh((left + left.transpose(0, 2, 1)) / 2)
            root = vectors * np.sqrt(np.maximum(values, 0))[:, None, :]
            contrasts += [
                mean[k] + random.standard_normal((number, mean.shape[1])) @ root[k].T
                for k, number in enumerate(numbers[first : first + chunk])
            ]
        together = np.concatenate(contrasts)
        logs = together.reshape(len(together), self._ahead, -1) @ scipy.linalg.helmert(self._history.channels)
        odds = np.exp(logs - logs.max(axis=2, keepdims=True))
        shares: Floats = odds / odds.sum(axis=2, keepdims=True)
        return shares

    def _variation(self, grid: _Grid, weight: Floats) -> Variation:
        # Trace of the scatter covariance over that of counting, for each exponent of small channels.
        by_count = np.trace(self._counting)
        by_scatter = [np.einsum("rk,k,rk->", self._rows, each, self._rows) for each in self._weights]
        ratio = np.array(by_scatter)[grid.smaller] * grid.scatter**2 / by_count
        season = float(weight @ grid.season) if grid.season.any() else None
        return Variation(
            level_sd=float(weight @ grid.level),
            slope_sd=float(weight @ grid.slope),
            season_sd=season,
            scatter_sd=float(weight @ grid.scatter),
            overdispersion=float(1 + weight @ ratio),
        )


def _solved(roots: NDArray[np.floating[Any]], seen: Floats) -> Floats:
    """Solve many lower triangular systems with the same right-hand side."""
    if seen.size < _SMALL:
        return np.asarray(np.linalg.solve(roots, np.tile(seen[:, None], (len(roots), 1, 1)))[:, :, 0])
    return np.stack([scipy.linalg.solve_triangular(each, seen, lower=True) for each in roots])


def _contrasts(known: NDArray[np.bool_]) -> Floats:
    """Return orthonormal contrasts of the known channels, one per row; none for fewer than two."""
    count = int(known.sum())
    rows = np.zeros((max(count - 1, 0), known.size))
    if count > 1:
        rows[:, known] = scipy.linalg.helmert(count)
    return rows


@cache
def _grid(with_season: bool) -> _Grid:  # noqa: FBT001  cached
    seasons = _SEASONS if with_season else (0.0,)
    slopes = [(slope, k) for slope in _SLOPES for k in range(len(_DAMPINGS)) if slope or not k]
    axes = (_LEVELS, _SCATTERS, slopes, seasons, _SMALLER)
    shape = tuple(map(len, axes))
    place = np.indices(shape).reshape(len(shape), -1)
    level, scatter = np.array(_LEVELS)[place[0]], np.array(_SCATTERS)[place[1]]
    slope, damping = (np.array([each[n] for each in slopes])[place[2]] for n in (0, 1))
    log_prior = -np.log1p((level / 0.1) ** 2) - np.log1p((scatter / 0.2) ** 2)
    log_prior -= np.log(len(_DAMPINGS)) * (slope > 0)
    moves = [np.eye(len(shape), dtype=np.int64)[n] * step for n in range(len(shape)) for step in (-1, 1)]
    bounds = np.array(shape)[:, None] - 1
    return _Grid(
        level=level,
        scatter=scatter,
        slope=slope,
        damping=damping.astype(np.int64),
        season=np.array(seasons)[place[3]],
        smaller=place[4],
        log_prior=log_prior,
        coarse=np.flatnonzero((place[0] % 3 == 1) & (place[1] % 3 == 1) & (place[2] % 2 == 0)),
        neighbours=np.stack(
            [np.ravel_multi_index(tuple(np.clip(place + move[:, None], 0, bounds)), shape) for move in moves],
            axis=1,
        ),
    )


@cache
def _kernels(times: tuple[int, ...]) -> tuple[Floats, tuple[Floats, ...], Floats]:
    """Return covariances in time for unit sd: random walk, cumulated damped slopes, season."""
    at = np.array(times)
    walk = np.minimum(at[:, None], at).astype(np.float64)
    steps = np.arange(at.max() + 1)
    summed = (at[:, None] > steps).astype(np.float64)
    slopes = tuple(summed @ damping ** np.abs(steps[:, None] - steps) @ summed.T for damping in _DAMPINGS)
    angle = np.pi * (at[:, None] - at) / MONTHS_OF_A_YEAR
    season: Floats = np.exp(-2 * np.sin(angle) ** 2)
    return walk, slopes, season


# ── The forecast, with 95 % prediction intervals for recorded shares

_RECENT_MONTHS = 6
LOW, HIGH = 0.025, 0.975
_HALF_COVERED = 0.5


@dataclass(frozen=True, slots=True)
class Forecast:
    """Forecast shares of the months after a history, as they would be recorded."""

    share: Floats
    """Shape (months ahead, channels): medians; each month sums to 1."""
    low: Floats
    high: Floats
    """Shape (months ahead, channels): 95 % prediction interval."""
    draws: Floats
    """Shape (draws, months ahead, channels)."""
    last: Floats
    """Shape (channels,): the naive forecast, shares of the last month that is more than half covered."""
    cases: float
    """Cases per month that the forecast assumes: the mean of the last months."""
    variation: Variation

    def together(self, channels: list[int]) -> tuple[Floats, Floats, Floats]:
        """Return median, low and high of the sum of some channels, each of shape (months ahead,)."""
        draws = self.draws[:, :, channels].sum(axis=2)
        low, high = np.quantile(draws, [LOW, HIGH], axis=0)
        middle: Floats = self.share[:, channels].sum(axis=1)
        return middle, np.minimum(low, middle), np.maximum(high, middle)


def forecast_of(history: History, ahead: int, draws: int = DRAWS) -> Forecast:
    """Forecast the `ahead` months after the last month of a history."""
    recent = history.since(_RECENT_MONTHS)
    cases = float((np.nan_to_num(recent.counts).sum(axis=1) / recent.covered).mean())
    learned = learn(history, ahead, cases, draws)
    low, high = np.quantile(learned.draws, [LOW, HIGH], axis=0)
    whole = np.flatnonzero(history.covered > _HALF_COVERED)
    return Forecast(
        share=learned.middle,
        low=np.minimum(low, learned.middle),
        high=np.maximum(high, learned.middle),
        draws=learned.draws,
        last=shares_of(history.counts[whole[-1] if whole.size else -1]),
        cases=cases,
        variation=learned.variation,
    )
