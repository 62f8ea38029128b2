"""Which behaviours go beyond the plain ones: none by default, each by its name."""

import pytest

from footfall.simulate.decide.further import in_model, of_clients, of_server
from footfall.simulate.spec.change import set_text
from footfall.simulate.spec.model import Model
from models.guangxi import MODEL


def test_the_province_is_plain() -> None:
    """Whatever is not set serves as ever."""
    assert in_model(MODEL, server=True) == ()


@pytest.mark.parametrize(
    ("assignment", "is_of_server"),
    [
        ("web.discipline=sharing", True),
        ("web.stale_work=served", True),
        ("sms.connections=2", True),
        ("sms.window=10", True),
        ("web.retries_most=2", False),
        ("web.breaker.failure_share=0.5", False),
    ],
)
def test_each_setting_is_found_under_its_own_name(assignment: str, *, is_of_server: bool) -> None:
    """On the side that it changes, and on no other."""
    changed: Model = set_text(MODEL, assignment)
    assert in_model(changed, server=True) == (assignment,)
    assert in_model(changed, server=False) == (() if is_of_server else (assignment,))
    station = changed.channel(assignment.partition(".")[0]).station
    assert bool(of_server(station)) is is_of_server
    assert bool(of_clients(station)) is not is_of_server


@pytest.mark.parametrize("assignment", ["web.cores=8", "web.backoff_s=1", "web.open_s=9", "sms.ack_s=1"])
def test_a_number_of_something_that_is_off_changes_nothing(assignment: str) -> None:
    """Cores count when they are shared, pauses when there are retries."""
    assert in_model(set_text(MODEL, assignment), server=True) == ()
