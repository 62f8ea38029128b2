"""`footfall simulate`: run a model's day."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import polars as pl
import typer
from rich.table import Table

from footfall._cli import months as of_months, output
from footfall._cli.months import Futures, Kpi, Months
from footfall._cli.options import DEFAULT_SEED, Changes, Json, ModelFile, Out, Overwrite, Seed, Share
from footfall._cli.output import TERMINAL, say, say_json, show_table
from footfall._records.errors import BadInputError
from footfall._runs import messages as text, replicate
from footfall._runs.content import model_in, with_changes
from footfall._runs.replicate import BUDGET, plan
from footfall._runs.simulate import (
    DayFigures,
    DaysAsked,
    as_json as day_as_json,
    share_line,
    simulate_days,
    simulate_months,
    unstaffed_line,
    with_bounds,
)
from footfall._simulate.invariants import InvariantsHeld
from footfall._stats.intervals import Paired

_WITHIN = (
    "±: 95 % half-width within this day, by batch means; other days differ more. "
    "± ?: too few independent visits."
)
Replications = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=1000,
        help="Independent days; more than one adds intervals over days. Default: 1; at most "
        f"{BUDGET} with --precision, {replicate.VERSUS_REPLICATIONS} with --versus.",
        show_default=False,
    ),
]
PrecisionText = Annotated[
    str | None,
    typer.Option(
        metavar="SHARE",
        help="Stop when the 95 % half-width of each key figure is within this of its mean, such as 5%.",
        show_default=False,
    ),
]
Figures = Annotated[
    list[str] | None,
    typer.Option(
        "--figure",
        metavar="PATTERN",
        help="Key figure that --precision is asked of, such as 'wait_s_mean(*)'. May be repeated. "
        "Default: electronic share, success shares, mean waits.",
        show_default=False,
    ),
]
Versus = Annotated[
    list[str] | None,
    typer.Option(
        "--versus",
        metavar="PATH=VALUE",
        help="Compare with the same days, customers and random numbers, this changed. May be repeated.",
        show_default=False,
    ),
]


def command(
    model: ModelFile,
    seed: Seed = DEFAULT_SEED,
    out: Out = None,
    overwrite: Overwrite = False,
    changes: Changes = None,
    replications: Replications = None,
    precision: PrecisionText = None,
    figures: Figures = None,
    against: Versus = None,
    share: Share = None,
    months: Months = None,
    futures: Futures = None,
    kpi: Kpi = None,
    as_json: Json = False,
) -> None:
    """Run MODEL's day, or its months, and write the tables and the charts."""
    over_months = of_months.asked(months, futures, kpi, seed, share)
    spec, chosen = model_in(model), tuple(changes or ())
    if over_months:
        of_days = {"--replications": replications, "--precision": precision, "--figure": figures}
        _refuse_beside_months(of_days | {"--versus": against})
        settings = {"model_file": model.as_posix(), "set": list(chosen)}
        changed = with_changes(spec, chosen, messages=TERMINAL)
        done = simulate_months(changed, over_months, out, settings, overwrite=overwrite, messages=TERMINAL)
        of_months.show(done, as_json=as_json)
        return
    wanted = replicate.replications(replications, precision) if against else replications
    asked = DaysAsked(
        seed=seed,
        plan=plan(wanted, precision, figures),
        changes=chosen,
        against=tuple(against or ()),
        share=share,
        uncertainty=replicate.uncertainty_beside(model),
        model_file=model.as_posix(),
        out=out,
        overwrite=overwrite,
    )
    days = simulate_days(spec, asked, TERMINAL)
    if as_json:
        more: dict[str, Any] = {"run": days.manifest.run, "folder": str(days.folder), "days": days.over_days}
        more |= {"range": days.range_text} if days.range_text else {}
        more["laws"] = asdict(days.result.laws) | {"checks": days.result.laws.checks}
        more |= {"versus": replicate.rows(days.paired)} if against else {}
        say_json(day_as_json(days.figures) | more)
        return
    show(days.figures)
    output.show(days.over_days, asked.plan, days.range_text)
    show_versus(days.paired, asked.against)
    say(laws_line(days.result.laws, len(days.figures_by_day)))
    result = days.result
    reminders = f"{result.logout_reminders:,} logout reminders; " if result.logout_reminders else ""
    say(f"{reminders}{result.events:,} events; results in {days.folder}")


def _refuse_beside_months(of_days: Mapping[str, object]) -> None:
    for option, given in of_days.items():
        if given is not None:
            raise BadInputError(option, "does not apply to --months", "the option without --months")


def laws_line(laws: InvariantsHeld, days: int) -> str:
    """Say that the laws held, in as many checks; a day in which one did not would have ended the run."""
    others = f", as do those of the {days - 1} other days" if days > 1 else ""
    return f"laws: {laws.checks:,} checks of flow, Little, order, shares, staffing and limits hold{others}"


def show(day: DayFigures) -> None:
    """Print the figures of a day."""
    table = Table(title="Simulated day", title_justify="left", box=None, pad_edge=False)
    for head in ("channel", "operation"):
        table.add_column(head)
    for head in ("visits", "success, 95 %", "target", "wait mean", "response p95"):
        table.add_column(head, justify="right")
    single = (pl.col("channel") != "*") & (pl.col("operation") != "*")
    for row in with_bounds(day).filter(single).iter_rows(named=True):
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
        say(unstaffed_line(each))
    if day.definition.electronic:
        say(share_line(day.share))


def show_versus(found: Mapping[str, Paired], changes: Sequence[str]) -> None:
    """Print the differences with their paired half-widths, and what these would be unpaired."""
    if not found:
        return
    title = f"\nWith {', '.join(changes)}: the same customers, paired day by day"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for head in ("quantity", "days", "as is", "changed", "difference ± 95 %", "unpaired ±", "variance ÷"):
        table.add_column(head, justify="left" if head == "quantity" else "right")
    differing = {name: each for name, each in found.items() if not replicate.is_same(each)}
    for name, each in differing.items():
        plain = text.plain_of(name)
        form = text.difference_of(name)
        reduction = "–" if each.variance_reduction is None else f"{each.variance_reduction:.3g}"
        table.add_row(
            name,
            str(each.replications),
            plain(each.first_mean),
            plain(each.second_mean),
            form(each.difference, each.interval.half_width),
            form(each.difference, each.unpaired_half_width).partition("± ")[2],
            reduction,
        )
    if differing:
        show_table(table)
    if len(differing) < len(found):
        alike = len(found) - len(differing)
        more = "1 more quantity is" if alike == 1 else f"{alike} more quantities are"
        say(f"{more} the same on every day (see {replicate.VERSUS_FILE})")
    days = max(each.replications for each in found.values())
    if days < replicate.DAYS_TELLING:
        say(
            f"caution: {days} days can tell nothing, since no spread can be known from so few: an interval "
            f"is worth something from {replicate.DAYS_TELLING} days on; take "
            f"--replications {replicate.VERSUS_REPLICATIONS} or more"
        )
    say("variance ÷: by how much pairing divided the variance of the difference, measured in these days")
