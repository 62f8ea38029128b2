"""Visits to the reference service: pages of the account come after a login."""

import pytest

import footfall as ff
from footfall._behaviour.load_model import check_logins


def shop(*steps: ff.Step, station: ff.RequestServer | ff.MessageGateway | None = None) -> ff.Model:
    """One channel whose visits take these steps."""
    channel = ff.Channel("web", station or ff.RequestServer(4), dialogues={"order": steps})
    return ff.Model("shop", arrivals=ff.per_hour(60), wants={"order": 1}, channels=channel)


def test_a_page_of_the_account_without_a_login_is_refused() -> None:
    """The reference service would answer every one of these visits with 401."""
    expected = r"web\.dialogues\.order: asks for 'order', .* after a login only; expected a step"
    with pytest.raises(ff.BadInputError, match=expected):
        check_logins(shop(ff.Step("browse"), ff.Step("order"), ff.Step("login")))


@pytest.mark.parametrize("verbs", [("login", "order"), ("browse",), ("browse", "login", "query")])
def test_visits_that_log_in_or_browse_pass(verbs: tuple[str, ...]) -> None:
    """In any order that logs in before the account is asked for."""
    check_logins(shop(*map(ff.Step, verbs)))


def test_a_short_message_is_known_by_its_number() -> None:
    """There is no login by SMS."""
    check_logins(shop(ff.Step("order"), station=ff.MessageGateway(5)))
