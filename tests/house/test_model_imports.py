"""Models, scenarios and what users copy are written with the public names alone."""

import re
from pathlib import Path

import pytest

from footfall._runs.workspace import FILES as OF_A_NEW_WORKSPACE

TOP = Path(__file__).parents[2]
IMPORT = re.compile(r"^\s*(?:from|import) +(footfall(?:\.\w+)*)", re.MULTILINE)
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
PUBLIC = {"footfall", "footfall.locust", "footfall.theory", "footfall.pytest_plugin"}
SOURCES = {
    str(path.relative_to(TOP)): path.read_text(encoding="utf-8")
    for place in ("models", "scenarios", "docs/examples")
    for path in sorted((TOP / place).rglob("*.py"))
}
PAGES = {
    str(path.relative_to(TOP)): "\n".join(PYTHON.findall(path.read_text(encoding="utf-8")))
    for path in (TOP / "README.md", *sorted((TOP / "docs").rglob("*.md")))
    if "_build" not in path.parts
}
NEW = {
    f"footfall new: {name}": text for name, (text, _) in OF_A_NEW_WORKSPACE.items() if name.endswith(".py")
}


def inner_modules(text: str) -> set[str]:
    """Give the modules of the implementation that a text imports."""
    return set(IMPORT.findall(text)) - PUBLIC


@pytest.mark.parametrize("texts", [SOURCES, PAGES, NEW], ids=["files", "documents", "a new workspace"])
def test_only_public_modules_are_imported(texts: dict[str, str]) -> None:
    """`import footfall as ff` is enough; and there are texts to look at."""
    assert texts
    found = {name: inner_modules(text) for name, text in texts.items()}
    assert {name: modules for name, modules in found.items() if modules} == {}


def test_an_inner_module_is_found() -> None:
    """In each form of an import."""
    lines = ("import footfall as ff", "from footfall._model.numbers import DAY_S", "  import footfall._fit")
    assert inner_modules("\n".join(lines)) == {"footfall._model.numbers", "footfall._fit"}
