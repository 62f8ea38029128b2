"""`footfall trust`: every figure that is known or was published or recorded, beside ours, on one page."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from footfall import __version__
from footfall.cli.options import DEFAULT_SEED, Json, Out, Seed
from footfall.cli.output import note, progress, say, say_json, show_table
from footfall.measure.trust import Check
from footfall.records.errors import BadInputError
from footfall.records.tables import write_csv, write_text
from footfall.runs.content import module_in
from footfall.runs.folder import begin_named, end
from footfall.trust import choices, recorded
from footfall.trust.formulas import formulas
from footfall.trust.page import Chapter, numbers, page, score, table
from footfall.trust.reality import bank_months
from footfall.trust.systems import jobs_by_hand, printed_staffing, simulated

FAIL_EXIT_CODE = 1
PAGE, TABLE = "README.md", "checks.csv"
EXACT, PUBLISHED, RESULTS = Path("models/exact"), Path("models/published"), Path("results")
TEXTBOOK = PUBLISHED / "leemis_park_ssq.py"

Data = Annotated[
    Path | None,
    typer.Option(
        help="Folder of the recorded and public data; checks that need it are skipped without it.",
        envvar="FOOTFALL_DATA",
        show_default=False,
    ),
]


def command(seed: Seed = DEFAULT_SEED, data: Data = None, out: Out = None, as_json: Json = False) -> int:
    """Check the simulator against formulas, other programs and records, and write the page of all checks.

    Run it in the project's own folder. Exit code 0: all that must agree does; 1: something does not.
    """
    if not (EXACT.is_dir() and PUBLISHED.is_dir()):
        raise BadInputError(str(EXACT), "no such folder here", "the project's own folder as the current one")
    if data is not None and not data.is_dir():
        raise BadInputError(f"--data {data}", "no such folder", "the folder of the recorded data")
    folder, manifest = begin_named("trust", "trust", __version__, seed, out, settings={})
    of_data, left_out = from_data(data)
    chapters = [*made_here(seed), *of_data]
    chapters = [chapter for chapter in chapters if chapter.checks]
    made_by = f"Written by `footfall trust --seed {seed}`, version {__version__}; the rows are in `{TABLE}`."
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
        "printed has an error of its own. Run a day of one with `footfall simulate {}/NAME.py`."
    )
    yield Chapter("Stations against theory", sampled.format(EXACT), tuple(days_of(EXACT, seed)))
    yield Chapter("Other programs' days", sampled.format(PUBLISHED), tuple(days_of(PUBLISHED, seed)))
    book = module_in(TEXTBOOK, "a file of the project")
    jobs = list(zip(book.TEN_ARRIVALS, book.TEN_SERVICES, strict=True))
    by_hand = jobs_by_hand(book.MODEL, f"{book.SOURCE}, example 1.2.2, worked by hand", jobs, book.TEN_DELAYS)
    yield Chapter(
        "Other programs' staffing, and a textbook's jobs",
        "Ours rounds to the digits printed.",
        (*printed_staffing(), *by_hand),
    )
    yield Chapter(
        "Recorded reality",
        "Predicted beside recorded, within bars that were set beforehand; a bar that is missed is a **no**. "
        "`footfall validate models/bank_hotline.py CALLS` makes these figures, as "
        "docs/background/validating.md explains. Where no bar was set "
        "beforehand, the errors are in city-offices.md, web-arrivals.md and "
        "forecasting.md there.",
        tuple(bank_months(RESULTS)),
        is_forecast=True,
    )


def days_of(folder: Path, seed: int) -> Iterator[Check]:
    """Simulate the days of every file of a folder that knows figures of them."""
    for path in sorted(folder.glob("*.py")):
        case: Any = module_in(path, "a file of the project")
        if hasattr(case, "FIGURES"):
            with progress(f"simulating {case.DAYS} days of {case.MODEL.title}") as bar:
                yield from simulated(case, seed, bar)


def from_data(data: Path | None) -> tuple[list[Chapter], list[str]]:
    """Give the chapters whose files are there, and a line on each of the others."""
    book = module_in(TEXTBOOK, "a file of the project")
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
            {recorded.TRACE: lambda folder: recorded.trace(folder, book.MODEL)},
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
