"""A criterion about the capacity is judged by its bounds, and never by one run."""

import pytest

from footfall._criteria.objects import CapacityCriterion, Criterion
from footfall._measure.judge import judge_all
from footfall._measure.judge_capacity import MeasuredCapacity, judge_capacity
from footfall._measure.run_data import RunData
from footfall._measure.verdict import Verdict
from footfall._records.errors import BadInputError
from footfall._records.runs import Manifest

FOUND = (
    MeasuredCapacity(channel="*", value=68.0, low=65.0, high=71.0),
    MeasuredCapacity(channel="web", value=60.0, low=55.0, high=62.0),
    MeasuredCapacity(channel="wap", value=None, low=20.0, high=None),
)


def capacity(text: str) -> CapacityCriterion:
    """Parse a criterion of that kind."""
    made = Criterion(text)
    assert isinstance(made, CapacityCriterion)
    return made


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("capacity(*) >= 65/s", Verdict.PASS),
        ("capacity(*) > 65/s", Verdict.UNDECIDED),
        ("capacity(*) >= 71/s", Verdict.UNDECIDED),
        ("capacity(*) >= 71.1/s", Verdict.FAIL),
        ("capacity(web.*) >= 50/s", Verdict.PASS),
        ("capacity(web.*) >= 65/s", Verdict.FAIL),
        ("capacity(wap.*) >= 20/s", Verdict.PASS),
        ("capacity(wap.*) >= 500/s", Verdict.UNDECIDED),
        ("capacity(w*.*) >= 40/s", Verdict.UNDECIDED),
        ("capacity(sms.*) >= 1/s", Verdict.UNDECIDED),
    ],
)
def test_the_bounds_decide(line: str, verdict: Verdict) -> None:
    """The low one for a pass, the high one for a failure; what is unknown is no success."""
    assert judge_capacity(capacity(line), FOUND).verdict is verdict


def test_a_capacity_that_was_not_found_is_undecided() -> None:
    """Whatever is asked of it."""
    nothing = (MeasuredCapacity(channel="*", value=None, low=None, high=None),)
    judged = judge_capacity(capacity("capacity(*) >= 1/s"), nothing)
    assert judged.verdict is Verdict.UNDECIDED
    assert judged.reason == "the capacity was not found"


def test_one_run_does_not_show_a_capacity() -> None:
    """A load test with such a line never passes because of it."""
    manifest = Manifest(run="0" * 16, command="load", model="m", scenario=None, seed=1, status="finished")
    *_, judged = judge_all([capacity("capacity(*) >= 1/s")], RunData(manifest=manifest))
    assert judged.verdict is Verdict.UNDECIDED
    assert "footfall capacity" in judged.reason


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("capacity(*) >= 60", r"missing unit \(/s"),
        ("capacity(*) >= 60%", r"missing unit \(/s"),
        ("capacity(*) >= 60ms", r"missing unit \(/s"),
        ("capacity(*) <= 60/s", "would ask for a bad result"),
        ("capacity(*) >= 0/s", "above 0"),
        ("capacity(web.query) >= 60/s", "a capacity is of a channel"),
        ("capacity(web.*/GET) >= 60/s", "a capacity is of a channel"),
        ("capacity(all *) >= 60/s", "leave out 'all'"),
        ("capacity(*) within 2% of trace", "belongs to arrivals"),
        ("capacity(*) not worse than baseline by 2%", "not compared with a baseline"),
        ("capacity(*) >= 60/s episodes 20", "unexpected|not allowed"),
        ("capacity(lag) >= 60/s", "load generator's"),
    ],
)
def test_what_is_no_such_criterion_says_why(line: str, words: str) -> None:
    """One line, with what to write instead."""
    with pytest.raises(BadInputError, match=words):
        Criterion(line)
