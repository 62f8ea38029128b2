"""What users are promised: few names, each in the reference. The rest is behind an underscore."""

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2]
KIT = HERE / "src" / "footfall"
PUBLIC = {"__init__", "__main__", "locust", "pytest_plugin", "theory"}
"""Modules and packages of `footfall` without an underscore in front."""
MOST_NAMES = 250


def public_names() -> dict[str, list[str]]:
    """Names that can be reached without an underscore, by the module that defines or lists them.

    A name is public if neither it nor a package or module on the way to it begins with an underscore (PEP 8).
    """
    found = {}
    for path in sorted([*KIT.rglob("*.py"), *KIT.rglob("*.pyi")]):
        inside = path.relative_to(KIT)
        if any(part.startswith("_") and not part.startswith("__") for part in inside.parts):
            continue
        names = set()
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.add(node.name)
            elif path.suffix == ".pyi" and isinstance(node, ast.ImportFrom):
                names |= {alias.name for alias in node.names}
        found[str(inside)] = sorted(name for name in names if not name.startswith("_"))
    return found


def test_the_public_modules_are_these() -> None:
    """A new one is a promise, made on purpose."""
    modules = {path.stem for path in KIT.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert {name for name in modules if name in PUBLIC or not name.startswith("_")} == PUBLIC


def test_there_are_few_public_names() -> None:
    """What a user may have to look up stays small; a name that is listed and defined counts twice."""
    names = public_names()
    assert len(names["__init__.pyi"]) > 50
    assert sum(map(len, names.values())) <= MOST_NAMES


@pytest.mark.parametrize("module", ["footfall", "footfall.theory"])
def test_every_public_name_is_in_the_reference(module: str) -> None:
    """In a list that is generated from docstrings."""
    every = set(dir(import_module(module)))
    block = re.compile(rf"^```{{footfall-names}} {re.escape(module)}\n(.*?)^```", re.MULTILINE | re.DOTALL)
    listed: set[str] = set()
    for page in sorted((HERE / "docs" / "reference").rglob("*.md")):
        for names in block.findall(page.read_text(encoding="utf-8")):
            listed |= set(names.split())
    assert every - listed <= {"theory"}
