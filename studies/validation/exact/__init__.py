"""Systems whose figures a formula gives exactly, each the smallest model of one kind of station.

A day begins empty; whoever comes before 02:00 is left out, so that what remains is as good as steady.
"""

import polars as pl

from studies.validation.call_figures import ratio
from studies.validation.checks import Figure

SETTLED = pl.col("due_s") >= 7200.0
WAIT_S = pl.col("wait_s")
WAITS = WAIT_S > 0
BEGAN = pl.col("started_s").is_not_null()


def ended(outcome: str) -> pl.Expr:
    """Say whether a visit ended so."""
    return pl.col("outcome") == outcome


def share(name: str, expected: float, condition: pl.Expr) -> Figure:
    """Give the share of customers of whom a condition holds, beside its exact value."""
    return Figure(name, "", expected, 0.0, 1, ratio((SETTLED & condition).sum(), SETTLED.sum()), step=0.0)


def mean_s(name: str, expected_s: float, seconds: pl.Expr, among: pl.Expr = SETTLED) -> Figure:
    """Give a mean time of some customers, beside its exact value."""
    chosen = SETTLED & among
    quantity = ratio(seconds.filter(chosen).sum(), chosen.sum())
    return Figure(name, "s", expected_s, 0.0, 1, quantity, step=0.0)
