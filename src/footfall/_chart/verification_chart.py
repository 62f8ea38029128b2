"""Chart of a verification: predicted intervals and what was measured, a row a figure."""

import numpy as np
import polars as pl

from footfall._chart import style

_ROW_IN, _LEAST_IN, _AROUND_IN = 0.3, 3.2, 2.1
_ROWS_MOST = 40
_OFF_MOST = 3.0


def predicted_against_measured(rows: pl.DataFrame, verdict: str, stamp: style.Stamp) -> style.Chart:
    """Draw each figure's interval and measured value over its predicted value.

    `rows` has run, channel, figure, value, low, high, measured and inside, a row a figure of a run.
    """
    inside = int(rows["inside"].sum())
    shown = rows.filter(pl.col("value") != 0).head(_ROWS_MOST)
    heading = style.Heading(
        title=f"Prediction {verdict}: {inside} of {rows.height} measured figures inside their intervals",
        subtitle="Lines: 95 % intervals as predicted before the run. Points: measured. "
        "Both over the predicted value.",
        stamp=stamp,
    )
    height_in = max(_LEAST_IN, _AROUND_IN + _ROW_IN * shown.height)
    with style.look():
        made = style.figure(heading, height_in, legend_below=True)
        axes = made.subplots()
        at = np.arange(shown.height)
        value = shown["value"].to_numpy()
        low, high = ((shown[name].to_numpy() / value - 1) * 100 for name in ("low", "high"))
        measured = np.clip((shown["measured"].to_numpy() / value - 1) * 100, -100, 100 * _OFF_MOST)
        held = shown["inside"].to_numpy()
        axes.axvline(0, color=style.PREDICTED, linewidth=0.8, alpha=0.6)
        axes.hlines(at, low, high, color=style.PREDICTED, linewidth=5, alpha=0.35, label="95 % interval")
        axes.plot(
            measured[held],
            at[held],
            "o",
            color=style.MEASURED,
            markersize=5,
            linestyle="none",
            label="inside",
        )
        axes.plot(
            measured[~held],
            at[~held],
            "X",
            color=style.MEASURED,
            markersize=8,
            linestyle="none",
            label="outside",
        )
        axes.set_yticks(at, _labels(shown))
        axes.set_ylim(shown.height - 0.4, -0.6)
        axes.set_xlabel("difference from the predicted value, %")
        made.legend(loc="outside lower left", ncols=3)
    caption = (
        "Points spread over their lines when a prediction is right: about one in twenty lies outside. "
        "Figures of one run depend on each other, so several may be outside together."
    )
    return style.Chart(figure=made, frame=rows, title=heading.title, caption=caption)


def _labels(shown: pl.DataFrame) -> list[str]:
    many_runs, many = shown["run"].n_unique() > 1, shown["channel"].n_unique() > 1
    order = {run: number for number, run in enumerate(shown["run"].unique(maintain_order=True), 1)}
    labels = []
    for row in shown.iter_rows(named=True):
        channel = "all" if row["channel"] == "*" else style.name_of(row["channel"])
        text = f"{channel}: {row['figure']}" if many else row["figure"]
        labels.append(f"{text} (run {order[row['run']]})" if many_runs else text)
    return labels
