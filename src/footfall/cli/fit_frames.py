"""A fit as the tables that its charts are drawn from."""

from math import ceil, floor, log

import polars as pl

from footfall.fit.fit import Fitted, KindFit
from footfall.fit.fitted_model import patience_of

_BIN_RATIO = 1.2
_CURVE_POINTS_MOST = 400


def quantiles(fit: Fitted) -> pl.DataFrame:
    """Give the points of the Q-Q chart, by kind."""
    rows = [
        (
            kind.kind,
            service.best.law.value,
            service.chosen is not None,
            service.distance_share,
            service.times,
            *point,
        )
        for kind, service in ((kind, kind.service) for kind in _fitted_kinds(fit))
        if service is not None
        for point in service.quantiles
    ]
    schema = {
        "kind": pl.String,
        "law": pl.String,
        "kept": pl.Boolean,
        "distance_share": pl.Float64,
        "times": pl.Int64,
        "share": pl.Float64,
        "data_s": pl.Float64,
        "law_s": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def curves(fit: Fitted) -> pl.DataFrame:
    """Give Kaplan–Meier curves and what the model has instead, by kind."""
    schema = {
        "kind": pl.String,
        "left": pl.Int64,
        "waits": pl.Int64,
        "law": pl.String,
        "second": pl.Float64,
        "at_risk": pl.Float64,
        "survival_share": pl.Float64,
        "survival_low": pl.Float64,
        "survival_high": pl.Float64,
        "fitted_share": pl.Float64,
    }
    rows = [row for kind in _fitted_kinds(fit) for row in _curve(kind)]
    return pl.DataFrame(rows, schema=schema, orient="row")


def staff(fit: Fitted) -> pl.DataFrame:
    """Give staff by half hour over days."""
    if fit.staff is None:
        schema = {
            "half_hour": pl.Int64,
            "days": pl.Int64,
            "on_duty_mean": pl.Float64,
            "on_duty_p10": pl.Float64,
            "on_duty_p90": pl.Float64,
            "busy_mean": pl.Float64,
        }
        return pl.DataFrame(schema=schema)
    on_duty = pl.col("on_duty")
    return (
        fit.staff.days.group_by("half_hour")
        .agg(
            days=pl.len(),
            on_duty_mean=on_duty.mean(),
            on_duty_p10=on_duty.quantile(0.1, "linear"),
            on_duty_p90=on_duty.quantile(0.9, "linear"),
            busy_mean=pl.col("busy").mean(),
        )
        .sort("half_hour")
    )


def bins(fit: Fitted) -> pl.DataFrame:
    """Count the services in bins that grow by a fifth, those left out of the fit apart."""
    schema = {"from_s": pl.Float64, "to_s": pl.Float64, "services": pl.Int64, "short": pl.Boolean}
    short_s = fit.options.short_service_s
    counted: dict[tuple[int, bool], int] = {}
    for service_s, services in fit.services.iter_rows():
        if service_s > 0:
            place = floor(log(service_s) / log(_BIN_RATIO) + 1e-9)
            key = (place, service_s < short_s)
            counted[key] = counted.get(key, 0) + services
    rows = [
        (
            max(_BIN_RATIO**k, short_s) if not short and _BIN_RATIO**k < short_s else _BIN_RATIO**k,
            min(_BIN_RATIO ** (k + 1), short_s) if short else _BIN_RATIO ** (k + 1),
            services,
            short,
        )
        for (k, short), services in sorted(counted.items())
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _fitted_kinds(fit: Fitted) -> list[KindFit]:
    return list(fit.kinds.values())


def _curve(kind: KindFit) -> list[tuple[object, ...]]:
    fit = kind.patience
    time = patience_of(fit, "")
    if fit is None or time is None:
        return []
    law = fit.chosen.value if fit.chosen else "Kaplan–Meier"
    curve, step = fit.curve, ceil(fit.curve.seconds.size / _CURVE_POINTS_MOST)
    places = sorted({*range(0, curve.seconds.size, step), curve.seconds.size - 1})
    return [
        (
            kind.kind,
            fit.left,
            fit.waits,
            law,
            float(curve.seconds[k]),
            float(curve.at_risk[k]),
            float(curve.survival[k]),
            float(curve.low[k]),
            float(curve.high[k]),
            time.survival(float(curve.seconds[k])),
        )
        for k in places
    ]
