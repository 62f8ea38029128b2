"""What the document of the stations says can be set, can be."""

import re
from pathlib import Path

import pytest

from footfall import theory
from footfall._model.changes import set_text
from models.guangxi import MODEL

TEXT = (Path(__file__).parents[2] / "docs" / "reference" / "stations.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("assignment", sorted(set(re.findall(r"--set (\S+=[\w.]+)", TEXT))))
def test_every_setting_of_the_document_fits_the_province(assignment: str) -> None:
    """Its path is known, its value possible, and it makes another model."""
    assert set_text(MODEL, assignment).fingerprint() != MODEL.fingerprint()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`theory\.(\w+)`", TEXT))))
def test_every_theory_of_the_document_exists(name: str) -> None:
    """Under the very name."""
    assert callable(getattr(theory, name))
