"""Why recorded requests failed: the cause of the visit that each of them ended."""

import polars as pl

from footfall._records.rows import Outcome

CAUSE = "cause"
OUTAGE = "outage"
"""Cause of requests that the reference service refuses while the channel is down."""
_VISIT = ("customer", "attempt")
_ALIKE = ("channel", "operation", "step", "status", "outcome")


def with_request_causes(hits: pl.DataFrame, visits: pl.DataFrame) -> pl.DataFrame:
    """Return requests (columns of `HITS`) with a column `cause`: empty where they succeeded or do not say.

    A visit ends with the request that failed, so its cause is that of its last request. Requests that the
    client has sent again have no visit of their own: they have the cause of all others of their kind, status
    and outcome, if these agree.
    """
    last = pl.col("ended_s") == pl.col("ended_s").max().over(_VISIT)
    failed = ~pl.col("outcome").is_in([Outcome.SERVED.value, Outcome.UNFINISHED.value])
    ends = visits.select(*_VISIT, visit_cause=pl.col(CAUSE), visit_outcome=pl.col("outcome"))
    known = hits.join(ends, on=_VISIT, how="left", maintain_order="left").with_columns(
        own=pl.when(last & failed & (pl.col("outcome") == pl.col("visit_outcome"))).then("visit_cause")
    )
    alike = known.group_by(_ALIKE).agg(
        common=pl.when(pl.col("own").drop_nulls().n_unique() == 1).then(pl.col("own").drop_nulls().first())
    )
    named = known.join(alike, on=_ALIKE, how="left", maintain_order="left")
    cause = pl.when(failed).then(pl.coalesce("own", "common", pl.lit(""))).otherwise(pl.lit(""))
    return named.with_columns(cause.alias(CAUSE)).select(*hits.columns, CAUSE)


def without_outages(hits: pl.DataFrame) -> pl.DataFrame:
    """Return the requests that did not meet an outage: those that did say nothing about the station."""
    return hits.filter(pl.col(CAUSE) != OUTAGE)
