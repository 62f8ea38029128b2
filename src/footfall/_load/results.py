"""Results of a run while it lasts: the state of every arrival, visits and hits."""

from array import array
from collections import Counter
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import Literal, Protocol

from footfall._criteria.lists import AbortMonitor
from footfall._criteria.objects import AbortCriterion
from footfall._load.loop_watch import LoopNotes
from footfall._load.result_files import Latencies, LoadResult, Records
from footfall._records.load_generator import ConnectionCounts, ControlRecord, GeneratorRecord, Histogram
from footfall._records.rows import Arrival, Hit, Outcome, Visit
from footfall._records.runs import ArrivalCounts, Lag, WorkerRecord
from footfall._stats.intervals import percentiles

# ── The state of every arrival, and how late each was started


class ArrivalState(IntEnum):
    """The state of an arrival."""

    WAITING = 0
    STARTED = 1
    PLAYED = 2
    FAILED = 3
    LOST = 4
    BROKEN = 5


class ArrivalStates:
    """The states of a run's arrivals, which are numbered from 0; each has exactly one."""

    def __init__(self, due: int) -> None:
        """Begin with all arrivals waiting."""
        self._states = bytearray(due)
        self._lags_s = array("d")
        self._numbers = array("q")
        """Arrivals of these lags."""

    @property
    def started(self) -> int:
        """Number of arrivals that have been started."""
        return len(self._lags_s)

    def starts_since(self, count: int) -> list[tuple[int, float]]:
        """Return arrival and lag of all starts but the first `count`, in their order."""
        return list(zip(self._numbers[count:], self._lags_s[count:], strict=True))

    @property
    def under_way(self) -> int:
        """Number of arrivals that have been started and have not ended."""
        return self._states.count(ArrivalState.STARTED)

    def start(self, arrival: int, lag_s: float) -> None:
        """Record that an arrival is started, `lag_s` after it was due.

        Raises:
            ValueError: it was started before.
        """
        self._move(arrival, ArrivalState.WAITING, ArrivalState.STARTED)
        self._lags_s.append(lag_s)
        self._numbers.append(arrival)

    def end(self, arrival: int, state: ArrivalState) -> None:
        """Record that a started arrival has ended: completed, failed or broken.

        Raises:
            ValueError: it is not under way.
        """
        self._move(arrival, ArrivalState.STARTED, state)

    def lose(self, arrival: int) -> None:
        """Record that the result of an arrival that was waiting or under way will stay unknown.

        Raises:
            ValueError: it has ended.
        """
        if self._states[arrival] not in (ArrivalState.WAITING, ArrivalState.STARTED):
            self._move(arrival, ArrivalState.WAITING, ArrivalState.LOST)
        self._states[arrival] = ArrivalState.LOST

    def state(self, arrival: int) -> ArrivalState:
        """Return the state of an arrival."""
        return ArrivalState(self._states[arrival])

    @property
    def waiting(self) -> int:
        """Number of arrivals that may still be started."""
        return self._states.count(ArrivalState.WAITING)

    def counts(self) -> ArrivalCounts:
        """Count the states; arrivals that were started and have not ended count as failed."""
        return ArrivalCounts(
            due=len(self._states),
            played=self._states.count(ArrivalState.PLAYED),
            failed=self._states.count(ArrivalState.FAILED) + self.under_way,
            broken=self._states.count(ArrivalState.BROKEN),
            not_sent=self._states.count(ArrivalState.WAITING),
            lost=self._states.count(ArrivalState.LOST),
        )

    def lag(self) -> Lag:
        """Return exact percentiles of the lags of all started arrivals."""
        ordered = sorted(self._lags_s)
        p50, p99, most = percentiles(ordered, 0.50, 0.99, 1.0)
        return Lag(p50=p50, p99=p99, max=most)

    def _move(self, arrival: int, before: ArrivalState, after: ArrivalState) -> None:
        if self._states[arrival] != before:
            msg = f"arrival {arrival} is {ArrivalState(self._states[arrival]).name}, not {before.name}"
            raise ValueError(msg)
        self._states[arrival] = after


REASONS_MOST = 10
"""Number of reasons for broken arrivals that are counted separately …"""
OTHER_REASONS = "other errors"
"""… and the name under which the others are counted."""


class ResultSink(Protocol):
    """Where the executor records what happens: the run's results, or a worker's buffer."""

    def start(self, arrival: int, lag_s: float) -> None:
        """Record that an arrival is started, `lag_s` after it was due."""

    def end(self, arrival: int, *, played: bool, broken_by: str = "") -> None:
        """Record that a started arrival has ended: completed (`played`), cut off, or broken by an error.

        `broken_by` is the type and place of that error, never its text, which may contain a secret.
        """

    def visit(self, visit: Visit) -> None:
        """Record an ended visit."""

    def loop(self, notes: LoopNotes) -> None:
        """Record measurements of the generator's event loop."""

    def count(self, name: str) -> None:
        """Count a connection by what happened to it, by the names of `ConnectionCounts`."""

    def hit(self, hit: Hit, *, is_kept: bool) -> None:
        """Record a request; one outside of the sample is counted, and its row is not kept."""


