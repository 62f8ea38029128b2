"""A web server for tests, on a free port of the loopback interface."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HEALTH = b'{"seed": 7, "subscribers": 50}'
"""By which a service says that it speaks the reference interface, for the traces of `small`."""


class WebServer(ThreadingHTTPServer):
    """A server with a thread for each connection; customers that went are no error of its own."""

    daemon_threads = True
    # The library's five is too few for a busy machine: who finds the queue full waits long, or for ever.
    request_queue_size = 128

    def __init__(self, handler: type[BaseHTTPRequestHandler], tls: ssl.SSLContext | None = None) -> None:
        """Take a port; no request is answered before `running`."""
        super().__init__(("127.0.0.1", 0), handler)
        self.host = f"http{'s' if tls else ''}://127.0.0.1:{self.server_port}"
        if tls:
            # Each handshake in the thread of its connection: else one that never comes would stop all.
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, *_: object) -> None:
        """Say nothing."""

    @contextmanager
    def running(self) -> Iterator[None]:
        """Answer all requests."""
        thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.shutdown()
            self.server_close()
            thread.join()
