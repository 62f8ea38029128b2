"""The configuration gives its reasons."""

import re
import tomllib
from pathlib import Path

from tests.conftest import COMPUTING_S, WAITING_S

HERE = Path(__file__).parents[2]
PYPROJECT = (HERE / "pyproject.toml").read_text(encoding="utf-8")
RUFF = tomllib.loads(PYPROJECT)["tool"]["ruff"]["lint"]


def test_every_rule_is_on_and_every_one_left_out_says_why() -> None:
    """Each code in a list of ignores stands on a line of its own with a comment beside it."""
    codes = [*RUFF["ignore"], *(code for codes in RUFF["per-file-ignores"].values() for code in codes)]
    reasons = re.findall(r'^  "([A-Z]+\d*)", # (.+)$', PYPROJECT, flags=re.MULTILINE)
    assert RUFF["select"] == ["ALL"]
    assert sorted(codes) == sorted(code for code, _ in reasons)
    assert min(len(reason.split()) for _, reason in reasons) > 1


def test_every_file_whose_time_is_given_is_there() -> None:
    """One that was moved or renamed would wait its turn, and be left alone at the end."""
    names = [*WAITING_S, *COMPUTING_S]
    assert [name for name in names if not (HERE / "tests" / name).is_file()] == []
    assert len(set(names)) == len(names)


def test_every_exception_from_warnings_and_types_says_why() -> None:
    """A filter that lets a warning pass, and an override of mypy, stand under a comment."""
    lines = PYPROJECT.splitlines()
    filters = [i for i, line in enumerate(lines) if re.match(r'\s+"(ignore|default):', line)]
    overrides = [i + 1 for i, line in enumerate(lines) if line == "[[tool.mypy.overrides]]"]
    assert all(lines[i - 1].lstrip().startswith("#") for i in filters)
    assert all(lines[i].startswith("#") for i in overrides)
