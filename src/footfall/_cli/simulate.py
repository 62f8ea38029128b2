"""`footfall simulate`: run a model's day, or its months."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

from rich.table import Table

from footfall._cli.options import DEFAULT_SEED, Changes, Json, ModelFile, Out, Overwrite, Seed, Share, option
from footfall._cli.output import TERMINAL, say, say_json, show_rows, show_table
from footfall._records.errors import BadInputError
from footfall._runs import day_tables, messages as text, replicate, simulate as jobs
from footfall._runs.content import model_in, with_changes

_MONTHS_SHOWN_MOST = 14
_WITHIN = (
    "±: 95 % half-width within this day, by batch means; other days differ more. "
    "± ?: too few independent visits."
)
Replications = Annotated[
    int | None,
    option(
        min=1,
        max=1000,
        help="Independent days; more than one adds intervals over days. Default: 1; at most "
        f"{replicate.BUDGET} with --precision, {replicate.VERSUS_REPLICATIONS} with --versus.",
    ),
]
_PrecisionText = Annotated[
    str | None,
    option(
        metavar="SHARE",
        help="Stop when the 95 % half-width of each key figure is within this of its mean, such as 5%.",
    ),
]
Figures = Annotated[
    list[str] | None,
    option(
        "--figure",
        metavar="PATTERN",
        help="Key figure that --precision is asked of, such as 'wait_s_mean(*)'. May be repeated. "
        "Default: electronic share, success shares, mean waits.",
    ),
]
_Versus = Annotated[
    list[str] | None,
    option(
        "--versus",
        metavar="PATH=VALUE",
        help="Compare with the same days, customers and random numbers, this changed. May be repeated.",
    ),
]
Months = Annotated[
    int | None,
    option(min=1, max=120, help="Simulate this many months of adoption instead of a day."),
]
Futures = Annotated[
    int | None,
    option(min=20, max=10_000, help=f"Futures of --months. Default: {jobs.FUTURES}."),
]
_Kpi = Annotated[
    str | None,
    option(help=f"Electronic share that --months should meet. Default: {jobs.KPI}."),
]


def command(
    model: ModelFile,
    seed: Seed = DEFAULT_SEED,
    out: Out = None,
    overwrite: Overwrite = False,
    changes: Changes = None,
    replications: Replications = None,
    precision: _PrecisionText = None,
    figures: Figures = None,
    against: _Versus = None,
    share: Share = None,
    months: Months = None,
    futures: Futures = None,
    kpi: _Kpi = None,
    as_json: Json = False,
) -> None:
    """Run MODEL's day, or its months, and write the tables and the charts."""
    months_asked = _months_asked(months, futures, kpi, seed, share)
    spec, chosen = model_in(model), tuple(changes or ())
    if months_asked:
        of_days = {"--replications": replications, "--precision": precision, "--figure": figures}
        _refuse_with_months(of_days | {"--versus": against})
        settings = {"model_file": model.as_posix(), "set": list(chosen)}
        changed = with_changes(spec, chosen, messages=TERMINAL)
        done = jobs.simulate_months(
            changed, months_asked, out, settings, overwrite=overwrite, messages=TERMINAL
        )
        _show_months(done, as_json=as_json)
        return
    wanted = replicate.replications(replications, precision) if against else replications
    asked = jobs.DaysAsked(
        seed=seed,
        plan=replicate.plan(wanted, precision, figures),
        changes=chosen,
        against=tuple(against or ()),
        share=share,
        uncertainty=replicate.uncertainty_next_to(model),
        model_file=model.as_posix(),
        out=out,
        overwrite=overwrite,
    )
    _show_days(jobs.simulate_days(spec, asked, TERMINAL), asked, as_json=as_json)


def _months_asked(
    months: int | None, futures: int | None, kpi: str | None, seed: int, share: str | None
) -> jobs.MonthsAsked | None:
    """Read the options; None when a day is asked for.

    Raises:
        BadInputError: an option of the months is given without them, or the KPI is no share.
    """
    if months is None:
        for name, value in (("--futures", futures), ("--kpi", kpi)):
            if value is not None:
                raise BadInputError(name, "requires --months N")
        return None
    return jobs.MonthsAsked(months, futures or jobs.FUTURES, jobs.share_of(kpi or jobs.KPI), seed, share)


