"""What each recorded request of a visit asked, in the words of a model: its verb."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from footfall._calibrate.request_log import RequestLog
from footfall._calibrate.run_logs import logs_of_hits
from footfall._model.channel import Channel, Verb
from footfall._model.model import Model

ALL_KINDS = "all"
"""The kind of every request of a channel whose requests have no verb of their own."""
MODEL_VERBS = (Verb.BROWSE, Verb.QUERY, Verb.LOGIN, Verb.ORDER, Verb.CONFIRM, Verb.LOGOUT)
"""What the kinds of requests are called where there is no model, in their order."""
_MATCHED_SHARE = 0.98
_VISIT = ("customer", "attempt", "operation")
_LEAST_OF_A_KIND = 20
"""Fewer requests of a kind say nothing about its work."""


def logs_by_verb(hits: pl.DataFrame, model: Model, *, run: str, length_s: float) -> dict[str, RequestLog]:
    """Make the request log of each channel, its kinds named by the verbs of the model's dialogues.

    The k-th request of a visit is the k-th page of its dialogue. Where more than 2 % of a channel's requests
    have no such page, they are all of one kind, `all`.
    """
    channels = {channel.name: channel for channel in model.channels}
    logs: dict[str, RequestLog] = {}
    for (name,), part in hits.group_by("channel", maintain_order=True):
        channel = channels.get(str(name))
        verbs = _all_of(part) if channel is None else _verbs_of(part, channel)
        logs |= _renamed(part, verbs, run=run, length_s=length_s)
    return logs


def logs_by_name(
    hits: pl.DataFrame, names: Mapping[str, Sequence[str]], *, run: str, length_s: float
) -> dict[str, RequestLog]:
    """Make the request log of each channel without a model: kinds are verbs in the order of their names.

    `names` are those of all kinds by channel (`kind_names`), over all runs; more of them than verbs are one.
    """
    logs: dict[str, RequestLog] = {}
    for (name,), part in hits.group_by("channel", maintain_order=True):
        known = names[str(name)]
        if len(known) > len(MODEL_VERBS):
            verbs = pl.Series([MODEL_VERBS[0].value] * part.height)
        else:
            places = {each: MODEL_VERBS[n].value for n, each in enumerate(known)}
            verbs = _names_of(part).replace_strict(places)
        logs |= _renamed(part, verbs, run=run, length_s=length_s)
    return logs


def kind_names(tables: Sequence[pl.DataFrame]) -> dict[str, tuple[str, ...]]:
    """Return the names of the kinds of requests by channel, `operation/step`, sorted, over all runs."""
    found: dict[str, set[str]] = {}
    for hits in tables:
        for (name,), part in hits.group_by("channel"):
            found.setdefault(str(name), set()).update(_names_of(part).unique().to_list())
    return {channel: tuple(sorted(names)) for channel, names in found.items()}


def merged_rare(logs: Sequence[RequestLog]) -> list[RequestLog]:
    """Return the logs of one channel with the same kinds; those of few requests count as the usual one."""
    counts: dict[str, int] = {}
    for log in logs:
        for kind, count in zip(log.kinds, np.bincount(log.kind, minlength=len(log.kinds)), strict=True):
            counts[kind] = counts.get(kind, 0) + int(count)
    usual = max(counts, key=lambda kind: counts[kind])
    kinds = tuple(sorted(kind for kind, count in counts.items() if count >= _LEAST_OF_A_KIND)) or (usual,)
    places = {kind: kinds.index(kind if kind in kinds else usual) for kind in counts}
    return [
        replace(
            log, kinds=kinds, kind=np.array([places[kind] for kind in log.kinds], dtype=np.int64)[log.kind]
        )
        for log in logs
    ]


def _names_of(hits: pl.DataFrame) -> pl.Series:
    return hits.select(pl.format("{}/{}", "operation", "step").alias("name"))["name"]


def _all_of(hits: pl.DataFrame) -> pl.Series:
    return pl.Series([ALL_KINDS] * hits.height)


def _verbs_of(hits: pl.DataFrame, channel: Channel) -> pl.Series:
    """Return the verb of each request, by its place in the visit."""
    place = hits.select(pl.col("asked_s").rank("ordinal").over(_VISIT).cast(pl.Int64) - 1)["asked_s"]
    pages = {
        operation: [step.verb.value for step in steps for _ in range(int(step.pages))]
        for operation, steps in channel.dialogues.items()
    }
    verbs = [
        asked[at] if at < len(asked := pages.get(operation, [])) else None
        for operation, at in zip(hits["operation"], place, strict=True)
    ]
    missing = sum(verb is None for verb in verbs)
    if missing > (1 - _MATCHED_SHARE) * len(verbs):
        return _all_of(hits)
    usual = next(verb for verb in verbs if verb is not None)
    return pl.Series([verb or usual for verb in verbs])


def _renamed(hits: pl.DataFrame, verbs: pl.Series, *, run: str, length_s: float) -> dict[str, RequestLog]:
    """Make the log of a channel's requests with these kinds."""
    named = hits.with_columns(operation=verbs, step=pl.lit(""))
    logs = logs_of_hits(named, run=run, length_s=length_s)
    return {
        channel: replace(log, kinds=tuple(kind[len(channel) + 1 : -1] for kind in log.kinds))
        for channel, log in logs.items()
    }
