"""The body of an answer as text and as JSON, unpacked only as far as a limit says."""

import json
import zlib
from collections.abc import Mapping

from footfall.load.errands.answers import TOO_LONG, UNREADABLE, Answer

_GZIP = 16 + zlib.MAX_WBITS


def limited_answer(status: int, raw: bytes, headers: Mapping[str, str], bytes_most: int) -> Answer:
    """Give the answer with all that its body holds; one that is or unpacks to more is a problem."""
    packed = next((value for name, value in headers.items() if name.lower() == "content-encoding"), "")
    if packed.lower() == "gzip":
        try:
            raw = zlib.decompressobj(_GZIP).decompress(raw, bytes_most + 1)
        except zlib.error:
            return Answer(status, problem=UNREADABLE)
    elif packed.lower() not in {"", "identity"}:
        return Answer(status, problem=UNREADABLE)
    if len(raw) > bytes_most:
        return Answer(status, problem=TOO_LONG)
    return whole_answer(status, raw, headers)


def whole_answer(status: int, raw: bytes, headers: Mapping[str, str]) -> Answer:
    """Give the answer with text, headers and JSON; the JSON of what is none is None."""
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        document = None
    data = document if isinstance(document, dict) else {}
    return Answer(status, data, text=raw.decode(errors="replace"), headers=headers, document=document)
