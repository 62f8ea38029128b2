"""A visit goes through the steps of its operation and is served only if every answer was right."""

import base64
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from footfall import __version__
from footfall._load.endpoints.endpoints_file import endpoints_in
from footfall._load.endpoints.placeholders import CUSTOMER_WORDS
from footfall._load.endpoints.target_service import VALUES, SharedToken, TargetService
from footfall._load.identity import Identity
from footfall._load.responses import SERVED, Ending, Response, whole_answer
from footfall._load.visit import Attempt, JourneyRunner, OrderOutcome, RequestSpec, VisitOverError
from footfall._records.rows import Outcome
from tests.load.scripted import ScriptedWire, customer_at
from tests.load.small import after_failure, small_model

OK = whole_answer(200, b'{"state": "ok", "data": {"id": "o/1", "token": "t1"}}', {})
Answers = Callable[[RequestSpec], Response | None]


def wire_of(answers: Answers = lambda _request: None, request_s: float = 0.0) -> ScriptedWire:
    """Give a wire on which everything is right but for what the script says."""
    return ScriptedWire(lambda request: answers(request) or OK, request_s)


def service_of(text: str, factor: float = 1.0, **secrets: str) -> TargetService:
    """Make a file ready."""
    known = {f"env.{name}": value for name, value in secrets.items()}
    return TargetService(endpoints_in(text, "f.toml"), known, factor)


def visit(
    service: TargetService, wire: ScriptedWire, unsettled: OrderOutcome | None = None
) -> tuple[Attempt, Ending]:
    """Serve one attempt at the web."""
    attempt = Attempt(customer_at("web", "query", wire), small_model().channel("web"), 1, 0.0)
    return attempt, service.serve(attempt, unsettled)


def endpoints_text(*steps: str, head: str = "") -> str:
    """Give a file with one operation of these steps."""
    return f'{head}\n[[operation]]\nfor = "*.*"\n' + "".join(
        f"[[operation.step]]\n{step}\n" for step in steps
    )


def sent(wire: ScriptedWire) -> list[tuple[str, str, Mapping[str, str], Any]]:
    """Give method, path, headers and JSON body of all requests."""
    return [
        (r.method, r.target, r.sent_headers, json.loads(r.payload) if r.payload else None)
        for r in wire.requests
    ]


ORDER = 'method = "POST"\npath = "/orders"\njson = { id = "{uuid}" }\nsave = { order = "data.id" }'


def test_steps_are_asked_in_order_with_what_the_earlier_ones_saved() -> None:
    """A saved value is escaped where it goes; statistics have the names of the steps, without values."""
    wire = wire_of()
    text = endpoints_text(
        'path = "/customers/{phone}/bills?n={subscriber}"\nname = "bills"',
        ORDER,
        'path = "/orders/{order}?of={operation}"\ntimeout_s = 3',
    )
    attempt, ending = visit(service_of(text), wire)
    assert ending == SERVED
    assert [request[:2] for request in sent(wire)] == [
        ("GET", "/customers/13800000000/bills?n=0"),
        ("POST", "/orders"),
        ("GET", "/orders/o%2F1?of=query"),
    ]
    assert wire.steps() == ["web bills", "web POST /orders", "web GET /orders/{order}"]
    assert [request.timeout_s for request in wire.requests] == [30.0, 30.0, 3.0]
    assert attempt.served_s == 0


def test_only_the_placeholders_of_the_file_are_worked_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser's name costs the import of Faker: a third of a second in which arrivals would wait."""
    asked: list[str] = []

    def browser(_: Identity) -> str:
        asked.append("browser")
        return "Mozilla/5.0"

    monkeypatch.setattr(Identity, "browser", property(browser))
    assert visit(service_of(endpoints_text('path = "/customers/{phone}"')), wire_of())[1] == SERVED
    assert asked == []
    with_browser = endpoints_text('path = "/"\nheaders = { User-Agent = "{browser}" }')
    assert visit(service_of(with_browser), wire_of())[1] == SERVED
    assert asked == ["browser"]
    assert tuple(sorted(VALUES)) == tuple(sorted(CUSTOMER_WORDS))


