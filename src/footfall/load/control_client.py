"""Asks one address again and again, from a process of its own, until its standard input is closed.

It uses nothing but the standard library and its own connection, so that what it measures owes nothing to the
generator. Started as a program: `control_client.py URL EVERY_S`; prints its figures as JSON at the end.
"""

import http.client
import json
import selectors
import sys
import time
from urllib.parse import urlsplit

TIMEOUT_S = 5.0
BODY_BYTES_MOST = 1024 * 1024
KEPT_MOST = 200_000


def main(url: str, every_s: float) -> None:
    """Ask until nobody needs us any more, then print what was seen."""
    parts = urlsplit(url)
    make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = make(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    times_s: list[float] = []
    sent = failed = 0
    waiting = selectors.DefaultSelector()
    waiting.register(sys.stdin, selectors.EVENT_READ)
    due_s = time.monotonic()
    while not waiting.select(max(due_s - time.monotonic(), 0.0)):
        sent += 1
        began_s = time.perf_counter()
        try:
            connection.request("GET", target)
            connection.getresponse().read(BODY_BYTES_MOST)
            times_s.append(time.perf_counter() - began_s)
        except (OSError, http.client.HTTPException, ValueError):
            failed += 1
            connection.close()
        del times_s[:-KEPT_MOST]
        due_s = max(due_s + every_s, time.monotonic() - every_s)
    sys.stdout.write(json.dumps({"sent": sent, "failed": failed, "times_s": times_s}))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
