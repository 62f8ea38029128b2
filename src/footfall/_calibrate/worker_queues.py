"""The likelihood of separate queues, one before each worker: which request joined which is not seen.

Given the queue of each request its work follows from arrivals and departures, s_i = d_i - max(a_i, D_k), D_k
the last departure of queue k. The queues are summed over by particles (Gordon, Salmond and Smith 1993): each
holds a supposed history, and chooses the queue of the next request by p_k f(s_ik).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from footfall._calibrate.law_fit import (
    QUICK,
    DelayPrior,
    DelaySearch,
    FittedLaws,
    fit_laws,
    request_log_likelihood,
)
from footfall._calibrate.request_log import Floats, Integers
from footfall._calibrate.work_times import BinnedTimes, WorkTimes

Dispatch: TypeAlias = Literal["round_robin", "random", "shortest"]
PARTICLES = 32
REQUESTS_MOST = 1500
"""Of each run, from its beginning, for time's sake."""
_STEPS = 6000
_ROUNDS = 3
_RESAMPLED_EVERY = 25
_REMEMBERED = 64
"""Requests before one that may still be inside, with the shortest queue."""
_AS_GOOD, _AS_GOOD_SHARE = 0.01, 0.2
"""Contradicted by so much more than the least, or by such a share of what other numbers are."""
_OUT_OF_TURN = 0.1
"""Share of requests that do not follow the round: other clients' requests, which are not seen, move it on."""


@dataclass(frozen=True, eq=False)
class QueuedRun:
    """Admitted requests of a run from its beginning, and which of them show their work."""

    sent_s: Floats
    ended_s: Floats
    """Less the delay on the way."""
    kind: Integers
    shows_work: np.ndarray


@dataclass(frozen=True, eq=False)
class SeparateQueues:
    """Separate queues as the runs have them."""

    queues: int
    dispatch: Dispatch
    fitted: FittedLaws
    work: WorkTimes
    binned: BinnedTimes
    log_likelihood: tuple[Floats, ...]
    """By run and request; 0 where a request does not show its work."""


def fit_queues(
    runs: Sequence[QueuedRun], queues: int, dispatch: Dispatch, first: FittedLaws, seed: int
) -> SeparateQueues:
    """Fit the laws with separate queues: laws, then histories, in turn (stochastic EM, Celeux 1985)."""
    rng = np.random.default_rng(seed)
    fitted = first
    for _ in range(_ROUNDS):
        tables = _Tables(fitted, runs)
        passed = [_filtered(run, queues, dispatch, tables, rng) for run in runs]
        work = _work(runs, [times_s for times_s, _ in passed])
        binned = BinnedTimes(work, len(first.laws))
        nothing = DelayPrior(0.0, 1.0)
        fitted = fit_laws(binned, nothing, DelaySearch(0.0, 0.0, 1), [QUICK] * len(first.laws))
    tables = _Tables(fitted, runs)
    passed = [_filtered(run, queues, dispatch, tables, rng) for run in runs]
    return SeparateQueues(queues, dispatch, fitted, work, binned, tuple(value for _, value in passed))


def round_of(runs: Sequence[QueuedRun], most: int) -> int:
    """Number of queues of a round robin that fewest requests contradict.

    In a round of q the request q before is the last one in the same queue, and has left before. Requests of
    other clients, which are not seen, move the round on; they disturb only the q requests after each.
    """
    against = []
    for queues in range(2, most + 1):
        pairs = [run.ended_s[queues:] <= run.ended_s[:-queues] for run in runs if len(run.ended_s) > queues]
        against.append(float(np.concatenate(pairs).mean()) if pairs else 1.0)
    # A multiple of the round is contradicted as little, or less where others move it on: the first that is
    # about as good.
    least = min(against, default=1.0)
    usual = float(np.median(against)) if against else 1.0
    bound = least + max(_AS_GOOD, _AS_GOOD_SHARE * (usual - least))
    return 2 + next((at for at, share in enumerate(against) if share <= bound), 0)


