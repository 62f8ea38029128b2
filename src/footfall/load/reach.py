"""Ask a service, before anything is played, whether it is there and is the one that the trace means."""

import http.client
import json
from http import HTTPStatus
from typing import Any
from urllib.parse import SplitResult, urlsplit

from footfall.load.trace import TraceInfo
from footfall.records.errors import BadInputError

_WAIT_S = 5.0
_BODY_MOST = 64 * 1024
_NOTHING: tuple[dict[str, str], None] = ({}, None)
"""Neither headers nor a body."""
PLAY_PATH = "/control/play"
TOKEN_HEADER = "X-Control-Token"  # noqa: S105  the name of a header


def check_host(host: str, info: TraceInfo, option: str = "--host") -> None:
    """See that the host answers, and that a reference service has the trace's accounts.

    `option` is what named it, for errors.

    A service of another make may answer `/health` with anything, or not know it.

    Raises:
        BadInputError: nobody answers, or the accounts are others.
    """
    status, data = _ask(host, "GET", "/health", _NOTHING, option)
    if status != HTTPStatus.OK:
        return
    seed, subscribers = data.get("seed"), data.get("subscribers")
    if isinstance(seed, int) and seed != info.seed:
        problem = f"its accounts have seed {seed}, the trace has {info.seed}"
        raise BadInputError(f"{option} {host}", problem, "a service with the trace's --seed")
    if isinstance(subscribers, int) and subscribers < info.subscribers:
        problem = f"it keeps {subscribers} accounts, the trace uses {info.subscribers}"
        raise BadInputError(f"{option} {host}", problem, "a service with at least as many")


def check_answers(host: str) -> None:
    """See that somebody answers there at all.

    Raises:
        BadInputError: nobody does.
    """
    _ask(host, "GET", "/health", _NOTHING)


def set_play_clock(host: str, token: str, starts_in_s: float) -> None:
    """Tell a reference service when second 0 of play is, so that its outages fall as in the model.

    Raises:
        BadInputError: it does not take the word.
    """
    body = json.dumps({"starts_in_s": starts_in_s})
    status, data = _ask(host, "POST", PLAY_PATH, ({TOKEN_HEADER: token}, body))
    if status not in range(200, 300):
        problem = f"{PLAY_PATH} gives {status} {data.get('code', '')}".rstrip()
        raise BadInputError(f"--host {host}", problem, "a service with the same control token")


def _ask(
    host: str, method: str, path: str, sent: tuple[dict[str, str], str | None], option: str = "--host"
) -> tuple[int, dict[str, Any]]:
    url = check_url(host, f"{option} {host}")
    secure = url.scheme == "https"
    make = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = make(url.hostname or "", url.port, timeout=_WAIT_S)
    try:
        connection.request(method, url.path.rstrip("/") + path, sent[1], sent[0])
        answer = connection.getresponse()
        raw = answer.read(_BODY_MOST)
    except (OSError, http.client.HTTPException) as error:
        reason = (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
        raise BadInputError(f"{option} {host}", f"unreachable ({reason})", "a running service") from error
    finally:
        connection.close()
    try:
        data = json.loads(raw)
    except ValueError:
        data = {}
    return answer.status, data if isinstance(data, dict) else {}


def check_url(host: str, where: str) -> SplitResult:
    """Give the parts of a service's address; `where` names it in errors.

    Raises:
        BadInputError: it is none.
    """
    expected = "http://… or https://…"
    try:
        url = urlsplit(host)
        port = url.port
    except ValueError as error:
        raise BadInputError(where, str(error).lower(), expected) from error
    if url.username or url.password:
        # An address stands in manifests and reports.
        raise BadInputError(
            where.split(maxsplit=1)[0], "holds a user or a password", "them in [auth] of --endpoints"
        )
    if url.scheme not in {"http", "https"} or not url.hostname or port == 0:
        raise BadInputError(where, "no address of a web service", expected)
    return url
