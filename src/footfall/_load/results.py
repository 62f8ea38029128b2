"""The account of a play: every arrival's state, its visits and its hits, noted by whoever plays."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

from footfall._criteria.abort import AbortMonitor
from footfall._criteria.objects import AbortCriterion
from footfall._load.loop_watch import LoopNotes
from footfall._load.result_files import Latencies, LoadResult, Records
from footfall._load.result_rows import ArrivalState, ArrivalStates
from footfall._records.histogram import Histogram
from footfall._records.load_generator import ConnectionCounts, ControlRecord, GeneratorRecord
from footfall._records.rows import Arrival, Hit, Visit
from footfall._records.runs import WorkerRecord

REASONS_MOST = 10
"""So many reasons for broken arrivals are told apart …"""
OTHER_REASONS = "other errors"
"""… and the rest is counted together."""


class ResultSink(Protocol):
    """Where a player notes what happens: the account itself, or what carries the notes to it."""

    def start(self, arrival: int, lag_s: float) -> None:
        """Note that an arrival is started, `lag_s` after it was due."""

    def end(self, arrival: int, *, played: bool, broken_by: str = "") -> None:
        """Note that a started arrival has ended: to its own end, cut off, or broken by an error of ours.

        `broken_by` is the kind and place of that error, never its text, which may hold a secret.
        """

    def visit(self, visit: Visit) -> None:
        """Note an ended visit."""

    def loop(self, notes: LoopNotes) -> None:
        """Note what was seen of the generator's event loop."""

    def count(self, name: str) -> None:
        """Note what became of a connection, by the names of `ConnectionCounts`."""

    def hit(self, hit: Hit, *, is_kept: bool) -> None:
        """Note a request; one that the sample leaves out is counted, and its row is not kept."""


class RunResults:
    """All that is known of a play while it lasts; a `ResultSink` that adds up."""

    def __init__(
        self,
        arrivals: Sequence[Arrival],
        monitored: Sequence[AbortCriterion] = (),
        folder: Path | None = None,
    ) -> None:
        """Start with all arrivals waiting; `monitored` may end the run early, `folder` takes older rows."""
        self.arrivals = arrivals
        self._monitors = [AbortMonitor(criterion) for criterion in monitored]
        self.tally = ArrivalStates(len(arrivals))
        self.records = Records(folder)
        self.latencies = Latencies()
        self.broken_reasons: Counter[str] = Counter()
        """Arrivals that broke inside the generator, by kind and place of the error."""
        self.connections: Counter[str] = Counter()
        """What became of connections, by the names of `ConnectionCounts`."""
        self.own_times = Histogram()
        """What the generator itself took of each request, from asked to sent, connecting left out."""
        self.loop_notes = LoopNotes()
        self.control_step = ""
        """Name of the requests that a control process sends, too; empty: it sends others."""
        self.control_step_times = Histogram()

    def start(self, arrival: int, lag_s: float) -> None:
        """Note a started arrival.

        Raises:
            ValueError: it was started before.
        """
        self.tally.start(arrival, lag_s)

    def end(self, arrival: int, *, played: bool, broken_by: str = "") -> None:
        """Note an ended arrival.

        Raises:
            ValueError: it is not under way.
        """
        ended = ArrivalState.PLAYED if played else ArrivalState.FAILED
        self.tally.end(arrival, ArrivalState.BROKEN if broken_by else ended)
        if broken_by:
            is_new = broken_by not in self.broken_reasons and len(self.broken_reasons) >= REASONS_MOST
            self.broken_reasons[OTHER_REASONS if is_new else broken_by] += 1

    def visit(self, visit: Visit) -> None:
        """Note an ended visit."""
        self.latencies.add(visit)
        self.add_visit(visit)

    def add_visit(self, visit: Visit) -> None:
        """Note an ended visit whose times are counted already."""
        self.records.add_visit(visit)
        for monitor in self._monitors:
            if monitor.criterion.scope.matches(visit.channel, visit.operation):
                monitor.see(visit.ended_s, visit.outcome, visit.response_s)

    def count(self, name: str) -> None:
        """Note what became of a connection."""
        self.connections[name] += 1

    def hit(self, hit: Hit, *, is_kept: bool) -> None:
        """Note a request."""
        if (own_s := hit.own_s) is not None:
            self.own_times.record(own_s)
        self.add_hit(hit if is_kept else None)

    def add_hit(self, hit: Hit | None) -> None:
        """Note a request whose own part is counted already; None: one that the sample leaves out."""
        self.records.hits_seen += 1
        if hit is not None:
            self.records.hits.add(hit)
            if hit.step == self.control_step:
                self.control_step_times.record(hit.ended_s - hit.asked_s)

    def loop(self, notes: LoopNotes) -> None:
        """Note what was seen of the event loop."""
        self.loop_notes.merge(notes)

    @property
    def ended_early_by(self) -> str:
        """The abort criterion that is broken; empty when none is."""
        return next((each.criterion.text for each in self._monitors if each.violation is not None), "")

    @property
    def last_due_s(self) -> float:
        """When the last arrival is due, seconds of play."""
        return self.arrivals[-1].due_s if self.arrivals else 0.0

    @property
    def is_complete(self) -> bool:
        """Whether no arrival is left that could still be started."""
        return self.tally.waiting == 0

    def generator(self, control: ControlRecord | None) -> GeneratorRecord:
        """Give what is known of the generator itself."""
        seen = self.loop_notes
        seconds = range(max(seen.cpu_share_by_s, default=-1) + 1)
        return GeneratorRecord(
            own=self.own_times.summary(),
            turn=seen.turns.summary(),
            read_late_s_p99=seen.read_late_s(0.99),
            cpu_share_by_s=tuple(seen.cpu_share_by_s.get(second, 0.0) for second in seconds),
            control=control,
        )

    def result(
        self,
        played_s: float,
        host: str,
        workers: Sequence[WorkerRecord] = (),
        control: ControlRecord | None = None,
    ) -> LoadResult:
        """Give the sums; a play is finished when nobody is left that should have come."""
        status: Literal["finished", "partial"] = "finished" if self.is_complete else "partial"
        return LoadResult(
            status=status,
            arrivals=self.tally.counts(),
            lag_s=self.tally.lag(),
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
        )
