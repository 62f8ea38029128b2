"""A loop under way: its phases in their order, what each has found, and its files."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from footfall._calibrate.learned_station import (
    BOUNDED_QUEUE,
    CONNECTION_POOL,
    DEADLINE,
    LOSS_SYSTEM,
    RATE_LIMIT,
)
from footfall._calibrate.verification import PredictionVerdict
from footfall._capacity.learning_loads import LearningLoads, generator_bound, learned_from, limit_bound
from footfall._capacity.load_steps import CapacityAsked, PlannedStep, PlayedStep
from footfall._capacity.step_figures import relative_limit_s
from footfall._criteria.objects import CapacityCriterion, Criterion
from footfall._load.series_files import step_folder
from footfall._records.errors import BadInputError
from footfall._records.runs import Manifest
from footfall._runs import judgement
from footfall._runs.calibrate import CalibrateOptions, CalibrationRun, calibrate_runs
from footfall._runs.calibration_sources import invalid_reason
from footfall._runs.capacity import Capacity, find_capacity
from footfall._runs.capacity_target import BUDGET_S_LEAST, CapacityTarget, CapacityWanted
from footfall._runs.capacity_text import STEP_HEAD, step_lines
from footfall._runs.figure_files import FiguresAsked
from footfall._runs.folder import end
from footfall._runs.loop_figures import estimate_text
from footfall._runs.loop_files import LoopState, loop_data, write_loop
from footfall._runs.loop_outage import play_outage
from footfall._runs.loop_plan import (
    BEYOND,
    KNEE,
    LEARN,
    LOADS,
    OUTAGE,
    PREDICT,
    TITLES,
    VERIFY,
    PhaseBudget,
    phase_budgets,
)
from footfall._runs.loop_prediction import FrozenPrediction, PredictAsked, predict_parts, read_frozen
from footfall._runs.loop_records import (
    KNEE_DIR,
    LEARNED_DIR,
    LOADS_DIR,
    OUTAGE_DIR,
    PREDICTED_DIR,
    VERIFIED_DIR,
    LoopProgress,
    LoopVerdict,
    OutageDone,
    PartVerdict,
    PhaseState,
    PhaseStatus,
)
from footfall._runs.loop_search import SearchThenLoad
from footfall._runs.loop_text import answer_of
from footfall._runs.loop_verdict import knee_part, loop_verdict, not_measured, run_part
from footfall._runs.messages import Messages
from footfall._runs.unknown_numbers import is_about_limit
from footfall._runs.verify import VerifyOptions, verify_prediction

STOPPED = "it was stopped"
_LIMIT_FLAGS = frozenset({RATE_LIMIT, LOSS_SYSTEM, DEADLINE, CONNECTION_POOL, BOUNDED_QUEUE})
DIRS = (LOADS_DIR, LEARNED_DIR, PREDICTED_DIR, KNEE_DIR, OUTAGE_DIR, f"{OUTAGE_DIR}-again", VERIFIED_DIR)


OnProgress = Callable[[LoopProgress], None]
"""Called at the start and the end of each phase, and after each load step."""


class _EndedError(Exception):
    """The loop cannot go on; its text says why, for people."""


@dataclass(slots=True)
class RunningLoop:
    """A loop under way."""

    search: CapacityWanted
    record: Path
    target: CapacityTarget
    folder: Path
    manifest: Manifest
    messages: Messages
    on_progress: OnProgress
    began: float = field(default_factory=time.monotonic)
    phases: dict[str, PhaseState] = field(default_factory=dict)
    phase_began: float = 0.0
    ended_by: str = ""
    """Why it could not go on, for people; empty: it could."""
    status: str = "running"
    answer: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    """The content of `loop.json` at the end."""
    played: list[PlayedStep] = field(default_factory=list)
    """The loads to learn from."""
    asked: CapacityAsked | None = None
    """What was asked of them."""
    loads: Capacity | None = None
    criteria: tuple[Criterion, ...] = ()
    """As they hold from the prediction on."""
    learned: CalibrationRun | None = None
    frozen: FrozenPrediction | None = None
    knee: Capacity | None = None
    beyond: PlayedStep | None = None
    """The load beyond the capacity; invalid only if it was so twice."""
    outage: OutageDone | None = None
    outage_folder: Path | None = None
    parts: list[PartVerdict] = field(default_factory=list)

    @property
    def spent_s(self) -> float:
        return time.monotonic() - self.began

    def run(self) -> LoopVerdict:
        """Go through the phases, then write what they show; returns the verdict."""
        self.phases = {
            name: PhaseState(name=name, title=title, state="waiting") for name, title in TITLES.items()
        }
        try:
            self._phases()
            self.status = "finished"
        except KeyboardInterrupt:
            self._close("failed", "stopped")
            self.status, self.ended_by = "partial", STOPPED
        except _EndedError as error:
            self._close("failed", str(error))
            self.status, self.ended_by = "finished", str(error)
        except BadInputError as error:
            self._close("failed", str(error))
            if not self.played:
                end(self.folder, self.manifest, status="partial")
                raise
            self.status, self.ended_by = "partial", str(error)
        return self._found()

    # ── Phases

    def _phases(self) -> None:
        asked = self._play_loads()
        self._learn()
        self._predict(asked)
        self._measure_knee()
        self._play_outage()
        self._verify()

    def _play_loads(self) -> CapacityAsked:
        self._open(LOADS)
        budget_s = self._budget(LOADS).budget_s
        found: list[CapacityAsked] = []

        def on_step(step: PlayedStep, asked: CapacityAsked, _left_s: float) -> None:
            found[:] = [asked]
            self.played.append(step)
            self._step_line(step, asked, self.played)

        plain = tuple(each for each in self._criteria() if not isinstance(each, CapacityCriterion))
        wanted = replace(
            self.search,
            criteria=plain,
            budget_s=max(budget_s, BUDGET_S_LEAST),
            out=self.folder / LOADS_DIR,
            overwrite=False,
        )
        self.loads = find_capacity(wanted, self.messages, on_step, LearningLoads(budget_s=budget_s))
        _check_went_on(self.loads)
        if generator_bound(self.played):
            raise _EndedError("the load generator was the limit, so the limit of the service is not known")
        asked = self.asked = found[0]
        kept = learned_from(self.played, asked)
        limit_s = relative_limit_s(self.played, asked)
        if not kept or (asked.p95_times_unloaded is not None and limit_s is None):
            why = next((one.invalid_reason for one in reversed(self.played) if one.invalid_reason), "")
            raise _EndedError(f"no load below the limit was valid{f' ({why})' if why else ''}")
        relative = () if limit_s is None else (Criterion(f"p95(*) < {limit_s * 1000:.1f}ms"),)
        self.criteria = (*asked.criteria, *relative)
        most = max(one.sent_per_s for one in kept)
        self._close("done", f"{len(kept)} loads to learn from, up to {most:.3g} arrivals/s")
        return asked

    def _learn(self) -> None:
        self._open(LEARN)
        asked = self.played_for_learning
        runs = tuple(step_folder(self.folder / LOADS_DIR, one.planned.number) for one in asked)
        options = CalibrateOptions(
            runs=runs, figures=FiguresAsked(), seed=self.search.seed, out=self.folder / LEARNED_DIR
        )
        self.learned = calibrate_runs(options, self.messages)
        known = [one for one in self.learned.calibration.numbers if one.identified]
        numbers = self.learned.calibration.numbers
        for text in self.learned.calibration.flags:
            self._line(f"seen: {text}")
        self._close("done", f"{len(known)} of {len(numbers)} numbers known")

    @property
    def played_for_learning(self) -> tuple[PlayedStep, ...]:
        return () if self.asked is None else learned_from(self.played, self.asked)

    def _predict(self, asked: CapacityAsked) -> None:
        self._open(PREDICT)
        assert self.learned is not None  # noqa: S101  learned in the phase before
        budgets = self._budgets()
        limit = limit_bound(self.played, asked)
        about = PredictAsked(
            search=self.search,
            target=self.target,
            learned=self.learned,
            criteria=self.criteria,
            steps=self.played_for_learning,
            limit_per_s=max(one.sent_per_s for one in self.played) if limit is None else limit.at_least_per_s,
            beyond_s=budgets[BEYOND].run_s or 0.0,
            outage_s=budgets[OUTAGE].run_s or 0.0,
            folder=self.folder,
        )
        self.frozen = predict_parts(about, self.messages)
        for line in self.frozen.lines():
            self._line(line)
        self._close("done", f"written at {self.frozen.made_at}, SHA-256 {self.frozen.sha256[:16]}")

    def _measure_knee(self) -> None:
        frozen = self.frozen
        assert frozen is not None  # noqa: S101  made in the phase before
        self._open(KNEE)
        played: list[PlayedStep] = []

        def on_step(step: PlayedStep, asked: CapacityAsked, _left_s: float) -> None:
            played.append(step)
            self._step_line(step, asked, [*self.played, *played])

        def on_beyond() -> None:
            self._close("done", "")
            self._open(BEYOND)

        capacities = tuple(each for each in self._criteria() if isinstance(each, CapacityCriterion))
        start = frozen.start_per_s
        wanted = replace(
            self.search,
            criteria=(*self.criteria, *capacities),
            budget_s=self._budget(KNEE).budget_s,
            start_per_s=min(start, self.search.most_per_s or start),
            seed=self.search.seed + 1,
            out=self.folder / KNEE_DIR,
            overwrite=False,
        )
        beyond = PlannedStep(
            number=1,
            offered_per_s=frozen.beyond_per_s,
            length_s=frozen.beyond_s,
            purpose=BEYOND,
            drain_s=6.0 + 0.6 * frozen.beyond_s,
        )
        decider = SearchThenLoad(after=beyond, on_after=on_beyond)
        self.knee = find_capacity(wanted, self.messages, on_step, decider)
        tries = [one for one in played if one.planned.purpose == BEYOND]
        self.beyond = next((one for one in reversed(tries) if not one.invalid_reason), (*tries, None)[0])
        self._say_knee(self.knee)
        _check_went_on(self.knee)

    def _say_knee(self, knee: Capacity) -> None:
        found = knee.found.knee
        text = (
            f"not found (limited by the {knee.found.limited_by})"
            if found is None
            else estimate_text(found.value, found.low, found.high)
        )
        state = self.phases[KNEE]
        self.phases[KNEE] = replace(state, lines=(*(line for line in state.lines if line), text))
        if self.phases[BEYOND].state == "running" and self.beyond is not None:
            self._close("done", f"played at {self.beyond.sent_per_s:.3g} arrivals/s")
        elif self.phases[KNEE].state == "running":
            self._close("done", "")

    def _play_outage(self) -> None:
        frozen = self.frozen
        assert frozen is not None  # noqa: S101  made before
        self._open(OUTAGE)
        wanted = replace(self.search, criteria=self.criteria, seed=self.search.seed + 2, out=None)
        self.outage_folder = play_outage(wanted, frozen, self.folder / OUTAGE_DIR, self.messages)
        if invalid_reason(self.outage_folder):
            self._line(f"invalid ({invalid_reason(self.outage_folder)}), so once more")
            again = replace(wanted, seed=self.search.seed + 3)
            folder = self.folder / f"{OUTAGE_DIR}-again"
            self.outage_folder = play_outage(again, frozen, folder, self.messages)
        self.outage = frozen.outage
        self._close("done", frozen.outage.short())

    def _verify(self) -> None:
        self._open(VERIFY)
        frozen = read_frozen(self.folder)
        self.parts = [
            self._knee_part(frozen),
            self._beyond_part(),
            self._run_part(OUTAGE, self.outage_folder),
        ]
        self._close("done", loop_verdict(self.parts).verdict.value)

    def _knee_part(self, frozen: FrozenPrediction) -> PartVerdict:
        data = None if self.knee is None else self.knee.data["knee_per_s"]
        why = frozen.knee_unknown or "no capacity was measured"
        if frozen.knee is not None and self.knee is not None:
            why = f"not measured: limited by the {self.knee.found.limited_by}"
        return knee_part(frozen.knee, data, why, self._excuses(frozen.knee_depends_on))

    def _excuses(self, depends_on: Sequence[str]) -> tuple[str, ...]:
        """Return the unknown numbers that may have decided: limits only if the search has met one.

        At 70 % of a capacity no run has shown the limits that lie beyond; but where the search beyond it has
        found none either, they excuse nothing.
        """
        known = set() if self.learned is None else set(self.learned.calibration.flags)
        met = set() if self.knee is None else set(self.knee.found.flags) - known
        if met & _LIMIT_FLAGS:
            return tuple(depends_on)
        return tuple(text for text in depends_on if not is_about_limit(text))

    def _beyond_part(self) -> PartVerdict:
        step = self.beyond
        if step is not None and step.invalid_reason:
            return not_measured(BEYOND, f"invalid twice ({step.invalid_reason})")
        run = None if step is None else step_folder(self.folder / KNEE_DIR, step.planned.number)
        return self._run_part(BEYOND, run)

    def _run_part(self, part: str, run: Path | None) -> PartVerdict:
        if run is None:
            return not_measured(part, "it was not played")
        options = VerifyOptions(
            prediction=self.folder / PREDICTED_DIR / part,
            runs=(run,),
            record=self.record,
            out=self.folder / VERIFIED_DIR / part,
        )
        try:
            done = verify_prediction(options, self.messages)
            return run_part(part, done, self._excuses(done.prediction.depends_on))
        except BadInputError as error:
            return not_measured(part, str(error))

    # ── Progress

    def _criteria(self) -> tuple[Criterion, ...]:
        return judgement.asked_of((), judgement.CriteriaAsked(also=self.search.criteria))

    def _budgets(self) -> dict[str, PhaseBudget]:
        done = frozenset(name for name, one in self.phases.items() if one.state == "done")
        return {one.name: one for one in phase_budgets(self.search.budget_s, self.spent_s, done)}

    def _budget(self, name: str) -> PhaseBudget:
        return self._budgets()[name]

    def _open(self, name: str) -> None:
        self.phase_began = time.monotonic()
        self.phases[name] = replace(self.phases[name], state="running")
        self._tell()

    def _line(self, text: str) -> None:
        name = next((key for key, one in self.phases.items() if one.state == "running"), None)
        if name is not None:
            one = self.phases[name]
            spent_s = round(time.monotonic() - self.phase_began, 1)
            lines = (*one.lines, *([text] if text else []))
            self.phases[name] = replace(one, lines=lines, spent_s=spent_s)
            self._tell()

    def _step_line(self, step: PlayedStep, asked: CapacityAsked, played: Sequence[PlayedStep]) -> None:
        left_s = self.search.budget_s - self.spent_s
        if step.planned.number == 1:
            self._line(STEP_HEAD)
        for line in step_lines(step, asked, relative_limit_s(played, asked), left_s):
            self._line(line)
        self._write(None)

    def _close(self, state: PhaseStatus, text: str) -> None:
        self._line(text)
        for name, one in self.phases.items():
            if one.state == "running":
                self.phases[name] = replace(one, state=state)
        self._tell()

    def _tell(self, verdict: LoopVerdict | None = None, answer: str = "") -> None:
        self.on_progress(
            LoopProgress(
                folder=str(self.folder),
                left_s=round(self.search.budget_s - self.spent_s, 1),
                phases=tuple(self.phases.values()),
                verdict=None if verdict is None else verdict.verdict.value,
                answer=answer,
            )
        )

    # ── What it found

    def _found(self) -> LoopVerdict:
        for name, one in self.phases.items():
            if one.state == "waiting":
                self.phases[name] = replace(one, state="left out")
        verdict = loop_verdict(self.parts) if self.parts else self._without_parts()
        self.answer = answer_of(self._state(verdict))
        self.data = self._write(verdict, self.answer)
        self._draw(self.data)
        end(self.folder, self.manifest, status=self.status)
        self._tell(verdict, self.answer)
        return verdict

    def _without_parts(self) -> LoopVerdict:
        reason = self.ended_by or "nothing was measured"
        return LoopVerdict(verdict=PredictionVerdict.CANNOT_TELL, reason=reason)

    def _state(self, verdict: LoopVerdict | None) -> LoopState:
        return LoopState(
            run=self.manifest.run,
            seed=self.manifest.seed,
            target=self.target.what,
            scenario=self.target.job.trace.info.scenario or "",
            status=self.status,
            ended_by=self.ended_by,
            budget_s=self.search.budget_s,
            spent_s=round(self.spent_s, 1),
            phases=tuple(self.phases.values()),
            criteria=tuple(each.text for each in self.criteria),
            loads=None if self.loads is None else self.loads.data,
            learned_steps=tuple(one.planned.number for one in self.played_for_learning)
            if self.played
            else (),
            learned=None if self.learned is None else self.learned.as_json(),
            frozen=self.frozen,
            capacity=None if self.knee is None else self.knee.data,
            outage=self.outage,
            outage_folder="" if self.outage_folder is None else self.outage_folder.name,
            verdict=verdict,
        )

    def _write(self, verdict: LoopVerdict | None, answer: str = "") -> dict[str, Any]:
        data = loop_data(self._state(verdict), answer)
        write_loop(self.folder, data)
        return data

    def _draw(self, data: Mapping[str, Any]) -> None:
        # Charts take a second to import.
        from footfall._runs.loop_page import write_page

        try:
            write_page(self.folder, data, self.manifest)
        except BadInputError as error:
            # The findings stand in the other files.
            self.messages.note(f"no page: {error}")


def _check_went_on(found: Capacity) -> None:
    if found.was_stopped:
        raise KeyboardInterrupt
    if found.data["ended_by"]:
        raise _EndedError(found.data["ended_by"])
