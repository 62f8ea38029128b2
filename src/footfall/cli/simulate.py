"""`footfall simulate`: run a model's day."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any

import typer

from footfall.cli import day as day_results
from footfall.cli import days_table, fitted_ranges, replicating, versus
from footfall.cli.console import progress, say, say_json
from footfall.cli.content import model_in, with_changes
from footfall.cli.fitted_ranges import Drawing
from footfall.cli.months import Futures, Kpi, Months, asked, simulate_months
from footfall.cli.options import DEFAULT_SEED, Changes, Json, ModelFile, Out, Overwrite, Seed, Share
from footfall.cli.replicating import Day
from footfall.cli.runs import begin, end, share_definition, targets
from footfall.records.errors import BadInputError
from footfall.records.tables import write_csv
from footfall.simulate.day import simulate_day
from footfall.simulate.invariants import InvariantsHeld
from footfall.stats.intervals import Paired

Replications = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=1000,
        help="Independent days; more than one adds intervals over days. Default: 1; at most "
        f"{replicating.BUDGET} with --precision, {versus.REPLICATIONS} with --versus.",
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
    over_months = asked(months, futures, kpi, seed, share)
    as_fitted = model_in(model)
    spec = with_changes(as_fitted, tuple(changes or ()))
    if over_months:
        of_days = {"--replications": replications, "--precision": precision, "--figure": figures}
        _refuse_beside_months(of_days | {"--versus": against})
        asked_of = {"model_file": model.as_posix(), "set": list(changes or ())}
        simulate_months(spec, over_months, out, asked_of, as_json=as_json, overwrite=overwrite)
        return
    changed = with_changes(spec, tuple(against or ()), where="--versus")
    wanted = versus.replications(replications, precision) if against else replications
    plan = replicating.plan(wanted, precision, figures)
    uncertainty = fitted_ranges.uncertainty_beside(model)
    replicating.check_figures(plan, spec)
    said, definition = share_definition(spec, share)
    settings: dict[str, Any] = {"model_file": model.as_posix(), "set": list(changes or ())} | plan.settings()
    if against:
        settings |= {"versus": list(against)}
    counted = f"{said.name}: {said.text}"
    folder, manifest = begin(
        *("simulate", spec, seed, out), share_definition=counted, settings=settings, overwrite=overwrite
    )
    with progress(f"simulating {spec.title}") as bar:
        result = simulate_day(spec, seed, progress=bar)
    days = replicating.days(spec, seed, plan, definition, result)
    draw = partial(fitted_ranges.draw, as_fitted, uncertainty, seed, definition)
    drawing, differences = draw(changes or (), days), {}
    if against:
        others = versus.changed_days(len(days), changed, seed, definition)
        differences = _compared((days, others), drawing, draw((*(changes or ()), *against), others))
    day = day_results.figures(result, targets(spec), definition, spec)
    day_results.write(folder, day, day_results.charts(day, manifest))
    write_csv(result.staff, folder / "staff.csv")
    over_days = fitted_ranges.with_ranges(replicating.over_days(days, plan), drawing)
    replicating.write(folder, days, over_days)
    if differences:
        versus.write(folder, differences)
    end(folder, manifest)
    told = fitted_ranges.told(spec, uncertainty, len(days))
    if as_json:
        more: dict[str, Any] = {"run": manifest.run, "folder": str(folder), "days": over_days}
        more |= {"range": told} if told else {}
        more["laws"] = asdict(result.laws) | {"checks": result.laws.checks}
        more |= {"versus": versus.rows(differences)} if against else {}
        say_json(day_results.as_json(day) | more)
        return
    day_results.show(day)
    days_table.show(over_days, plan, told)
    versus.show(differences, against or ())
    say(laws_line(result.laws, len(days)))
    reminders = f"{result.logout_reminders:,} logout reminders; " if result.logout_reminders else ""
    say(f"{reminders}{result.events:,} events; results in {folder}")


def _compared(
    days: tuple[Sequence[Day], Sequence[Day]], first: Drawing | None, second: Drawing | None
) -> dict[str, Paired]:
    return fitted_ranges.with_fit(versus.differences(*days), first, second)


def _refuse_beside_months(of_days: Mapping[str, object]) -> None:
    for option, given in of_days.items():
        if given is not None:
            raise BadInputError(option, "months have futures", "no such option beside --months")


def laws_line(laws: InvariantsHeld, days: int) -> str:
    """Say that the laws held, in as many checks; a day in which one did not would have ended the run."""
    others = f", as do those of the {days - 1} other days" if days > 1 else ""
    return f"laws: {laws.checks:,} checks of flow, Little, order, shares, staffing and limits hold{others}"
