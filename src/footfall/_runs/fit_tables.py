"""A fit as what a person reads: names, tables, the frames behind its charts, JSON."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from math import ceil, floor, log
from pathlib import Path
from typing import Any

import polars as pl

from footfall._chart import fit_charts
from footfall._chart.html_report import Sheet
from footfall._chart.style import Chart, Stamp
from footfall._fit.arrival_fit import EVERY
from footfall._fit.distributions import FittedDistribution, Parameter
from footfall._fit.fit import MINUTE_S, Fitted, KindFit, diagnostics
from footfall._fit.fitted_model import Named, patience_of, rounded
from footfall._runs.messages import percent

_USES = {"whole": "used", "arrival": "arrival only", "none": "set aside"}
_UNKNOWN = "–"
_BIN_RATIO = 1.2
_CURVE_POINTS_MOST = 400


def named(fit: Fitted, logs: Sequence[Path]) -> Named:
    """Give the model's name, and where its numbers come from, as every number's source says it."""
    log = logs[0]
    files = log.name if len(logs) == 1 else f"{log.name} and {len(logs) - 1} more"
    name = fit.options.name or stem_of(log)
    days = fit.arrivals.days
    count = f"{len(days)} day" if len(days) == 1 else f"{len(days)} days"
    span = f"{days[0]}" if len(days) == 1 else f"{days[0]} to {days[-1]}"
    per = "" if fit.interval_s is None else f" intervals of {fit.interval_s / MINUTE_S:g} min"
    return Named(
        name=name,
        title=f"{name} as fitted",
        log=f"fitted from {files}: {count}, {span}, n = {fit.used:,}{per}",
    )


def stem_of(log: Path) -> str:
    """Give a file's name as the name of what was made of it: letters, digits and underscores."""
    stem = re.sub(r"\W+", "_", log.stem, flags=re.ASCII).strip("_")[:40].rstrip("_")
    return stem if stem[:1].isalpha() else f"log_{stem}".rstrip("_")


def days(fit: Fitted) -> dict[str, tuple[dict[str, list[float]], list[float]]]:
    """Give arrivals by kind and staff of each weekday, where there is more than one."""
    if len(fit.arrivals.weekdays) < 2:  # noqa: PLR2004  two weekdays
        return {}
    kinds = [kind for kind in fit.kinds if sum(fit.arrivals.profile(kind)) > 0]
    return {
        weekday: (
            {kind: list(map(rounded, fit.arrivals.profile(kind, weekday))) for kind in kinds},
            list(map(rounded, fit.staff.profile(weekday))) if fit.staff else [],
        )
        for weekday in fit.arrivals.weekdays
    }


def charts(fit: Fitted, stamp: Stamp) -> dict[str, Chart]:
    """Draw the fit, by name of file."""
    rates = fit.arrivals.rates
    by_agent = bool(fit.staff and fit.staff.by_agent)
    return {
        "arrivals": fit_charts.arrivals_by_weekday(rates.filter(rates["kind"] == EVERY).drop("kind"), stamp),
        "service_quantiles": fit_charts.service_quantiles(quantiles(fit), stamp),
        "service_times": fit_charts.service_outliers(bins(fit), fit.options.short_service_s, stamp),
        "patience": fit_charts.patience_curves(curves(fit), stamp),
        "staff": fit_charts.staff_by_half_hour(staff(fit), by_agent, stamp),
    }


def summary(fit: Fitted) -> str:
    """Say in one sentence what became of the rows."""
    return (
        f"{fit.read:,} rows read: {fit.used:,} used, {fit.set_aside:,} set aside; "
        f"{len(fit.arrivals.days)} days, {sum(fit.arrivals.profile(EVERY)):,.0f} arrivals on the mean day."
    )


def sheets(fit: Fitted) -> list[Sheet]:
    """Give the tables of the fit: rows, kinds, and the day."""
    row_statuses = [
        (
            f"{_USES[status.use]}: {status.reason}",
            f"{status.rows:,}",
            percent(status.rows / fit.read),
            status.place,
        )
        for status in fit.row_statuses
    ]
    total = ("read", f"{fit.read:,}", percent(1), _UNKNOWN)
    return [
        Sheet(
            title="Rows",
            heads=("what became of them", "rows", "share", "first"),
            rows=[*row_statuses, total],
            note="An arrival only counts in the rates, but tells nothing of service, patience or staff.",
        ),
        Sheet(title="Kinds", heads=_KIND_HEADS, rows=[_kind_row(fit, kind) for kind in _kinds(fit)]),
        Sheet(title="The day", heads=("quantity", "value", "95 % interval", "from"), rows=_day_rows(fit)),
    ]


_KIND_HEADS = (
    "kind",
    "a day",
    "service",
    "mean",
    "95 % interval",
    "services",
    "short",
    "left",
    "patience",
    "of",
)


def _kinds(fit: Fitted) -> list[KindFit]:
    return list(fit.kinds.values()) if len(fit.kinds) == 1 else [*fit.kinds.values(), fit.every]


