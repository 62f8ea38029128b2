"""By which second of the day a service has staff on duty and its doors open."""

import time

import pytest

from footfall._model.model import THE_DAYS_OWN, DayClock
from footfall._service.settings import RunClock, steady_clock
from tests.service.running import Start


class Now:
    """A clock that a test sets."""

    s = 1_000_000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.s


def test_the_day_goes_with_play_and_waits_at_its_window_s_start_until_it_is_set() -> None:
    """Nine o'clock until somebody plays; at speed 60 a minute of the day a second; then it stands still."""
    now = Now()
    clock = RunClock(now, DayClock(starts_s=9 * 3600.0, speed=60.0, length_s=3600.0))
    now.s += 500
    assert clock.day_s() == 9 * 3600
    clock.start_in(10)
    assert clock.day_s() == 9 * 3600
    now.s += 10 + 30
    assert clock.day_s() == 9.5 * 3600
    now.s += 300
    assert clock.day_s() == pytest.approx(10 * 3600, abs=0.01)


def test_a_model_that_is_not_played_keeps_the_hours_of_this_place() -> None:
    """Then the service is open when its operator's doors would be."""
    now = Now()
    local = time.localtime(now.s)
    assert RunClock(now, THE_DAYS_OWN).day_s() == local.tm_hour * 3600 + local.tm_min * 60 + local.tm_sec


def test_a_step_of_the_systems_clock_ends_no_session_and_no_reservation(start: Start) -> None:
    """An hour forward or back changes nothing; seconds that pass do."""
    wall, passed = Now(), Now()
    now_s = steady_clock(wall, passed)
    assert now_s() == wall.s
    running = start(now_s=now_s)
    headers = running.log_in("agent", 1)
    number = running.client.get("/agent/numbers").json()["numbers"][0]
    reserve = f"/agent/numbers/{number}/reserve"
    assert running.client.post(reserve, headers=headers).status_code == 200
    other = running.log_in("agent", 2)
    for step_s in (3600, -7200):
        wall.s += step_s
        assert running.client.get("/agent/account", headers=headers).status_code == 200
        assert running.client.post(reserve, headers=other).status_code == 409
    passed.s += 119
    assert running.client.post(reserve, headers=other).status_code == 409
    passed.s += 2
    assert running.client.post(reserve, headers=other).status_code == 200
