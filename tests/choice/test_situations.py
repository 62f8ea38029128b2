"""The tabulated choice is the model's own."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from footfall._choice.choice_situations import expected_shares, situations
from footfall._model.model import Model
from footfall._model.population import Segment
from models.guangxi import MODEL as PROVINCE
from tests import made_up

NAMES = [channel.name for channel in PROVINCE.channels]
LEARNT = {"web": 0.8, "sms": 0.7}


def moved(segment: Segment, electronic_trust: float, physical_habit: float) -> Segment:
    """Give a segment whose trust and habit have changed, and that knows web and SMS in part."""
    taste: dict[str, Any] = {
        "trust": segment.taste.trust | {"electronic": made_up.number(electronic_trust)},
        "habit": segment.taste.habit | {"physical": made_up.number(physical_habit)},
    }
    reach = dict(segment.reach) | {
        name: made_up.number(float(segment.reach.get(name, 1.0)) * share) for name, share in LEARNT.items()
    }
    return segment.model_copy(update={"taste": segment.taste.model_copy(update=taste), "reach": reach})


@pytest.mark.parametrize("operation", PROVINCE.operations)
@pytest.mark.parametrize(("electronic_trust", "physical_habit"), [(0.5, 0.5), (1.0, 0.0), (0.0, 1.0)])
def test_moved_stocks_give_the_shares_of_the_model_with_those_tastes(
    operation: str, electronic_trust: float, physical_habit: float
) -> None:
    """The odds between the nests move by the difference of the gains, to twelve digits."""
    segments = tuple(moved(s, electronic_trust, physical_habit) for s in PROVINCE.segments)
    expected = expected_shares(PROVINCE.model_copy(update={"segments": segments}), operation)
    aware = np.array([[LEARNT.get(name, 1.0) for name in NAMES]])
    total = np.zeros(len(NAMES))
    for segment in PROVINCE.segments:
        taste = segment.taste
        gain = taste.per_trust * (electronic_trust - taste.trust["electronic"])
        gain -= taste.per_habit * (physical_habit - taste.habit["physical"])
        table = situations(PROVINCE, segment, operation, frozenset(LEARNT))
        weight = segment.population_share * segment.month_visits[operation]
        total += weight * table.shares(aware, np.array([gain]))[0]
    found = dict(zip(NAMES, total / total.sum(), strict=True))
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-12)
    assert sum(found.values()) == pytest.approx(1, abs=1e-12)


def test_whoever_knows_no_channel_goes_nowhere(operator: Callable[..., Model]) -> None:
    """Nobody knows any of the three: all shares are 0, and nothing is divided by it."""
    model = operator()
    table = situations(model, model.segments[0], "query", frozenset({"hall", "web", "kiosk"}))
    assert table.shares(np.zeros((1, 3)), np.zeros(1)).tolist() == [[0.0, 0.0, 0.0]]
    alone = table.shares(np.array([[0.0, 1.0, 0.0]]), np.array([-5.0]))
    assert alone[0] == pytest.approx([0.0, 1.0, 0.0], abs=1e-12)
