"""Simulated days as a person reads them: rows of tables, and lines."""

from collections.abc import Mapping, Sequence
from typing import Any

from footfall._measure.summary import ElectronicShare
from footfall._runs.messages import between, clock, difference_of, form_of, percent, plain_of
from footfall._runs.replicate import DAYS_TELLING, VERSUS_FILE, VERSUS_REPLICATIONS, Plan, is_same
from footfall._runs.simulate import SimulatedDays
from footfall._simulate.staff_tables import Unstaffed
from footfall._stats.intervals import Paired
from footfall._stats.precision import Precision


def invariants_line(days: SimulatedDays) -> str:
    """Say that the invariants held, in how many checks; a violated one would have ended the run."""
    others = len(days.figures_by_day) - 1
    more = f", as do those of {_others(others)}" if others else ""
    checks = days.result.laws.checks
    return f"laws: {checks:,} checks of flow, Little, order, shares, staffing and limits hold{more}"


def _others(count: int) -> str:
    return "the other day" if count == 1 else f"the {count} other days"


def unstaffed_line(found: Unstaffed) -> str:
    """Say in which hours a station had customers and no staff, and what became of them."""
    name = found.channel if found.operation == "*" else f"{found.channel}.{found.operation}"
    hours = ", ".join("-".join(clock(at_s) for at_s in each) for each in found.hours_s)
    came = "1 customer" if found.customers == 1 else f"{found.customers:,} customers"
    return (
        f"no {found.staff}: {name} is open {hours} without {found.staff} on duty; "
        f"{came} came then, {found.served:,} of them were served"
    )


def share_line(share: ElectronicShare) -> str:
    """Say the electronic share with its interval and its definition."""
    bounds = f"{percent(share.share_low)} – {percent(share.share_high)}"
    return f"electronic share: {percent(share.share)} ({bounds}); {share.definition}"


def day_rows(rows: Sequence[Mapping[str, Any]], plan: Plan) -> tuple[list[str], list[tuple[str, ...]]]:
    """Give the heads and the rows of a table of key figures over days, as a person reads them."""
    is_fitted = "range_low" in rows[0]
    heads = ["quantity", "days", "mean ± 95 %", *(["range"] if is_fitted else [])]
    if plan.precision:
        heads += ["±, relative", f"within ± {percent(plan.precision.relative)}"]
    shown: list[tuple[str, ...]] = []
    for row in rows:
        name = row["quantity"]
        cells = [name, str(row["replications"]), form_of(name)(row["mean"], row["half_width"])]
        cells += [between(name, row["range_low"], row["range_high"])] if is_fitted else []
        cells += _standing_texts(row) if plan.precision else ()
        shown.append(tuple(cells))
    return heads, shown


def precision_line(rows: Sequence[Mapping[str, Any]], wanted: Precision) -> str:
    """Say in one line whether the precision was reached, and by what it was not."""
    declared = [row for row in rows if row["declared"]]
    missed = [row for row in declared if row["reached_at"] is None]
    days = max(row["replications"] for row in rows)
    asked = f"± {percent(wanted.relative)} of the mean"
    if not missed:
        return f"precision: all {len(declared)} figures within {asked} after {days} days"
    names = ", ".join(row["quantity"] for row in missed)
    line = (
        f"precision: {len(missed)} of {len(declared)} figures not within {asked} after {days} days: {names}"
    )
    needed = [row["replications_needed"] for row in missed]
    if None in needed:
        return line
    return f"{line}; --replications {max(needed):,} would be enough, about"


def _standing_texts(row: Mapping[str, Any]) -> tuple[str, str]:
    relative = "–" if row["relative_half_width"] is None else percent(row["relative_half_width"])
    if not row["declared"]:
        return relative, "not asked"
    if row["reached_at"] is not None:
        return relative, f"from day {row['reached_at']}"
    needed = row["replications_needed"]
    return relative, f"not reached, about {needed:,} days" if needed else "not reached"


VERSUS_HEADS = ("quantity", "days", "as is", "changed", "difference ± 95 %", "unpaired ±", "variance ÷")


def versus_rows(found: Mapping[str, Paired]) -> list[tuple[str, ...]]:
    """Give a row of texts a figure that differs, in the order of `VERSUS_HEADS`."""
    shown: list[tuple[str, ...]] = []
    for name, each in found.items():
        if is_same(each):
            continue
        plain, form = plain_of(name), difference_of(name)
        shown.append(
            (
                name,
                str(each.replications),
                plain(each.first_mean),
                plain(each.second_mean),
                form(each.difference, each.interval.half_width),
                form(each.difference, each.unpaired_half_width).partition("± ")[2],
                "–" if each.variance_reduction is None else f"{each.variance_reduction:.3g}",
            )
        )
    return shown


_VARIANCE = "variance ÷: by how much pairing divided the variance of the difference, measured in these days"


def versus_lines(found: Mapping[str, Paired]) -> list[str]:
    """Say how many figures are the same on every day, and whether the days are too few."""
    lines = []
    if alike := sum(map(is_same, found.values())):
        more = "1 more quantity is" if alike == 1 else f"{alike} more quantities are"
        lines.append(f"{more} the same on every day (see {VERSUS_FILE})")
    days = max(each.replications for each in found.values())
    if days < DAYS_TELLING:
        lines.append(
            f"caution: {days} days can tell nothing, since no spread can be known from so few: an interval "
            f"is worth something from {DAYS_TELLING} days on; take --replications {VERSUS_REPLICATIONS} or "
            "more"
        )
    return [*lines, _VARIANCE]
