"""Whatever a service answers, a visit has an ending and nothing breaks."""

import json
from typing import Any

from hypothesis import example, given, strategies as st

from footfall._load.endpoints.endpoints_file import endpoints_in
from footfall._load.endpoints.target_service import TargetService
from footfall._load.http.wire_format import NoAnswerError, address_of, message_of
from footfall._load.responses import Response, json_answer, whole_answer
from footfall._load.visit import Attempt, RequestSpec
from footfall._records.rows import Outcome
from tests.load.scripted import ScriptedWire, customer_at, served
from tests.load.small import small_model

MODEL = small_model()
HERE = address_of("http://127.0.0.1:1", "--host")
NAMES = ("token", "visit", "order", "state", "numbers", "answers", "waited_s", "code", "status", "n", "to_id")
TEXT = st.text(max_size=12) | st.sampled_from(
    ["a\r\nb: c", "中文", "\ud800", "done", "pending", "=1+1", "a/../b?c"]
)
NUMBER = st.integers() | st.sampled_from([10**400, -1, 2**63]) | st.floats()
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=8,
)
DEEP = "[" * 950 + "]" * 950
"""As deep as the reader of JSON allows, or nearly."""
OWN = TargetService(
    endpoints_in(
        """
        code = "code"
        auth = { kind = "login", path = "/login", token = "token" }
        [[operation]]
        for = "*.*"
        step = [
          { path = "/a", save = { x = "state", secret = "visit" } },
          { path = "/b/{x}", headers = { X = "{x}" } },
          { path = "/c", method = "POST", json = { x = "{x}", y = "n{x}" } },
          { path = "/d", method = "POST", form = { x = "{x}" } },
          { path = "/e", method = "POST", text = "{x}{secret}" },
        ]
        """,
        "f.toml",
    ),
    {},
    0.0,
)


class AnyWire(ScriptedWire):
    """Gives these answers in turn, and sees that every request can be sent or has a cause."""

    def __init__(self, answers: list[Response]) -> None:
        """Begin again from the first after the last."""
        super().__init__(request_s=1)
        self._reported = answers

    def send(self, request: RequestSpec, attempt: int) -> Response:
        """Answer, if it can be sent."""
        try:
            message_of(HERE, request)
        except NoAnswerError as error:
            return Response(0, problem=error.cause)
        super().send(request, attempt)
        return self._reported[len(self.requests) % len(self._reported)]


def holds(ending: tuple[Outcome, str]) -> bool:
    """Whether an ending may stand in a table."""
    outcome, cause = ending
    plain = cause.isascii() and cause.replace("_", "").isalnum() and len(cause) <= 60
    return plain if outcome is not Outcome.SERVED else cause == ""


STATUS = st.sampled_from([200, 201, 202, 204, 302, 400, 429, 503, 999])
ANSWERS = st.lists(
    st.tuples(STATUS, st.dictionaries(st.sampled_from(NAMES), JSON, max_size=6)), min_size=1, max_size=6
)


@given(
    reported=ANSWERS,
    channel=st.sampled_from([each.name for each in MODEL.channels]),
    operation=st.sampled_from(["query", "transact", "purchase"]),
)
@example(
    reported=[(201, {"token": "t", "visit": "v", "waited_s": 10**400})], channel="kiosk", operation="query"
)
@example(
    reported=[(200, {"token": "t", "order": "o", "state": {"x": 1}})], channel="web", operation="transact"
)
@example(
    reported=[(200, {"answers": [{"n": 1, "status": "no", "code": ["x"]}]})], channel="sms", operation="query"
)
def test_no_answer_of_the_reference_interface_breaks_a_visit(
    reported: list[tuple[int, dict[str, Any]]], channel: str, operation: str
) -> None:
    """Of any shape and size, at any step."""
    wire = AnyWire([json_answer(status, json.dumps(body).encode()) for status, body in reported])
    if operation not in MODEL.channel(channel).dialogues:
        operation = "query"
    attempt, ending = served(MODEL, customer_at(channel, operation, wire))
    assert holds(ending)
    assert 0 <= attempt.wait_s <= wire.clock_s


@given(reported=ANSWERS)
@example(reported=[(200, {"token": "t", "state": "\ud800"})])
@example(reported=[(200, {"token": "t", "state": 10**400})])
def test_no_answer_of_an_own_service_breaks_a_visit(reported: list[tuple[int, dict[str, Any]]]) -> None:
    """Whatever is saved and put into paths, headers and bodies."""
    wire = AnyWire([Response(status, body, document=body) for status, body in reported])
    attempt = Attempt(customer_at("web", "query", wire), MODEL.channel("web"), 1, 0.0)
    assert holds(OWN.serve(attempt))


@given(
    raw=st.binary(max_size=60), charset=st.sampled_from(["", "utf-8", "latin-1", "utf-16", "idna", "rot13"])
)
def test_no_body_breaks_its_reader(raw: bytes, charset: str) -> None:
    """JSON too deep, numbers too long, any bytes in any charset."""
    whole_answer(200, raw, {"content-type": f"text/html; charset={charset}"})
    for evil in (b"[" * 100_000, b'{"a": ' * 50_000, b"9" * 100_000, b'"\\ud800"', DEEP.encode()):
        assert json_answer(200, evil).data == {}
