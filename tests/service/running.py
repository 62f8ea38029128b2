"""What tests of the service share: a clock to set forward, and a running service to talk to."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from footfall._behaviour import customer_rules
from footfall._service.server import Service
from footfall._service.settings import ServiceSettings

SEED = 7
SUBSCRIBERS = 50
CONTROL = {"X-Control-Token": "control"}
START_S_MAX = 30


@dataclass
class Clock:
    """A clock that tests set forward by hand."""

    now: float = 1_000_000.0

    def now_s(self) -> float:
        """Read it."""
        return self.now

    def set_forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@dataclass
class Running:
    """A running service and a client of it."""

    service: Service
    client: httpx.Client
    url: str
    thread: threading.Thread

    def log_in(self, channel: str, subscriber: int, **headers: str) -> dict[str, str]:
        """Headers of somebody logged in."""
        body = {"msisdn": customer_rules.msisdn(subscriber), "pin": customer_rules.pin(SEED, subscriber)}
        answer = self.client.post(f"/{channel}/login", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return headers | {"Authorization": f"Bearer {answer.json()['token']}"}

    def order(
        self, channel: str, headers: dict[str, str], key: str, operation: str, **body: object
    ) -> httpx.Response:
        """Place an order."""
        return self.client.post(
            f"/{channel}/orders",
            json={"operation": operation} | body,
            headers=headers | {"Idempotency-Key": key},
        )

    def ledger(self) -> dict[str, Any]:
        """Audit of the ledger."""
        answer = self.client.get("/control/ledger", headers=CONTROL)
        assert answer.status_code == 200
        return dict(answer.json())

    def counts(self, channel: str) -> dict[str, int]:
        """What a channel has in hand."""
        return dict(self.client.get("/control/counts", headers=CONTROL).json()[channel])

    def stop(self) -> None:
        """Stop it and see that it ended."""
        self.client.close()
        self.service.stop()
        self.thread.join(START_S_MAX)
        assert not self.thread.is_alive()


Start = Callable[..., Running]
"""Starts a service with changed settings."""
MakeSettings = Callable[..., ServiceSettings]
