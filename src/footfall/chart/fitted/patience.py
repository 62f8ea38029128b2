"""How long customers would wait: Kaplan–Meier with Greenwood's band, and what the model has."""

import polars as pl
from matplotlib.axes import Axes

from footfall.chart.fitted.panels import PANELS_MOST, even_ticks, legend_below, panels
from footfall.chart.style import (
    GREY,
    MEASURED,
    PREDICTED,
    Chart,
    Heading,
    Stamp,
    look,
    name_of,
    nothing,
    percent,
)

_MINUTE_S = 60.0
_AT_RISK_LEAST = 5
"""Where fewer still wait the curve is not drawn: it falls in great steps."""


def patience_curves(curves: pl.DataFrame, stamp: Stamp) -> Chart:
    """Share still waiting, had nobody been served, a panel a kind.

    `curves` has kind, left, waits, law, second, at_risk, survival_share, survival_low, survival_high and
    fitted_share.
    """
    if curves.is_empty():
        heading = Heading(title="Nobody left while waiting", subtitle="Patience", stamp=stamp)
        return nothing(heading, curves, "no patience to fit")
    most = curves.group_by("kind").agg(pl.col("left").first()).sort("left", "kind", descending=[True, False])
    kinds = most["kind"].head(PANELS_MOST).to_list()
    first = curves.filter(pl.col("kind") == kinds[0]).sort("second")
    by_minute = first.filter(pl.col("second") <= _MINUTE_S)
    still = by_minute["survival_share"][-1] if by_minute.height else 1.0
    left_out = f" The {PANELS_MOST} kinds of whom most left." if most.height > PANELS_MOST else ""
    heading = Heading(
        title=f"{name_of(kinds[0])}: {percent(still, 0)} would still wait after a minute",
        subtitle="Share still waiting, had nobody been served: Kaplan–Meier with its 95 % band (Greenwood), "
        f"and the patience in the model.{left_out}",
        stamp=stamp,
    )
    with look():
        made, every = panels(heading, [name_of(kind) for kind in kinds])
        for axes, kind in zip(every, kinds, strict=True):
            _draw(curves.filter(pl.col("kind") == kind).sort("second"), axes)
        legend_below(made, every[0])
    caption = (
        "Whoever was served is counted as willing to wait at least so long. The curve ends where "
        "hardly anybody was left waiting."
    )
    return Chart(figure=made, frame=curves, title=heading.title, caption=caption)


def _draw(curve: pl.DataFrame, axes: Axes) -> None:
    seconds = [0.0, *curve["second"]]
    low, high = [1.0, *curve["survival_low"]], [1.0, *curve["survival_high"]]
    axes.fill_between(
        seconds, low, high, step="post", color=PREDICTED, alpha=0.2, linewidth=0, label="95 % band"
    )
    shares = [1.0, *curve["survival_share"]]
    axes.step(
        seconds, shares, where="post", color=PREDICTED, linewidth=1.6, clip_on=False, label="Kaplan–Meier"
    )
    fitted = [1.0, *curve["fitted_share"]]
    axes.plot(seconds, fitted, color=MEASURED, linestyle="--", linewidth=1.3, label="in the model")
    one = curve.row(0, named=True)
    told = f"{one['law']}\n{one['left']:,} of {one['waits']:,} left"
    axes.text(0.04, 0.04, told, transform=axes.transAxes, va="bottom", fontsize=8, color=GREY)
    known = curve.filter(pl.col("at_risk") >= _AT_RISK_LEAST)["second"]
    end_s = max(known[-1] if known.len() else seconds[-1], 0.001)
    axes.set(ylim=(0, 1), xlim=(0, end_s), ylabel="still waiting")
    axes.yaxis.set_major_formatter(lambda value, _place: f"{value:.0%}".replace("%", " %"))
    even_ticks(axes.xaxis, end_s)
