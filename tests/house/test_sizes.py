"""Nothing grows until it can no longer be read at one sitting."""

import ast
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2]
FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
"""The hard limits; `CONTRIBUTING.md` names them."""
ROOMS = ("src", "models", "studies", "tests", "benchmarks")
FILES = sorted(path for room in ROOMS for path in (HERE / room).rglob("*.py"))

type_of_function = ast.FunctionDef | ast.AsyncFunctionDef


def lines_of(function: type_of_function) -> int:
    """Lines of a function from its `def` on, its docstring not counted."""
    first = function.body[0]
    text = first.value if isinstance(first, ast.Expr) else None
    is_docstring = isinstance(text, ast.Constant) and isinstance(text.value, str)
    docstring = (first.end_lineno or 0) - first.lineno + 1 if is_docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def too_long(source: str) -> list[str]:
    """Return name and lines of each function of a source that is over the limit."""
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, type_of_function)]
    return [f"{f.name}: {lines_of(f)} lines" for f in functions if lines_of(f) > FUNCTION_LINES_MAX]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HERE)))
def test_a_file_and_its_functions_stay_within_the_limits(path: Path) -> None:
    """No file over 500 lines, no function over 70."""
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= FILE_LINES_MAX
    assert too_long(source) == []


def test_a_function_of_71_lines_is_found_and_its_docstring_does_not_count() -> None:
    """The law bites at its limit, not a line before."""
    body = "    pass\n" * FUNCTION_LINES_MAX
    assert too_long("def long():\n" + body) == ["long: 71 lines"]
    assert too_long("def documented():\n" + '    """Say\n\n    much."""\n' + body[len("    pass\n") :]) == []
