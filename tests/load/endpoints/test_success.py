"""An answer is right only if all holds that is said of it; all others have an outcome."""

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from footfall._load.endpoints.endpoints_file import Endpoints
from footfall._load.endpoints.placeholders import ABSENT, is_same, value_at
from footfall._load.endpoints.target_service import ending_at
from footfall._load.responses import SERVED, Ending, Response, whole_answer
from footfall._records.rows import Outcome

GOOD = {"state": "ok", "data": {"id": "o1", "items": [{"n": 1}, {"n": 2}]}}


def answer(body: object = GOOD, status: int = 200, kind: str = "text/json") -> Response:
    """Give an answer with a body of JSON."""
    return whole_answer(status, json.dumps(body).encode(), {"Content-Type": kind})


def ending(found: Response, success: dict[str, Any] | None = None, **file: Any) -> Ending:  # noqa: ANN401  TOML
    """Judge an answer by a step with that success, in a file with those keys."""
    step = {"path": "/"} | ({} if success is None else {"success": success}) | file.pop("step", {})
    endpoints = Endpoints.model_validate({"operation": [{"for": "*.*", "step": [step]}]} | file)
    return ending_at(endpoints, endpoints.operation[0].step[0], found, ("hidden",))


@pytest.mark.parametrize(
    "success",
    [
        {},
        {"status": 200},
        {"status": [200, 201], "json": {"state": "ok", "data.items.1.n": 2}},
        {"json": {"state": ["done", "ok"]}, "has": ["data.id", "data.items"]},
        {"contains": ['"o1"', "items"], "not_contains": "error"},
        {"header": {"content-TYPE": "json"}},
    ],
)
def test_an_answer_is_right_when_all_holds_that_is_said(success: dict[str, Any]) -> None:
    """Each kind of condition, alone and together."""
    assert ending(answer(), success) == SERVED


@pytest.mark.parametrize(
    ("success", "found"),
    [
        ({"status": 201}, answer()),
        ({"json": {"state": "failed"}}, answer()),
        ({"json": {"data.items.2.n": 2}}, answer()),
        ({"json": {"state": "ok"}}, answer([GOOD])),
        ({"json": {"state": True}}, answer({"state": 1})),
        ({"has": "data.id"}, answer({"data": {"id": ""}})),
        ({"has": "data.id"}, answer({"data": {"id": None}})),
        ({"contains": "o2"}, answer()),
        ({"not_contains": "o1"}, answer()),
        ({"header": {"Content-Type": "xml"}}, answer()),
        ({"header": {"ETag": ""}, "json": {"state": "no"}}, answer()),
        ({"json": {"state": "ok"}}, whole_answer(200, b"<html>", {})),
    ],
)
def test_one_condition_that_does_not_hold_is_an_error(success: dict[str, Any], found: Response) -> None:
    """Though the status says that all is well."""
    assert ending(found, success) == (Outcome.ERROR, "unexpected_answer")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (answer({"error": {"code": "card_declined"}}, 402), (Outcome.REJECTED, "card_declined")),
        (answer({"error": {"code": 107}}, 400), (Outcome.BLOCKED, "107")),
        (answer({"error": {"code": "Too busy!"}}, 200), (Outcome.THROTTLED, "Too_busy")),
        (answer({"error": "x"}, 402), (Outcome.UNCONFIRMED, "http_402")),
        (answer({}, 429), (Outcome.THROTTLED, "http_429")),
        (answer({}, 500), (Outcome.ERROR, "http_500")),
        (answer({}, 302), (Outcome.ERROR, "http_302")),
        (Response(0, problem="no_answer"), (Outcome.TIMEOUT, "no_answer")),
        (Response(200, problem="answer_too_long"), (Outcome.ERROR, "answer_too_long")),
    ],
)
def test_a_wrong_answer_is_what_the_file_says_by_code_then_status_else_what_is_usual(
    found: Response, expected: Ending
) -> None:
    """The code stands where the file says; a redirect is no success."""
    outcomes = {"card_declined": "rejected", "107": "blocked", "Too busy!": "throttled", "402": "unconfirmed"}
    success = {"status": 200, "has": "data"}
    assert ending(found, success, code="error.code", outcomes=outcomes) == expected


def test_what_is_to_be_saved_must_be_there() -> None:
    """An answer without it is an error that names it."""
    saves = {"save": {"order": "data.id"}}
    assert ending(answer(), step=saves) == SERVED
    assert ending(answer({"data": {}}), step=saves) == (Outcome.ERROR, "no_order")
    assert ending(answer({"data": {"id": None}}), step=saves) == (Outcome.ERROR, "no_order")
    assert ending(answer(), step={"save": {"whole": "data.items"}}) == SERVED


def test_a_code_that_repeats_a_secret_or_is_a_whole_sentence_is_cut_down() -> None:
    """Causes stand in tables and reports."""
    said = {"code": 'bad token "hidden"\n<b>' + "x" * 100}
    outcome, cause = ending(answer(said, 401))
    assert outcome is Outcome.ERROR
    assert cause.startswith("bad_token_")
    assert "hidden" not in cause
    assert len(cause) <= 60
    assert (
        ending(answer({"code": "=cmd|' /C calc'!A0\r\n\0<img src=x>"}, 400))[1] == "cmd_C_calc_A0_img_src_x"
    )
    assert ending(answer({"code": "余额不足"}, 400))[1] == "http_400"
    assert ending(answer({"code": "余额不足"}, 400), outcomes={"余额不足": "rejected"}) == (
        Outcome.REJECTED,
        "http_400",
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.dictionaries(st.text(), inner)
)


@given(body=JSON, status=st.integers(0, 599), outcome=st.sampled_from(["rejected", "throttled", "error"]))
def test_nothing_but_the_right_answer_is_served(body: object, status: int, outcome: str) -> None:
    """Whatever comes back, and whatever the codes are mapped to."""
    found = answer(body, status)
    file = {"outcomes": {"": outcome, "200": outcome}}
    served = ending(found, {"status": 201, "json": {"state": "ok"}}, **file) == SERVED
    assert served == (status == 201 and isinstance(body, dict) and body.get("state") == "ok")


def test_a_path_leads_through_names_and_positions() -> None:
    """What is not there is absent, which is not null."""
    assert value_at(GOOD, "data.items.1.n") == 2
    assert value_at([5], "0") == 5
    assert value_at(GOOD, "") == GOOD
    assert value_at({"a": None}, "a") is None
    for path in ("data.items.2", "data.items.-1", "data.items.n", "state.0", "nothing", "data..id"):
        assert value_at(GOOD, path) is ABSENT


def test_true_is_not_one() -> None:
    """As in JSON; 1 and 1.0 are the same number."""
    assert is_same(1, 1.0)
    assert not is_same(True, 1)
    assert not is_same(0, False)
    assert is_same(False, [True, False])
