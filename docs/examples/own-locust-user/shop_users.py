"""Locust users of the shop: one for each channel of `model.py`, with a method for each operation.

footfall load --scenario docs/examples/own-locust-user/shop.toml --host http://127.0.0.1:8085 \
    --locustfile docs/examples/own-locust-user/shop_users.py
"""

import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http import HTTPStatus
from typing import Any

import websocket  # websocket-client; Locust has made its sockets cooperative
from locust import FastHttpUser, User

from footfall.locust import *  # noqa: F403  Locust looks for users and shape among this module's names
from footfall.locust import ChannelUser, Outcome


class Shop(ChannelUser, FastHttpUser):
    """The web site: a session for each customer, kept over their retries."""

    channel = "web"

    def on_start(self) -> None:
        """Log in; the client keeps the cookie."""
        page = self.client.get("/login")
        self.csrf = re.findall(r'name="csrf" value="(\w+)"', page.text or "")[0]

    def browse(self) -> None:
        """Look at the items: served if every request was."""
        self.client.get("/items")
        self.think(3)

    def order(self) -> Outcome | None:
        """Order one of 20 items; that one is sold out is the shop's right answer, and no order."""
        form = {"csrf": self.csrf, "item": self.random.randint(1, 20)}
        with self.client.post("/orders", data=form, catch_response=True) as answer:
            if answer.status_code == HTTPStatus.CONFLICT:
                answer.success()
                return Outcome.REJECTED
        return None


class Chat(ChannelUser, User):
    """A chat over a WebSocket. Each exchange is reported to Locust as a request, and so reaches Footfall."""

    channel = "chat"

    def ask(self) -> None:
        """Ask one question and check the answer."""
        url = str(self.host).replace("http", "ws", 1)
        with (
            reported(self, "WS", "/chat"),
            closing(websocket.create_connection(f"{url}/chat", timeout=5)) as chat,
        ):
            chat.send("tea")
            if chat.recv() != "about tea: yes":
                raise ValueError("another answer")


class Till(ChannelUser, User):
    """A till that writes to a database of its own."""

    channel = "till"

    def sale(self) -> None:
        """Book one sale; a file that stays locked for two seconds is a failure."""
        with (
            reported(self, "SQL", "insert sale"),
            closing(sqlite3.connect(DATABASE, timeout=2)) as base,
            base,
        ):
            base.execute("CREATE TABLE IF NOT EXISTS sale (customer INTEGER)")
            base.execute("INSERT INTO sale VALUES (?)", (self.arrival.customer,))


DATABASE = os.environ.get("TILL_DATABASE", "till.sqlite")


@contextmanager
def reported(user: User, kind: str, name: str) -> Iterator[None]:
    """Report a request to Locust that none of its own clients makes."""
    began, problem = time.time(), None
    try:
        yield
    except Exception as error:
        problem = error
        raise
    finally:
        request: dict[str, Any] = {
            "request_type": kind,
            "name": name,
            "response_time": (time.time() - began) * 1000,  # milliseconds
            "response_length": 0,
            "exception": problem,
            "start_time": began,
            "context": user.context(),
        }
        user.environment.events.request.fire(**request)
