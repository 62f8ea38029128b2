"""What is shown of a prediction: its load in words, its figures, causes of failure, what it depends on."""

from math import isinf

from footfall._calibrate.load_figures import ALL_CHANNELS
from footfall._calibrate.load_prediction import FigureForecast, LoadPrediction
from footfall._chart.html_report import Sheet
from footfall._runs.messages import percent

_NAMES = {
    "throughput_per_s": "throughput",
    "success_share": "success",
    "utilisation_share": "utilisation",
    "response_s_mean": "response, mean",
}
_KNEE_OF_LEAST = "knee, with the fewest slots that the runs allow"
_SECOND = 1.0
_CAUSES_MOST = 8
"""The file has all of them."""


def figure_name(one: FigureForecast) -> str:
    """Return what a figure is, in words."""
    return _NAMES.get(one.name, f"response, {one.name.rpartition('_')[2]}" if one.is_time else one.name)


def figure_text(name: str, value: float) -> str:
    """Return a value in the unit of the figure it belongs to."""
    if name.endswith("_share"):
        return f"{100 * value:.2f} %"
    if "_s_" in name:
        return f"{value:.3g} s" if value >= _SECOND else f"{1000 * value:.4g} ms"
    return f"{value:.4g}/s"


def load_text(found: LoadPrediction) -> str:
    """Return the load in a few words."""
    load = found.load
    if load.users is not None:
        text = f"{load.users:,} users" + (f", pause {load.think_s:g} s" if load.think_s else "")
    elif load.scenario is not None:
        text = f"scenario {load.scenario}"
        text += f" at {load.rate_per_s:g} arrivals/s" if load.rate_per_s else ""
        text += f" for {load.length_s:g} s"
    elif len(load.rates) > 1 or found.of in {"shared cores", "utilisation"}:
        text = ", ".join(f"{name} {rate:g}/s" for name, rate in load.rates) + f" for {load.length_s:g} s"
    elif load.rate_per_s:
        text = f"{load.rate_per_s:g} arrivals/s for {load.length_s:g} s"
    else:
        text = "the knee"
    changed = [f"{text_of}" for text_of in load.changes]
    changed += [f"{channel} fails from {100 * a:.0f} % to {100 * b:.0f} %" for channel, a, b in load.outages]
    if held := load.held_back:
        span = f"{100 * held.from_share:.0f} % to {100 * held.to_share:.0f} %"
        changed.append(f"none come from {span}, these then until {100 * held.until_share:.0f} %")
    return text + (f" ({', '.join(changed)})" if changed else "")


def summary(found: LoadPrediction) -> str:
    """Return what the intervals mean."""
    counted = {"requests": "requests", "visits": "visits"}.get(found.of, "")
    text = "Each interval holds what 95 % of such runs measure"
    text += f", over {len(found.draws)} simulated runs of {counted}." if found.draws else "."
    if found.knee is not None:
        knee = found.knee
        if knee.is_least:
            text += f" {_KNEE_OF_LEAST.capitalize()}: {knee.value:.4g} arrivals/s (from {knee.low:.4g})."
        else:
            text += f" Knee: {knee.value:.4g} arrivals/s ({knee.low:.4g} to {knee.high:.4g})."
    return text


def sheets(found: LoadPrediction) -> list[Sheet]:
    """Return the tables: figures, knee, causes of failure."""
    rows = [
        (_channel(one.channel), figure_name(one), *_three(one.name, one.value, one.low, one.high))
        for one in found.figures
    ]
    if found.knee is not None:
        knee = found.knee
        name = _KNEE_OF_LEAST if knee.is_least else "knee"
        rows.append(("all", name, *_three("knee_per_s", knee.value, knee.low, knee.high)))
    heads = ("channel", "figure", "value", "95 % interval", "±")
    found_sheets = [Sheet(title=f"Predicted: {load_text(found)}", heads=heads, rows=rows, names=2)]
    shown = sorted(found.causes, key=lambda one: -one.high)[:_CAUSES_MOST]
    if shown:
        causes = [
            (one.channel, one.cause, percent(one.value), f"{percent(one.low)} to {percent(one.high)}")
            for one in shown
        ]
        found_sheets.append(
            Sheet(
                title="Why they fail",
                heads=("channel", "cause", "share", "95 % interval"),
                rows=causes,
                names=2,
            )
        )
    return found_sheets


def _three(name: str, value: float, low: float, high: float) -> tuple[str, str, str]:
    if isinf(high):
        return figure_text(name, value), f"from {figure_text(name, low)}", "–"
    wide = f"{(high - low) / 2 / value:.1%}".replace("%", " %") if value else "–"
    return figure_text(name, value), f"{figure_text(name, low)} to {figure_text(name, high)}", wide


def _channel(name: str) -> str:
    return "all" if name == ALL_CHANNELS else name
