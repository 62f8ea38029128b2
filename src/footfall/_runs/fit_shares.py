"""Fit channel shares to a log of dated cases: by month, learned and forecast."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from footfall._chart.html_report import FitReport, Sheet, render_fit
from footfall._chart.month_charts import shares_chart
from footfall._chart.style import Stamp, save
from footfall._fit.log_rows import RowStatus
from footfall._fit.share_counts import month_name
from footfall._fit.share_fit import HorizonErrors, SharesFit, fit_shares
from footfall._fit.share_mapping import ShareMapping, read_share_mapping
from footfall._records.errors import BadInputError
from footfall._records.log_file import Table, TableForm, joined, read_table
from footfall._records.tables import write_csv, write_text
from footfall._runs.fit_tables import stem_of
from footfall._runs.folder import begin_named, end
from footfall._runs.messages import QUIET, Messages, percent

AHEAD_DEFAULT, AHEAD_MOST = 3, 24
_ALL_ELECTRONIC = "all electronic channels"
_SHARES, _CHECK, _REPORT, _FIGURES = "shares.csv", "check.csv", "report.html", "fit.json"
_MONTHS_SHOWN = 6
_BETTER = {
    "forecast": "the forecast was better",
    "naive": '"as last month" was better: rely on the interval more than on its middle',
    "neither": "neither was surely better",
    "unknown": "too few months to tell which is better",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesRun:
    """A fit of channel shares that has been written."""

    fit: SharesFit
    name: str
    folder: Path
    run: str

    def as_json(self) -> dict[str, Any]:
        """Give the figures for a program."""
        return figures(self.fit) | {"run": self.run, "folder": str(self.folder)}


def fit_share_log(
    logs: list[Path],
    named_mapping: tuple[str, str],
    ahead: int,
    out: Path | None,
    *,
    overwrite: bool = False,
    messages: Messages = QUIET,
) -> SharesRun:
    """Fit the shares of some files and write them; the mapping is given as its text and its name.

    Raises:
        BadInputError: a file or the mapping cannot be read, or holds too few months.
    """
    mapping = read_share_mapping(*named_mapping)
    table = _table(logs, mapping)
    with messages.progress(f"learning channel shares from {table.frame.height:,} rows"):
        try:
            fit = fit_shares(table, mapping, ahead)
        except BadInputError as error:
            raise BadInputError(f"{logs[0]} by {named_mapping[1]}", str(error)) from error
    name = mapping.options.name or stem_of(logs[0])
    folder, run = _write(fit, name, mapping, logs, out, overwrite=overwrite)
    return SharesRun(fit=fit, name=name, folder=folder, run=run)


def _table(logs: list[Path], mapping: ShareMapping) -> Table:
    options = mapping.options
    form = TableForm(
        names=frozenset(mapping.names),
        encoding=options.encoding,
        separator=options.separator,
        sheet=options.sheet,
    )
    return joined([(log.name, read_table(log, form)) for log in logs])


def _shares_table(fit: SharesFit) -> pl.DataFrame:
    """Give all shares as rows: month, state (recorded or forecast), channel, cases, share, low, high."""
    found, forecast = fit.counted, fit.forecast
    total = found.counts.sum(axis=1)
    rows: list[tuple[Any, ...]] = []
    electronic = [place for place, name in enumerate(found.names) if name in found.electronic]
    sums = [(name, [place]) for place, name in enumerate(found.names)]
    sums += [(_ALL_ELECTRONIC, electronic)] * bool(electronic)
    for name, places in sums:
        cases = found.counts[:, places].sum(axis=1)
        rows += [
            (month_name(int(month)), "recorded", name, round(float(count)), float(count / every), None, None)
            for month, count, every in zip(found.months, cases, total, strict=True)
        ]
        kept = [fit.names.index(found.names[place]) for place in places if found.names[place] in fit.names]
        if kept:
            ahead = zip(fit.months_ahead, *(each.tolist() for each in forecast.together(kept)), strict=True)
            rows += [(month_name(month), "forecast", name, None, *bounds) for month, *bounds in ahead]
    schema = {
        "month": pl.String,
        "state": pl.String,
        "channel": pl.String,
        "cases": pl.Int64,
        "share": pl.Float64,
        "share_low": pl.Float64,
        "share_high": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _check_table(fit: SharesFit) -> pl.DataFrame:
    """Give the forecasts of months that are known, each from the months before."""
    rows = [
        (month_name(point.month), point.ahead, name, *map(float, each))
        for point in fit.check.points
        for name, *each in zip(
            fit.names, point.share, point.low, point.high, point.naive, point.recorded, strict=True
        )
    ]
    figures = ("share", "share_low", "share_high", "last_month_share", "recorded_share")
    schema = {"month": pl.String, "months_ahead": pl.Int64, "channel": pl.String}
    schema |= dict.fromkeys(figures, pl.Float64)
    return pl.DataFrame(rows, schema=schema, orient="row").fill_nan(None)


def sheets(fit: SharesFit) -> list[Sheet]:
    """Give the tables: recorded, forecast, how shares vary, and the check."""
    shares = _shares_table(fit)
    return [_recorded(fit, shares), _forecast(fit, shares), _variation(fit), *_checked(fit)]


def _recorded(fit: SharesFit, shares: pl.DataFrame) -> Sheet:
    months = [month_name(int(month)) for month in fit.counted.months[-_MONTHS_SHOWN:]]
    recorded = shares.filter(pl.col("state") == "recorded")
    rows = []
    for (name,), mine in recorded.group_by("channel", maintain_order=True):
        by_month = dict(mine.select("month", "share").iter_rows())
        rows.append((str(name), *(percent(by_month[month]) for month in months)))
    cases = fit.counted.counts[-_MONTHS_SHOWN:].sum(axis=1)
    rows.append(("cases", *(f"{count:,.0f}" for count in cases)))
    earlier = fit.counted.months.size - len(months)
    note = f"{earlier} earlier months are in {_SHARES}." if earlier else ""
    return Sheet(title="Recorded", heads=("channel", *months), rows=rows, note=note)


def _forecast(fit: SharesFit, shares: pl.DataFrame) -> Sheet:
    last = dict(zip(fit.names, fit.forecast.last.tolist(), strict=True))
    if fit.electronic:
        last[_ALL_ELECTRONIC] = float(sum(fit.forecast.last[place] for place in fit.electronic))
    forecast = shares.filter(pl.col("state") == "forecast").sort("month", maintain_order=True)
    rows = [
        (
            f"{row['month']} {row['channel']}",
            percent(row["share"]),
            f"{row['share_low'] * 100:.1f} – {percent(row['share_high'])}",
            percent(last[row["channel"]]),
        )
        for row in forecast.iter_rows(named=True)
    ]
    return Sheet(
        title="Forecast",
        heads=("month and channel", "share", "95 % interval", "as last month"),
        rows=rows,
        note=f"The interval is of recorded shares, in months of about {fit.forecast.cases:,.0f} cases.",
    )


def _variation(fit: SharesFit) -> Sheet:
    variation = fit.forecast.variation
    season = "not learned" if variation.season_sd is None else percent(variation.season_sd)
    rows = [
        ("change of level from month to month", percent(variation.level_sd)),
        ("trend a month, which fades", percent(variation.slope_sd)),
        ("season", season),
        ("one month's own scatter", percent(variation.scatter_sd)),
        ("overdispersion, times counting", f"{variation.overdispersion:.1f}"),
    ]
    note = "Standard deviations, of a share's own size: 10 % of a share of 20 % are 2 points."
    return Sheet(title="How shares vary", heads=("part", "size"), rows=rows, note=note)


def _checked(fit: SharesFit) -> list[Sheet]:
    if not fit.check.by_ahead:
        return []
    rows = [
        (
            f"{each.ahead}",
            f"{each.months}",
            f"{each.held} of {each.shares}",
            f"{each.error * 100:.1f}",
            f"{each.error_naive * 100:.1f}",
        )
        for each in fit.check.by_ahead
    ]
    heads = ("months ahead", "checked", "in 95 % interval", "off, points", "as last month")
    note = (
        "Known months, each forecast from those before it; off is the mean distance from the recorded shares."
    )
    return [Sheet(title="Checked on known months", heads=heads, rows=rows, note=note)]


def sentences(fit: SharesFit) -> list[str]:
    """Say for each number of months ahead which forecast was better."""
    if not fit.check.by_ahead:
        return [
            "Too few months to check a forecast on one that is known; no more than the interval is claimed."
        ]
    return [_sentence(each) for each in fit.check.by_ahead]


def _sentence(each: HorizonErrors) -> str:
    ahead = "1 month" if each.ahead == 1 else f"{each.ahead} months"
    return (
        f"{ahead} ahead: off by {each.error * 100:.1f} points, as last month by {each.error_naive * 100:.1f} "
        f"({each.months} checked); {_BETTER[each.better]}."
    )


def summary(fit: SharesFit, name: str) -> str:
    """Say what was learned from, in one line."""
    found = fit.counted
    used = sum(status.rows for status in found.row_statuses if status.use == "whole")
    first, last = (month_name(int(found.months[place])) for place in (0, -1))
    aside = "; ".join(_row_text(status) for status in found.row_statuses if status.use != "whole")
    return (
        f"{name}: {found.cases:,} cases in {len(found.names)} channels, {first} to {last}; "
        f"{found.read:,} rows read: {used:,} used"
        + (f", {found.read - used:,} set aside ({aside})" if aside else "")
    )


def _row_text(status: RowStatus) -> str:
    """Say what became of some rows, with the first of them where it could not be read."""
    first = f", first {status.place}: {status.example}" if status.example else ""
    return f"{status.rows:,} {status.reason}{first}"


def figures(fit: SharesFit) -> dict[str, Any]:
    """Give all figures as JSON holds them."""
    shares, found = _shares_table(fit), fit.counted
    used = sum(status.rows for status in found.row_statuses if status.use == "whole")
    is_forecast = pl.col("state") == "forecast"
    return {
        "rows_read": found.read,
        "rows_used": used,
        "rows_set_aside": found.read - used,
        "rows": [asdict(status) for status in found.row_statuses],
        "cases": found.cases,
        "channels": list(found.names),
        "electronic": list(found.electronic),
        "months": [
            {"month": month_name(int(month)), "cases": round(float(cases)), "covered_share": float(part)}
            for month, cases, part in zip(found.months, found.counts.sum(axis=1), found.covered, strict=True)
        ],
        "recorded": shares.filter(~is_forecast).select("month", "channel", "cases", "share").to_dicts(),
        "forecast": shares.filter(is_forecast).drop("state", "cases").to_dicts(),
        "forecast_cases_per_month": fit.forecast.cases,
        "last_month": dict(zip(fit.names, fit.forecast.last.tolist(), strict=True)),
        "variation": asdict(fit.forecast.variation),
        "check": [asdict(each) for each in fit.check.by_ahead],
        "notes": list(fit.notes),
    }


def _write(
    fit: SharesFit, name: str, mapping: ShareMapping, logs: list[Path], out: Path | None, *, overwrite: bool
) -> tuple[Path, str]:
    """Write everything; gives the folder and the run's identity."""
    text = json.dumps(figures(fit), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    settings = {
        "log": ", ".join(log.name for log in logs),
        "forecast_months": fit.ahead,
        "map": mapping.model_dump(mode="json", by_alias=True, exclude_none=True),
    }
    fingerprint = hashlib.sha256(text.encode()).hexdigest()
    folder, manifest = begin_named("fit", name, fingerprint, 0, out, settings=settings, overwrite=overwrite)
    shares = _shares_table(fit)
    chart = shares_chart(shares, Stamp.of(manifest))
    save(chart, folder / "charts" / "shares")
    write_csv(shares, folder / _SHARES)
    write_csv(_check_table(fit), folder / _CHECK)
    report = FitReport(
        title=f"{name}: channel shares",
        source=", ".join(log.name for log in logs),
        summary=" ".join([summary(fit, name) + ".", *sentences(fit)]),
        version=manifest.versions["footfall"],
        diagnostics=[("note", note) for note in fit.notes],
        tables=sheets(fit),
        charts=[chart],
    )
    write_text(render_fit(report), folder / _REPORT)
    write_text(text, folder / _FIGURES)
    end(folder, manifest)
    return folder, manifest.run