def test_bodies_and_headers_are_sent_as_the_file_says() -> None:
    """JSON with its types, forms encoded, text as it is; the file's own header replaces ours."""
    text = endpoints_text(
        'path = "/a"\nmethod = "POST"\njson = { fen = "{recharge_fen}", '
        'phone = "{phone}", deep = [{ a = "x{attempt}" }] }',
        'path = "/b"\nmethod = "POST"\nform = { a = "{operation}&b", n = 5 }',
        'path = "/c"\nmethod = "PUT"\ntext = "<a>{channel}</a>"\n'
        'headers = { content-type = "text/xml", X-Of = "{segment}" }',
        'path = "/d"',
    )
    wire = wire_of()
    assert visit(service_of(text), wire)[1] == SERVED
    person = customer_at("web", "query", wire).identity
    as_json, form, plain, nothing = wire.requests
    assert json.loads(as_json.payload or b"") == {
        "fen": person.recharge_fen,
        "phone": person.msisdn,
        "deep": [{"a": "x1"}],
    }
    assert as_json.sent_headers["Content-Type"] == "application/json"
    assert form.payload == b"a=query%26b&n=5"
    assert form.sent_headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert plain.payload == b"<a>web</a>"
    assert plain.sent_headers == {
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate, br",
        "User-Agent": f"footfall/{__version__}",
        "content-type": "text/xml",
        "X-Of": "all",
    }
    assert nothing.payload is None
    assert "Content-Type" not in nothing.sent_headers


def test_people_think_as_much_shorter_as_in_the_rest_of_the_play() -> None:
    """Seven seconds at a factor of 0.1 are 0.7 of the customer's own; the requests' time is not."""
    wire = wire_of(request_s=0.5)
    attempt, _ = visit(
        service_of(endpoints_text('path = "/a"\nthink_s = 7', 'path = "/b"'), factor=0.1), wire
    )
    assert attempt.human_s == pytest.approx(0.7)
    assert wire.clock_s == pytest.approx(0.7 + 2 * 0.5)


def test_one_wrong_answer_ends_the_visit() -> None:
    """What comes after it is not asked."""
    wire = wire_of(lambda request: Response(429) if request.target == "/b" else None)
    text = endpoints_text('path = "/a"', 'path = "/b"', 'path = "/c"')
    assert visit(service_of(text), wire)[1] == (Outcome.THROTTLED, "http_429")
    assert [request.target for request in wire.requests] == ["/a", "/b"]


@pytest.mark.parametrize("value", ["a\r\nHost: b", "Łukasz", "中文", "\ud800", "a\0b", "b\u2028c"])
def test_a_saved_value_that_no_header_can_hold_ends_the_visit(value: str) -> None:
    """A line break, a letter beyond Latin-1, half of a surrogate pair: nothing is sent."""
    evil = whole_answer(200, json.dumps({"x": value}).encode(), {})
    text = endpoints_text('path = "/a"\nsave = { x = "x" }', 'path = "/b"\nheaders = { X = "{x}" }')
    wire = wire_of(lambda _request: evil)
    assert visit(service_of(text), wire)[1] == (Outcome.ERROR, "header_not_sendable")
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    ("step", "cause"),
    [
        ('path = "/b/{x}"', "path_not_sendable"),
        ('path = "/b"\nmethod = "POST"\nform = { x = "{x}" }', "body_not_sendable"),
        ('path = "/b"\nmethod = "POST"\ntext = "{x}"', "body_not_sendable"),
    ],
)
def test_half_of_a_surrogate_pair_goes_into_no_path_and_no_text(step: str, cause: str) -> None:
    """JSON can hold it, and escapes it; UTF-8 cannot."""
    half = whole_answer(200, b'{"x": "\\ud800"}', {})
    wire = wire_of(lambda _request: half)
    assert visit(service_of(endpoints_text('path = "/a"\nsave = { x = "x" }', step)), wire)[1] == (
        Outcome.ERROR,
        cause,
    )
    as_json = 'path = "/b"\nmethod = "POST"\njson = { x = "{x}" }'
    wire = wire_of(lambda _request: half)
    assert visit(service_of(endpoints_text('path = "/a"\nsave = { x = "x" }', as_json)), wire)[1] == SERVED
    assert wire.requests[1].payload == b'{"x": "\\ud800"}'


