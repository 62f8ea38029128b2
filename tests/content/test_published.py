"""What other programs print of their models comes out of ours, within three standard errors of both."""

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from footfall.cli.app import run
from footfall.measure.trust import compared, obtained
from footfall.simulate.day import simulate_day

SEED = 2012
FOLDER = Path(__file__).parents[2] / "models" / "published"
WIDEST = 0.12
"""Half of a 95 % interval, of the figure itself."""


def cases() -> list[str]:
    """Give the files that print figures of days."""
    names = (path.stem for path in sorted(FOLDER.glob("*.py")) if path.stem != "__init__")
    return [name for name in names if hasattr(importlib.import_module(f"models.published.{name}"), "FIGURES")]


def file_of(name: str) -> ModuleType:
    """Give a published model's file."""
    return importlib.import_module(f"models.published.{name}")


@pytest.mark.slow
@pytest.mark.parametrize("name", cases())
def test_every_printed_figure_is_ours_too(name: str) -> None:
    """All figures of a file from the same independent days; each interval narrow enough to tell."""
    case = file_of(name)
    visits = (simulate_day(case.MODEL, SEED, k).visits for k in range(case.DAYS))
    days = [[figure.of(day) for figure in case.FIGURES] for day in visits]
    for figure, values in zip(case.FIGURES, zip(*days, strict=True), strict=True):
        check, ours = compared(figure, case.SOURCE, values), obtained(values)
        assert check.agrees, check
        assert 1.96 * ours.error <= WIDEST * ours.value, check


def test_a_published_model_runs_from_the_command_line(tmp_path: Path) -> None:
    """As any model does, although it lies a folder deeper."""
    assert run(("simulate", str(FOLDER / "mmc_day_blocked.py"), "--out", str(tmp_path))) == 0


def test_a_model_that_is_another_does_not_meet_the_figures() -> None:
    """The comparison can fail: with room for five to wait, the wait is shorter."""
    patient, blocked = file_of("mmc_day"), file_of("mmc_day_blocked")
    days = [simulate_day(blocked.MODEL, SEED, k).visits for k in range(20)]
    speed = patient.FIGURES[2]
    assert not compared(speed, patient.SOURCE, [speed.of(visits) for visits in days]).agrees
