"""Whoever has Footfall installed has its plugin in every session, and must not notice it."""

import json
import sys
from pathlib import Path

from tests.pytest_plugin.inner import session

CONFTEST = """
import json, sys
from pathlib import Path

def pytest_sessionfinish(session):
    (Path(__file__).parent / "modules.json").write_text(json.dumps(sorted(sys.modules)))
"""
OWN = {"footfall", "footfall.pytest_plugin", "footfall.pytest_plugin.call", "lazy_loader"}


def modules(folder: Path, *options: str) -> set[str]:
    """Names of what a session has imported that plays nothing."""
    folder.mkdir()
    (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    ended = session(folder, "def test_it(): pass", *options)
    assert ended.code == 0, ended.words
    return set(json.loads((folder / "modules.json").read_text(encoding="utf-8")))


def test_a_session_that_plays_nothing_pays_next_to_nothing(tmp_path: Path) -> None:
    """Three small modules of ours and a loader of names: no Locust, no gevent, nothing of numbers."""
    without = modules(tmp_path / "without", "-p", "no:footfall")
    added = modules(tmp_path / "with") - without
    foreign = {name for name in added if name.partition(".")[0] not in sys.stdlib_module_names}
    assert foreign == OWN


def test_the_fixture_stands_in_the_list_of_fixtures(tmp_path: Path) -> None:
    """With a line that says what it is for."""
    told = session(tmp_path / "ws", "def test_it(): pass", "--fixtures")
    assert 'Run a scenario and return its result: `footfall_run("ordinary_day"' in told.words
