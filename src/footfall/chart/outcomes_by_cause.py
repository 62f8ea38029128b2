"""Why visits fail, channel by channel."""

from collections.abc import Mapping
from types import MappingProxyType

import polars as pl
from matplotlib.axes import Axes

from footfall.chart.pairs import ROW_IN, label_lines
from footfall.chart.style import GREY, Chart, Heading, Look, Stamp, figure, look, name_of, nothing, percent

SERVED = "served"
LINES_MAX = 18
_CAUSES_MAX = 3
_OUTCOMES: Mapping[str, Look] = MappingProxyType(
    {
        "rejected": Look("#9aa5b1", "", ""),
        "unconfirmed": Look("#56b4e9", "//", ""),
        "error": Look("#d55e00", "", ""),
        "timeout": Look("#e69f00", "\\\\", ""),
        "throttled": Look("#f0e442", "..", ""),
        "blocked": Look("#cc79a7", "xx", ""),
        "abandoned": Look("#0072b2", "", ""),
        "balked": Look("#8ecf9e", "--", ""),
        "closed": Look("#3e4c59", "", ""),
        "unfinished": Look("#ffffff", "////", ""),
    }
)


def outcomes_by_cause(outcomes: pl.DataFrame, stamp: Stamp) -> Chart:
    """Failed visits of each channel and operation as stacked shares of its visits, its main causes named.

    `outcomes` has channel, operation, outcome, cause, visits and visits_share.
    """
    visits = int(outcomes["visits"].sum())
    failed = outcomes.filter(pl.col("outcome") != SERVED)
    if failed.is_empty():
        title = f"All {visits:,} visits were served" if visits else "No visits"
        heading = Heading(title=title, subtitle="Failed visits by outcome and cause", stamp=stamp)
        return nothing(heading, outcomes, "nothing failed" if visits else "no visits")
    lines = _worst(failed)
    shown = f" The {LINES_MAX} worst are shown." if len(lines) > LINES_MAX else ""
    lines = lines[:LINES_MAX]
    heading = Heading(
        title=_finding(failed, visits),
        subtitle=f"Share of the visits of each channel and operation that failed, by outcome.{shown}",
        stamp=stamp,
    )
    with look():
        made = figure(heading, 1.75 + ROW_IN * len(lines), legend_below=True)
        axes, beside = made.subplots(1, 2, sharey=True, width_ratios=[1, 1.1])
        _draw(axes, failed, lines)
        _write(beside, failed, lines)
        made.legend(loc="outside lower left", ncols=5)
    caption = "Beside each bar: the share that failed, and its most frequent causes with theirs."
    return Chart(figure=made, frame=outcomes, title=heading.title, caption=caption)


def _worst(failed: pl.DataFrame) -> list[tuple[str, str]]:
    totals = failed.group_by("channel", "operation").agg(pl.col("visits_share").sum())
    ordered = totals.sort("visits_share", "channel", "operation", descending=[True, False, False])
    return ordered.select("channel", "operation").rows()


def _draw(axes: Axes, failed: pl.DataFrame, lines: list[tuple[str, str]]) -> None:
    ends = dict.fromkeys(lines, 0.0)
    for outcome, its in _OUTCOMES.items():
        shares = dict.fromkeys(lines, 0.0)
        for channel, operation, share in (
            failed.filter(pl.col("outcome") == outcome)
            .select("channel", "operation", "visits_share")
            .iter_rows()
        ):
            if (channel, operation) in shares:
                shares[channel, operation] += share * 100
        if any(shares.values()):
            axes.barh(
                range(len(lines)),
                list(shares.values()),
                left=list(ends.values()),
                height=0.66,
                facecolor=its.colour,
                edgecolor=GREY,
                linewidth=0.5,
                hatch=its.hatch,
                label=outcome,
            )
        ends = {line: ends[line] + shares[line] for line in lines}
    axes.set_xlim(0, min(100.0, max(ends.values()) * 1.05))
    axes.set_xlabel("failed, % of visits")
    label_lines(axes, lines, rules=False)


def _write(axes: Axes, failed: pl.DataFrame, lines: list[tuple[str, str]]) -> None:
    """Write the causes into a column of their own, where no bar reaches."""
    for y, line in enumerate(lines):
        axes.text(0.0, y, _causes(failed, line), va="center", fontsize=8)
    axes.axis("off")


def _causes(failed: pl.DataFrame, line: tuple[str, str]) -> str:
    """The share that failed, and what of."""
    here = failed.filter((pl.col("channel") == line[0]) & (pl.col("operation") == line[1]))
    ranked = (
        here.group_by("cause")
        .agg(pl.col("visits_share").sum())
        .sort("visits_share", "cause", descending=[True, False])
    )
    words = [f"{_short(cause)} {percent(share)}" for cause, share in ranked.head(_CAUSES_MAX).iter_rows()]
    return f"{percent(float(here['visits_share'].sum()))}: {', '.join(words)}"


def _short(cause: str) -> str:
    return cause.replace("_", " ")[:22]


def _finding(failed: pl.DataFrame, visits: int) -> str:
    worst = failed.group_by("cause").agg(pl.col("visits").sum()).sort("visits", "cause").row(-1)
    first = failed.filter(pl.col("cause") == worst[0]).sort("visits", "channel").row(-1, named=True)
    where = f"{name_of(first['channel'])} {first['operation']}"
    whole = percent(int(failed["visits"].sum()) / visits)
    return f"{whole} of visits fail, most often '{_short(worst[0])}', as in {where}"
