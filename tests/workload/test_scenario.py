"""A scenario is data: read without Locust, and it changes only what it says."""

import subprocess
import sys
from pathlib import Path

import pytest

from footfall._criteria.objects import Criterion
from footfall._model.changes import set_text
from footfall._model.numbers import leaves
from footfall._records.errors import BadInputError
from footfall._records.rows import Outcome
from footfall._workload.scenario import OutagePart, Scenario, changed, pace_of, read_scenario, with_outages
from tests.load.small import after_failure, small_model


def scenario(**more: object) -> Scenario:
    """Give a scenario that changes nothing; anything may be set."""
    ordinary: dict[str, object] = {
        "name": "test",
        "title": "test",
        "question": "?",
        "model": "models/small.py",
        "criteria": (),
    }
    return Scenario.model_validate(ordinary | more)


def test_criteria_are_objects_in_memory_and_texts_in_files() -> None:
    """Texts are parsed once, objects are taken as they are, and a dump holds the texts again."""
    line = "success(*) >= 50% else invalid"
    asked = scenario(criteria=("p95(web.*) < 800ms  # at most", Criterion(line), ""))
    assert asked.criteria == (Criterion("p95(web.*) < 800ms"), Criterion(line))
    assert asked.model_dump()["criteria"] == ("p95(web.*) < 800ms", line)
    assert Scenario.model_validate_json(asked.model_dump_json()) == asked
    with pytest.raises(BadInputError, match=r"^scenario test:2: cannot parse 'p95\(web\) < 3': missing unit"):
        scenario(criteria=("p95(web.*) < 3s", "p95(web) < 3"))


def test_changes_and_factors_reach_what_they_name_and_nothing_else() -> None:
    """One number set, five multiplied, all others as before."""
    model = small_model()
    asked = scenario(set={"busy_day_factor": 1.3}, multiply={"segments.*.month_visits.*": 2.0})
    before, after = dict(leaves(model)), dict(leaves(changed(model, asked)))
    differing = {path for path in before if before[path] != after[path]}
    visits = {path for path in before if path.startswith("segments.all.month_visits.")}
    assert differing == {"busy_day_factor"} | visits
    assert len(visits) == 5
    assert after["busy_day_factor"] == 1.3
    assert all(after[path] == 2.0 for path in visits)


def test_without_follow_up_nobody_comes_back() -> None:
    """The rules are empty, in both worlds alike, since it is the model that changes."""
    model = small_model(follow_ups=after_failure(Outcome.ERROR, retry=1))
    assert changed(model, scenario()) == model
    assert changed(model, scenario(follow_up=False)).follow_ups.by_outcome == {}


def test_an_outage_lies_in_its_part_of_the_window() -> None:
    """A quarter to three quarters of 100 s from 36,000 s on."""
    asked = scenario(window_s=100, outages=(OutagePart(channel="web", from_share=0.25, to_share=0.75),))
    model = with_outages(small_model(), asked, pace_of(asked, 36_000))
    (outage,) = model.channel("web").outages
    assert [float(outage.starts_s), float(outage.ends_s)] == [36_025.0, 36_075.0]
    assert model.channel("sms").outages == ()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"set": {"no.such.path": 1.0}}, "scenario test no.such.path: no such number"),
        ({"set": {"busy_day_factor": -1.0}}, "scenario test busy_day_factor: -1 cannot be set"),
        ({"multiply": {"no.such.*": 2.0}}, r"scenario test no.such.\*: matches no number"),
    ],
)
def test_a_change_of_nothing_is_refused(asked: dict[str, object], words: str) -> None:
    """The line names the scenario and the path."""
    with pytest.raises(BadInputError, match=words):
        changed(small_model(), scenario(**asked))


def test_an_outage_of_an_unknown_channel_is_refused() -> None:
    """The line names those that exist."""
    asked = scenario(outages=(OutagePart(channel="fax", from_share=0, to_share=1),))
    with pytest.raises(BadInputError, match="outage of fax: no such channel; expected web or"):
        with_outages(small_model(), asked, pace_of(asked, 0))


TOML = """\
title = "Sale day"
model = "models/shop.py"
window = "2min"
scale = "90 %"
human_time_factor = 0.5
criteria = ["success(web.*) >= 99%"]

[set]
busy_day_factor = 1.3
"hotline.agents[08:00-18:00]" = 3
"web.discipline" = "sharing"

[multiply]
"segments.*.month_visits.*" = 2

[[outages]]
channel = "web"
from_share = "25 %"
to_share = 0.75
"""
PYTHON = """\
from footfall._workload.scenario import OutagePart, Scenario

SCENARIO = Scenario(
    title="Sale day",
    model="models/shop.py",
    window_s="2min",
    scale=0.9,
    human_time_factor="50 %",
    criteria=("success(web.*) >= 99%",),
    set={"busy_day_factor": 1.3, "hotline.agents[08:00-18:00]": 3, "web.discipline": "sharing"},
    multiply={"segments.*.month_visits.*": 2.0},
    outages=(OutagePart(channel="web", from_share=0.25, to_share="75 %"),),
)
"""


def test_toml_and_python_say_the_same(tmp_path: Path) -> None:
    """Times and shares as people write them; the name is the file's."""
    (tmp_path / "sale.toml").write_text(TOML)
    found = read_scenario("sale", tmp_path)
    assert (found.name, found.title, found.window_s, found.scale) == ("sale", "Sale day", 120.0, 0.9)
    assert found.outages == (OutagePart(channel="web", from_share=0.25, to_share=0.75),)
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "sale.py").write_text(PYTHON)
    assert read_scenario("sale", tmp_path / "python") == found


