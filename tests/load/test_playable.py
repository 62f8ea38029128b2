"""What can only be simulated is not played."""

import pytest

from footfall.load.playable import check_playable
from footfall.records.errors import BadInputError
from footfall.simulate.spec.change import set_text
from models.guangxi import MODEL


def test_the_province_can_be_played() -> None:
    """Anywhere."""
    check_playable(MODEL, at_own_service=True)
    check_playable(MODEL, at_own_service=False)


@pytest.mark.parametrize("assignment", ["web.retries_most=2", "web.breaker.failure_share=0.5"])
@pytest.mark.parametrize("at_own_service", [True, False])
def test_clients_that_do_more_than_send_are_not_played(assignment: str, *, at_own_service: bool) -> None:
    """The line names the setting and what would do."""
    with pytest.raises(
        BadInputError, match=f"{assignment}: cannot be played, only simulated; expected"
    ) as caught:
        check_playable(set_text(MODEL, assignment), at_own_service=at_own_service)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("assignment", ["web.discipline=sharing", "web.stale_work=served", "sms.window=4"])
def test_what_a_server_does_inside_matters_at_the_own_service_only(assignment: str) -> None:
    """A foreign server may well share its cores: the model then says what it does."""
    changed = set_text(MODEL, assignment)
    check_playable(changed, at_own_service=False)
    with pytest.raises(BadInputError, match=assignment):
        check_playable(changed, at_own_service=True)
