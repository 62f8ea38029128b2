"""Replications: as many processes as there are cores, and the same figures as from one."""

import os
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from footfall.records.errors import BadInputError
from footfall.simulate.day import DayResult, simulate_day
from footfall.simulate.replications import replicate
from footfall.simulate.spec.model import Model
from models.single_counter import MODEL


def figures(result: DayResult, column: str = "wait_s") -> tuple[int, float]:
    """Summarise a day."""
    return result.visits.height, float(result.visits[column].sum())


def test_replications_are_those_of_one_process_in_order() -> None:
    """Also after this process has used the table library, whose threads a fork would not copy."""
    one_by_one = [figures(simulate_day(MODEL, 9, k), "human_s") for k in range(1, 4)]
    told: list[float] = []
    found = list(replicate(MODEL, 9, range(1, 4), partial(figures, column="human_s"), told.append))
    assert found == one_by_one
    assert told == pytest.approx([1 / 3, 2 / 3, 1])


def test_a_journey_of_a_file_loaded_by_its_path_is_found_by_the_workers(tmp_path: Path) -> None:
    """As a model file given on the command line is loaded."""
    import importlib.util
    import sys

    path = tmp_path / "homely.py"
    path.write_text(
        "from footfall.simulate.day import single_visit\n"
        "def journey(day, customer):\n"
        "    yield 5.0\n"
        "    yield from single_visit(day, customer)\n"
    )
    spec = importlib.util.spec_from_file_location("model_loaded_by_path", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
        model = MODEL.model_copy(update={"journey": module.journey})
        found = list(replicate(model, 9, range(1), partial(figures, column="due_s")))
    finally:
        del sys.modules[spec.name]
    count, due_s = figures(simulate_day(MODEL, 9, 0), "due_s")
    assert [visits for visits, _ in found] == [count]
    assert found[0][1] == pytest.approx(due_s + 5 * count)


def test_a_journey_that_no_worker_could_find_is_refused(small_province: Model) -> None:
    """A function without a name of its own cannot be sent."""
    model = small_province.model_copy(update={"journey": lambda _day, _customer: iter(())})
    with pytest.raises(BadInputError, match="expected a journey that is a function of a file"):
        list(replicate(model, 1, range(2), figures))


def noted(folder: Path, result: DayResult) -> int:
    """Leave a file for each day that was simulated."""
    (folder / str(result.visits["due_s"].sum())).touch()
    return result.visits.height


def test_who_has_enough_leaves_the_rest_unsimulated(tmp_path: Path) -> None:
    """Of two hundred days two are taken; no more than what was under way is simulated in vain."""
    days = replicate(MODEL, 9, range(200), partial(noted, tmp_path))
    with closing(days):
        taken = [next(days), next(days)]
    assert taken == [simulate_day(MODEL, 9, k).visits.height for k in range(2)]
    assert 2 <= len(list(tmp_path.iterdir())) <= 2 + (os.cpu_count() or 1) + 1


def test_no_replications_are_none() -> None:
    """An empty range starts no process."""
    assert list(replicate(MODEL, 1, range(0), figures)) == []
