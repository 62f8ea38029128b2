"""Which arrivals of a trace an endpoints file has an errand for, and what becomes of the others."""

import polars as pl

from footfall.load.endpoints.spec import Endpoints
from footfall.load.trace import Trace
from footfall.records.errors import BadInputError
from footfall.simulate.spec.model import Model
from footfall.simulate.spec.number import Grade

_NAMED_MOST = 8


def covered(trace: Trace, endpoints: Endpoints, where: str) -> Trace:
    """Give the trace of those for whom there is an errand; the same one when that is everybody.

    The model that goes with it offers nothing else either, so nobody switches to what is not mapped, in the
    play and in its prediction.

    Raises:
        BadInputError: somebody has none and the file does not say to skip them, or nobody is left.
    """
    offered = [(channel.name, name) for channel in trace.model.channels for name in channel.dialogues]
    missing = [pair for pair in offered if endpoints.errand_of(*pair) is None]
    came = _arrivals_by_errand(trace.arrivals)
    if endpoints.unmapped == "refuse":
        wanted = _wanted(trace.model, came)
        if lacking := [(pair, came.get(pair, 0)) for pair in missing if pair in wanted]:
            told = [f"{channel}.{name} ({count})" for (channel, name), count in lacking[:_NAMED_MOST]]
            more = f" and {len(lacking) - _NAMED_MOST} more" if len(lacking) > _NAMED_MOST else ""
            problem = f"no errand for {', '.join(told)}{more}, with so many first choices"
            raise BadInputError(where, problem, '[[errand]] for each, or unmapped = "skip"')
    if not missing:
        return trace
    return _without(trace, {pair: came.get(pair, 0) for pair in missing}, where)


def without_published_targets(trace: Trace) -> Trace:
    """Give the trace without targets that were published: they are of the operator in the source.

    A target that the user's model states as its own, by `assumed`, `fitted` or a change, stays.
    """
    published = {Grade.ARTICLE, Grade.PUBLIC}
    kept = tuple(t for t in trace.model.targets if t.success_share.grade not in published)
    if kept == trace.model.targets:
        return trace
    model = trace.model.model_copy(update={"targets": kept})
    info = trace.info.model_copy(update={"fingerprint": model.fingerprint()})
    return trace.model_copy(update={"info": info, "model": model})


def _wanted(model: Model, came: dict[tuple[str, str], int]) -> set[tuple[str, str]]:
    """Errands of the trace, and those to which a customer of the trace may switch."""
    wanted = set(came)
    if any(rule.switch_share > 0 for rule in model.follow_ups.by_outcome.values()):
        operations = {name for _, name in came}
        wanted |= {(c.name, name) for c in model.channels for name in c.dialogues if name in operations}
    return wanted


def _without(trace: Trace, missing: dict[tuple[str, str], int], where: str) -> Trace:
    channels = tuple(
        channel.model_copy(
            update={
                "dialogues": {
                    name: turns
                    for name, turns in channel.dialogues.items()
                    if (channel.name, name) not in missing
                }
            }
        )
        for channel in trace.model.channels
    )
    model = trace.model.model_copy(update={"channels": channels})
    names = pl.Series([f"{channel}.{name}" for channel, name in missing], dtype=pl.String)
    kept = trace.arrivals.filter(~_errand().is_in(names.implode()))
    if kept.is_empty():
        raise BadInputError(where, "nobody is left to be played", "[[errand]] for what customers come for")
    left_out = {f"{channel}.{name}": count for (channel, name), count in missing.items() if count}
    info = trace.info.model_copy(
        update={"fingerprint": model.fingerprint(), "left_out": trace.info.left_out | left_out}
    )
    # Arrivals are numbered by their row.
    kept = kept.with_columns(arrival=pl.int_range(pl.len(), dtype=pl.Int64))
    return trace.model_copy(update={"info": info, "model": model, "arrivals": kept})


def _arrivals_by_errand(arrivals: pl.DataFrame) -> dict[tuple[str, str], int]:
    counts = arrivals.group_by("channel", "operation").len().sort("channel", "operation")
    return {(channel, name): count for channel, name, count in counts.iter_rows()}


def _errand() -> pl.Expr:
    return pl.col("channel") + "." + pl.col("operation")
