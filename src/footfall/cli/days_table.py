"""Independent days as a person reads them: each key figure with its half-width, and how precise it is."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from footfall.cli.output import say, show_table
from footfall.runs import text
from footfall.runs.replications import Plan
from footfall.runs.text import percent
from footfall.stats.precision import Precision

Rows = Sequence[Mapping[str, Any]]


def show(rows: Rows, plan: Plan, told: str | None = None) -> None:
    """Print the figures over days, what is `told` of them, and which are not as precise as was asked."""
    if rows:
        _show(rows, plan)
    if told:
        say(told)


def _show(rows: Rows, plan: Plan) -> None:
    table = Table(title="\nOver independent days", title_justify="left", box=None, pad_edge=False)
    heads = ["quantity", "days", "mean ± 95 %"]
    is_fitted = "range_low" in rows[0]
    heads += ["range"] if is_fitted else []
    if plan.precision:
        heads += ["±, relative", f"within ± {percent(plan.precision.relative)}"]
    for head in heads:
        table.add_column(head, justify="left" if head == "quantity" else "right")
    for row in rows:
        mean = text.form_of(row["quantity"])(row["mean"], row["half_width"])
        bounds = (row["range_low"], row["range_high"]) if is_fitted else None
        more = [text.between(row["quantity"], *bounds)] if bounds else []
        more += _standing(row) if plan.precision else ()
        table.add_row(row["quantity"], str(row["replications"]), mean, *more)
    show_table(table)
    if plan.precision:
        say(verdict(rows, plan.precision))


def verdict(rows: Rows, wanted: Precision) -> str:
    """Say in one line whether the precision was reached, and by what it was not."""
    declared = [row for row in rows if row["declared"]]
    missed = [row for row in declared if row["reached_at"] is None]
    days = max(row["replications"] for row in rows)
    asked = f"± {percent(wanted.relative)} of the mean"
    if not missed:
        return f"precision: all {len(declared)} figures within {asked} after {days} days"
    names = ", ".join(row["quantity"] for row in missed)
    told = (
        f"precision: {len(missed)} of {len(declared)} figures not within {asked} after {days} days: {names}"
    )
    needed = [row["replications_needed"] for row in missed]
    if None in needed:
        return told
    return f"{told}; --replications {max(needed):,} would be enough, about"


def _standing(row: Mapping[str, Any]) -> tuple[str, str]:
    relative = "–" if row["relative_half_width"] is None else percent(row["relative_half_width"])
    if not row["declared"]:
        return relative, "not asked"
    if row["reached_at"] is not None:
        return relative, f"from day {row['reached_at']}"
    needed = row["replications_needed"]
    return relative, f"not reached, about {needed:,} days" if needed else "not reached"
