"""Replications: as many processes as there are cores, and the same figures as from one."""

import os
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from footfall._simulate.day import DayResult, replicate, simulate_day
from models.mm3 import MODEL


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
