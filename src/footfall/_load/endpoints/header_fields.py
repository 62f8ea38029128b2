"""Headers of an endpoints file: what they may be called and hold."""

import re
from typing import Annotated

from pydantic import AfterValidator

from footfall._load.endpoints.placeholders import names_a_secret, parts, words_in

_NO_CONTROL = re.compile(r"[!-~ -]*")
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OURS = frozenset({"connection", "content-length", "expect", "transfer-encoding", "upgrade"})
"""Headers that delimit messages; only the generator sets them."""


def _headers(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not HEADER_NAME.fullmatch(name):
            msg = f"{name!r} is not a header name; expected letters, digits and -"
            raise ValueError(msg)
        if not _NO_CONTROL.fullmatch("".join(literal for literal, _ in parts(value))):
            msg = f"{name} has a line break or a character outside ASCII; expected plain text"
            raise ValueError(msg)
        if name.lower() in _OURS:
            msg = f"{name} is set by the generator itself; expected another header"
            raise ValueError(msg)
        no_literal_secret(name, value)
    return headers


def no_literal_secret(name: str, value: object) -> None:
    """Check that a value whose name says that it is a secret is not in the file itself.

    Raises:
        ValueError: it is.
    """
    if names_a_secret(name) and not isinstance(value, dict | list) and not list(words_in(value)):
        msg = f"{name}: a secret must not be in the file; expected an environment variable: {{env.NAME}}"
        raise ValueError(msg)


Headers = Annotated[dict[str, str], AfterValidator(_headers)]