class RunResults:
    """The results of a run while it lasts; a `ResultSink` that adds up."""

    def __init__(
        self,
        arrivals: Sequence[Arrival],
        monitored: Sequence[AbortCriterion] = (),
        folder: Path | None = None,
    ) -> None:
        """Begin with all arrivals waiting; `monitored` may end the run, `folder` takes older rows."""
        self.arrivals = arrivals
        self._monitors = [AbortMonitor(criterion) for criterion in monitored]
        self.states = ArrivalStates(len(arrivals))
        self.records = Records(folder)
        self.latencies = Latencies()
        self.broken_reasons: Counter[str] = Counter()
        """Arrivals that failed inside the generator, by type and place of the error."""
        self.connections: Counter[str] = Counter()
        """Connections by what happened to them, by the names of `ConnectionCounts`."""
        self.own_times = Histogram()
        """Time that the generator itself took for each request until it was sent, without connecting."""
        self.loop_notes = LoopNotes()
        self.control_step = ""
        """Name of the run's requests that the control sends as well; empty: the run has none of them."""
        self.control_step_times = Histogram()
        self.failed_in_a_row = 0
        """Visits that ended without being served, since the last that was."""
        self.zero_unix_s: float | None = None
        """Unix time of second 0 of the run, once that is set."""

    def start(self, arrival: int, lag_s: float) -> None:
        """Record a started arrival.

        Raises:
            ValueError: it was started before.
        """
        self.states.start(arrival, lag_s)

    def end(self, arrival: int, *, played: bool, broken_by: str = "") -> None:
        """Record an ended arrival.

        Raises:
            ValueError: it is not under way.
        """
        ended = ArrivalState.PLAYED if played else ArrivalState.FAILED
        self.states.end(arrival, ArrivalState.BROKEN if broken_by else ended)
        if broken_by:
            is_new = broken_by not in self.broken_reasons and len(self.broken_reasons) >= REASONS_MOST
            self.broken_reasons[OTHER_REASONS if is_new else broken_by] += 1

    def visit(self, visit: Visit) -> None:
        """Record an ended visit."""
        self.latencies.add(visit)
        self.add_visit(visit)

    def add_visit(self, visit: Visit) -> None:
        """Record an ended visit whose times have been counted."""
        self.records.add_visit(visit)
        self.failed_in_a_row = 0 if visit.outcome == Outcome.SERVED.value else self.failed_in_a_row + 1
        for monitor in self._monitors:
            if monitor.criterion.scope.matches(visit.channel, visit.operation):
                monitor.see(visit.ended_s, visit.outcome, visit.response_s)

    def count(self, name: str) -> None:
        """Count a connection by what happened to it."""
        self.connections[name] += 1

    def hit(self, hit: Hit, *, is_kept: bool) -> None:
        """Record a request."""
        if (own_s := hit.own_s) is not None:
            self.own_times.record(own_s)
        self.add_hit(hit if is_kept else None)

    def add_hit(self, hit: Hit | None) -> None:
        """Record a request whose generator time has been counted; None: one outside of the sample."""
        self.records.hits_seen += 1
        if hit is not None:
            self.records.hits.add(hit)
            if hit.step == self.control_step:
                self.control_step_times.record(hit.ended_s - hit.asked_s)

    def loop(self, notes: LoopNotes) -> None:
        """Record measurements of the event loop."""
        self.loop_notes.merge(notes)

    @property
    def ended_early_by(self) -> str:
        """The abort criterion that is violated; empty if none is."""
        return next((each.criterion.text for each in self._monitors if each.violation is not None), "")

    @property
    def last_due_s(self) -> float:
        """Second of the run at which the last arrival is due."""
        return self.arrivals[-1].due_s if self.arrivals else 0.0

    @property
    def is_complete(self) -> bool:
        """Whether all arrivals have been started or are lost."""
        return self.states.waiting == 0

    def generator(self, control: ControlRecord | None) -> GeneratorRecord:
        """Return measurements of the generator itself."""
        seen = self.loop_notes
        seconds = range(max(seen.cpu_share_by_s, default=-1) + 1)
        return GeneratorRecord(
            own=self.own_times.summary(),
            turn=seen.turns.summary(),
            read_late_s_p99=seen.read_late_s(0.99),
            cpu_share_by_s=tuple(seen.cpu_share_by_s.get(second, 0.0) for second in seconds),
            control=control,
            loop_busy_share=seen.busy_share,
        )

    def result(
        self,
        played_s: float,
        host: str,
        workers: Sequence[WorkerRecord] = (),
        control: ControlRecord | None = None,
    ) -> LoadResult:
        """Return the totals; the run is finished if no arrival is left that should have been started."""
        status: Literal["finished", "partial"] = "finished" if self.is_complete else "partial"
        return LoadResult(
            status=status,
            arrivals=self.states.counts(),
            lag_s=self.states.lag(),
            visits=len(self.records.visits),
            visits_served=self.records.served,
            hits=self.records.hits_seen,
            hits_kept=len(self.records.hits),
            played_s=max(played_s, 0.0),
            host=host,
            causes=dict(self.records.causes.most_common()),
            connections=ConnectionCounts.of(self.connections),
            workers=tuple(workers),
            ended_early_by=self.ended_early_by,
            degraded=any(each.status in {"left", "lost"} for each in workers),
            generator=self.generator(control),
            broken_reasons=dict(self.broken_reasons.most_common()),
            zero_unix_s=self.zero_unix_s,
        )
