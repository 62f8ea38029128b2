"""A scenario is data: read without Locust, and it changes only what it says."""

import subprocess
import sys
from pathlib import Path

import pytest

from footfall.criteria.objects import Criterion
from footfall.model.numbers import leaves
from footfall.records.errors import BadInputError
from footfall.records.rows import Outcome
from footfall.workload.scenario import OutagePart, Scenario, changed, play_of, read_scenario, with_outages
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
    asked = scenario(changes=(("busy_day_factor", 1.3),), factors=(("segments.*.month_visits.*", 2.0),))
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
    model = with_outages(small_model(), asked, play_of(asked, 36_000))
    (outage,) = model.channel("web").outages
    assert [float(outage.starts_s), float(outage.ends_s)] == [36_025.0, 36_075.0]
    assert model.channel("sms").outages == ()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"changes": (("no.such.path", 1.0),)}, "scenario test no.such.path: no such number"),
        ({"changes": (("busy_day_factor", -1.0),)}, "scenario test busy_day_factor: -1 cannot be set"),
        ({"factors": (("no.such.*", 2.0),)}, r"scenario test no.such.\*: fits no number"),
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
        with_outages(small_model(), asked, play_of(asked, 0))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "no such scenario; expected one of other"),
        ("", "has no SCENARIO"),
        ("SCENARIO = 7", "has no SCENARIO"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def", "SyntaxError"),
    ],
)
def test_what_is_no_scenario_gets_one_line(tmp_path: Path, text: str | None, words: str) -> None:
    """Missing, empty, of another kind, broken."""
    (tmp_path / "other.py").write_text("")
    if text is not None:
        (tmp_path / "mine.py").write_text(text)
    with pytest.raises(BadInputError, match=words) as caught:
        read_scenario("mine", tmp_path)
    assert "\n" not in str(caught.value)


def test_reading_a_scenario_imports_no_locust() -> None:
    """Locust patches the whole interpreter: only the process that plays may do that."""
    code = (
        "import sys, pathlib\n"
        "from footfall.workload.scenario import read_scenario\n"
        "import footfall.load.start_locust, footfall.workload.trace\n"
        "read_scenario('ordinary_day', pathlib.Path('scenarios'))\n"
        "import gevent.monkey\n"
        "print([name for name in ('locust', 'simpy') if name in sys.modules], gevent.monkey.saved)"
    )
    top = Path(__file__).parents[2]
    said = subprocess.run([sys.executable, "-c", code], cwd=top, capture_output=True, text=True, check=True)
    assert said.stdout == "[] {}\n"
