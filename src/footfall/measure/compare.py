"""Prediction and measurement side by side."""

import polars as pl

_KEYS = ["channel", "operation"]
_FIGURES = [
    "visits",
    "success_share",
    "success_share_low",
    "success_share_high",
    "wait_s_mean",
    "response_s_p50",
    "response_s_p95",
]


def compare(predicted: pl.DataFrame, measured: pl.DataFrame) -> pl.DataFrame:
    """Two tables of `MEASURES` as one row a channel and operation; null where a world saw no visit.

    Columns: channel, operation, then each figure as `predicted_…` and `measured_…`, then `target_share`.
    """
    worlds = {"predicted": predicted, "measured": measured}
    sides = [
        frame.select(
            *_KEYS,
            *(pl.col(name).alias(f"{world}_{name}") for name in _FIGURES),
            pl.col("target_share").alias(f"{world}_target_share"),
        )
        for world, frame in worlds.items()
    ]
    joined = sides[0].join(sides[1], on=_KEYS, how="full", coalesce=True)
    target = pl.coalesce("measured_target_share", "predicted_target_share").alias("target_share")
    totals_last = [pl.col(key) == "*" for key in _KEYS]
    return joined.sort(*totals_last, *_KEYS).select(
        *_KEYS, *(f"{world}_{name}" for name in _FIGURES for world in worlds), target
    )
