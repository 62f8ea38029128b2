"""Which errand a request of a log stands for, and who comes for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from re import escape

import numpy as np
import polars as pl

from footfall.records.errors import BadInputError
from footfall.simulate.decide import keyed
from footfall.simulate.spec.model import Model

_FORM = "CHANNEL.OPERATION, or PATTERN=CHANNEL.OPERATION such as /pay/*=web.recharge"


@dataclass(frozen=True, slots=True)
class Rule:
    """Requests whose path matches stand for an operation at a channel; the first rule that matches counts."""

    pattern: str
    """With `*` for any text and `?` for any letter."""
    channel: str
    operation: str


def rule_of(text: str, model: Model) -> Rule:
    """Read a rule.

    Raises:
        BadInputError: it is none, or the model has no such channel or operation.
    """
    where = f"--as {text}"
    pattern, _, errand = text.rpartition("=")
    channel, dot, operation = errand.partition(".")
    if not (dot and channel and operation):
        raise BadInputError(where, "names no errand", _FORM)
    channels = {each.name: each for each in model.channels}
    if channel not in channels:
        raise BadInputError(where, f"no channel {channel!r} in {model.name}", " or ".join(channels))
    known = channels[channel].dialogues
    if operation not in known:
        raise BadInputError(where, f"{channel} has no operation {operation!r}", " or ".join(known))
    return Rule(pattern or "*", channel, operation)


def errands(requests: pl.DataFrame, rules: Sequence[Rule], model: Model, seed: int) -> pl.DataFrame:
    """Give those who come (at_s, customer, segment, operation, channel) for the requests that a rule names.

    The segment of each is drawn by how often its people want the operation, of those that reach the channel.

    Raises:
        BadInputError: nobody of the model wants an operation at all.
    """
    named = ruled(requests, rules).filter(pl.col("rule").is_not_null())
    customers = np.arange(named.height, dtype=np.int64)
    draws = keyed.uniforms(keyed.customer_keys(keyed.run_key(seed, 0), customers), "segment of a request")
    named = named.with_columns(customer=customers, u=draws)
    parts = [
        named.filter(pl.col("rule") == k).with_columns(
            segment=_segments(model, rule), operation=pl.lit(rule.operation), channel=pl.lit(rule.channel)
        )
        for k, rule in enumerate(rules)
    ]
    table = pl.concat(parts).sort("customer")
    return table.select("at_s", "customer", "segment", "operation", "channel")


def ruled(requests: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    """Give the requests with the place of the first rule that names each, null where none does.

    A rule names a path with its query, or without it.
    """
    if "rule" in requests.columns:
        return requests
    place = pl.lit(None, dtype=pl.Int64)
    for k in reversed(range(len(rules))):
        regex = _regex(rules[k].pattern)
        matches = pl.col("path").str.contains(regex) | pl.col("bare").str.contains(regex)
        place = pl.when(matches).then(k).otherwise(place)
    bare = pl.col("path").str.replace(r"(?s)[?#].*$", "")
    return requests.with_columns(bare=bare).with_columns(rule=place).drop("bare")


def _regex(pattern: str) -> str:
    """Give a pattern in the table library's own kind of expression."""
    text = escape(pattern).replace(escape("*"), ".*").replace(escape("?"), ".")
    return f"(?s)^{text}$"


def _segments(model: Model, rule: Rule) -> pl.Expr:
    weights = {
        segment.name: float(segment.population_share) * float(segment.month_visits.get(rule.operation, 0.0))
        * float(segment.reach.get(rule.channel, 1.0))
        for segment in model.segments
    }  # fmt: skip
    total = sum(weights.values())
    if not total > 0:
        raise BadInputError(f"--as {rule.channel}.{rule.operation}", "nobody wants that", "another operation")
    bounds = np.cumsum(list(weights.values())) / total
    chosen = pl.lit(list(weights)[-1])
    for name, bound in reversed(list(zip(weights, bounds, strict=True))):
        chosen = pl.when(pl.col("u") < bound).then(pl.lit(name)).otherwise(chosen)
    return chosen
