"""Which behaviours go beyond the plain ones: none by default, each by its name."""

import pytest

from footfall._behaviour.load_model import of_clients, of_limits, of_server
from footfall._model.changes import set_text
from models.guangxi import MODEL


def test_the_province_is_plain() -> None:
    """Whatever is not set serves as ever."""
    for channel in MODEL.channels:
        assert not of_server(channel.station)
        assert not of_limits(channel.station)
        assert not of_clients(channel.station)


@pytest.mark.parametrize(
    ("assignment", "is_of_server"),
    [
        ("web.discipline=sharing", True),
        ("web.queues=2", True),
        ("sms.connections=2", True),
        ("sms.window=10", True),
        ("web.retries_most=2", False),
        ("web.breaker.failure_share=0.5", False),
    ],
)
def test_each_setting_is_found_under_its_own_name(assignment: str, *, is_of_server: bool) -> None:
    """On the side that it changes, and on no other."""
    channel, _, setting = assignment.partition(".")
    station = set_text(MODEL, assignment).channel(channel).station
    assert of_server(station) == ((setting,) if is_of_server else ())
    assert of_clients(station) == (() if is_of_server else (setting,))


@pytest.mark.parametrize(
    "assignment",
    [
        "web.queue_timeout_s=2",
        "web.rate_limit.requests_per_s=60",
        "web.stale_work=served",
        "web.stalls.length_s=2",
    ],
)
def test_limits_are_found_and_the_reference_service_has_them(assignment: str) -> None:
    """They are no reason to refuse a model."""
    station = set_text(MODEL, assignment).channel("web").station
    assert of_limits(station) == (assignment.partition(".")[2],)
    assert not of_server(station)
    assert not of_clients(station)


@pytest.mark.parametrize(
    "assignment",
    [
        "web.burst=8",
        "web.every_s=8",
        "web.dispatch=random",
        "web.cores=8",
        "web.backoff_s=1",
        "web.open_s=9",
        "sms.ack_s=1",
    ],
)
def test_a_number_of_something_that_is_off_changes_nothing(assignment: str) -> None:
    """Cores count when they are shared, pauses when there are retries."""
    station = set_text(MODEL, assignment).channel(assignment.partition(".")[0]).station
    assert not of_server(station)
    assert not of_clients(station)
