"""One name for one thing: no two classes and no two files of the kit have the same name."""

import ast
from collections import defaultdict
from pathlib import Path

KIT = Path(__file__).parents[2] / "src" / "footfall"


def places_by_class() -> dict[str, list[str]]:
    """Files of each public class, by its name."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(KIT.rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(str(path.relative_to(KIT)))
    return found


def places_by_file() -> dict[str, list[str]]:
    """Folders of each file, by its name; a file of `_cli` is named after the command that its user types."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(KIT.rglob("*.py")):
        if not path.name.startswith("__") and path.parent != KIT / "_cli":
            found[path.name].append(str(path.parent.relative_to(KIT)))
    return found


def test_no_two_classes_have_one_name() -> None:
    """A name that is searched for leads to one place."""
    assert {name: places for name, places in places_by_class().items() if len(places) > 1} == {}


def test_no_two_files_have_one_name() -> None:
    """Nor do files in different rooms."""
    assert {name: places for name, places in places_by_file().items() if len(places) > 1} == {}