class _Tables:
    """Logarithm of the density of work, contamination included, on a grid of times: fast to look up."""

    def __init__(self, fitted: FittedLaws, runs: Sequence[QueuedRun]) -> None:
        longest = max(float((run.ended_s - run.sent_s).max(initial=0.0)) for run in runs)
        means = max(law.mean_s for law in fitted.laws)
        self.step_s = min(longest * 1.01, 40 * means) / _STEPS
        times_s: Floats = (np.arange(_STEPS) + 0.5) * np.float64(self.step_s)
        nothing = np.zeros(_STEPS)
        rows = []
        for kind in range(len(fitted.laws)):
            work = WorkTimes(
                times_s, np.zeros(_STEPS, bool), np.full(_STEPS, kind), np.zeros(_STEPS, bool), nothing
            )
            scales_s = np.array([law.mean_s for law in fitted.laws])
            rows.append(np.exp(request_log_likelihood(work, fitted, scales_s)))
        self.density = np.array(rows)
        self.impossible = self.density.min(axis=1) * 1e-2


def _filtered(
    run: QueuedRun, queues: int, dispatch: Dispatch, tables: _Tables, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Work and log likelihood of each request of a run, by particles."""
    free_from = np.full((PARTICLES, queues), -np.inf)
    turn = np.zeros(PARTICLES, np.int64)
    latest = np.full((PARTICLES, queues, _REMEMBERED), -np.inf)
    weights = np.full(PARTICLES, 1 / PARTICLES)
    rows, columns = np.arange(PARTICLES), np.arange(queues)
    times_s, value = np.zeros(len(run.sent_s)), np.zeros(len(run.sent_s))
    draws = rng.random((len(run.sent_s), PARTICLES))
    for at, (sent_s, ended_s, kind, shows) in enumerate(
        zip(
            run.sent_s.tolist(), run.ended_s.tolist(), run.kind.tolist(), run.shows_work.tolist(), strict=True
        )
    ):
        work = ended_s - np.maximum(sent_s, free_from)
        place = np.minimum(work / tables.step_s, _STEPS - 1).astype(np.int64)
        density = np.where(work > 0, tables.density[kind][np.maximum(place, 0)], tables.impossible[kind])
        if dispatch == "random":
            share = density / queues
        else:
            if dispatch == "round_robin":
                right = columns == turn[:, None]
            else:
                inside = (latest > sent_s).sum(axis=2)
                right = inside == inside.min(axis=1, keepdims=True)
            likely = right / right.sum(axis=1, keepdims=True)
            share = density * ((1 - _OUT_OF_TURN) * likely + _OUT_OF_TURN / queues)
        summed = share.cumsum(axis=1)
        total = summed[:, -1]
        chosen = np.minimum((summed < (draws[at] * total)[:, None]).sum(axis=1), queues - 1)
        mean = float(weights @ total)
        if shows:
            value[at] = np.log(max(mean, 1e-300))
            one = int(weights.argmax())
            times_s[at] = work[one, chosen[one]]
            weights = weights * total / mean if mean > 0 else weights
        free_from[rows, chosen] = np.maximum(free_from[rows, chosen], ended_s)
        turn = (chosen + 1) % queues
        if dispatch == "shortest":
            latest[rows, chosen, at % _REMEMBERED] = ended_s
        if at % _RESAMPLED_EVERY == 0 and 1 / (weights @ weights) < PARTICLES / 2:
            kept = rng.choice(PARTICLES, PARTICLES, p=weights / weights.sum())
            free_from, turn, latest = free_from[kept], turn[kept], latest[kept]
            weights = np.full(PARTICLES, 1 / PARTICLES)
    return times_s, value


def _work(runs: Sequence[QueuedRun], times_s: Sequence[Floats]) -> WorkTimes:
    shows = [run.shows_work for run in runs]
    found = np.concatenate([one[shown] for one, shown in zip(times_s, shows, strict=True)])
    kind = np.concatenate([run.kind[shown] for run, shown in zip(runs, shows, strict=True)])
    nothing = np.zeros(len(found), bool)
    return WorkTimes(found, nothing, kind, nothing, np.zeros(len(found)))
