"""What formulas say and other programs print of small systems comes out of ours, and stands on the page."""

import importlib
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

from footfall._cli.app import run
from footfall._simulate.day import simulate_day
from studies.validation.checks import compared

SEED = 1
FOLDER = Path(__file__).parents[3] / "studies" / "validation"
CHECKS = FOLDER / "results" / "checks.csv"
WIDEST = 0.2
"""Half of what is told of a figure, of the figure itself."""
RARE_WIDEST = 0.3
"""The same of a share that is below a twentieth."""


def cases() -> list[str]:
    """Give the files that know figures of their days."""
    files = [path for name in ("exact", "published") for path in sorted((FOLDER / name).glob("*.py"))]
    names = [f"{path.parent.name}.{path.stem}" for path in files if path.stem != "__init__"]
    return [name for name in names if hasattr(file_of(name), "FIGURES")]


def file_of(name: str) -> ModuleType:
    """Give the file of a small system."""
    return importlib.import_module(f"studies.validation.{name}")


@pytest.mark.slow
@pytest.mark.parametrize("name", cases())
def test_every_known_figure_is_ours_too_and_stands_on_the_page(name: str) -> None:
    """All figures of a file from the same days; each narrow enough to tell, none typed by hand."""
    case = file_of(name)
    visits = (simulate_day(case.MODEL, SEED, k).visits for k in range(case.DAYS))
    days = [[figure.of(day) for figure in case.FIGURES] for day in visits]
    page = pl.read_csv(CHECKS).filter(
        pl.col("source").str.ends_with(f"here: {case.MODEL.title}, {case.DAYS} days")
    )
    assert page.height == len(case.FIGURES)
    for figure, values in zip(case.FIGURES, zip(*days, strict=True), strict=True):
        check = compared(figure, case.SOURCE, values)
        assert check.agrees, check
        widest = RARE_WIDEST if check.obtained < 0.05 else WIDEST
        assert check.high - check.obtained <= widest * check.obtained, check
        row = page.row(by_predicate=pl.col("name") == figure.name, named=True)
        assert [row[name] for name in ("expected", "obtained", "low", "high")] == pytest.approx(
            [check.expected, check.obtained, check.low, check.high], rel=1e-6
        )


@pytest.mark.parametrize("name", ["published/mmc_day_blocked", "exact/hall_priority"])
def test_a_small_system_runs_from_the_command_line(name: str, tmp_path: Path) -> None:
    """As any model does, although it lies a folder deeper."""
    assert run(("simulate", str(FOLDER / f"{name}.py"), "--out", str(tmp_path))) == 0


def test_a_model_that_is_another_does_not_meet_the_figures() -> None:
    """The comparison can fail: with room for five to wait, the wait is shorter."""
    patient, blocked = file_of("published.mmc_day"), file_of("published.mmc_day_blocked")
    days = [simulate_day(blocked.MODEL, SEED, k).visits for k in range(20)]
    speed = patient.FIGURES[2]
    assert not compared(speed, patient.SOURCE, [speed.of(visits) for visits in days]).agrees
