"""A server that sends bytes as they are, right or wrong, for tests of the client."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Script = Callable[[socket.socket, bytes], bool]
"""Answer a request on a connection; returns whether the connection is kept."""


@dataclass
class RawServer:
    """A running server, and what it saw."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    """Heads of all requests, in the order of their arrival."""
    connections: int = 0

    @property
    def host(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def raw_server(script: Script) -> Iterator[RawServer]:
    """Serve by a script, a thread for each connection."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    here, open_ones = RawServer(listener.getsockname()[1]), list[socket.socket]()

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            kept = True
            while kept:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    letter = connection.recv(1)
                    if not letter:
                        return
                    head += letter
                here.requests.append(head)
                kept = script(connection, head)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                here.connections += 1
                open_ones.append(connection)
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield here
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for each in open_ones:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


def always(*parts: bytes, keep: bool = False) -> Script:
    """Give the script that answers every request with these bytes, then closes or keeps the connection."""

    def script(connection: socket.socket, _head: bytes) -> bool:
        for part in parts:
            connection.sendall(part)
        return keep

    return script
