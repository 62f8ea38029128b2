"""Recorded queues of service halls beside predicted ones: by queue, office, day and half hour."""

from typing import Any

import polars as pl

FACTOR = 2.0
"""Within it a queue length counts as near."""
LONG_ENOUGH = 1.0
"""Queues in which fewer wait on average are empty most of the time: a ratio says little of them."""
_GUESSES = ("predicted", "first_days")
NAIVE = {"last_week": "as last week", "first_days": "as the first days"}
"""Predictions that take no simulation: that the day is as it was seven days before, or as the first ones."""
_LEVELS = tuple(
    f"{figure}_{world}"
    for figure, worlds in (
        ("arrivals", ("recorded", "first_days")),
        ("counters", ("recorded", "first_days")),
        ("waiting", ("recorded", *_GUESSES)),
    )
    for world in worlds
)


def by_queue(looks: pl.DataFrame) -> pl.DataFrame:
    """Give a row a queue from half hours of queues and days.

    `arrivals_` are of a day; `counters_` and `waiting_` are means over the half hours that were seen.
    """
    keys = ["office", "queue", "title", "service_s_mean"]
    days = pl.col("day").n_unique()
    figures = [
        (pl.col(name).sum() / days if name.startswith("arrivals") else pl.col(name).mean()).alias(name)
        for name in _LEVELS
    ]
    return looks.group_by(keys, maintain_order=True).agg(days.cast(pl.Int64).alias("days"), *figures)


def by_office(looks: pl.DataFrame) -> pl.DataFrame:
    """Give a row an office, the busiest first: sums over its queues, and `near_share`.

    `near_share` and `near_share_first_days` are the shares of its queues predicted within a factor of 2.
    `arrivals_correlation` and `waiting_correlation` are of half hours of the mean day.
    """
    queues = by_queue(looks)
    sums = queues.group_by("office").agg(
        pl.len().cast(pl.Int64).alias("queues"),
        *(pl.col(name).sum() for name in _LEVELS),
        _near("predicted").mean().alias("near_share"),
        _near("first_days").mean().alias("near_share_first_days"),
    )
    clock = (
        looks.group_by("office", "half_hour", "queue")
        .agg(pl.col(_LEVELS).mean())
        .group_by("office", "half_hour")
        .agg(pl.col(_LEVELS).sum())
        .group_by("office")
        .agg(
            _correlation("arrivals_recorded", "arrivals_first_days").alias("arrivals_correlation"),
            _correlation("waiting_recorded", "waiting_predicted").alias("waiting_correlation"),
        )
    )
    both = sums.join(clock, on="office").with_columns(pl.col(pl.Float64).fill_nan(None))
    return both.sort("arrivals_recorded", "office", descending=[True, False])


def by_day(looks: pl.DataFrame) -> pl.DataFrame:
    """Give a row a day: sums over all queues; who waits and counters are means over its half hours."""
    return _summed(looks, "day")


def by_half_hour(looks: pl.DataFrame) -> pl.DataFrame:
    """Give a row a half hour of the mean day: sums over all queues."""
    return _summed(looks, "half_hour")


def agreement(looks: pl.DataFrame) -> dict[str, Any]:
    """Say how near the prediction is, and how near it would be to take the first days for the later ones.

    Ratios are guessed over recorded. `_near_share`: queues within a factor of 2, of all and of those in
    which one or more wait; `_rank_correlation` of the queues (Spearman); `day_correlation` of the days'
    deviations from their queue's mean, relative to it, pooled; `half_hour_correlation` of the mean day.
    """
    queues, clock = by_queue(looks), by_half_hour(looks)
    long = queues.filter(pl.col("waiting_recorded") >= LONG_ENOUGH)
    found: dict[str, Any] = {
        "days": looks["day"].n_unique(),
        "queues": queues.height,
        "long_queues": long.height,
        "customers": round(float(looks["arrivals_recorded"].sum())),
        "arrivals_ratio": _ratio(queues, "arrivals_recorded", "arrivals_first_days"),
        "arrivals_half_hour_correlation": _of(clock, "arrivals_recorded", "arrivals_first_days"),
        "arrivals_rank_correlation": _ranks(queues, "arrivals_recorded", "arrivals_first_days"),
        "counters_ratio": _ratio(queues, "counters_recorded", "counters_first_days"),
        "counters_half_hour_correlation": _of(clock, "counters_recorded", "counters_first_days"),
        "counters_rank_correlation": _ranks(queues, "counters_recorded", "counters_first_days"),
    }
    for guess in _GUESSES:
        name = f"waiting_{guess}"
        found |= {
            f"{name}_ratio": _ratio(queues, "waiting_recorded", name),
            f"{name}_near_share": _mean(queues, _near(guess)),
            f"{name}_near_share_long": _mean(long, _near(guess)),
            f"{name}_rank_correlation": _ranks(queues, "waiting_recorded", name),
            f"{name}_half_hour_correlation": _of(clock, "waiting_recorded", name),
        }
    return found | {"waiting_predicted_day_correlation": _day_correlation(looks, long)}


