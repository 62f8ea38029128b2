"""Shares of requests that fail for a reason other than load, by kind of request and cause."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from footfall._calibrate.failures import NO_ANSWER, cause_of, is_unnamed
from footfall._calibrate.limits import Limits
from footfall._calibrate.observed import Observed, ObservedRun
from footfall._calibrate.request_log import Floats, Integers
from footfall._calibrate.station_parameters import FaultCause
from footfall._stats.intervals import wilson

_HALF = 0.5
"""Added to each count: Jeffreys' prior."""


@dataclass(frozen=True, eq=False)
class FaultCounts:
    """How many requests of each kind failed by which cause."""

    causes: tuple[FaultCause, ...]
    """Those that occurred, the most frequent first."""
    faults: Integers
    """(kinds, causes)."""
    served: Integers
    """(kinds,): requests without a fault."""

    @property
    def shares(self) -> tuple[float, ...]:
        """Share of the requests of each kind that fail, by any cause."""
        total = self.faults.sum(axis=1)
        return tuple(float(one) for one in total / np.maximum(total + self.served, 1))

    @property
    def cause_shares(self) -> tuple[tuple[float, ...], ...]:
        """By kind, the share of its faults that each cause has; of all faults where it had none itself."""
        return _rows(_normed(self._by_cause))

    @property
    def _by_cause(self) -> Integers:
        """Faults of each kind by cause; of all kinds where it had none itself."""
        has_faults = self.faults.sum(axis=1, keepdims=True) > 0
        found: Integers = np.where(has_faults, self.faults, self.faults.sum(axis=0))
        return found

    def interval(self, kind: int, cause: int | None = None) -> tuple[float, float, float]:
        """Return the share of a kind by one cause, or by all (None), with Wilson's 95 % interval."""
        of_kind = self.faults[kind]
        faults = int(of_kind.sum() if cause is None else of_kind[cause])
        total = int(of_kind.sum() + self.served[kind])
        low, high = wilson(faults, total) if total else (0.0, 1.0)
        return (faults / total if total else 0.0), low, high

    def drawn(self, draws: int, rng: np.random.Generator) -> list["DrawnFaults"]:
        """Draw shares from Jeffreys' posterior: Beta of all faults of a kind, Dirichlet of their causes.

        One draw of the Beta from each of as many equal parts of it (Latin hypercube, McKay et al. 1979), so
        that few draws have its spread. Without any fault seen, a share as small as the requests cannot
        exclude is left. Of a multinomial's posterior the total and the shares of the causes in it are
        independent (Gelman et al. 2013, section 3.4).
        """
        strata = np.stack([(rng.permutation(draws) + 0.5) / draws for _ in self.served], axis=1)
        total = self.faults.sum(axis=1)
        drawn = stats.beta.ppf(strata, total + _HALF, self.served + _HALF)
        causes = [()] * draws if not self.causes else [self._drawn_causes(rng) for _ in range(draws)]
        return [
            DrawnFaults(tuple(float(one) for one in row), shares)
            for row, shares in zip(drawn, causes, strict=True)
        ]

    def _drawn_causes(self, rng: np.random.Generator) -> tuple[tuple[float, ...], ...]:
        return _rows(_normed(np.asarray(rng.standard_gamma(self._by_cause + _HALF))))


@dataclass(frozen=True, slots=True)
class DrawnFaults:
    """One draw: the share of each kind that fails, and of its faults by cause."""

    shares: tuple[float, ...]
    cause_shares: tuple[tuple[float, ...], ...]


def fault_counts(observed: Observed, limits: Limits) -> FaultCounts:
    """Count the faults of all runs: failures that no limit explains, those refused by chance included."""
    names = observed.runs[0].log.causes
    kinds = len(observed.kinds)
    counts = np.zeros((kinds, len(names)), np.int64)
    served = np.zeros(kinds, np.int64)
    status: list[Integers] = [np.zeros(0, np.int64) for _ in names]
    for run in observed.runs:
        log, is_fault = run.log, _is_fault(run, limits)
        np.add.at(counts, (log.kind[is_fault], cause_of(log)[is_fault]), 1)
        served += np.bincount(log.kind[log.is_success], minlength=kinds)
        for place in np.unique(cause_of(log)[is_fault]):
            own = log.status[is_fault & (cause_of(log) == place)]
            status[place] = np.concatenate((status[place], own))
    order = [int(place) for place in np.argsort(-counts.sum(axis=0), kind="stable") if counts[:, place].any()]
    causes = tuple(FaultCause(name=names[place], status=_most_common(status[place])) for place in order)
    return FaultCounts(causes, counts[:, order], served)


def _is_fault(run: ObservedRun, limits: Limits) -> NDArray[np.bool_]:
    by_chance = np.isin(cause_of(run.log), list(limits.by_chance))
    found: NDArray[np.bool_] = run.failures.fault | (run.failures.refused & by_chance)
    return found


def fault_sentences(counts: FaultCounts) -> list[str]:
    """Say which faults may be of several causes: those whose responses gave no reason."""
    total = counts.faults.sum(axis=0)
    unnamed = [(place, cause) for place, cause in enumerate(counts.causes) if is_unnamed(cause)]
    return [f"faults: {_unnamed(int(total[place]), cause)}" for place, cause in unnamed]


def _unnamed(count: int, cause: FaultCause) -> str:
    if cause.name == NO_ANSWER:
        return f"{count} requests had no response; why, they do not say"
    return (
        f"{count} responses of status {cause.status} gave no reason (`code` in their JSON), "
        "so several causes of that status count as one"
    )


def _most_common(values: Integers) -> int:
    found, counts = np.unique(values, return_counts=True)
    return int(found[counts.argmax()])


def _normed(counts: Floats | Integers) -> Floats:
    normed: Floats = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-300)
    return normed


def _rows(table: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(one) for one in row) for row in table)
