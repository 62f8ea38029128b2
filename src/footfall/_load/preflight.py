"""Check before a run that the service answers and fits the trace."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from gevent.timeout import Timeout

from footfall._load.http.client import Client
from footfall._load.http.wire_format import DEFAULT_TRANSPORT, NoAnswerError, TransportOptions, address_of
from footfall._load.responses import NO_ANSWER, UNTRUSTED, json_of
from footfall._load.secrets import cleaned
from footfall._records.errors import BadInputError
from footfall._records.load_generator import NO_DESCRIPTOR
from footfall._workload.trace import TraceInfo

WAIT_S = 5.0
"""Time limit of a whole exchange."""
_BODY_MOST = 64 * 1024
_DOCUMENT_MOST = 8 * 1024 * 1024
PLAY_PATH = "/control/play"
TOKEN_HEADER = "X-Control-Token"  # noqa: S105  the name of a header
_MAPPED = "--endpoints FILE that maps its requests (docs/reference/endpoints.md), or --serve"
_TRUST = "--ca-file FILE with the certificate of its CA, or --insecure to skip the check"
_WORDS = {
    NO_ANSWER: (f"does not answer within {WAIT_S:g} s", "a service that answers"),
    NO_DESCRIPTOR: ("cannot be reached: too many open files", "a higher limit (ulimit -n)"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A request outside of any visit."""

    method: str = "GET"
    target: str = "/health"
    payload: bytes | None = None
    sent_headers: Mapping[str, str] = field(default_factory=dict)
    answer_bytes_most: int = _BODY_MOST


def check_host(
    host: str,
    info: TraceInfo,
    *,
    option: str = "--host",
    transport: TransportOptions = DEFAULT_TRANSPORT,
    is_mapped: bool = False,
) -> None:
    """Check that the host answers, and that a reference service has the trace's accounts.

    `option` names the host's option in errors. With `is_mapped`, an endpoints file says which requests are
    sent, and `/health` may answer anything. Otherwise the host must have the reference interface, as its
    `/health` or the paths of its `/openapi.json` show.

    Raises:
        BadInputError: no service answers, it has another interface, or its accounts are not the trace's.
    """
    status, data = _ask(host, _Asked(), option, transport)
    seed, subscribers = (
        data.get(name) if status == HTTPStatus.OK else None for name in ("seed", "subscribers")
    )
    is_known = isinstance(seed, int) and isinstance(subscribers, int)
    if not is_mapped and not is_known and not _documents(host, info, option, transport):
        problem = (
            f"does not have the reference interface: GET /health gives {status} without seed and subscribers"
        )
        raise BadInputError(f"{option} {host}", problem, _MAPPED)
    if isinstance(seed, int) and seed != info.seed:
        problem = f"its accounts have seed {seed}, those of the trace {info.seed}"
        raise BadInputError(f"{option} {host}", problem, f"a service with --seed {info.seed}")
    if isinstance(subscribers, int) and subscribers < info.subscribers:
        problem = f"it has {subscribers} accounts, the trace uses {info.subscribers}"
        raise BadInputError(
            f"{option} {host}", problem, f"a service with at least {info.subscribers} accounts"
        )


def check_answers(host: str, transport: TransportOptions = DEFAULT_TRANSPORT) -> None:
    """Check that a service answers at all.

    Raises:
        BadInputError: none does.
    """
    _ask(host, _Asked(), "--host", transport)


def set_service_clock(
    host: str, token: str, starts_in_s: float, transport: TransportOptions = DEFAULT_TRANSPORT
) -> None:
    """Send second 0 of the run to a reference service, so that its outages happen as in the model.

    Raises:
        BadInputError: it does not accept it.
    """
    body = json.dumps({"starts_in_s": starts_in_s}).encode()
    asked = _Asked(method="POST", target=PLAY_PATH, payload=body, sent_headers={TOKEN_HEADER: token})
    status, data = _ask(host, asked, "--host", transport)
    if status not in range(200, 300):
        problem = f"{PLAY_PATH} gives {status} {cleaned(str(data.get('code', '')))}".rstrip()
        raise BadInputError(f"--host {host}", problem, "a service with the same control token")


def _documents(host: str, info: TraceInfo, option: str, transport: TransportOptions) -> bool:
    """Whether the host's OpenAPI document has a path of a channel of the trace."""
    asked = _Asked(target="/openapi.json", answer_bytes_most=_DOCUMENT_MOST)
    try:
        status, data = _ask(host, asked, option, transport)
    except BadInputError:
        return False
    paths = data.get("paths")
    if status != HTTPStatus.OK or not isinstance(paths, dict):
        return False
    begins = tuple(f"/{channel}/" for channel in info.arrivals_by_channel)
    return any(isinstance(path, str) and path.startswith(begins) for path in paths)


def _ask(host: str, asked: _Asked, option: str, transport: TransportOptions) -> tuple[int, dict[str, Any]]:
    """Return status and JSON object of a response, within limits of time and size."""
    where = f"{option} {host}"
    client = Client(address_of(host, where), transport)
    kept = client.pool()
    try:
        with Timeout(WAIT_S):
            reply = client.ask(asked, kept, lambda _connect_s, _sent_at: None)
    except Timeout:
        raise BadInputError(where, *_WORDS[NO_ANSWER]) from None
    except NoAnswerError as error:
        if error.status:
            # It answers, but not with a response that can be read: that is enough here.
            return error.status, {}
        problem, expected = _WORDS.get(error.cause, (f"unreachable ({error.words})", "a running service"))
        if error.cause == UNTRUSTED:
            problem, expected = f"its certificate is not trusted ({error.words})", _TRUST
        raise BadInputError(where, problem, expected) from error
    finally:
        while kept:
            kept.pop().close()
    data = json_of(reply.body)
    return reply.status, data if isinstance(data, dict) else {}
