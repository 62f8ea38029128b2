"""How far samples of visits are within the limits of criteria, measured and simulated ones alike.

A limit of a percentile is one of a share: p95 is below L just when less than 5 % of the visits are slower
than L. So every criterion but that of a mean compares a share of bad visits with the share that is allowed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from math import inf
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from footfall._calibrate.request_log import Floats, Integers
from footfall._calibrate.station_runs import Booleans
from footfall._capacity.load_steps import CapacityAsked, PlayedStep
from footfall._capacity.step_figures import relative_limit_s
from footfall._criteria.objects import Criterion, ResponseCriterion, Scope, ShareCriterion
from footfall._stats.intervals import duration

_Value = TypeVar("_Value", bound=np.generic)


@dataclass(frozen=True, kw_only=True, eq=False)
class VisitSample:
    """Visits of one operation, or requests of one step of it: (rows, columns), a column a run."""

    channel: str
    operation: str
    step: str
    """Empty: whole visits."""
    response_s: Floats
    is_success: Booleans
    is_error: Booleans
    is_answered: Booleans
    is_present: Booleans

    def drawn(self, rows: Integers, columns: int) -> "VisitSample":
        """Give some of its rows, in each of so many columns; it has one itself."""

        def of(values: NDArray[_Value]) -> NDArray[_Value]:
            return np.broadcast_to(values[rows], (len(rows), columns))

        return replace(
            self,
            response_s=of(self.response_s),
            is_success=of(self.is_success),
            is_error=of(self.is_error),
            is_answered=of(self.is_answered),
            is_present=of(self.is_present),
        )

    def belongs_to(self, scope: Scope) -> bool:
        """Whether a criterion of that scope is about it."""
        if bool(self.step) != bool(scope.step) or not fnmatchcase(self.step, scope.step or ""):
            return False
        return scope.matches(self.channel, self.operation)


Judged = ShareCriterion | ResponseCriterion
_NONE_BAD = 0.1


def usable(criteria: Iterable[Criterion]) -> tuple[Judged, ...]:
    """Give the criteria that bound a rate from above: of success, errors and response times."""
    found: list[Judged] = []
    for criterion in criteria:
        if isinstance(criterion, ShareCriterion):
            if (criterion.operator in {">=", ">"}) == (criterion.of == "success"):
                found.append(criterion)
        elif isinstance(criterion, ResponseCriterion) and criterion.operator in {"<", "<="}:
            found.append(criterion)
    return tuple(found)


def relative_criterion(limit_s: float) -> ResponseCriterion:
    """Make the criterion that the 95th percentile of all visits is below a limit."""
    text = f"p95(*) < {duration(limit_s)}"
    return ResponseCriterion(text=text, scope=Scope(), quantile=0.95, operator="<", limit_s=limit_s)


def criteria_of(asked: CapacityAsked, played: Sequence[PlayedStep]) -> tuple[Judged, ...]:
    """Give all criteria of a search, the one relative to the unloaded step once that was played."""
    criteria, limit_s = usable(asked.criteria), relative_limit_s(played, asked)
    return criteria if limit_s is None else (*criteria, relative_criterion(limit_s))


def measured_samples(step: PlayedStep) -> list[VisitSample]:
    """Give the visits of a step by operation, and its requests by step of them."""
    visits = step.visits
    samples = []
    for channel, operation in sorted({*zip(visits.channel.tolist(), visits.operation.tolist(), strict=True)}):
        rows = (visits.channel == channel) & (visits.operation == operation)
        samples.append(
            _column(
                (channel, operation, ""),
                visits.response_s[rows],
                visits.is_success[rows],
                visits.is_error[rows],
                visits.is_answered[rows],
            )
        )
    for channel, log in step.logs.items():
        for number, kind in enumerate(log.kinds):
            rows = log.kind == number
            operation, _, request = kind.removeprefix(f"{channel}.").partition("/")
            success = log.is_success[rows]
            samples.append(
                _column(
                    (channel, operation, request),
                    log.response_s[rows],
                    success,
                    ~success,
                    log.is_answered[rows],
                )
            )
    return samples


def joined(samples: Sequence[VisitSample]) -> tuple[VisitSample, ...]:
    """Join the samples of each operation, one column each, into one."""
    by_name: dict[tuple[str, str, str], list[VisitSample]] = {}
    for sample in samples:
        by_name.setdefault((sample.channel, sample.operation, sample.step), []).append(sample)
    return tuple(
        _column(
            name,
            np.concatenate([one.response_s[:, 0] for one in of_name]),
            np.concatenate([one.is_success[:, 0] for one in of_name]),
            np.concatenate([one.is_error[:, 0] for one in of_name]),
            np.concatenate([one.is_answered[:, 0] for one in of_name]),
        )
        for name, of_name in sorted(by_name.items())
    )


def _column(
    names: tuple[str, str, str], response_s: Floats, success: Booleans, error: Booleans, answered: Booleans
) -> VisitSample:
    return VisitSample(
        channel=names[0],
        operation=names[1],
        step=names[2],
        response_s=response_s[:, None],
        is_success=success[:, None],
        is_error=error[:, None],
        is_answered=answered[:, None],
        is_present=np.ones((len(response_s), 1), dtype=np.bool_),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """How many visits a criterion counts, and how many of them are bad; (columns,) each."""

    counted: Floats
    bad: Floats
    allowed_share: float

    @property
    def excess(self) -> Floats:
        """Logarithm of the share of bad visits over the allowed one: above 0 the criterion does not hold."""
        share = np.maximum(self.bad, 0.3) / np.maximum(self.counted, 1.0)
        excess: Floats = np.log(share / max(self.allowed_share, 1e-6))
        # With no bad visit among a few nothing is known of the share, but it is not above the allowed one.
        excess = np.where(self.bad > 0, excess, np.minimum(excess, -_NONE_BAD))
        return np.where(self.counted > 0, excess, -inf)


def tally(criterion: Judged, samples: Iterable[VisitSample], limit_s: Floats | float | None = None) -> Tally:
    """Count the visits of a criterion; `limit_s`: its limit by column, None: its own.

    The mean of response times is counted as it is: the sum in limits as bad, and 1 as the share allowed.
    """
    counted: Floats | float = 0.0
    bad: Floats | float = 0.0
    allowed = _allowed_share(criterion)
    for sample in samples:
        if not sample.belongs_to(criterion.scope):
            continue
        if isinstance(criterion, ShareCriterion):
            of_column = sample.is_present
            is_bad = ~sample.is_success if criterion.of == "success" else sample.is_error
        else:
            of_column = sample.is_present
            if not criterion.of_all:
                of_column = of_column & (sample.is_success | ~sample.is_answered)
            limit = criterion.limit_s if limit_s is None else limit_s
            if criterion.quantile is None:
                counted = counted + of_column.sum(axis=0)
                bad = bad + np.where(of_column, sample.response_s, 0.0).sum(axis=0) / limit
                continue
            is_bad = (sample.response_s > limit) | ~sample.is_answered
        counted = counted + of_column.sum(axis=0)
        bad = bad + (is_bad & of_column).sum(axis=0)
    return Tally(np.atleast_1d(np.asarray(counted, float)), np.atleast_1d(np.asarray(bad, float)), allowed)


def _allowed_share(criterion: Judged) -> float:
    if isinstance(criterion, ShareCriterion):
        return 1 - criterion.bound_share if criterion.of == "success" else criterion.bound_share
    return 1.0 if criterion.quantile is None else 1 - criterion.quantile
