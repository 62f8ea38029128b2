"""The outage of a loop, played: a channel that fails at the reference service, else a surge of arrivals."""

from dataclasses import replace
from pathlib import Path

from footfall._criteria import lists
from footfall._model.changes import with_outage
from footfall._runs.capacity_target import CapacityWanted, capacity_target
from footfall._runs.folder import begin
from footfall._runs.load_run import run_without_report
from footfall._runs.loop_prediction import FrozenPrediction
from footfall._runs.messages import QUIET, Messages
from footfall._workload.held_back import with_held_back
from footfall._workload.step_traces import CustomerPool
from footfall._workload.trace import Trace, write_trace


def play_outage(
    wanted: CapacityWanted, frozen: FrozenPrediction, folder: Path, messages: Messages = QUIET
) -> Path:
    """Play the run with the outage that was predicted, as a load run of its own in a folder; returns that.

    Raises:
        BadInputError: no service answers, or the run cannot be played.
    """
    with capacity_target(wanted, messages) as target:
        step = CustomerPool(target.job.trace).step(1, frozen.outage_per_s, frozen.outage_s)
        trace = with_outage_of(step, frozen)
        job = replace(
            target.job,
            trace=trace,
            criteria=lists.with_defaults(()),
            options=target.job.options.model_copy(update={"drain_s": 6.0 + frozen.outage_s}),
            settings=dict(target.job.settings)
            | {"outage": frozen.outage.text(), "play": trace.info.play.model_dump()},
        )
        own, manifest = begin(
            *("load", trace.model, trace.info.seed, folder),
            scenario=job.name,
            settings=job.settings,
            overwrite=False,
        )
        write_trace(own, trace)
        run_without_report(own, manifest, job, messages=messages)
        return own


def with_outage_of(step: Trace, frozen: FrozenPrediction) -> Trace:
    """Return the trace of an even load with the outage: in its model, or in its arrivals."""
    if frozen.held_back is not None:
        return with_held_back(step, frozen.held_back)
    pace, outage = step.info.play, frozen.outage
    share_s = pace.length_s / pace.seconds
    window = (pace.starts_s + share_s * outage.from_s, pace.starts_s + share_s * outage.to_s)
    model = with_outage(step.model, outage.channel, *window)
    info = step.info.model_copy(update={"fingerprint": model.fingerprint()})
    return replace(step, model=model, info=info)
