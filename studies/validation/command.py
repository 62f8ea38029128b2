"""The command line of the study: known, published and recorded figures next to ours, on one page."""

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from footfall import __version__
from footfall._cli.app import run_function
from footfall._cli.options import DEFAULT_SEED, Json, Out, Seed
from footfall._cli.output import note, progress, say, say_json, show_table
from footfall._records.errors import BadInputError
from footfall._records.tables import write_csv, write_text
from footfall._runs.folder import begin_named, end
from studies.validation import choices, recorded
from studies.validation.checks import Check
from studies.validation.formulas import formulas
from studies.validation.page import Chapter, numbers, page, score, table
from studies.validation.published import leemis_park_ssq as textbook
from studies.validation.reality import HOTLINE_RESULTS, bank_months
from studies.validation.systems import jobs_by_hand, printed_staffing, simulated

FAIL_EXIT_CODE = 1
PAGE, TABLE = "README.md", "checks.csv"
PACKAGE = "studies.validation"

Data = Annotated[
    Path | None,
    typer.Option(
        help="Folder of the recorded and public data. Checks that need it are skipped if it is not named.",
        envvar="FOOTFALL_DATA",
        show_default=False,
    ),
]


def main(arguments: Sequence[str]) -> int:
    """Run the command line; returns the exit code."""
    return run_function(command, f"python -m {PACKAGE}", arguments)


def command(seed: Seed = DEFAULT_SEED, data: Data = None, out: Out = None, as_json: Json = False) -> int:
    """Check the simulator against formulas, other programs and records, and write the page of all checks.

    Exit code 0: all figures that must agree do; 1: one or more do not.
    """
    if data is not None and not data.is_dir():
        raise BadInputError(f"--data {data}", "no such folder", "the folder of the recorded data")
    folder, manifest = begin_named(PACKAGE, "validation", __version__, seed, out, settings={})
    of_data, left_out = from_data(data)
    chapters = [*made_here(seed), *of_data]
    chapters = [chapter for chapter in chapters if chapter.checks]
    made_by = (
        f"Written by `python -m {PACKAGE} --seed {seed}`, version {__version__}; the rows are in `{TABLE}`."
    )
    write_csv(table(chapters), folder / TABLE)
    write_text(page(chapters, left_out, made_by), folder / PAGE)
    end(folder, manifest)
    if as_json:
        say_json({"checks": table(chapters).to_dicts(), "left_out": left_out, "page": str(folder / PAGE)})
    else:
        _show(chapters, left_out)
        say(f"page in {folder / PAGE}")
    must = [check for chapter in chapters if not chapter.is_forecast for check in chapter.checks]
    return 0 if all(check.agrees for check in must) else FAIL_EXIT_CODE


def made_here(seed: int) -> Iterator[Chapter]:
    """Give the chapters that need nothing but this project."""
    yield Chapter(
        "Formulas",
        "Equal to ten digits. `footfall theory` prints them for other numbers.",
        tuple(formulas()),
    )
    sampled = (
        "The expected figure lies within three standard errors of both sides together; a figure that others "
        "printed has an error of its own. "
        "Run a day of one with `footfall simulate studies/validation/{}/NAME.py`."
    )
    yield Chapter("Stations against theory", sampled.format("exact"), tuple(days_of("exact", seed)))
    yield Chapter("Other programs' days", sampled.format("published"), tuple(days_of("published", seed)))
    jobs = list(zip(textbook.TEN_ARRIVALS, textbook.TEN_SERVICES, strict=True))
    source = f"{textbook.SOURCE}, example 1.2.2, worked by hand"
    by_hand = jobs_by_hand(textbook.MODEL, source, jobs, textbook.TEN_DELAYS)
    yield Chapter(
        "Other programs' staffing, and a textbook's jobs",
        "Ours rounds to the digits printed.",
        (*printed_staffing(), *by_hand),
    )
    yield Chapter(
        "Recorded reality",
        "Predicted and recorded figures, with tolerances that were set beforehand; a figure outside its "
        "tolerance is a **no**. `python -m studies.hotline_1999 CALLS` gives these figures; "
        "studies/hotline_1999/README.md explains them. Where no tolerance was set beforehand, the errors are "
        "in studies/hotline_1999/forecast.md, studies/offices_warsaw/README.md and "
        "studies/web_1995/README.md.",
        tuple(bank_months(HOTLINE_RESULTS)),
        is_forecast=True,
    )


def days_of(package: str, seed: int) -> Iterator[Check]:
    """Simulate the days of every module of `exact` or `published` that knows figures of them."""
    for path in sorted(Path(__file__).with_name(package).glob("*.py")):
        case: Any = import_module(f"{PACKAGE}.{package}.{path.stem}")
        if hasattr(case, "FIGURES"):
            with progress(f"simulating {case.DAYS} days of {case.MODEL.title}") as bar:
                yield from simulated(case, seed, bar)


def from_data(data: Path | None) -> tuple[list[Chapter], list[str]]:
    """Give the chapters whose files are there, and a line on each of the others."""
    tables = "Solved by an independent program for many systems; the largest of all differences is told."
    estimates = (
        "Ours rounds to the digits printed, or lies within a thousandth of the printed error; "
        "where nothing has an effect, 0 lies in the 95 % interval."
    )
    parts: tuple[tuple[str, str, dict[str, Callable[[Path], list[Check]]]], ...] = (
        (
            "Tables of many systems",
            tables,
            {
                recorded.STEADY_TABLE: recorded.steady_table,
                recorded.CHANGING_TABLE: recorded.changing_table,
            },
        ),
        (
            "A recorded trace, replayed",
            "Ours rounds to the digits of the other program.",
            {recorded.TRACE: lambda folder: recorded.trace(folder, textbook.MODEL)},
        ),
        (
            "Choice of channel: published estimates",
            estimates,
            {
                choices.SWISSMETRO: choices.swissmetro_checks,
                choices.CANADA: choices.canada_checks,
                choices.HILLSTROM: choices.hillstrom_checks,
            },
        ),
    )
    chapters, left_out = [], []
    for title, text, sources in parts:
        checks: list[Check] = []
        for file, check in sources.items():
            if data is not None and (data / file).is_file():
                note(f"{title}: {file} …")
                checks += check(data)
            else:
                left_out.append(f"{title}: no {file} (name its folder with --data)")
        chapters.append(Chapter(title, text, tuple(checks)))
    return chapters, left_out


def _show(chapters: list[Chapter], left_out: list[str]) -> None:
    shown = Table(
        box=None, pad_edge=False, title="Known, printed or recorded, and ours", title_justify="left"
    )
    for head in ("chapter", "agree", "what does not", "expected", "ours"):
        shown.add_column(head, justify="right" if head in {"agree", "expected", "ours"} else "left")
    for chapter in chapters:
        shown.add_row(chapter.title, score(chapter.checks), "", "", "")
        for check in chapter.checks:
            if not check.agrees:
                shown.add_row("", "", f"{check.name} ({check.source})", *numbers(check)[:2])
    show_table(shown)
    for what in left_out:
        note(f"left out: {what}")
