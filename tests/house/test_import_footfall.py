"""`import footfall as ff`: light, complete, documented, and its examples run."""

import ast
import doctest
import inspect
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import footfall as ff
from footfall._model.numbers import Spec

HEAVY = {"gevent", "locust", "matplotlib", "numpy", "polars", "pydantic", "rich", "scipy", "simpy", "typer"}
NAMES = sorted(dir(ff))


def loaded(code: str) -> set[str]:
    """Give the packages that a fresh interpreter has loaded after some code."""
    ask = f"{code}\nimport json, sys\nprint(json.dumps([name.partition('.')[0] for name in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stdout))


def test_the_import_alone_loads_no_library() -> None:
    """Not even pydantic; a model's names load that, and still no SciPy, polars or Locust."""
    assert not loaded("import footfall") & HEAVY
    model = (
        "import footfall as ff\nff.Model, ff.Counters(3), ff.exponential(ff.minutes(6)), ff.by_hour({9: 2})"
    )
    assert not loaded(model) & (HEAVY - {"pydantic"})
    assert not loaded("import footfall as ff\nff.Criterion('p95(web.*) < 800ms')") & HEAVY


def test_names_are_listed_once_and_are_where_the_list_says() -> None:
    """`__init__.pyi` is what type checkers read and what is loaded; none of its names is another's alias."""
    listed = [
        (alias.name, node.module or alias.name)
        for node in ast.parse(Path(ff.__file__).with_suffix(".pyi").read_text(encoding="utf-8")).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    assert sorted(name for name, _ in listed) == NAMES
    for name, module in listed:
        home = import_module(f"footfall.{module}")
        assert getattr(ff, name) is (home if name == module else getattr(home, name)), name


def test_every_name_can_be_listed_and_others_are_refused() -> None:
    """As for any module."""
    assert set(NAMES) <= set(dir(ff))
    with pytest.raises(AttributeError, match="footfall attribute Modell"):
        ff.Modell  # type: ignore[attr-defined]  # noqa: B018  asking is the point


@pytest.mark.parametrize("name", NAMES)
def test_every_name_says_what_it_is(name: str) -> None:
    """In a sentence; a function with an example, what it raises, and an example that is true."""
    found = getattr(ff, name)
    if not callable(found):
        return
    text = inspect.getdoc(found) or ""
    assert text.partition("\n")[0].endswith((".", ":")), text
    if inspect.isfunction(found):
        assert "Raises:" in text
    if inspect.isfunction(found) or (inspect.isclass(found) and issubclass(found, Spec)):
        assert ">>>" in text or name in {"Curve", "Profile"}  # which other examples show
    if found.__module__.startswith("footfall._runs"):
        return  # the examples of whole jobs follow each other: tests/runs runs them
    examples = doctest.DocTestFinder(recurse=False).find(
        found, name, globs={"ff": ff, **{each: getattr(ff, each) for each in NAMES}}
    )
    for example in examples:
        result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example)
        assert result.failed == 0, name


def test_the_example_of_the_module_is_true() -> None:
    """M/M/3 in three lines."""
    assert doctest.testmod(ff).attempted > 3
    assert doctest.testmod(ff).failed == 0
