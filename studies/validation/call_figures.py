"""What a day of calls amounts to in the words of contact centres, as numerator and denominator of a ratio."""

import polars as pl

from studies.validation.checks import DayQuantity

MINUTE_S = 60.0
_SERVED = pl.col("outcome") == "served"


def ratio(above: pl.Expr, below: pl.Expr | float = 1.0) -> DayQuantity:
    """Give the quantity above / below of a day's visits."""
    under = below if isinstance(below, pl.Expr) else pl.lit(below)

    def of(visits: pl.DataFrame) -> tuple[float, float]:
        found = visits.select(above.cast(pl.Float64).alias("above"), under.cast(pl.Float64).alias("below"))
        return found["above"][0], found["below"][0]

    return of


def ended(outcome: str) -> pl.Expr:
    """Count calls that ended so."""
    return (pl.col("outcome") == outcome).sum()


def waited_less(bound_s: float, *, served: bool) -> pl.Expr:
    """Count calls that waited less; of those that were served only, or of all."""
    return ((pl.col("wait_s") < bound_s) & (_SERVED if served else pl.lit(value=True))).sum()


def abandoned_after(bound_s: float) -> pl.Expr:
    """Count calls that hung up after waiting so long or longer."""
    return ((pl.col("outcome") == "abandoned") & (pl.col("wait_s") >= bound_s)).sum()


def waited_s(*, served: bool) -> pl.Expr:
    """Sum the waits; of those that were served only, or of all."""
    return (pl.col("wait_s").filter(_SERVED) if served else pl.col("wait_s")).sum()


def talked_s(from_s: float, to_s: float) -> pl.Expr:
    """Sum what agents worked in a window, for calls without an IVR or wrap-up."""
    begins = (pl.col("due_s") + pl.col("wait_s")).clip(from_s, to_s)
    return (pl.col("ended_s").clip(from_s, to_s) - begins).filter(_SERVED).sum()
