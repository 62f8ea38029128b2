"""The rooms keep to themselves, and the contracts that say so bite."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parents[2]
BREACHES = {
    "content": ("src/footfall/__init__.py", "import models"),
    "studies": ("studies/web_1995/__init__.py", "import studies.hotline_1999"),
    "rooms": ("src/footfall/_records/__init__.py", "import footfall._measure"),
    "rows-only": ("src/footfall/_measure/__init__.py", "import footfall._simulate"),
    "simpy": ("src/footfall/_service/__init__.py", "import footfall._simulate.day"),
    "criteria": ("src/footfall/_criteria/__init__.py", "import numpy"),
    "locust": ("src/footfall/_simulate/__init__.py", "import locust"),
    "matplotlib": ("src/footfall/_measure/__init__.py", "import matplotlib.pyplot"),
    "service": ("src/footfall/_load/__init__.py", "import sqlalchemy"),
    "terminal": ("src/footfall/_chart/__init__.py", "import rich.progress"),
    "plugin": ("src/footfall/pytest_plugin/__init__.py", "import footfall._cli"),
    "wiring": ("src/footfall/_cli/__init__.py", "import footfall._chart"),
}
"""Contract of `pyproject.toml` by its id: a file, and a line in it that breaks the contract."""
UPWARD = {
    "footfall._records": "footfall._stats",
    "footfall._stats": "footfall._criteria",
    "footfall.theory": "footfall._stats",
    "footfall._criteria": "footfall._model",
}
"""Packages of the ground floors, and what each must not import: a floor above, or its neighbour."""


def lint(tree: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Hold the code of a tree to that tree's own contracts."""
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo", *options],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": f"{tree / 'src'}{os.pathsep}{tree}"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_no_room_looks_into_a_room_that_it_must_not_know() -> None:
    """Every contract of `pyproject.toml` is kept."""
    done = lint(HERE)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_contract_is_broken_by_an_import_that_it_forbids(tmp_path: Path) -> None:
    """With one forbidden import for each contract, all are reported broken and none is kept."""
    for name in ("src", "models", "studies"):
        shutil.copytree(HERE / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HERE / "pyproject.toml", tmp_path)
    upward = [
        (f"src/{name.replace('.', '/')}/__init__.py", f"import {other}") for name, other in UPWARD.items()
    ]
    for file, line in [*BREACHES.values(), *upward]:
        with (tmp_path / file).open("a") as text:
            text.write(f"\n{line}\n")
    done = lint(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"Contracts: 0 kept, {len(BREACHES)} broken." in done.stdout
    for name, other in UPWARD.items():
        assert f"{name} is not allowed to import {other}:" in done.stdout
