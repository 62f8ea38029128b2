"""Keep secrets out of what is shown, in whatever form a service repeats them."""

import base64
import html
import json
import quopri
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from urllib.parse import quote, quote_plus

CAUSE_MOST = 60
"""Letters of a cause."""
PART = 6
"""So many letters in a row of a secret, or of a form of it, give it away."""
BLOT = "***"
WITHHELD = "code_withheld"
"""The cause where the service's own would give a secret away."""
_SECRET_MOST = 16 * 1024
_NOT_IN_CAUSES = re.compile(r"[^A-Za-z0-9_]+")
_READ_MOST = 400
_NOT_PLAIN = re.compile(r"[^a-z0-9]+")
_BETWEEN = "\0"


def blotted(text: str, hidden: Iterable[str]) -> str:
    """Give a text without these secrets: plain, URL-encoded, in Base64, escaped, and parts of all of these.

    A part is `PART` letters; capitals and small letters are the same. A shorter secret is blotted whole.
    """
    for secret in hidden:
        for form in sorted(_short_forms(secret), key=len, reverse=True):
            text = text.replace(form, BLOT)
    hay = _hay(hidden, _forms)
    low = _small(text)
    marks = [False] * len(text)
    for at in range(len(text) - PART + 1):
        window = low[at : at + PART]
        if window in hay and _BETWEEN not in window:
            marks[at : at + PART] = [True] * PART
    parts = [BLOT if marked else letter for letter, marked in zip(text, marks, strict=True)]
    return "".join(part for at, part in enumerate(parts) if not (marks[at] and at and marks[at - 1]))


def gives_away(text: str, hidden: Iterable[str]) -> bool:
    """Whether letters and digits of a text, without all that is between them, hold a part of a secret."""
    plain, hay = _NOT_PLAIN.sub("", text.lower()), _hay(hidden, _plain_forms)
    return any(plain[at : at + PART] in hay for at in range(len(plain) - PART + 1))


def shown_code(code: str, hidden: Iterable[str]) -> str:
    """Give a code of a service's own as a cause: cleaned, and withheld where it would give a secret away."""
    hidden = tuple(hidden)
    shown = cleaned(blotted(code, hidden)) if hidden else cleaned(code)
    return WITHHELD if hidden and gives_away(shown, hidden) else shown


def cleaned(text: str) -> str:
    """Give a text of a service's own as it may stand in tables, logs and spreadsheets.

    Letters and digits of ASCII and `_`, at most `CAUSE_MOST`; all else becomes `_`. So it can be neither a
    formula nor a control character, and no page of its own.
    """
    return _NOT_IN_CAUSES.sub("_", text[:_READ_MOST]).strip("_")[:CAUSE_MOST].rstrip("_")


def _hay(hidden: Iterable[str], forms: Callable[[str], tuple[str, ...]]) -> str:
    return _BETWEEN.join(form for secret in hidden for form in forms(secret))


def _small(text: str) -> str:
    """Give a text in small letters, letter for letter."""
    return (
        text.lower()
        if text.isascii()
        else "".join(each if len(each.lower()) != 1 else each.lower() for each in text)
    )


@lru_cache(maxsize=256)
def _forms(secret: str) -> tuple[str, ...]:
    """Give the forms of a secret that are long enough to have parts."""
    return tuple(form for each in _encoded(secret) if len(form := _small(each)) >= PART)


@lru_cache(maxsize=256)
def _plain_forms(secret: str) -> tuple[str, ...]:
    return tuple(form for each in _encoded(secret) if len(form := _NOT_PLAIN.sub("", each.lower())) >= PART)


def _short_forms(secret: str) -> set[str]:
    return {secret, *_encoded(secret)} - {""} if len(secret) < PART else {secret} - {""}


def _encoded(secret: str) -> set[str]:
    """Give a secret in all the ways that a service may repeat it."""
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
        # In a longer text it may begin at any of three places; what depends on its neighbours is left out.
        packed = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        inner = packed[(shift * 8 + 5) // 6 : (shift + len(raw)) * 8 // 6]
        found |= {inner, inner.replace("+", "-").replace("/", "_"), quote(inner, safe="")}
    return found
