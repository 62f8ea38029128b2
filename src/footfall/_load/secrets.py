"""Mask secrets in texts that are shown, in any form in which a service repeats them."""

import base64
import html
import json
import quopri
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from urllib.parse import quote, quote_plus

CAUSE_MOST = 60
"""Maximum length of a cause."""
PART = 6
"""This many consecutive characters of a secret, in any encoding, reveal it."""
MASK = "***"
WITHHELD = "code_withheld"
"""Cause instead of a code that would reveal a secret."""
_SECRET_MOST = 16 * 1024
_NOT_IN_CAUSES = re.compile(r"[^A-Za-z0-9_]+")
_READ_MOST = 400
_NOT_PLAIN = re.compile(r"[^a-z0-9]+")
_BETWEEN = "\0"


def masked(text: str, hidden: Iterable[str]) -> str:
    """Return a text with these secrets masked: plain, URL-encoded, in Base64, escaped, and parts of these.

    A part has `PART` characters; upper and lower case are the same. A shorter secret is masked as a whole.
    """
    for secret in hidden:
        for form in sorted(_short_forms(secret), key=len, reverse=True):
            text = text.replace(form, MASK)
    searched = _searched(hidden, _forms)
    low = _lower(text)
    marks = [False] * len(text)
    for at in range(len(text) - PART + 1):
        window = low[at : at + PART]
        if window in searched and _BETWEEN not in window:
            marks[at : at + PART] = [True] * PART
    parts = [MASK if marked else letter for letter, marked in zip(text, marks, strict=True)]
    return "".join(part for at, part in enumerate(parts) if not (marks[at] and at and marks[at - 1]))


def reveals_part_of(text: str, hidden: Iterable[str]) -> bool:
    """Whether the letters and digits of a text contain a part of a secret."""
    plain, searched = _NOT_PLAIN.sub("", text.lower()), _searched(hidden, _plain_forms)
    return any(plain[at : at + PART] in searched for at in range(len(plain) - PART + 1))


def shown_code(code: str, hidden: Iterable[str]) -> str:
    """Return a service's code as a cause: cleaned, and withheld if it would reveal a secret."""
    hidden = tuple(hidden)
    shown = cleaned(masked(code, hidden)) if hidden else cleaned(code)
    return WITHHELD if hidden and reveals_part_of(shown, hidden) else shown


def cleaned(text: str) -> str:
    """Return a service's text as it can be shown in tables, logs and spreadsheets.

    ASCII letters, digits and `_`, at most `CAUSE_MOST`; everything else becomes `_`. So it cannot be a
    formula, a control character or HTML.
    """
    return _NOT_IN_CAUSES.sub("_", text[:_READ_MOST]).strip("_")[:CAUSE_MOST].rstrip("_")


def _searched(hidden: Iterable[str], forms: Callable[[str], tuple[str, ...]]) -> str:
    return _BETWEEN.join(form for secret in hidden for form in forms(secret))


def _lower(text: str) -> str:
    """Return a text in lower case, with the same length."""
    return (
        text.lower()
        if text.isascii()
        else "".join(each if len(each.lower()) != 1 else each.lower() for each in text)
    )


@lru_cache(maxsize=256)
def _forms(secret: str) -> tuple[str, ...]:
    """Return the encodings of a secret that are long enough to have parts."""
    return tuple(form for each in _encoded(secret) if len(form := _lower(each)) >= PART)


@lru_cache(maxsize=256)
def _plain_forms(secret: str) -> tuple[str, ...]:
    return tuple(form for each in _encoded(secret) if len(form := _NOT_PLAIN.sub("", each.lower())) >= PART)


def _short_forms(secret: str) -> set[str]:
    return {secret, *_encoded(secret)} - {""} if len(secret) < PART else {secret} - {""}


def _encoded(secret: str) -> set[str]:
    """Return a secret in all encodings in which a service may repeat it."""
    secret = secret[:_SECRET_MOST]
    raw = secret.encode("utf-8", "surrogatepass")
    once = quote(raw, safe="")
    found = {
        secret,
        once,
        quote(raw),
        quote_plus(raw),
        quote(once, safe=""),
        raw.hex(),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        html.escape(secret),
        "".join(f"&#{ord(letter)};" for letter in secret),
        quopri.encodestring(raw).decode("ascii", "replace").replace("=\n", ""),
        base64.b32encode(raw).decode().rstrip("="),
    }
    for shift in range(3):
        # In a longer text it may begin at any of three offsets; what depends on its neighbours is left out.
        packed = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        inner = packed[(shift * 8 + 5) // 6 : (shift + len(raw)) * 8 // 6]
        found |= {inner, inner.replace("+", "-").replace("/", "_"), quote(inner, safe="")}
    return found
