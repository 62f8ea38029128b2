"""Requests one address repeatedly, from a process of its own, until its standard input is closed.

It uses only the standard library and its own connection, so that its measurements do not depend on the
generator. Started as a program: `control_client.py URL EVERY_S`. The first line of its input is a JSON object
with `keeps` (false: a connection for each request), `insecure` (no certificate is checked) and `trusted`
(what `SSLContext.load_verify_locations` takes; empty: the system's certificates). It prints its measurements
as JSON at the end.
"""

import http.client
import json
import selectors
import ssl
import sys
import time
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 5.0
BODY_BYTES_MOST = 1024 * 1024
KEPT_MOST = 200_000
WORK_S, WORK_EVERY_S = 0.01, 1.0
"""It uses this much CPU time this often, and measures how long that takes."""
NAP_S = 0.02
"""It sleeps for this long at a time, and measures how late it wakes up."""


def main(url: str, every_s: float, settings: dict[str, Any]) -> None:
    """Send requests until the input ends, then print the measurements."""
    parts = urlsplit(url)
    connection = _connection(parts.scheme, parts.hostname or "", parts.port, settings)
    headers = {} if settings["keeps"] else {"Connection": "close"}
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    times_s: list[float] = []
    sent = failed = 0
    waiting = selectors.DefaultSelector()
    waiting.register(sys.stdin, selectors.EVENT_READ)
    late_s: list[float] = []
    cpu_s: list[float] = []
    due_s = time.monotonic()
    work_s = due_s
    while True:
        if time.monotonic() >= work_s:
            cpu_s.append(worked_s())
            work_s = time.monotonic() + WORK_EVERY_S
        woken_at_s = min(due_s, time.monotonic() + NAP_S)
        if waiting.select(max(woken_at_s - time.monotonic(), 0.0)):
            break
        if (now_s := time.monotonic()) < due_s:
            # There was nothing to do but wake up: any delay is the host's.
            late_s.append(max(now_s - woken_at_s, 0.0))
            del late_s[:-KEPT_MOST]
            continue
        sent += 1
        began_s = time.perf_counter()
        try:
            connection.request("GET", target, headers=headers)
            answer = connection.getresponse()
            answer.read(BODY_BYTES_MOST)
            if not answer.isclosed():
                # The rest of the body is not needed, and would be taken for the next response.
                connection.close()
            times_s.append(time.perf_counter() - began_s)
        except (OSError, http.client.HTTPException, ValueError):
            failed += 1
            connection.close()
        del times_s[:-KEPT_MOST]
        due_s = max(due_s + every_s, time.monotonic() - every_s)
    figures = {"sent": sent, "failed": failed, "times_s": times_s, "late_s": late_s, "cpu_s": cpu_s}
    sys.stdout.write(json.dumps(figures))


def _connection(
    scheme: str, name: str, port: int | None, settings: dict[str, Any]
) -> http.client.HTTPConnection:
    if scheme != "https":
        return http.client.HTTPConnection(name, port, timeout=TIMEOUT_S)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if settings["insecure"]:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif settings["trusted"]:
        context.load_verify_locations(**settings["trusted"])
    else:
        context.load_default_certs()
    return http.client.HTTPSConnection(name, port, timeout=TIMEOUT_S, context=context)


def worked_s() -> float:
    """Use 10 ms of CPU time; returns the seconds that passed."""
    began_s, until_s = time.perf_counter(), time.process_time() + WORK_S
    while time.process_time() < until_s:
        pass
    return time.perf_counter() - began_s


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), json.loads(sys.stdin.readline()))