UNTIL = 'path = "/a"\nuntil = { json = { state = "done" }, every_s = 2, at_most_s = 5 }'


def test_a_step_is_asked_again_until_it_is_done() -> None:
    """Each time is a request of its own, and the wait is the service's."""
    looks = iter(["pending", "pending", "done"])
    wire = wire_of(lambda _r: whole_answer(200, json.dumps({"state": next(looks)}).encode(), {}))
    attempt, ending = visit(service_of(endpoints_text(UNTIL)), wire)
    assert ending == SERVED
    assert len(wire.requests) == 3
    assert (wire.clock_s, attempt.human_s) == (4.0, 0.0)


def test_what_is_not_done_in_time_is_a_timeout() -> None:
    """Looks at 0, 2 and 4 s; the next would be later than 5 s."""
    wire = wire_of()
    assert visit(service_of(endpoints_text(UNTIL)), wire)[1] == (Outcome.TIMEOUT, "not_done")
    assert len(wire.requests) == 3


@pytest.mark.parametrize(("status", "is_same"), [(504, True), (409, False)])
def test_a_retried_order_keeps_its_key_only_while_it_may_have_been_executed(
    status: int, *, is_same: bool
) -> None:
    """As at the reference service: after a timeout it is unknown, after a refusal the order is a new one."""
    service = service_of(endpoints_text(ORDER))
    model = small_model(follow_ups=after_failure(Outcome.TIMEOUT if is_same else Outcome.REJECTED, retry=1))
    wire = wire_of(lambda _request: Response(status))
    JourneyRunner(model, service.serve, lambda *_: None).run(customer_at("web", "recharge", wire))
    keys = [request[3]["id"] for request in sent(wire)]
    assert len(keys) == 3
    assert len(set(keys)) == (1 if is_same else 3)
    assert all(len(key) == 36 for key in keys)


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        ('{ kind = "bearer", token = "{env.A}" }', ("Authorization", "Bearer s3")),
        ('{ kind = "header", name = "X-Api-Key", value = "{env.A}" }', ("X-Api-Key", "s3")),
        (
            '{ kind = "basic", user = "u{subscriber}", password = "{env.A}" }',
            ("Authorization", f"Basic {base64.b64encode(b'u0:s3').decode()}"),
        ),
    ],
)
def test_every_request_says_who_asks_unless_its_step_does_not(auth: str, header: tuple[str, str]) -> None:
    """Bearer, a header of the service's own, user and password."""
    text = endpoints_text('path = "/a"', 'path = "/b"\nauth = false', head=f"auth = {auth}")
    wire = wire_of()
    assert visit(service_of(text, A="s3"), wire)[1] == SERVED
    with_it, without = (request.sent_headers for request in wire.requests)
    assert with_it[header[0]] == header[1]
    assert header[0] not in without


def login(per: str, **more: object) -> str:
    """Give a file with a login."""
    extra = "".join(f", {key} = {json.dumps(value)}" for key, value in more.items())
    body = '{ secret = "{env.A}" }' if per == "process" else '{ phone = "{phone}", pin = "{pin}" }'
    extra += f', json = {body}, token = "data.token", per = "{per}"'
    head = f'auth = {{ kind = "login", path = "/login"{extra} }}'
    return endpoints_text('path = "/a"', 'path = "/b"', head=head)


def test_every_visit_logs_in_as_its_customer_once() -> None:
    """And the token goes with every request after it, but not with the login itself."""
    service, wire = service_of(login("visit")), wire_of()
    for _ in range(2):
        assert visit(service, wire)[1] == SERVED
    assert wire.steps() == ["web login", "web GET /a", "web GET /b"] * 2
    person = customer_at("web", "query", wire).identity
    method, path, headers, body = sent(wire)[0]
    assert (method, path, body) == ("POST", "/login", {"phone": person.msisdn, "pin": person.pin})
    assert "Authorization" not in headers
    assert [request.sent_headers["Authorization"] for request in wire.requests[1:3]] == ["Bearer t1"] * 2


