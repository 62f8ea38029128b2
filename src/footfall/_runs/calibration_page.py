"""What the page of a calibration shows: numbers with intervals, goodness of fit, curves, what is unknown."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from typing import Any

import numpy as np
import polars as pl

from footfall._calibrate.calibration import CalibratedStation, Calibration, LearnedLoop, LearnedStations
from footfall._calibrate.closed_loop import ClosedLoopFit
from footfall._calibrate.request_log import RequestLog
from footfall._calibrate.station_simulation import simulate_runs
from footfall._chart.calibration_charts import loop_by_users, response_by_load
from footfall._chart.html_report import Sheet
from footfall._chart.style import Chart, Stamp
from footfall._runs.flag_words import flag_text

_DRAWS, _LOADS, _SEED = 24, 10, 11
_BEYOND = 1.15
_QUANTILES = (0.5, 0.95)
_UNLIMITED = "no limit known"


def summary(found: Calibration) -> str:
    """Return what was learned, in a sentence or two."""
    known = sum(number.identified for number in found.numbers)
    text = f"{known} of {len(found.numbers)} numbers are known from the runs."
    if found.left_out:
        text += f" {len(found.left_out)} runs were left out."
    if isinstance(found.learned, LearnedStations):
        shares = [one.fit.agreeing_share for one in found.learned.stations if one.fit.blocks]
        if shares:
            text += f" {100 * min(shares):.0f} % of the 5-s blocks agree with the fitted station."
    return text


def diagnostics(found: Calibration) -> list[tuple[str, str]]:
    """Return what a reader must know: the kind of station, what is unknown, what was left out."""
    said = [(flag, flag_text(flag)) for flag in found.flags]
    said += [("unknown", text) for text in found.unknown]
    return said + [("left out", f"{one.run}: {one.reason}") for one in found.left_out]


def goodness(found: Calibration) -> dict[str, Any]:
    """Return the goodness of fit for a program, by channel; of figures, what their fit has."""
    learned = found.learned
    if isinstance(learned, LearnedStations):
        return {one.channel: asdict(one.fit) for one in learned.stations}
    if isinstance(learned, LearnedLoop):
        return {"misfit": learned.fit.misfit, "run_noise_share": learned.fit.noise_share}
    return {}


def sheets(found: Calibration) -> list[Sheet]:
    """Return the tables of the page."""
    tables = [_numbers_sheet(found), _runs_sheet(found)]
    if isinstance(found.learned, LearnedStations):
        tables.insert(1, _fit_sheet(found.learned.stations))
    return tables


def _numbers_sheet(found: Calibration) -> Sheet:
    rows = [
        (
            number.path,
            _shown(number.value),
            f"{_shown(number.low)} – {_shown(number.high)}" if isfinite(number.value) else "",
            "yes" if number.identified else "no",
        )
        for number in found.numbers
    ]
    return Sheet(
        title="Numbers",
        heads=("number", "value", "95 % interval", "known"),
        rows=rows,
        note="A number that is not known has no effect below the loads measured, or trades against another.",
        texts=frozenset({3}),
    )


def _fit_sheet(stations: Sequence[CalibratedStation]) -> Sheet:
    rows = [
        (
            one.channel,
            quantile.run,
            f"p{100 * quantile.share:g}",
            f"{1000 * quantile.measured_s:.1f} ms",
            f"{1000 * quantile.expected_s:.1f} ms",
            f"{100 * (quantile.expected_s / quantile.measured_s - 1):+.1f} %" if quantile.measured_s else "",
        )
        for one in stations
        for quantile in one.fit.response_quantiles
    ]
    return Sheet(
        title="Fit",
        heads=("channel", "run", "percentile", "measured", "fitted", "difference"),
        rows=rows,
        names=3,
        note="; ".join(_agreement(one) for one in stations),
    )


def _agreement(one: CalibratedStation) -> str:
    fit = one.fit
    text = f"{one.channel}: {100 * fit.agreeing_share:.0f} % of {fit.blocks} blocks agree"
    if fit.refusals:
        text += f", {fit.refusals_misread} of {fit.refusals} refusals misread"
    return text


def _runs_sheet(found: Calibration) -> Sheet:
    rows = [
        (one.run, f"{one.requests:,}", f"{one.length_s:.0f} s" if one.length_s else "", one.sha256[:12])
        for one in found.sources
    ]
    return Sheet(
        title="Learned from", heads=("run", "requests", "length", "SHA-256"), rows=rows, texts=frozenset({3})
    )


def _shown(value: float) -> str:
    return f"{value:.4g}" if isfinite(value) else _UNLIMITED


def charts(found: Calibration, logs: Mapping[str, Sequence[RequestLog]], stamp: Stamp) -> list[Chart]:
    """Return the curves of the page: by load of each channel, or by users of a closed loop."""
    learned = found.learned
    if isinstance(learned, LearnedStations):
        return [
            response_by_load(one.channel, fitted_curve(one, own), points(own), stamp)
            for one in learned.stations
            if (own := logs.get(one.channel))
        ]
    if isinstance(learned, LearnedLoop):
        return [loop_by_users(*_loop_tables(learned.fit), stamp)]
    return []


def points(logs: Sequence[RequestLog]) -> pl.DataFrame:
    """Return what each run measured: run, offered_per_s, response_s_p50, response_s_p95, success_share."""
    return pl.DataFrame(
        [
            {
                "run": log.run,
                "offered_per_s": log.offered_per_s,
                **{
                    f"response_s_p{100 * q:g}": float(np.quantile(log.response_s[log.is_success], q))
                    for q in _QUANTILES
                },
                "success_share": float(log.is_success[log.is_answered].mean()),
            }
            for log in logs
            if log.is_success.any()
        ]
    )


def fitted_curve(one: CalibratedStation, logs: Sequence[RequestLog]) -> pl.DataFrame:
    """Return the fitted station's figures by load, with 95 % bands of runs as long as those measured."""
    loads = [log.offered_per_s for log in logs]
    rates = np.linspace(0.7 * min(loads), _BEYOND * max(loads), _LOADS)
    length_s = float(np.median([log.length_s for log in logs]))
    draws = [one.draws[n] for n in np.linspace(0, len(one.draws) - 1, _DRAWS).astype(int)]
    rows = []
    for rate in rates:
        runs = simulate_runs(
            draws, [rate] * len(draws), length_s=length_s, seed=_SEED, kind_shares=one.kind_shares
        )
        figures = {f"response_s_p{100 * q:g}": runs.response_quantiles_s([q])[0] for q in _QUANTILES}
        figures["success_share"] = runs.success_share
        row = {"offered_per_s": float(rate)}
        for name, values in figures.items():
            for end, share in (("_low", 0.025), ("", 0.5), ("_high", 0.975)):
                row[name + end] = float(np.quantile(values, share))
        rows.append(row)
    return pl.DataFrame(rows)


def _loop_tables(fit: ClosedLoopFit) -> tuple[pl.DataFrame, pl.DataFrame]:
    measured = pl.DataFrame(
        [
            {
                "users": point.users,
                "throughput_per_s": point.throughput_per_s,
                "response_s_mean": point.response_s_mean,
            }
            for point in fit.points
        ]
    )
    most = max(point.users for point in fit.points)
    think_s = float(np.median([point.think_s for point in fit.points]))
    rows = []
    for users in sorted({max(1, round(most * share)) for share in np.linspace(0.02, 2, 16)}):
        found = {one.name: one for one in fit.predict(users, think_s)}
        row: dict[str, float] = {"users": users}
        for name in ("throughput_per_s", "response_s_mean"):
            row |= {name: found[name].value, f"{name}_low": found[name].low, f"{name}_high": found[name].high}
        rows.append(row)
    return pl.DataFrame(rows), measured