def test_changes_in_their_former_form_are_still_read() -> None:
    """Pairs and texts in a tuple, as scenario files had them before they were tables."""
    shared = {"name": "sale", "model": "models/small.py"}
    former = Scenario.model_validate(
        shared
        | {
            "changes": (("busy_day_factor", 1.3), "hotline.agents[08:00-18:00]=3"),
            "factors": (("segments.*.month_visits.*", 2.0),),
        }
    )
    now = Scenario.model_validate(
        shared
        | {
            "set": {"busy_day_factor": 1.3, "hotline.agents[08:00-18:00]": "3"},
            "multiply": {"segments.*.month_visits.*": 2.0},
        }
    )
    assert former == now
    assert changed(small_model(), former) == changed(small_model(), now)


def test_a_change_may_name_hours_and_be_a_number() -> None:
    """As TOML has it: the same model as by the text of `--set`."""
    asked = scenario(set={"own_hall.clerks[08:00-18:00]": 3})
    assert changed(small_model(), asked) == set_text(small_model(), "own_hall.clerks[08:00-18:00]=3")


def test_reading_toml_runs_no_code_and_ignores_a_python_file_beside_the_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name is looked for in `scenarios/`, then as `./NAME.toml`; `./NAME.py` is run by its path alone."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.py").write_text("raise SystemExit('this is the shop itself')")
    with pytest.raises(BadInputError, match="no such scenario"):
        read_scenario("shop")
    (tmp_path / "shop.toml").write_text('model = "models/shop.py"')
    assert read_scenario("shop") == Scenario(name="shop", title="shop", model="models/shop.py")


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    """Nobody could tell which of them is meant."""
    (tmp_path / "sale.toml").write_text(TOML)
    (tmp_path / "sale.py").write_text("")
    with pytest.raises(
        BadInputError, match=r"there are sale\.py and sale\.toml; expected one file a scenario"
    ):
        read_scenario("sale", tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('model = "m.py"\nwindw = "100s"', "mine.toml, line 2: windw: no such key; expected window"),
        ('model = "m.py"\nwindow = 100', "window 100 has no unit; expected a time such as '100s'"),
        (
            'model = "m.py"\nwindow = "5x"',
            "mine.toml, line 2: window_s: 5x: is not a duration; expected",
        ),
        (
            'model = "m.py"\nwindow = "0s"',
            "line 2: window_s: 0 is not allowed here; expected a number above 0",
        ),
        ('model = "m.py"\n\nscale = "much"', "line 3: scale: much: is not a share; expected a number"),
        ('model = "m.py"\nspeed = "fast"', "line 2: speed: 'fast' is not allowed here; expected a number"),
        ('model = "m.py"\nspeed = true', "line 2: speed: True is not a number; expected a number"),
        ('model = "m.py"\nscale = inf', "line 2: scale: inf is not allowed here; expected"),
        ('model = "m.py"\nscale = nan', "line 2: scale: nan is not allowed here"),
        ('model = "m.py"\n[[outages]]\nchannel = "web"\nfrom = 0', "outages[0].from_share: missing"),
        ('title = "x"', "mine.toml: model: missing; expected a scenario as in"),
        ('model = "m.py"\nmodel = "n.py"', "mine.toml: is not valid TOML: cannot overwrite a value"),
        ("model =", "mine.toml: is not valid TOML: invalid value"),
        ('model = "m.py"\n[multiply]\n"web.*" = -1', "line 3: multiply.web.*: -1 is not allowed here"),
    ],
)
def test_a_mistake_in_toml_names_file_line_and_key(tmp_path: Path, text: str, words: str) -> None:
    """One line, with what was expected."""
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(BadInputError) as caught:
        read_scenario("mine", tmp_path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "no such scenario; expected one of other, or the path of a file"),
        ("", "has no SCENARIO"),
        ("SCENARIO = 7", "has no SCENARIO"),
        ("x = 1\n1 / 0", "mine.py, line 2: ZeroDivisionError: division by zero"),
        ("x = 1\ndef", "mine.py, line 2: SyntaxError"),
        (
            "from footfall._workload.scenario import Scenario\nSCENARIO = Scenario(model='m.py', widow_s=3)",
            "mine.py:2: Scenario widow_s: no such field; expected window_s",
        ),
        (
            "globals().update(names_for_locust(__name__, SCENARIO))",
            "names_for_locust is no longer supported; expected the file without the two lines that name it",
        ),
    ],
)
def test_what_is_no_scenario_gets_one_line(tmp_path: Path, text: str | None, words: str) -> None:
    """Missing, empty, of another kind, broken, with a wrong key, of the form before."""
    (tmp_path / "other.py").write_text("")
    if text is not None:
        (tmp_path / "mine.py").write_text(text)
    with pytest.raises(BadInputError) as caught:
        read_scenario("mine", tmp_path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_reading_a_scenario_imports_no_locust() -> None:
    """Locust patches the whole interpreter: only the process that plays may do that."""
    code = (
        "import sys, pathlib\n"
        "from footfall._workload.scenario import read_scenario\n"
        "import footfall._load.start_locust, footfall._workload.trace\n"
        "read_scenario('ordinary_day', pathlib.Path('scenarios'))\n"
        "import gevent.monkey\n"
        "print([name for name in ('locust', 'simpy') if name in sys.modules], gevent.monkey.saved)"
    )
    top = Path(__file__).parents[2]
    said = subprocess.run([sys.executable, "-c", code], cwd=top, capture_output=True, text=True, check=True)
    assert said.stdout == "[] {}\n"