def test_a_process_logs_in_once_and_again_after_a_401_or_when_its_time_is_over() -> None:
    """The visit that gets the 401 fails; the next has a new token."""
    wrong = [None, None, None, None, Response(401)]
    service = service_of(login("process", renew_s=100, prefix="", header="X-T"), A="s3")
    wire = wire_of(lambda _request: wrong.pop(0) if wrong else None)
    endings = [visit(service, wire)[1] for _ in range(3)]
    assert endings == [SERVED, (Outcome.ERROR, "http_401"), SERVED]
    logins = [k for k, step in enumerate(wire.steps()) if step == "web login"]
    assert logins == [0, 5]
    assert wire.requests[1].sent_headers["X-T"] == "t1"
    wire.sleep(101)
    assert visit(service, wire)[1] == SERVED
    assert wire.steps().count("web login") == 3


@pytest.mark.parametrize(
    ("answer", "ending"),
    [
        (Response(403), (Outcome.ERROR, "http_403")),
        (whole_answer(200, b'{"data": {"token": 7}}', {}), (Outcome.ERROR, "no_token")),
        (whole_answer(200, b"{}", {}), (Outcome.ERROR, "no_token")),
    ],
)
def test_who_cannot_log_in_is_not_served(answer: Response, ending: Ending) -> None:
    """Nothing else is asked."""
    for per in ("visit", "process"):
        wire = wire_of(lambda _request: answer)
        assert visit(service_of(login(per), A="s3"), wire)[1] == ending
        assert wire.steps() == ["web login"]


def test_a_login_that_fails_has_failed_for_all_who_waited_for_it() -> None:
    """Else a hundred who wait would try one after another; the next who comes tries again."""
    shared, began, go_on = SharedToken(None), threading.Event(), threading.Event()
    tries: list[int] = []
    failures: list[Ending] = []

    def log_in() -> str:
        tries.append(1)
        began.set()
        assert go_on.wait(30)
        raise VisitOverError(Outcome.TIMEOUT, "no_answer")

    def come() -> None:
        try:
            shared.get(0, log_in)
        except VisitOverError as over:
            failures.append(over.ending)

    first = threading.Thread(target=come)
    first.start()
    assert began.wait(30)
    others = [threading.Thread(target=come) for _ in range(5)]
    for other in others:
        other.start()
    while shared.waiting < 6:
        pass
    go_on.set()
    for thread in (first, *others):
        thread.join(30)
    assert failures == [(Outcome.TIMEOUT, "no_answer")] * 6
    assert len(tries) == 1
    assert shared.get(0, lambda: "t2") == "t2"


def test_secrets_are_in_no_cause_and_no_repr() -> None:
    """Though the service repeats them, and whatever prints a request."""
    said = whole_answer(403, b'{"code": "bad s3cret-one, t1"}', {})
    wire = wire_of(lambda request: said if request.target == "/a" else None)
    service = service_of(login("process"), A="s3cret-one")
    assert visit(service, wire)[1] == (Outcome.ERROR, "bad")
    assert "s3cret-one" not in repr(wire.requests) + repr(service) + repr(vars(wire.requests[0].__class__))


def test_user_and_password_are_in_no_cause_in_the_form_in_which_they_are_sent() -> None:
    """Base64 hides nothing."""
    encoded = base64.b64encode(b"u:s3cret-one").decode()
    wire = wire_of(lambda _request: whole_answer(403, json.dumps({"code": f"no {encoded}"}).encode(), {}))
    head = 'auth = { kind = "basic", user = "u", password = "{env.A}" }'
    text = endpoints_text('path = "/a"', head=head)
    assert visit(service_of(text, A="s3cret-one"), wire)[1] == (Outcome.ERROR, "no")


def test_what_is_not_mapped_is_not_served() -> None:
    """The trace has no such arrival; if there were one, it would be an error."""
    text = '[[operation]]\nfor = "sms.*"\nstep = [{ path = "/" }]'
    assert visit(service_of(text), wire_of())[1] == (Outcome.ERROR, "not_mapped")
