"""Everything that the command line does, done from Python: on one hall with three clerks."""

import doctest
import json
import re
import sys
from collections.abc import Callable
from datetime import date
from multiprocessing.spawn import get_preparation_data
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest

import footfall as ff
from footfall._cli.app import run as footfall
from footfall._records.tables import ARRIVALS, VISITS
from footfall._runs.folder import Run
from footfall._runs.messages import Messages
from footfall._simulate.day import apart_from_the_program
from footfall._workload.trace import read_trace
from tests.cli.runs_made import make_sides
from tests.made_calls import calls

MM3 = "models/mm3.py"
MAPPING = """
[columns]
arrived = "vru_entry"
wait_s = "wait_s"
service_s = "service_s"
outcome = "status"
agent = "agent"

[outcomes]
served = ["served"]
abandoned = ["abandoned_queue"]
"""
JOBS = ("read_model", "simulate", "make_trace", "predict", "serve", "load_test", "read_run", "judge")
LATER_JOBS = ("report", "compare", "fit", "calibrate", "predict_load", "verify")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the example of every job, one after the other, in one folder; each is true."""
    made = tmp_path_factory.mktemp("library")
    log = made / "calls.csv"
    calls([date(2024, 1, day) for day in (1, 2, 3)]).write_csv(log)
    (made / "calls.toml").write_text(MAPPING, encoding="utf-8")
    baseline, candidate = make_sides(made / "sides", 2, factor=1.0)
    known: dict[str, Any] = {"ff": ff, "folder": made, "calls": log, "mapping": made / "calls.toml"}
    known |= {"baseline": baseline, "candidate": candidate}
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for name in (*JOBS, *LATER_JOBS):
        job: Any = getattr(ff, name)
        examples = doctest.DocTestFinder(recurse=False).find(job, name, globs=dict(known))
        for example in examples:
            assert runner.run(example).failed == 0, name
            assert example.examples, name
    return made


@pytest.fixture(scope="module")
def load(folder: Path) -> Run:
    """The load test of the examples."""
    return ff.read_run(folder / "load")


def test_a_load_test_has_what_a_notebook_wants(load: Run) -> None:
    """Verdict, visits, measures, prediction, report; as a picture and in one line."""
    assert load.verdict in set(ff.Verdict)
    assert load.visits.height == 5
    assert load.visits.columns == VISITS.names()
    assert load.predicted is not None
    assert set(load.measures["world"]) == {"measured", "predicted"}
    assert load.manifest.arrivals is not None
    assert load.manifest.arrivals.due == 5
    assert load.report is not None
    assert "success(*) &gt; 1%" in load._repr_html_() or "success(*) > 1%" in load.criteria[0].criterion
    assert [each.criterion for each in load.criteria if each.criterion.startswith("success")]
    assert repr(load).startswith("<Run mm3 ")
    assert load.charts["success"].is_file()


def test_a_trace_from_python_is_the_command_lines(folder: Path) -> None:
    """Bit by bit; and so is the prediction of its arrivals."""
    given = ("--model", MM3, "--seed", "4", "--window", "20min", "--speed", "2", "--set", "hall.clerks=2")
    assert footfall(("trace", *given, "--out", str(folder / "typed"))) == 0
    made = ff.make_trace(model=MM3, seed=4, window="20min", speed=2, changes={"hall.clerks": 2})
    typed = read_trace(folder / "typed")
    assert made.arrivals.equals(typed.arrivals)
    assert made.info.model_copy(update={"arrivals": 0, "arrivals_by_channel": {}}) == typed.info.model_copy(
        update={"arrivals": 0, "arrivals_by_channel": {}}
    )
    assert made.arrivals.columns == ARRIVALS.names()
    assert ff.predict(made, replications=1).visits.equals(ff.predict(folder / "typed", replications=1).visits)


def test_a_day_from_python_is_the_command_lines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same visits and figures; without `out` nothing is written."""
    before = sorted(Path().iterdir())
    day = ff.simulate(ff.read_model(MM3), seed=7)
    assert sorted(Path().iterdir()) == before
    assert day.folder is None
    assert footfall(("simulate", MM3, "--seed", "7", "--out", str(folder / "typed-day"), "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    assert day.visits.equals(pl.read_parquet(folder / "typed-day" / "visits.parquet"))
    assert day.measures["success_share"].to_list() == [each["success_share"] for each in told["measures"]]
    assert day.electronic_share is None or 0 <= day.electronic_share <= 1
    assert repr(day) == f"<mm3: 1 day, {day.visits.height:,} visits on the first>"
    assert "<table>" in day._repr_html_()
    assert day.charts["waits"]._repr_svg_().startswith("<?xml")


RESULTS: dict[str, tuple[Callable[[Path], Any], tuple[str, ...]]] = {
    "make_trace": (
        lambda _: ff.make_trace(model=MM3, window="10min"),
        ("<Trace mm3: ", "first channel", "hall"),
    ),
    "predict": (
        lambda _: ff.predict(ff.make_trace(model=MM3, window="10min"), replications=2),
        ("<Prediction of ", "2 replications", "predicted", "hall"),
    ),
    "load_test": (
        lambda folder: ff.read_run(folder / "load"),
        ("<Run mm3 ", "criterion", "measured", "hall"),
    ),
    "judge": (
        lambda folder: ff.judge(folder / "load", criteria=["p95(hall.*) < 60s"]),
        ("<Judged ", "criterion", "p95(hall.*) &lt; 60s"),
    ),
    "compare": (
        lambda folder: ff.compare(_sides(folder, "b"), _sides(folder, "a")),
        ("<Compared cannot tell: ", "metric", "cannot tell"),
    ),
    "fit": (
        lambda folder: ff.fit(folder / "calls.csv", folder / "calls.toml", folder / "<b>"),
        ("calls as fitted", "Kinds", "Model: ", "&lt;b&gt;/model.toml"),
    ),
}
"""Each job's result by the folder of the examples, and what a person reads of it."""


def _sides(folder: Path, side: str) -> list[Path]:
    return sorted((folder / "sides").glob(f"{side}-*"))


@pytest.mark.parametrize("case", RESULTS.values(), ids=RESULTS.keys())
def test_a_notebook_shows_each_result_as_a_table_with_all_text_escaped(
    case: tuple[Callable[[Path], Any], tuple[str, ...]], folder: Path
) -> None:
    """And `repr` is one line, which does not print the tables within."""
    job, words = case
    result = job(folder)
    html, line = result._repr_html_(), repr(result)
    assert line.startswith("<")
    assert "\n" not in line
    assert len(line) < 500
    assert "<table><thead><tr><th>" in html
    assert [word for word in words if word not in html and word not in line] == []
    assert set(re.findall(r"</?(\w+)", html)) <= {"p", "b", "table", "thead", "tbody", "tr", "th", "td"}
    for tag in set(re.findall(r"<(\w+)", html)):
        assert html.count(f"<{tag}>") == html.count(f"</{tag}>")


def test_a_script_needs_no_guard_around_its_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Days run in processes of their own, which must not run the user's program again."""
    script = ModuleType("__main__")
    script.__file__ = "study.py"
    monkeypatch.setitem(sys.modules, "__main__", script)
    plain = get_preparation_data("a worker")
    with apart_from_the_program():
        apart = get_preparation_data("a worker")
    assert {name for name in plain if name.startswith("init_main")}
    assert not {name for name in apart if name.startswith("init_main")}
    assert get_preparation_data("a worker").keys() == plain.keys()


def test_a_job_says_how_far_it_is() -> None:
    """To the object that is passed in, and to no terminal."""
    said: list[str] = []

    class Heard(Messages):
        def note(self, text: str) -> None:
            said.append(text)

    trace = ff.make_trace(model=MM3, window="10min")
    ff.predict(trace, replications=2, messages=Heard())
    assert said[0] == "predicting the same arrivals …"


WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "no service": (
        lambda: ff.load_test(model=MM3),
        "load_test: no service is named; expected either host=",
    ),
    "two services": (
        lambda: ff.load_test(model=MM3, host="http://127.0.0.1:1", serve=True),
        "load_test: both host and serve are given",
    ),
    "an option that is none": (
        lambda: ff.load_test(model=MM3, serve=True, procesess=2),
        "procesess: is not an option here; expected one of endpoints, ",
    ),
    "a value that is none": (
        lambda: ff.load_test(model=MM3, serve=True, drain_s="soon"),
        "--drain-s: 'soon'; expected seconds, not negative",
    ),
    "no criteria": (lambda: ff.load_test(model=MM3, serve=True, window="10min"), "scenario mm3: "),
    "no scenario": (lambda: ff.make_trace("ordinary_dya"), "--scenario ordinary_dya: no such scenario"),
    "no model": (lambda: ff.simulate("models/nowhere.py"), "models/nowhere.py: no such file"),
    "no run": (lambda: ff.read_run("models"), "models"),
    "no number": (lambda: ff.simulate(MM3, changes={"hall.clarks": 2}), "--set hall.clarks"),
}


@pytest.mark.parametrize("call", WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_said_in_one_line(call: tuple[Callable[[], object], str]) -> None:
    """By an error that has the line of the command line."""
    wrong, line = call
    with pytest.raises(ff.BadInputError) as caught:
        wrong()
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)
