"""The values of the trust page are those of the files beside the repository, and the tables are met."""

import json
import os
from pathlib import Path

import pytest

from studies.validation.checks import Check
from studies.validation.formulas import KNOWN
from studies.validation.recorded import changing_table, steady_table

DATA = Path(os.environ.get("FOOTFALL_DATA") or Path(__file__).parents[4] / "shared" / "data")
CHECKS = DATA / "checks.json"
pytestmark = pytest.mark.skipif(
    not CHECKS.is_file(), reason="no checks.json: name its folder in FOOTFALL_DATA"
)
CALIBRATION = "ASC calibration"
"""Values of a model that is told in another file; that the fixed point is exact is shown elsewhere."""


def test_the_known_values_are_those_of_the_file() -> None:
    """In its order, to the last digit, and none left out but those of a model that is not there."""
    entries = json.loads(CHECKS.read_text(encoding="utf-8"))
    values = [entry["value"] for entry in entries if not entry["name"].startswith(CALIBRATION)]
    assert [known.expected for known in KNOWN] == values
    assert len(entries) - len(values) == 6


def agreed(checks: list[Check]) -> list[str]:
    """Give the names of checks, all of which agree."""
    assert [check for check in checks if not check.agrees] == []
    return [check.name for check in checks]


def test_the_closed_forms_meet_the_table_of_birth_and_death() -> None:
    """All 107 systems of four kinds, to nine digits."""
    names = agreed(steady_table(DATA))
    assert len(names) == 4
    assert sum(int(name.split(", ")[1].split()[0]) for name in names) == 107


def test_a_changing_day_meets_the_table_of_differential_equations() -> None:
    """Four days, all moments and columns to six digits; the table was integrated itself."""
    assert len(agreed(changing_table(DATA))) == 4
