"""What `docs/how-to/ci.md` tells people to copy is whole, valid, and names what exists."""

import ast
import inspect
import re
import shlex
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from footfall._cli.app import COMMANDS, run
from footfall._measure.verdict import EXIT_CODES, Verdict
from footfall._records.rows import Measure
from footfall._records.runs import ArrivalCounts, Lag
from footfall._runs.process import USAGE_EXIT_CODE
from footfall._stats.intervals import wilson
from footfall.pytest_plugin.call import FootfallRun
from footfall.pytest_plugin.played import PlayedRun
from tests.cli.runs_made import make_run, web_trace

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs" / "how-to" / "ci.md").read_text(encoding="utf-8")
TUTORIAL = (TOP / "docs" / "tutorial" / "gate-in-ci.md").read_text(encoding="utf-8")
_FILE = r"^`([^`]+\.yml)`:\n\n```yaml\n(.*?)^```$"
FILES = dict(re.findall(_FILE, PAGE, flags=re.MULTILINE | re.DOTALL))
FILES["tutorial"] = re.findall(_FILE, TUTORIAL, flags=re.MULTILINE | re.DOTALL)[0][1]
SCHEMAS = [
    (".github/workflows/load.yml", "vendor.github-workflows"),
    (".github/workflows/load.yml", "custom.github-workflows-require-timeout"),
    (".gitlab-ci.yml", "vendor.gitlab-ci"),
    ("tutorial", "custom.github-workflows-require-timeout"),
    ("tutorial", "vendor.github-workflows"),
]
SCHEMA_PROGRAM = Path(sys.executable).with_name("check-jsonschema")
OF_RUN = {"measure": Measure, "arrivals": ArrivalCounts, "lag_s": Lag}
"""What an attribute of a run is made of."""


def complaints(text: str, folder: Path, schema: str) -> str:
    """Hold a CI file to the schema of whoever reads it; gives what is wrong with it, or nothing."""
    file = folder / "file.yml"
    file.write_text(text, encoding="utf-8")
    command = [str(SCHEMA_PROGRAM), "--builtin-schema", schema, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize(("name", "schema"), SCHEMAS)
def test_a_ci_file_of_the_page_is_what_its_reader_takes(name: str, schema: str, tmp_path: Path) -> None:
    """Whole and valid, and every job is bounded in time."""
    assert complaints(FILES[name], tmp_path, schema) == ""


@pytest.mark.parametrize(("name", "schema"), SCHEMAS)
def test_a_broken_ci_file_is_found(name: str, schema: str, tmp_path: Path) -> None:
    """The schema bites on a misspelt key or a missing limit."""
    broken = FILES[name].replace("timeout-minutes: ", "timeouts: ").replace("script:", "scripts:")
    assert complaints(broken, tmp_path, schema)


def test_every_command_of_the_page_exists_with_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    """In the files as in the text; an option that was renamed would be found here."""
    said = re.findall(r"(?:^|[`{ ])footfall ([a-z]+)((?: [^`;}\n]+)?)", PAGE, flags=re.MULTILINE)
    called = [(name, shlex.split(rest)) for name, rest in said if name in COMMANDS]
    assert {name for name, _ in called} == {"load", "gate", "report"}
    for name, words in called:
        assert run((name, "--help")) == 0
        known = set(re.findall(r"--[a-z][a-z-]*", capsys.readouterr().out))
        assert {word for word in words if word.startswith("--")} <= known


def test_the_criteria_of_the_page_catch_a_slower_service_and_pass_an_equal_one(tmp_path: Path) -> None:
    """1.3 times slower fails; another run of the same service passes."""
    job = FILES[".github/workflows/load.yml"].partition("  no-slower:")[2].partition("  tests:")[0]
    lines = re.findall(r"--criterion '([^']+)'", job)
    asked = [word for line in lines for word in ("--criterion", line)]
    trace = web_trace(3600, length_s=60.0)
    baseline = make_run(tmp_path / "before", 1, trace=trace)

    def judged(candidate: Path) -> int:
        return run(("gate", str(candidate), *asked, "--baseline", str(baseline)))

    assert len(lines) == 3
    assert judged(make_run(tmp_path / "equal", 2, trace=trace)) == EXIT_CODES[Verdict.PASS]
    assert judged(make_run(tmp_path / "slower", 2, trace=trace, factor=1.3)) == EXIT_CODES[Verdict.FAIL]


def test_every_scenario_and_pytest_option_of_the_page_exists(pytestconfig: pytest.Config) -> None:
    """Scenarios are files of this project; the plugin's option and setting are those it adds."""
    named = {*re.findall(r"--scenario (\w+)", PAGE), *re.findall(r'footfall_run\("(\w+)"', PAGE)}
    assert [name for name in named if not (TOP / "scenarios" / f"{name}.toml").is_file()] == []
    assert "--footfall-out" in PAGE
    assert pytestconfig.getoption("--footfall-out", default="missing") != "missing"
    assert "footfall_workspace" in PAGE
    assert pytestconfig.getini("footfall_workspace")


def test_the_exit_codes_of_the_page_are_those_of_the_commands() -> None:
    """One row each."""
    rows = re.findall(r"^\| (\d) \| ([a-z ]+):", PAGE, re.MULTILINE)
    told = {word: int(code) for code, words in rows for word in words.split(" or ")}
    assert told == {str(verdict): code for verdict, code in EXIT_CODES.items()} | {
        "wrong input": USAGE_EXIT_CODE
    }


def test_the_arguments_of_the_fixture_stand_on_the_page() -> None:
    """All of them, and no other."""
    table = PAGE.partition("| argument | is |")[2].partition("\n\n")[0]
    first = re.findall(r"^\| (`.+?) \|", table, flags=re.MULTILINE)
    told = [name for cell in first for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(told) == sorted(set(inspect.signature(FootfallRun.__call__).parameters) - {"self"})


def test_the_tests_of_the_page_use_what_a_run_has() -> None:
    """Every attribute and argument in the Python block exists."""
    (block,) = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    arguments = set(inspect.signature(FootfallRun.__call__).parameters)
    used = 0
    for node in ast.walk(ast.parse(block)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "footfall_run":
            assert {str(keyword.arg) for keyword in node.keywords} <= arguments
        if isinstance(node, ast.Attribute):
            owner = re.split(r"\W", ast.unparse(node.value))
            assert node.attr in _names(PlayedRun if owner == ["run"] else OF_RUN[owner[1]])
            used += 1
    assert used > 5


def test_the_margins_of_the_page_are_those_of_the_interval() -> None:
    """Recomputed: how far below 95 % the lower Wilson bound lies at so many visits."""
    rows = re.findall(r"^\| (?:visits|points) \| (.+) \|$", PAGE, flags=re.MULTILINE)
    visits, points = ([float(cell.replace(",", "")) for cell in row.split("|")] for row in rows)
    found = [round(100 * (0.95 - wilson(round(0.95 * n), int(n)).low), 1) for n in visits]
    assert found == points


def _names(kind: type) -> set[str]:
    declared: set[str] = {field.name for field in fields(kind)}
    return declared | {name for name in vars(kind) if not name.startswith("_")}