def _refuse_with_months(of_days: Mapping[str, object]) -> None:
    for name, given in of_days.items():
        if given is not None:
            raise BadInputError(name, "does not apply to --months", "the option without --months")


def _show_days(days: jobs.SimulatedDays, asked: jobs.DaysAsked, *, as_json: bool) -> None:
    """Print the figures of the days, what a change would make of them, and which invariants were checked."""
    laws = days.result.laws
    if as_json:
        more: dict[str, Any] = {"run": days.manifest.run, "folder": str(days.folder), "days": days.over_days}
        more |= {"range": days.range_text} if days.range_text else {}
        more["laws"] = asdict(laws) | {"checks": laws.checks}
        more |= {"versus": replicate.rows(days.paired)} if asked.against else {}
        say_json(jobs.as_json(days.figures) | more)
        return
    show(days.figures)
    if days.over_days:
        show_rows("\nOver independent days", *day_tables.day_rows(days.over_days, asked.plan))
        if asked.plan.precision:
            say(day_tables.precision_line(days.over_days, asked.plan.precision))
    if days.range_text:
        say(days.range_text)
    if days.paired:
        title = f"\nWith {', '.join(asked.against)}: the same customers, paired day by day"
        if differing := day_tables.versus_rows(days.paired):
            show_rows(title, day_tables.VERSUS_HEADS, differing)
        for line in day_tables.versus_lines(days.paired):
            say(line)
    say(day_tables.invariants_line(days))
    result = days.result
    reminders = f"{result.logout_reminders:,} logout reminders; " if result.logout_reminders else ""
    say(f"{reminders}{result.events:,} events; results in {days.folder}")


def show(day: jobs.DayFigures) -> None:
    """Print the figures of a day."""
    table = Table(title="Simulated day", title_justify="left", box=None, pad_edge=False)
    for head in ("channel", "operation"):
        table.add_column(head)
    for head in ("visits", "success, 95 %", "target", "wait mean", "response p95"):
        table.add_column(head, justify="right")
    for row in jobs.with_bounds(day).iter_rows(named=True):
        if "*" in {row["channel"], row["operation"]}:
            continue
        table.add_row(
            row["channel"],
            row["operation"],
            f"{row['visits']:,}",
            text.with_bounds(row["success_share"], row["success_share_low"], row["success_share_high"]),
            text.percent(row["target_share"]),
            text.time(row["wait_s_mean"], text.half_of(row, "wait_s_mean")),
            text.time(row["response_s_p95"], text.half_of(row, "response_s_p95")),
        )
    show_table(table)
    say(_WITHIN)
    for each in day.unstaffed:
        say(day_tables.unstaffed_line(each))
    if day.definition.electronic:
        say(day_tables.share_line(day.share))


def _show_months(done: jobs.SimulatedMonths, *, as_json: bool) -> None:
    """Print the months of the chosen share definition, and the finding."""
    counted = f"{done.definition.name}: {done.definition.text}"
    if as_json:
        found: dict[str, Any] = {"run": done.run, "folder": str(done.folder), "share_definition": counted}
        say_json(found | {"finding": done.finding, "months": done.months.to_dicts()})
        return
    rows = done.chosen.to_dicts()
    last = rows[-1]["month"]
    step = next(step for step in (1, 3, 6, 12) if last / step < _MONTHS_SHOWN_MOST)
    shown = [_month_row(row) for row in rows if row["month"] % step == 0 or row["month"] == last]
    table = Table(title="Electronic share by month", title_justify="left", box=None, pad_edge=False)
    for head in ("month", "upgraded", "median", "5 – 95 % of futures", "KPI met", "95 % interval"):
        table.add_column(head, justify="right")
    for cells in shown:
        table.add_row(*cells)
    show_table(table)
    say(done.finding)
    say(f"share: {counted}; results in {done.folder}")


def _month_row(row: Mapping[str, Any]) -> Sequence[str]:
    return (
        str(row["month"]),
        text.percent(row["upgraded_share"]),
        text.percent(row["electronic_share_p50"]),
        f"{text.percent(row['electronic_share_p05'])} – {text.percent(row['electronic_share_p95'])}",
        text.percent(row["met_share"]),
        f"{text.percent(row['met_share_low'])} – {text.percent(row['met_share_high'])}",
    )
