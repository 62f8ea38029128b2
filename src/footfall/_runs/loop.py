"""Close the loop: learn a service from low loads, predict its capacity and an outage, measure, compare."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from footfall._calibrate.verification import PredictionVerdict
from footfall._measure.verdict import EXIT_CODES as CRITERIA_EXIT_CODES
from footfall._model.model import Model
from footfall._records.errors import BadInputError, path_of, seconds_of
from footfall._records.folders import check_free
from footfall._records.runs import MANIFEST, Manifest
from footfall._runs import judgement
from footfall._runs.capacity_target import CapacityTarget, CapacityWanted, capacity_target
from footfall._runs.content import change_texts
from footfall._runs.folder import begin_described, described
from footfall._runs.loop_plan import (
    LOOP_BUDGET_S,
    check_budget,
)
from footfall._runs.loop_running import DIRS, STOPPED, OnProgress, RunningLoop
from footfall._runs.messages import QUIET, Messages
from footfall._runs.track_record import TRACK_RECORD
from footfall._runs.verify import EXIT_CODES
from footfall._workload.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopWanted:
    """A loop as it is asked for."""

    search: CapacityWanted
    """The service, its customers and the criteria, as for a search; its budget is that of the whole loop."""
    record: Path = TRACK_RECORD
    """File that the verified figures are added to."""


@dataclass(frozen=True, repr=False)
class Loop:
    """What a loop has found; its files are in `folder`."""

    folder: Path
    verdict: PredictionVerdict
    """`held`, `did not hold` or `cannot tell`."""
    answer: str
    """What was found, in a sentence."""
    data: Mapping[str, Any] = field(repr=False)
    """The content of `loop.json`."""
    was_stopped: bool = False
    """Whether Ctrl-C ended it."""
    judged: judgement.Judged | None = None
    """The verdict on criteria such as `capacity(*) >= 60/s`; None: none was asked for, or no search made."""

    @property
    def page(self) -> Path:
        """The page that tells it from the first load to the verdict."""
        return self.folder / "loop.html"

    @cached_property
    def exit_code(self) -> int:
        """0: the prediction and all criteria of the capacity held; 1: one did not; 3: cannot tell."""
        codes = {EXIT_CODES[self.verdict]}
        if self.judged is not None:
            codes.add(CRITERIA_EXIT_CODES[self.judged.verdict])
        return 1 if 1 in codes else max(codes)

    @property
    def passed(self) -> bool:
        """Whether the prediction held, and every criterion of the capacity."""
        return self.exit_code == 0

    def __repr__(self) -> str:
        """Return the verdict and the folder."""
        return f"<Loop {self.verdict.value}: {self.answer} ({self.folder})>"


def run_loop(
    wanted: LoopWanted, messages: Messages = QUIET, on_progress: OnProgress = lambda _progress: None
) -> Loop:
    """Run a loop; Ctrl-C ends it, and what was found until then stands in its files.

    Raises:
        BadInputError: what is asked for is impossible, no service answers, or the folder is taken.
    """
    check_budget(wanted.search.budget_s)
    check_free(wanted.search.out, overwrite=wanted.search.overwrite)
    with capacity_target(replace(wanted.search, out=None), messages) as target:
        _check_learnable(target)
        folder, manifest = _begin(wanted, target)
    running = RunningLoop(wanted.search, wanted.record, target, folder, manifest, messages, on_progress)
    verdict = running.run()
    return Loop(
        folder=folder,
        verdict=verdict.verdict,
        answer=running.answer,
        data=running.data,
        was_stopped=running.ended_by == STOPPED,
        judged=None if running.knee is None else running.knee.judged,
    )


def loop(
    scenario: Scenario | Path | str | None = None,
    *,
    model: Model | Path | str | None = None,
    url: str | None = None,
    host: str | None = None,
    serve: bool = False,
    criteria: judgement.CriteriaGiven | None = None,
    budget: float | str = LOOP_BUDGET_S,
    start_rate: float | None = None,
    most_rate: float | None = None,
    seed: int = 1,
    changes: Mapping[str, float | str] | Sequence[str] | None = None,
    record: Path | str = TRACK_RECORD,
    out: Path | str | None = None,
    overwrite: bool = False,
    messages: Messages = QUIET,
    on_progress: OnProgress = lambda _progress: None,
    **options: Any,  # noqa: ANN401  checked by LoadOptions
) -> Loop:
    """Load a service a little, learn what limits it, predict its capacity and an outage, and measure both.

    The service, its customers and the `criteria` are given as for `capacity`; the `budget` (seconds, or a
    text such as `15min`) is for everything. Only loads below about 70 % of the limit are learned from. The
    prediction is written, with its digest, before the runs that verify it: a search for the capacity, a load
    beyond it, and an outage. `on_progress` is called with a `LoopProgress` after each phase and load step.
    Verified figures are added to `record`.

    Returns one verdict (`.verdict`: `held`, `did not hold` or `cannot tell`), all figures predicted and
    measured (`.data`), and a page that tells it all (`.page`). Files go to `out`, by default
    `results/NAME/loop/ID`.

        >>> import footfall as ff
        >>> ff.loop(url="/work", budget="5min")
        Traceback (most recent call last):
            ...
        footfall._records.errors.BadInputError: --url /work: no host is given; expected --host URL, ...

    Raises:
        BadInputError: a name or value is impossible, no service answers, or the folder is taken.
    """
    search = CapacityWanted(
        scenario=scenario,
        model=model,
        url=url,
        host=host,
        serve=serve,
        criteria=criteria,
        budget_s=seconds_of(budget, "budget") if isinstance(budget, str) else float(budget),
        start_per_s=start_rate,
        most_per_s=most_rate,
        seed=seed,
        changes=change_texts(changes),
        options=options,
        out=None if out is None else path_of(out, "out"),
        overwrite=overwrite,
    )
    return run_loop(LoopWanted(search=search, record=path_of(record, "record")), messages, on_progress)


def _check_learnable(target: CapacityTarget) -> None:
    """See that there is something to learn.

    Raises:
        BadInputError: no channel that is loaded is a request server.
    """
    info, model = target.job.trace.info, target.job.trace.model
    if not info.model:
        return
    loaded = set(target.job.trace.arrivals["channel"].unique())
    if not any(each.name in loaded and each.station.kind == "request_server" for each in model.channels):
        named = ", ".join(sorted(loaded))
        problem = f"none of {named} is a request server, so there is nothing to learn from requests"
        raise BadInputError(f"scenario {target.job.name}", problem, "a scenario with a web channel")


def _begin(wanted: LoopWanted, target: CapacityTarget) -> tuple[Path, Manifest]:
    search, job, settings = wanted.search, target.job, target.settings(wanted.search)
    manifest = described("loop", job.trace.model, search.seed, scenario=job.name, settings=settings)
    if search.out is not None and search.overwrite:
        for name in DIRS:
            if any((search.out / name).rglob(MANIFEST)):
                shutil.rmtree(search.out / name)
    return begin_described(manifest, search.out, overwrite=search.overwrite, kind="loop")
