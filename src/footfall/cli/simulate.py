"""`footfall simulate`: run a model's day."""

from dataclasses import asdict
from functools import partial
from typing import Annotated, Any

import typer
from rich.table import Table

from footfall.cli import day as day_results
from footfall.cli.console import console, percent, progress, say, say_json, seconds
from footfall.cli.content import model_in
from footfall.cli.options import DEFAULT_SEED, Changes, Json, ModelFile, Out, Seed, Share
from footfall.cli.runs import begin, end, share_definition, targets
from footfall.measure.replicated import replicated
from footfall.measure.share import ShareDefinition, electronic_share
from footfall.measure.summary import measures
from footfall.records.tables import write_csv
from footfall.simulate.day import DayResult, simulate_day
from footfall.simulate.laws import LawsHeld
from footfall.simulate.replications import replicate
from footfall.simulate.spec.model import Model


def command(
    model: ModelFile,
    seed: Seed = DEFAULT_SEED,
    out: Out = None,
    changes: Changes = None,
    replications: Annotated[
        int, typer.Option(min=1, max=1000, help="Independent days; more than one adds intervals over days.")
    ] = 1,
    share: Share = None,
    as_json: Json = False,
) -> None:
    """Run MODEL's day and write visits.parquet, measures.csv, staff.csv and the charts."""
    spec = model_in(model, tuple(changes or ()))
    said, definition = share_definition(spec, share)
    settings = {"model_file": model.as_posix(), "set": list(changes or ()), "replications": replications}
    counted = f"{said.name}: {said.text}"
    folder, manifest = begin("simulate", spec, seed, out, share_definition=counted, settings=settings)
    with progress(f"simulating {spec.title}") as bar:
        result = simulate_day(spec, seed, progress=bar)
    day = day_results.figures(result, targets(spec), definition)
    days = _over_days(spec, seed, replications, definition, result)
    day_results.write(folder, day, day_results.charts(day, manifest))
    write_csv(result.staff, folder / "staff.csv")
    end(folder, manifest)
    if as_json:
        laws = asdict(result.laws) | {"checks": result.laws.checks}
        told = {"run": manifest.run, "folder": str(folder), "days": days, "laws": laws}
        say_json(day_results.as_json(day) | told)
        return
    day_results.show(day)
    if days:
        _show_days(days)
    say(laws_line(result.laws, replications))
    say(f"{result.logout_reminders:,} logout reminders; {result.events:,} events; results in {folder}")


def _over_days(
    spec: Model,
    seed: int,
    replications: int,
    definition: ShareDefinition,
    first: DayResult,
) -> list[dict[str, Any]]:
    """Give mean and 95 % interval over independent days of the share and of the success shares."""
    if replications == 1:
        return []
    summary = partial(key_figures, definition)
    summaries = [summary(first)]
    with progress(f"simulating {replications - 1} more days") as bar:
        summaries += replicate(spec, seed, range(1, replications), summary, bar)
    values = {name: [s[name] for s in summaries if name in s] for name in summaries[0]}
    return replicated(values).to_dicts()


def laws_line(laws: LawsHeld, replications: int) -> str:
    """Say that the laws held, in as many checks; a day in which one did not would have ended the run."""
    others = f", as do those of the {replications - 1} other days" if replications > 1 else ""
    return f"laws: {laws.checks:,} checks of flow, Little, order, shares and staffing hold{others}"


def key_figures(definition: ShareDefinition, result: DayResult) -> dict[str, float]:
    """Give the key figures of one day, by name."""
    share = electronic_share(result.visits, definition).share
    figures = {} if share is None or not definition.electronic else {"electronic_share": share}
    for row in measures(result.visits, "predicted").iter_rows(named=True):
        if "*" not in {row["channel"], row["operation"]}:
            figures[f"success_share({row['channel']}.{row['operation']})"] = row["success_share"]
            if row["wait_s_mean"]:
                figures[f"wait_s_mean({row['channel']}.{row['operation']})"] = row["wait_s_mean"]
    return figures


def _show_days(days: list[dict[str, Any]]) -> None:
    table = Table(title="\nOver independent days", title_justify="left", box=None, pad_edge=False)
    for head in ("quantity", "days", "mean", "95 % interval"):
        table.add_column(head, justify="left" if head == "quantity" else "right")
    for row in days:
        form = seconds if row["quantity"].startswith("wait_s") else percent
        bounds = f"{form(row['mean_low'])} – {form(row['mean_high'])}"
        table.add_row(row["quantity"], str(row["replications"]), form(row["mean"]), bounds)
    console().print(table)