def against_naive(looks: pl.DataFrame) -> dict[str, Any]:
    """Hold the prediction against each naive one: sums of absolute errors over days and queues, of recorded.

    For `first_days` and `last_week` (where `looks` have `waiting_last_week`): `vs_..._queue_days`, how many
    have both; `vs_..._error_share` of the naive and `vs_..._predicted_error_share` of the prediction for
    those: the sum over queues and days of how far the mean number waiting is off, over the sum of those
    waiting; None without any. `vs_..._nearer`: in how many of them the naive one was nearer.
    """
    found: dict[str, Any] = {}
    for naive in NAIVE:
        name, start = f"waiting_{naive}", f"vs_{naive}"
        if name not in looks.columns:
            continue
        both = looks.drop_nulls(["waiting_recorded", "waiting_predicted", name])
        days = both.group_by("day", "office", "queue").agg(
            pl.col("waiting_recorded", "waiting_predicted", name).mean()
        )
        recorded = pl.col("waiting_recorded")
        off, naive_off = ((pl.col(other) - recorded).abs() for other in ("waiting_predicted", name))
        total = float(days["waiting_recorded"].sum())
        found |= {
            f"{start}_queue_days": days.height,
            f"{start}_error_share": float(days.select(naive_off.sum()).item()) / total if total else None,
            f"{start}_predicted_error_share": float(days.select(off.sum()).item()) / total if total else None,
            f"{start}_nearer": days.filter(naive_off < off).height,
        }
    return found


def _summed(looks: pl.DataFrame, key: str) -> pl.DataFrame:
    figures = [
        pl.col(name).sum() if name.startswith("arrivals") and key == "day" else pl.col(name).mean()
        for name in _LEVELS
    ]
    of_queue = looks.group_by(key, "office", "queue").agg(figures)
    return of_queue.group_by(key).agg(pl.col(_LEVELS).sum()).sort(key)


def _near(guess: str) -> pl.Expr:
    ratio = pl.col(f"waiting_{guess}") / pl.col("waiting_recorded")
    same = pl.col(f"waiting_{guess}") == pl.col("waiting_recorded")
    return ratio.is_between(1 / FACTOR, FACTOR) | same


def _ratio(queues: pl.DataFrame, recorded: str, guess: str) -> float | None:
    """Give guessed over recorded, of sums over queues."""
    total = float(queues[recorded].sum())
    return float(queues[guess].sum()) / total if total else None


def _mean(queues: pl.DataFrame, what: pl.Expr) -> float | None:
    found = queues.select(what.mean()).item()
    return None if found is None else float(found)


def _ranks(queues: pl.DataFrame, recorded: str, guess: str) -> float | None:
    return _of(queues.select(pl.col(recorded).rank(), pl.col(guess).rank()), recorded, guess)


def _of(rows: pl.DataFrame, recorded: str, guess: str) -> float | None:
    """Correlate two columns; None where one of them does not vary."""
    found = rows.select(_correlation(recorded, guess)).item()
    return None if found is None or found != found else float(found)  # noqa: PLR0124 - not a number


def _correlation(recorded: str, guess: str) -> pl.Expr:
    return pl.corr(recorded, guess)


def _day_correlation(looks: pl.DataFrame, long: pl.DataFrame) -> float | None:
    """Correlate over queues and days how far a day is from its queue's mean, of queues that are long."""
    worlds = ("waiting_recorded", "waiting_predicted")
    days = looks.join(long, on=["office", "queue"], how="semi").group_by("office", "queue", "day")
    means = days.agg(pl.col(worlds).mean()).drop_nulls()
    usual = [pl.col(name).mean().over("office", "queue") for name in worlds]
    off = [(pl.col(name) / mean - 1).alias(name) for name, mean in zip(worlds, usual, strict=True)]
    return _of(means.select(off).fill_nan(None).drop_nulls(), *worlds)
