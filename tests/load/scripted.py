"""A wire on which a test answers, and a clock that sleeping sets forward."""

from collections.abc import Callable
from typing import Any

from footfall._behaviour import keyed
from footfall._load.identity import Identity
from footfall._load.reference_steps import serve
from footfall._load.responses import Ending, Response
from footfall._load.visit import Attempt, JourneyRunner, OrderOutcome, RequestSpec, RunCustomer
from footfall._model.model import Model
from footfall._records.rows import Arrival, Visit
from tests.load.small import SEED

Script = Callable[[RequestSpec], Response | None]
"""Answers what it wants otherwise than a service in which all goes well; None: as that service."""


class ScriptedWire:
    """Answers like a service in which all goes well, but for what the script says."""

    def __init__(self, script: Script = lambda _request: None, request_s: float = 0.0) -> None:
        """Let every request take so many seconds."""
        self.clock_s = 0.0
        self.requests: list[RequestSpec] = []
        self._script = script
        self._request_s = request_s
        self._answers: list[dict[str, Any]] = []

    def now_s(self) -> float:
        """Read the clock."""
        return self.clock_s

    def sleep(self, seconds: float) -> None:
        """Set the clock forward."""
        self.clock_s += max(seconds, 0.0)

    def send(self, request: RequestSpec, attempt: int) -> Response:  # noqa: ARG002  the wire's signature
        """Answer at once."""
        self.requests.append(request)
        self.clock_s += self._request_s
        return self._script(request) or self._well(request)

    def steps(self) -> list[str]:
        """Give what was asked for, as channel and step."""
        return [f"{request.channel} {request.step}" for request in self.requests]

    def _well(self, request: RequestSpec) -> Response:
        step, body = request.step, dict(request.body or {})
        if step == "POST /messages":
            confirms = str(body["text"]).startswith(("BL", "MY"))
            code = "confirm" if confirms else "ok"
            self._answers.append({"n": len(self._answers) + 1, "to_id": body["id"], "code": code})
            return Response(202, {"accepted": True})
        if step == "GET /answers":
            return Response(200, {"answers": list(self._answers)})
        if step == "POST /orders":
            pending = request.channel == "web" and body["operation"] in {"transact", "roaming", "purchase"}
            return Response(202 if pending else 201, {"order": 5, "state": "pending" if pending else "done"})
        return _PLAIN.get(step.partition("?")[0], Response(200, _PAGE))


_PAGE = {"msisdn": "1", "entries": [1], "plan": "P38", "page": "home"}
_PLAIN = {
    "POST /login": Response(200, {"token": "t"}),
    "POST /logout": Response(204),
    "POST /visits": Response(201, {"visit": "v1", "waited_s": 0.25}),
    "POST /visits/{visit}/agent": Response(200, {"waited_s": 0.5}),
    "DELETE /visits/{visit}": Response(204),
    "POST /orders/{order}/confirm": Response(200, {"state": "done"}),
    "GET /numbers": Response(200, {"numbers": ["n1", "n2", "n3", "n4"]}),
}


def customer_at(channel: str, operation: str, wire: ScriptedWire, number: int = 1) -> RunCustomer:
    """Give a customer who is due at second 0."""
    key = keyed.customer_key(keyed.run_key(SEED, 0), number)
    arrival = Arrival(
        arrival=0,
        due_s=0.0,
        at_s=0.0,
        customer=number,
        subscriber=0,
        segment="all",
        operation=operation,
        channel=channel,
    )
    return RunCustomer(arrival=arrival, key=key, identity=Identity(SEED, 0, key), transport=wire, run="run")


def served(
    model: Model, customer: RunCustomer, unsettled: OrderOutcome | None = None
) -> tuple[Attempt, Ending]:
    """Serve one attempt at the customer's first choice."""
    attempt = Attempt(customer, model.channel(customer.arrival.channel), 1, 0.0)
    return attempt, serve(attempt, unsettled)


def steps_for(model: Model, customer: RunCustomer, visits: list[Visit] | None = None) -> list[Visit]:
    """Follow a whole journey; gives its visits, which are also put into `visits` as they end."""
    kept = [] if visits is None else visits
    JourneyRunner(model, serve, kept.append).run(customer)
    return kept
