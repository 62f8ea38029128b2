"""Post an answer to where its sender asked for it."""

import asyncio
import json
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

from footfall.service.refusals import refusal

_TRIES = 3
_TIMEOUT_S = 5.0
_PAUSE_S = 0.5
_URL_MAX = 512
_HTTP_PORT = 80
_STATUS_PARTS = 2


def check_callback(url: object, hosts: tuple[str, ...]) -> str | None:
    """Give a URL to which answers may be posted; None for none.

    Raises:
        RefusalError: it is no http URL of an allowed host.
    """
    if url is None:
        return None
    if not isinstance(url, str) or len(url) > _URL_MAX or any(c <= " " or c > "~" for c in url):
        raise refusal("bad_callback")
    try:
        parts = urlsplit(url)
        allowed = parts.scheme == "http" and parts.hostname in hosts and parts.port != 0
    except ValueError:
        allowed = False
    if not allowed:
        raise refusal("bad_callback")
    return url


async def post(url: str, data: dict[str, object]) -> bool:
    """Post JSON to a checked URL; give whether it was taken, at the third try at the latest."""
    for attempt in range(_TRIES):
        if attempt:
            await asyncio.sleep(_PAUSE_S)
        with suppress(OSError, ValueError, TimeoutError, asyncio.IncompleteReadError):
            async with asyncio.timeout(_TIMEOUT_S):
                if await _post_once(urlsplit(url), json.dumps(data, ensure_ascii=False).encode()):
                    return True
    return False


async def _post_once(parts: SplitResult, body: bytes) -> bool:
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or _HTTP_PORT)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        head = f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        await writer.drain()
        words = (await reader.readline()).split()
        return len(words) >= _STATUS_PARTS and words[1].startswith(b"2")
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
