"""A secret is not shown, in whatever form a service repeats it."""

import base64
import html
import json
import quopri
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given, strategies as st

from footfall._load.secrets import PART, WITHHELD, cleaned, masked, reveals_part_of, shown_code

SECRET = "KEY/with+Slash=9876&€"
FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda s: s,
    "a part": lambda s: s[3:12],
    "url": lambda s: quote(s, safe=""),
    "url, plus": quote_plus,
    "url, path": quote,
    "url twice": lambda s: quote(quote(s, safe=""), safe=""),
    "url, small letters": lambda s: quote(s, safe="").lower(),
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64, for urls": lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
    "basic": lambda s: base64.b64encode(f"user:{s}".encode()).decode(),
    "basic, another name": lambda s: base64.b64encode(f"a:{s}x".encode()).decode(),
    "hex": lambda s: s.encode().hex(),
    "json": json.dumps,
    "html": html.escape,
    "html, all numbers": lambda s: "".join(f"&#{ord(c)};" for c in s),
    "quoted-printable": lambda s: quopri.encodestring(s.encode()).decode(),
    "capitals": str.upper,
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("secret", [SECRET, "s3cr€tTOKEN42", "aaaa-bbbb-cccc", "plainsecret"])
def test_a_repeated_secret_is_blotted_and_in_no_cause(form: Callable[[str], str], secret: str) -> None:
    """The text keeps what else it says."""
    said = form(secret)
    shown = masked(f"no {said} here", (secret,))
    assert shown.startswith("no ")
    assert shown.endswith(" here")
    assert said not in shown
    # The name before a password is none of the secret.
    begins = len("dXNlcjp") if said.startswith("dXNlcj") else 0
    assert not any(said[at : at + PART] in shown for at in range(begins, len(said) - PART + 1))
    cause = shown_code(f"bad_{said}", (secret,))
    assert not reveals_part_of(cause, (secret,))


def test_a_secret_that_the_service_has_cleaned_itself_is_withheld() -> None:
    """Found by its letters and digits alone."""
    assert shown_code("look_k_KEY_with_Slash_9876", (SECRET,)) == WITHHELD
    assert shown_code("K-E-Y w.i.t.h", (SECRET,)) == WITHHELD
    assert shown_code("insufficient_funds", (SECRET,)) == "insufficient_funds"


def test_a_short_secret_is_blotted_whole() -> None:
    """It has no parts."""
    assert masked("code a1b and a1", ("a1b",)) == "code *** and a1"
    assert masked("nothing hidden", ()) == "nothing hidden"


@given(secret=st.text(min_size=PART, max_size=40), before=st.text(max_size=20), after=st.text(max_size=20))
def test_no_text_keeps_a_secret(secret: str, before: str, after: str) -> None:
    """Whatever the secret is, and whatever stands around it."""
    assume("*" not in secret)
    assert secret not in masked(before + secret + after, (secret,))


@given(st.text())
def test_a_cause_is_short_and_plain(text: str) -> None:
    """Letters, digits and `_`: no formula, no control character, no page."""
    cause = cleaned(text)
    assert len(cause) <= 60
    assert cause == "" or (cause.isascii() and cause.replace("_", "a").isalnum())
    assert cleaned(cause) == cause