def _kind_row(fit: Fitted, kind: KindFit) -> tuple[str, ...]:
    service, patience = kind.service, kind.patience
    name = "all kinds" if kind.kind == EVERY else kind.kind
    cells = [name, f"{sum(fit.arrivals.profile(kind.kind)):,.1f}"]
    if service is None:
        cells += [_UNKNOWN] * 5
    else:
        law = service.chosen.value if service.chosen else "as measured"
        law = law if fit.interval_s is None else f"{law}, assumed"
        bounds = _between(service.mean_s)
        share = percent(service.short_share) if service.short else _UNKNOWN
        cells += [law, _s(service.mean_s.value), bounds, f"{service.times:,}", share]
    if patience is None:
        return (*cells, _UNKNOWN, _UNKNOWN, _UNKNOWN)
    law = patience.chosen.value if patience.chosen else "Kaplan–Meier"
    return (*cells, percent(patience.left / kind.rows), law, f"{patience.waits:,} waits")


def _day_rows(fit: Fitted) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    if busyness := fit.arrivals.busyness:
        bounds = f"{percent(busyness.low)} – {percent(busyness.high)}"
        rows.append(("a day's busyness, cv", percent(busyness.cv), bounds, f"{busyness.days} days"))
    if dispersion := fit.arrivals.dispersion:
        chance = f"{dispersion.poisson_low:.2f} – {dispersion.poisson_high:.2f}"
        source = f"median; Poisson arrivals on as many days {dispersion.poisson_median:.2f} ({chance})"
        rows.append(("variance over mean of half hours", f"{dispersion.median:.2f}", _UNKNOWN, source))
    if fit.staff:
        most = max(fit.staff.profile())
        source = f"{fit.staff.agents} agents" if fit.staff.by_agent else "the most served at once"
        rows.append(("most staff of the mean day", f"{most:.1f}", _UNKNOWN, source))
        if wrap_up := fit.staff.wrap_up:
            bounds = _between(wrap_up.mean_s)
            source = f"{wrap_up.times + wrap_up.short:,} gaps"
            rows.append(("to the next, a customer waiting", _s(wrap_up.mean_s.value), bounds, source))
    if redial := fit.redial:
        rows += [
            (
                f"come again within {again.within_s / MINUTE_S:g} min",
                percent(again.share),
                f"{percent(again.low)} – {percent(again.high)}",
                f"{redial.identified:,} of {redial.abandoned:,} who abandoned",
            )
            for again in redial.after_abandoned
        ]
        rows.append(
            ("try the same again within the hour", percent(redial.share), _UNKNOWN, "new requests left out")
        )
    return rows


def _between(parameter: Parameter) -> str:
    return f"{_s(parameter.low)} – {_s(parameter.high)}"


def _s(seconds: float) -> str:
    """Give seconds with three digits, so that figures of a column can be compared."""
    return f"{seconds:.0f} s" if seconds >= 100 else f"{seconds:.3g} s"  # noqa: PLR2004  three digits


def as_json(fit: Fitted) -> dict[str, Any]:
    """Give the figures of a fit, names carrying units."""
    return {
        "rows_read": fit.read,
        "rows_used": fit.used,
        "rows_set_aside": fit.set_aside,
        "rows": [asdict(status) for status in fit.row_statuses],
        "days": [str(day) for day in fit.arrivals.days],
        "weekdays": fit.arrivals.weekdays,
        "arrivals_per_day_mean": sum(fit.arrivals.profile(EVERY)),
        "busyness": asdict(fit.arrivals.busyness) if fit.arrivals.busyness else None,
        "dispersion": asdict(fit.arrivals.dispersion) if fit.arrivals.dispersion else None,
        "kinds": [_kind_json(fit, kind) for kind in _kinds(fit)],
        "staff": staff(fit).to_dicts(),
        "wrap_up_s_mean": fit.staff.wrap_up.mean_s.value if fit.staff and fit.staff.wrap_up else None,
        "redial": asdict(fit.redial) if fit.redial else None,
        "warnings": [{"name": name, "text": text} for name, text in diagnostics(fit)],
    }


def json_text(fit: Fitted) -> str:
    """Give the figures as the text of a JSON file."""
    return json.dumps(as_json(fit), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _kind_json(fit: Fitted, kind: KindFit) -> dict[str, Any]:
    service, patience = kind.service, kind.patience
    return {
        "kind": kind.kind,
        "rows": kind.rows,
        "outcomes": kind.outcomes,
        "arrivals_per_day_mean": sum(fit.arrivals.profile(kind.kind)),
        "service": service
        and {
            "law": service.chosen.value if service.chosen else "empirical",
            "law_is_assumed": fit.interval_s is not None,
            "services": service.times,
            "short_services": service.short,
            "service_s_mean": asdict(service.mean_s),
            "distance_share": service.distance_share,
            "laws": [] if fit.interval_s else [_law_json(law) for law in service.distributions],
        },
        "patience": patience
        and {
            "law": patience.chosen.value if patience.chosen else "empirical",
            "waits": patience.waits,
            "left": patience.left,
            "distance_share": patience.distance_share,
            "survival_share": {f"{t_s:g}": patience.curve.at(t_s) for t_s in (30, 60, 120, 300)},
            "laws": [_law_json(law) for law in patience.distributions],
        },
    }


def _law_json(law: FittedDistribution) -> dict[str, Any]:
    return {
        "law": law.family.value,
        "parameters": [asdict(parameter) for parameter in law.parameters],
        "log_likelihood": law.log_likelihood,
        "aic": law.aic,
        "mean_s": law.mean_s,
        "cv": law.cv,
    }


def quantiles(fit: Fitted) -> pl.DataFrame:
    """Give the points of the Q-Q chart, by kind."""
    rows = [
        (
            kind.kind,
            service.best.family.value,
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
