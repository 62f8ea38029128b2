"""A fit as what a person reads: names, tables, charts, JSON."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from footfall.chart.fit_charts import (
    arrivals_by_weekday,
    patience_curves,
    service_outliers,
    service_quantiles,
    staff_by_half_hour,
)
from footfall.chart.html_report import Sheet
from footfall.chart.style import Chart, Stamp
from footfall.cli import fit_frames as frames
from footfall.cli.console import percent, say, show_table
from footfall.fit.arrival_fit import EVERY
from footfall.fit.diagnostics import cautions
from footfall.fit.distributions import FittedDistribution, Parameter
from footfall.fit.fit import MINUTE_S, Fitted, KindFit
from footfall.fit.fitted_model import Named, rounded

_USES = {"whole": "used", "arrival": "arrival only", "none": "set aside"}
_UNKNOWN = "–"


def named(fit: Fitted, logs: Sequence[Path]) -> Named:
    """Give the model's name, and where its numbers come from, as every number's source says it."""
    log = logs[0]
    files = log.name if len(logs) == 1 else f"{log.name} and {len(logs) - 1} more"
    name = fit.options.name or stem_of(log)
    days = fit.arrivals.days
    told = f"{len(days)} day" if len(days) == 1 else f"{len(days)} days"
    span = f"{days[0]}" if len(days) == 1 else f"{days[0]} to {days[-1]}"
    per = "" if fit.interval_s is None else f" intervals of {fit.interval_s / MINUTE_S:g} min"
    return Named(
        name=name,
        title=f"{name} as fitted",
        log=f"fitted from {files}: {told}, {span}, n = {fit.used:,}{per}",
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
        "arrivals": arrivals_by_weekday(rates.filter(rates["kind"] == EVERY).drop("kind"), stamp),
        "service_quantiles": service_quantiles(frames.quantiles(fit), stamp),
        "service_times": service_outliers(frames.bins(fit), fit.options.short_service_s, stamp),
        "patience": patience_curves(frames.curves(fit), stamp),
        "staff": staff_by_half_hour(frames.staff(fit), by_agent, stamp),
    }


def summary(fit: Fitted) -> str:
    """Say in one sentence what became of the rows."""
    return (
        f"{fit.read:,} rows read: {fit.used:,} used, {fit.set_aside:,} set aside; "
        f"{len(fit.arrivals.days)} days, {sum(fit.arrivals.profile(EVERY)):,.0f} arrivals on the mean day."
    )


def sheets(fit: Fitted) -> list[Sheet]:
    """Give the tables of the fit: rows, kinds, and the day."""
    fates = [
        (
            f"{_USES[fate.use]}: {fate.reason}",
            f"{fate.rows:,}",
            percent(fate.rows / fit.read),
            fate.place,
        )
        for fate in fit.fates
    ]
    total = ("read", f"{fit.read:,}", percent(1), _UNKNOWN)
    return [
        Sheet(
            title="Rows",
            heads=("what became of them", "rows", "share", "first"),
            rows=[*fates, total],
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
        told = f"median; Poisson arrivals on as many days {dispersion.poisson_median:.2f} ({chance})"
        rows.append(("variance over mean of half hours", f"{dispersion.median:.2f}", _UNKNOWN, told))
    if fit.staff:
        most = max(fit.staff.profile())
        told = f"{fit.staff.agents} agents" if fit.staff.by_agent else "the most served at once"
        rows.append(("most staff of the mean day", f"{most:.1f}", _UNKNOWN, told))
        if wrap_up := fit.staff.wrap_up:
            bounds = _between(wrap_up.mean_s)
            told = f"{wrap_up.times + wrap_up.short:,} gaps"
            rows.append(("to the next, somebody waiting", _s(wrap_up.mean_s.value), bounds, told))
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
            ("try the same again within the hour", percent(redial.share), _UNKNOWN, "new errands left out")
        )
    return rows


def _between(parameter: Parameter) -> str:
    return f"{_s(parameter.low)} – {_s(parameter.high)}"


def _s(seconds: float) -> str:
    """Give seconds with three digits, so that figures of a column can be compared."""
    return f"{seconds:.0f} s" if seconds >= 100 else f"{seconds:.3g} s"  # noqa: PLR2004  three digits


def show(fit: Fitted, called: Named) -> None:
    """Print the fit: rows, kinds, day, warnings."""
    say(f"{called.title}: {called.log}")
    for sheet in sheets(fit):
        show_table(printed(sheet.title, sheet.heads, sheet.rows))
    for name, text in cautions(fit):
        say(f"warning: {name}: {text}")


def printed(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Give a table for the terminal; cells are shown as they are."""
    table = Table(title=f"\n{title}", title_justify="left", box=None, pad_edge=False)
    for place, head in enumerate(heads):
        table.add_column(head, justify="right" if place else "left")
    for row in rows:
        table.add_row(*row)
    return table


def as_json(fit: Fitted) -> dict[str, Any]:
    """Give the figures of a fit, names carrying units."""
    return {
        "rows_read": fit.read,
        "rows_used": fit.used,
        "rows_set_aside": fit.set_aside,
        "rows": [asdict(fate) for fate in fit.fates],
        "days": [str(day) for day in fit.arrivals.days],
        "weekdays": fit.arrivals.weekdays,
        "arrivals_per_day_mean": sum(fit.arrivals.profile(EVERY)),
        "busyness": asdict(fit.arrivals.busyness) if fit.arrivals.busyness else None,
        "dispersion": asdict(fit.arrivals.dispersion) if fit.arrivals.dispersion else None,
        "kinds": [_kind_json(fit, kind) for kind in _kinds(fit)],
        "staff": frames.staff(fit).to_dicts(),
        "wrap_up_s_mean": fit.staff.wrap_up.mean_s.value if fit.staff and fit.staff.wrap_up else None,
        "redial": asdict(fit.redial) if fit.redial else None,
        "warnings": [{"name": name, "text": text} for name, text in cautions(fit)],
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
            "laws": [] if fit.interval_s else [_law_json(law) for law in service.laws],
        },
        "patience": patience
        and {
            "law": patience.chosen.value if patience.chosen else "empirical",
            "waits": patience.waits,
            "left": patience.left,
            "distance_share": patience.distance_share,
            "survival_share": {f"{t_s:g}": patience.curve.at(t_s) for t_s in (30, 60, 120, 300)},
            "laws": [_law_json(law) for law in patience.laws],
        },
    }


def _law_json(law: FittedDistribution) -> dict[str, Any]:
    return {
        "law": law.law.value,
        "parameters": [asdict(parameter) for parameter in law.parameters],
        "log_likelihood": law.log_likelihood,
        "aic": law.aic,
        "mean_s": law.mean_s,
        "cv": law.cv,
    }
