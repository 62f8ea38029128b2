"""The plan and the verdict of a loop."""

from math import exp, inf, isclose

import numpy as np
import pytest
from hypothesis import given, strategies as st

from footfall._calibrate.load_prediction import KneeForecast
from footfall._calibrate.verification import PredictionVerdict
from footfall._records.errors import BadInputError
from footfall._runs.capacity_target import BUDGET_S_LEAST
from footfall._runs.loop_plan import (
    BEYOND,
    KNEE,
    LOOP_BUDGET_S_LEAST,
    OUTAGE,
    TITLES,
    check_budget,
    phase_budgets,
)
from footfall._runs.loop_records import PartVerdict
from footfall._runs.loop_verdict import knee_part, loop_verdict, not_measured

HELD, DID_NOT_HOLD, CANNOT_TELL = PredictionVerdict


def predicted(value: float, half_share: float) -> KneeForecast:
    """A predicted capacity whose interval is symmetric in its logarithm."""
    return KneeForecast(criteria=(), value=value, low=value * exp(-half_share), high=value * exp(half_share))


def measured(value: float, half_share: float) -> dict[str, float]:
    """A measured one."""
    return {"value": value, "low": value * exp(-half_share), "high": value * exp(half_share)}


def part(probability: float | None, *depends_on: str, verdict: PredictionVerdict = HELD) -> PartVerdict:
    """A part that was tested, or not."""
    return PartVerdict(
        part=BEYOND, verdict=verdict, reason="5 of 5", probability=probability, depends_on=depends_on
    )


# ── The plan


@given(
    budget_s=st.floats(LOOP_BUDGET_S_LEAST, 86_400),
    spent_share=st.floats(0, 1.2),
    done=st.sets(st.sampled_from(list(TITLES))),
)
def test_what_is_left_is_divided_among_the_phases_to_come(
    budget_s: float, spent_share: float, done: set[str]
) -> None:
    """Nothing goes to what is done; only the search may take more than its share, to be possible at all."""
    left_s = max(budget_s * (1 - spent_share), 0.0)
    budgets = phase_budgets(budget_s, budget_s * spent_share, frozenset(done))
    assert [one.name for one in budgets] == [name for name in TITLES if name not in done]
    others = sum(one.budget_s for one in budgets if one.name != KNEE)
    assert others <= left_s + 1e-6
    assert all(one.budget_s >= BUDGET_S_LEAST for one in budgets if one.name == KNEE)
    if KNEE not in done and len(done) < len(TITLES):
        whole = sum(one.budget_s for one in budgets)
        assert isclose(whole, left_s, rel_tol=1e-6) or whole <= left_s + BUDGET_S_LEAST
    assert all((one.run_s is not None) == (one.name in {BEYOND, OUTAGE}) for one in budgets)


def test_a_larger_budget_gives_no_phase_less() -> None:
    """Longer runs are more exact."""
    small, large = phase_budgets(120.0), phase_budgets(600.0)
    for one, other in zip(small, large, strict=True):
        assert other.budget_s >= one.budget_s
        assert (other.run_s or 0) >= (one.run_s or 0)


@pytest.mark.parametrize("budget_s", [0.0, 10.0, LOOP_BUDGET_S_LEAST - 1, 1e6])
def test_a_budget_that_cannot_do_says_what_would(budget_s: float) -> None:
    """One line, with the least that is possible."""
    with pytest.raises(BadInputError, match=r"--budget: .* out of range; expected 75s to a day"):
        check_budget(budget_s)


# ── The verdict


def test_a_right_prediction_of_the_capacity_is_refuted_in_about_one_loop_of_twenty() -> None:
    """Both estimates scatter about one truth by what their intervals say."""
    rng = np.random.default_rng(5)
    sds = rng.uniform(0.01, 0.1, (600, 2))
    off = rng.standard_normal((600, 2)) * sds
    verdicts = [
        loop_verdict(
            [knee_part(predicted(60 * exp(a), 1.96 * sd_a), measured(60 * exp(b), 1.96 * sd_b), "", ())]
        ).verdict
        for (a, b), (sd_a, sd_b) in zip(off, sds, strict=True)
    ]
    refuted = verdicts.count(DID_NOT_HOLD) / len(verdicts)
    assert 0.03 < refuted < 0.075
    assert verdicts.count(HELD) == len(verdicts) - verdicts.count(DID_NOT_HOLD)


@given(factor=st.one_of(st.floats(1.2, 5), st.floats(0.2, 0.8)))
def test_a_capacity_far_outside_both_intervals_did_not_hold(factor: float) -> None:
    """Intervals of 3 % do not bridge 20 %, whichever is the higher."""
    found = loop_verdict([knee_part(predicted(60, 0.03), measured(60 * factor, 0.03), "", ())])
    assert found.verdict is DID_NOT_HOLD
    assert not found.parts[0].figures[0].is_inside


def test_what_depends_on_an_unknown_number_is_not_refuted() -> None:
    """It is off, but a limit that no run had shown may be why."""
    found = loop_verdict([knee_part(predicted(60, 0.03), measured(40, 0.03), "", ("url: deadline: …",))])
    assert found.verdict is CANNOT_TELL
    assert "no run has shown" in found.reason


def test_a_capacity_that_was_not_measured_or_not_predicted_tells_nothing() -> None:
    """And is never a success."""
    for one in (
        knee_part(None, measured(60, 0.03), "no wait was seen", ()),
        knee_part(predicted(60, 0.03), {"value": None, "low": None, "high": None}, "limited by", ()),
        knee_part(predicted(60, 0.03), None, "no search", ()),
    ):
        assert loop_verdict([one, part(0.6)]).verdict is CANNOT_TELL


def test_a_prediction_without_an_upper_end_can_only_be_refuted_from_below() -> None:
    """Any capacity above its low end agrees with it, which says nothing."""
    least = KneeForecast(criteria=(), value=60.0, low=57.0, high=inf)
    for value in (58.0, 60.0, 90.0, 900.0):
        found = knee_part(least, measured(value, 0.03), "", ())
        assert (found.verdict, found.figures) == (CANNOT_TELL, ())
        assert "no upper end" in found.reason
    assert loop_verdict([knee_part(least, measured(40.0, 0.03), "", ())]).verdict is DID_NOT_HOLD


def test_the_level_is_divided_among_the_parts() -> None:
    """One part at 2 % of three refutes nothing; at 1 % it does."""
    assert loop_verdict([part(0.02), part(0.5), part(0.5)]).verdict is HELD
    assert loop_verdict([part(0.01), part(0.5), part(0.5)]).verdict is DID_NOT_HOLD


def test_one_part_that_was_not_played_leaves_the_verdict_open_but_does_not_hide_a_refuted_one() -> None:
    """Held needs all parts; did not hold needs one."""
    absent = not_measured(OUTAGE, "it was not played")
    assert loop_verdict([part(0.9), absent]).verdict is CANNOT_TELL
    assert loop_verdict([part(0.001), absent]).verdict is DID_NOT_HOLD
    assert loop_verdict([]).verdict is CANNOT_TELL
