"""What the logs of one station show before any model: its requests by how they ended, without its stalls."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from footfall._calibrate.failures import (
    SortedFailures,
    causes_of,
    requests_inside,
    sort_failures,
    with_causes,
)
from footfall._calibrate.request_log import Floats, Integers, RequestLog
from footfall._calibrate.stall_search import Stall, find_stalls, spans_a_stall, working_time
from footfall._calibrate.time_limits import TimeLimit, find_time_limit

Truths = NDArray[np.bool_]
BLOCK_S = 5.0
_BLOCK_LEAST = 30
_CLEAN_LEAST = 300
_CLEAN_SHARE = 0.002
_WORK_RATIO = 0.5


@dataclass(frozen=True, eq=False)
class ObservedRun:
    """One run, in seconds that the station worked: its clock stands still while the station does."""

    log: RequestLog
    sent_s: Floats
    ended_s: Floats
    failures: SortedFailures
    spans_stall: Truths
    block: Integers
    """Block of about 5 s to which each request belongs."""

    @cached_property
    def admitted(self) -> Truths:
        """Whether each request came in: all but those refused at once."""
        return ~self.failures.refused

    @cached_property
    def most_inside(self) -> int:
        """Most admitted requests that were inside at once."""
        inside = requests_inside(self.sent_s[self.admitted], self.ended_s[self.admitted])
        return int(inside.max(initial=0.0)) + 1


@dataclass(frozen=True, eq=False)
class Observed:
    """All runs of a station."""

    kinds: tuple[str, ...]
    runs: tuple[ObservedRun, ...]
    stalls: tuple[Stall, ...]
    time_limit: TimeLimit
    has_worked: tuple[Truths, ...]
    """By run: requests whose departure ends a work that the law describes."""
    cut: tuple[Truths, ...]
    """By run: requests that may have been cut off in their work, by a time limit or the end of the run."""
    left_out: int = 0
    """Runs whose work no supposed station explains."""

    @property
    def most_inside(self) -> int:
        """Most admitted requests that were inside at once, in the runs that show work."""
        return max(
            run.most_inside for run, shown in zip(self.runs, self.has_worked, strict=True) if shown.any()
        )

    @property
    def unexplained(self) -> tuple[str, ...]:
        """Runs whose work is left out although they have requests that succeeded."""
        return tuple(
            run.log.run
            for run, shown in zip(self.runs, self.has_worked, strict=True)
            if self.left_out and not shown.any() and run.log.is_success.any()
        )

    def without_heaviest(self) -> "Observed | None":
        """Leave out the work of the run with most requests inside; None if too little would be left."""
        counts = [int(shown.sum()) for shown in self.has_worked]
        inside = [run.most_inside if count else 0 for run, count in zip(self.runs, counts, strict=True)]
        heaviest = inside.index(max(inside))
        if sum(counts) - counts[heaviest] < _CLEAN_LEAST:
            return None
        shown, cut = list(self.has_worked), list(self.cut)
        shown[heaviest] = cut[heaviest] = np.zeros(self.runs[heaviest].log.requests, bool)
        return replace(self, has_worked=tuple(shown), cut=tuple(cut), left_out=self.left_out + 1)


def observe(logs: Sequence[RequestLog]) -> Observed:
    """Sort out the logs of one station.

    Raises:
        ValueError: there is no log, or none has requests.
    """
    logs = [log for log in logs if log.requests]
    if not logs:
        msg = "at least one log with requests"
        raise ValueError(msg)
    kinds = tuple(dict.fromkeys(kind for log in logs for kind in log.kinds))
    causes = causes_of(logs)
    logs = [with_causes(_renumbered(log, kinds), causes) for log in logs]
    failures = sort_failures(logs, [requests_inside(log.sent_s, log.ended_s) for log in logs])
    stalls = find_stalls(logs)
    runs: list[ObservedRun] = []
    first_block = 0
    for number, (log, sorted_failures) in enumerate(zip(logs, failures, strict=True)):
        own = [stall for stall in stalls if stall.run == number]
        block = first_block + _blocks(log)
        first_block = int(block.max()) + 1
        runs.append(
            ObservedRun(
                log,
                working_time(log.sent_s, own),
                working_time(log.ended_s, own),
                sorted_failures,
                spans_a_stall(log.sent_s, log.ended_s, own),
                block,
            )
        )
    limit = find_time_limit(logs, failures)
    return Observed(kinds, tuple(runs), stalls, limit, *_works(runs, cuts=limit.name == "deadline"))


def _renumbered(log: RequestLog, kinds: tuple[str, ...]) -> RequestLog:
    """The log with its kinds numbered as in all logs together."""
    if log.kinds == kinds:
        return log
    place = np.array([kinds.index(kind) for kind in log.kinds], np.int64)
    return replace(log, kinds=kinds, kind=place[log.kind])


def _blocks(log: RequestLog) -> Integers:
    """Blocks of 5 s, or longer ones where too few requests came in that time."""
    length_s = max(BLOCK_S, _BLOCK_LEAST / max(log.offered_per_s, 1e-9))
    count = max(1, int(log.length_s / length_s))
    blocks: Integers = np.clip(log.sent_s / log.length_s * count, 0, count - 1).astype(np.int64)
    return blocks


def _works(runs: Sequence[ObservedRun], *, cuts: bool) -> tuple[tuple[Truths, ...], tuple[Truths, ...]]:
    """Which requests show their work, and which were cut off in it.

    Where a deadline cuts work, the runs that hardly reached it show the work without that, if they suffice.
    """
    good = [run.log.is_success & run.log.is_answered & ~run.spans_stall for run in runs]
    if _faults_take_as_long(runs, good):
        good = [
            shown | (run.failures.fault & run.log.is_answered & ~run.spans_stall)
            for shown, run in zip(good, runs, strict=True)
        ]
    unfinished = [~run.log.is_answered & ~run.spans_stall for run in runs]
    limited = [cuts and float(run.failures.timed_out.mean()) > _CLEAN_SHARE for run in runs]
    if not any(limited):
        return tuple(good), tuple(unfinished)
    clean = [shown & (not cut) for shown, cut in zip(good, limited, strict=True)]
    if sum(int(shown.sum()) for shown in clean) >= _CLEAN_LEAST:
        rest = [late & (not cut) for late, cut in zip(unfinished, limited, strict=True)]
        return tuple(clean), tuple(rest)
    cut_off = [
        late | (run.failures.timed_out & ~run.spans_stall) for late, run in zip(unfinished, runs, strict=True)
    ]
    return tuple(good), tuple(cut_off)


def _faults_take_as_long(runs: Sequence[ObservedRun], good: Sequence[Truths]) -> bool:
    faults = np.concatenate([run.log.response_s[run.failures.fault] for run in runs])
    if not len(faults):
        return False
    usual = np.concatenate([run.log.response_s[shown] for run, shown in zip(runs, good, strict=True)])
    return bool(len(usual)) and float(np.median(faults)) > _WORK_RATIO * float(np.median(usual))
