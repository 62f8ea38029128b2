"""What an answer means: one table, in which nothing is a success by default."""

import pytest
from hypothesis import given, strategies as st

from footfall._load.responses import Response, ending_of
from footfall._load.visit import RequestSpec, has_token, status_is
from footfall._records.rows import Outcome


@pytest.mark.parametrize(
    ("status", "code", "outcome", "cause"),
    [
        (401, "wrong_pin", Outcome.REJECTED, "wrong_pin"),
        (409, "insufficient_funds", Outcome.REJECTED, "insufficient_funds"),
        (409, "under_contract", Outcome.REJECTED, "under_contract"),
        (422, "unknown_item", Outcome.REJECTED, "unknown_item"),
        (0, "unknown_command", Outcome.REJECTED, "unknown_command"),
        (409, "number_taken", Outcome.REJECTED, "number_taken"),
        (409, "house_rule", Outcome.REJECTED, "house_rule"),
        (410, "expired", Outcome.UNCONFIRMED, "expired"),
        (408, "patience", Outcome.ABANDONED, "patience"),
        (503, "long_queue", Outcome.BALKED, "long_queue"),
        (503, "throttled", Outcome.THROTTLED, "throttled"),
        (429, "slow_down", Outcome.THROTTLED, "slow_down"),
        (503, "no_line", Outcome.BLOCKED, "no_line"),
        (503, "no_room", Outcome.BLOCKED, "no_room"),
        (503, "closed", Outcome.CLOSED, "closed"),
        (503, "out_of_order", Outcome.ERROR, "out_of_order"),
        (503, "outage", Outcome.ERROR, "outage"),
        (502, "crm_error", Outcome.ERROR, "crm_error"),
        (504, "crm_timeout", Outcome.TIMEOUT, "crm_timeout"),
        (504, "", Outcome.TIMEOUT, "http_504"),
        (500, "", Outcome.ERROR, "http_500"),
        (404, "", Outcome.ERROR, "http_404"),
        (401, "no_session", Outcome.ERROR, "no_session"),
        (409, "no_visit", Outcome.ERROR, "no_visit"),
    ],
)
def test_an_answer_means(status: int, code: str, outcome: Outcome, cause: str) -> None:
    """Status and code give the outcome; the cause names the code, or the status where there is none."""
    assert ending_of(Response(status, {"code": code})) == (outcome, cause)


@pytest.mark.parametrize(
    ("problem", "outcome"),
    [
        ("no_answer", Outcome.TIMEOUT),
        ("unreachable", Outcome.ERROR),
        ("connection_lost", Outcome.ERROR),
    ],
)
def test_no_answer_means(problem: str, outcome: Outcome) -> None:
    """Too late is a timeout, a broken line an error."""
    assert ending_of(Response(0, problem=problem)) == (outcome, problem)


@given(status=st.integers(0, 599), code=st.one_of(st.text(max_size=20), st.integers(), st.none()))
def test_an_answer_that_was_not_asked_for_is_never_a_success(status: int, code: object) -> None:
    """Whatever comes, the outcome is not `served`, and it has a cause."""
    outcome, cause = ending_of(Response(status, {"code": code}))
    assert outcome is not Outcome.SERVED
    assert cause


def test_a_success_is_only_the_answer_that_was_asked_for() -> None:
    """Another 2xx, or the right status without a text in it that a header can hold, is an error."""
    request = RequestSpec(channel="web", method="POST", path="/login", is_right=has_token(200, "token"))
    assert request.judge(Response(200, {"token": "t"})) == (Outcome.SERVED, "")
    wrong = (None, "", "a\r\nb", "帳單", "\ud800", ["t"], {"t": 1}, 5, "t" * 10_000)
    for answer in (
        Response(200),
        Response(204, {"token": "t"}),
        *(Response(200, {"token": each}) for each in wrong),
    ):
        assert request.judge(answer) == (Outcome.ERROR, "unexpected_answer")
    gone = RequestSpec(channel="web", method="POST", path="/logout", is_right=status_is(204))
    assert gone.judge(Response(204)) == (Outcome.SERVED, "")
