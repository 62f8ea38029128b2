"""How much shorter services are while many wait is found again in days that were made so."""

from dataclasses import replace

import numpy as np
import pytest

from footfall._model.numbers import assumed
from studies.hotline_1999.hurry import hurry_of
from studies.hotline_1999.records import RecordedDay
from studies.hotline_1999.spec import Hotline
from tests.studies.hotline_1999.conftest import DayMaker

CALLS = 2_000
USUAL_S, HURRIED_S = 200.0, 150.0


@pytest.fixture(scope="module")
def day(recorded: DayMaker) -> RecordedDay:
    """Give a day in which every fourth call begins while two wait, and takes three quarters as long."""
    arrived, waited, service = [], [], []
    for k in range(CALLS // 4):
        at = 25_200.0 + 100.0 * k
        arrived += [at, at, at, at + 50.0]
        waited += [10.0, 20.0, 30.0, 0.0]
        service += [HURRIED_S, USUAL_S, USUAL_S, USUAL_S]
    return replace(
        recorded(np.array(arrived)),
        waited_s=np.array(waited),
        service_s=np.array(service),
        agents=tuple(f"A{k % 7}" for k in range(CALLS)),
    )


def test_the_shorter_services_of_a_queue_are_found_again(plain: Hotline, day: RecordedDay) -> None:
    """Against the mean of all, 187.5 s: 0.8 where two still wait, 1.067 where one or none does."""
    hotline = plain.model_copy(update={"hurry_from": (2,), "hurry": (assumed(1, "test"), assumed(1, "test"))})
    free, hurried = hurry_of(hotline, [day])
    assert hurried == pytest.approx(HURRIED_S / 187.5, abs=0.02)
    assert free == pytest.approx(USUAL_S / 187.5, abs=0.02)


def test_factors_of_another_number_than_their_classes_are_refused(plain: Hotline) -> None:
    """Two classes need two factors."""
    with pytest.raises(ValueError, match="hurry has 2 factors"):
        Hotline(**{name: getattr(plain, name) for name in Hotline.model_fields} | {"hurry_from": (2,)})
