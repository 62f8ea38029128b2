"""A small shop over HTTP for tests: a login, bills, orders that become done, and answers that are a trial."""

import gzip
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from tests.load.web_server import WebServer

PASSWORD = "pa55-word-of-no-customer"
TOKEN = "t0ken-of-no-customer"
MEGABYTE = 1024 * 1024
BOMB = b"x" * 64 * MEGABYTE


@dataclass
class Shop:
    """A running shop, and what it was asked."""

    host: str
    asked: Counter[str] = field(default_factory=Counter)
    """Method and path, without query."""
    sent: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    """Path, headers and body of every request."""
    elsewhere: str = ""
    """Where `/moved` leads."""
    looks: Counter[str] = field(default_factory=Counter)


@lru_cache(maxsize=4)
def _packed(content: bytes) -> bytes:
    """Pack a body once: a bomb takes longer to make than a customer waits, on a busy machine."""
    return gzip.compress(content)


class _Server(WebServer):
    """A server that knows its shop."""

    def __init__(self) -> None:
        super().__init__(_Handler)
        self.is_closing = threading.Event()
        self.lock = threading.Lock()
        self.shop = Shop(self.host)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    @property
    def shop(self) -> Shop:
        assert isinstance(self.server, _Server)
        return self.server.shop

    def answer(self) -> None:
        assert isinstance(self.server, _Server)
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        url = urlsplit(self.path)
        with self.server.lock:
            self.shop.asked[f"{self.command} {url.path}"] += 1
            self.shop.looks[url.path] += 1
            self.shop.sent.append((self.path, dict(self.headers.items()), body))
        if url.path == "/never":
            self.server.is_closing.wait()
        status, headers, said = self.reply(url.path, parse_qs(url.query), body)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def reply(self, path: str, query: dict[str, list[str]], body: str) -> tuple[int, dict[str, str], bytes]:
        plain = {"/long": b"x" * MEGABYTE, "/page": "<html>帳單 Bill</html>".encode()}
        packed = {"/bomb": BOMB, "/packed": b'{"state": "ok"}'}
        if path in plain:
            return 200, {"Content-Type": "text/html"}, plain[path]
        if path in packed:
            return 200, {"Content-Encoding": "gzip"}, _packed(packed[path])
        if path == "/moved":
            return 302, {"Location": f"{self.shop.elsewhere}/bills"}, b""
        status, data = self.data(path, query, body)
        return status, {"Content-Type": "application/json"}, json.dumps(data).encode()

    def data(self, path: str, query: dict[str, list[str]], body: str) -> tuple[int, object]:
        if path == "/login":
            right = json.loads(body).get("password") == PASSWORD
            return (200, {"data": {"token": TOKEN}}) if right else (401, {"error": {"code": "bad_login"}})
        if path == "/health":
            return 404, {}
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            # A service that repeats what it was given.
            return 401, {"error": {"code": f"no {self.headers.get('Authorization')}"}}
        if path == "/orders":
            return 201, {"data": {"id": "a/b?c", "key": json.loads(body)["key"]}}
        if path.startswith("/orders/"):
            return 200, {"state": "done" if self.shop.looks[path] > 1 else "pending"}
        return 200, {"state": "ok", "bills": [{"n": 1}], "of": query.get("of", [""])[0]}

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def shop() -> Iterator[Shop]:
    """Open a shop on a free port of the loopback interface."""
    server = _Server()
    with server.running():
        try:
            yield server.shop
        finally:
            server.is_closing.set()
