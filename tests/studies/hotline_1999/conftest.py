"""A made-up hotline and days of it."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest

from footfall._model.numbers import Grade
from studies.hotline_1999.inputs import MonthInputs, Patience
from studies.hotline_1999.records import RecordedDay
from studies.hotline_1999.spec import Flood, Hotline, Pauses
from tests.made_up import number

SUNDAY = date(1999, 2, 7)
DayMaker = Callable[..., RecordedDay]


def pauses(rate_per_s: float) -> Pauses:
    """Give pauses of one rate for everybody at all times."""
    return Pauses(
        from_s=(0.0,),
        waiting_from=(),
        day_per_s=((rate_per_s,),),
        evening_per_s=((rate_per_s,),),
        queue_share_from=(),
        short_factors=(1.0,),
        long_factors=(1.0,),
        hours_from=(),
        hour_short_factors=(1.0,),
        hour_long_factors=(1.0,),
        short_below_s=20.0,
        agents={},
        grade=Grade.ASSUMED,
        source="made up",
    )


@pytest.fixture(scope="session")
def plain() -> Hotline:
    """Give a hotline whose agents are back at once, and which has none of the special rules."""
    return Hotline(
        name="plain",
        title="plain",
        opens_s=number(0),
        closes_s=number(86_400),
        evening_from_s=number(72_000),
        on_duty_gap_s=number(1200),
        priority_credit_s=number(90),
        credit_s={},
        called_back_kind="none",
        held_share=number(1),
        not_measured=(),
        rare_kinds=(),
        place_from=(),
        comes_early_s=number(0),
        comes_late_s=number(0),
        flood=Flood(kind="A", times_usual=number(1e9), more_than_usual=number(1e9), kind_share=number(1)),
        pauses=pauses(1e9),
        replications=number(1),
    )


@pytest.fixture(scope="session")
def recorded() -> DayMaker:
    """Give what makes a day of calls of one kind, of which nothing is known but when they came."""

    def make(arrived_s: np.ndarray, kinds: tuple[str, ...] | None = None, day: date = SUNDAY) -> RecordedDay:
        calls = arrived_s.size
        unknown = np.full(calls, np.nan)
        return RecordedDay(
            day=day,
            arrived_s=arrived_s,
            kinds=kinds or ("A",) * calls,
            priority=np.zeros(calls, dtype=np.int64),
            waited_s=np.zeros(calls),
            served=np.ones(calls, dtype=bool),
            agents=("",) * calls,
            began_s=unknown,
            ended_s=unknown,
            service_s=unknown,
        )

    return make


def exponential_inputs(service_s_mean: float, patience_s_mean: float) -> MonthInputs:
    """Give a month of exponential services and exponential patience, to a hundred-thousandth."""
    steps = (np.arange(100_000) + 0.5) / 100_000
    services = -service_s_mean * np.log1p(-steps)
    patience = Patience(np.array([0.0]), np.array([1.0]), 1 / patience_s_mean)
    return MonthInputs({("A",): services, (): services}, {}, {(): patience}, {})
