"""What is wrong in an endpoints file is told in one line, before anything is sent, without its secrets."""

from pathlib import Path

import pytest

from footfall._load.endpoints.endpoints_file import endpoints_in, read_text, secrets_of
from footfall._records.errors import BadInputError

SECRET = "sk-live-4711"
ONCE = 'auth = {kind = "login", per = "process", path = "/l"'
STEP = '[[errand]]\nfor = "*.*"\n[[errand.step]]\n'
AT = "f.toml: errand[0].step[0]"
PLAIN = f'{STEP}path = "/"\n'


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("errand = [", "f.toml: is not valid TOML"),
        ("", "f.toml: errand: missing; expected a TOML file as in docs/reference/endpoints.md"),
        (f'{STEP}pth = "/"', AT + ".path: missing"),
        (f"{PLAIN}hedaers = {{}}", AT + ".hedaers: no such key; expected headers"),
        (f"speed = 1\n{PLAIN}", "f.toml: speed: no such key; expected one of errand, auth"),
        ('[[errand]]\nfor = "web"\nstep = [{path = "/"}]', "errand[0].for[0]: 'web' is not an errand;"),
        (f'{STEP}path = "https://elsewhere.example/x"', AT + ".path: leads elsewhere"),
        (f'{STEP}path = "//elsewhere.example/x"', AT + ".path: leads elsewhere"),
        (f'{STEP}path = "orders"', AT + ".path: leads elsewhere or is not a path; expected one"),
        (f'{STEP}path = "/a b"', AT + ".path: leads elsewhere or is not a path"),
        (f'{STEP}path = "/a\\r\\nHost: x"', AT + ".path: leads elsewhere or is not a path"),
        (f'{STEP}path = "/{{"', AT + ".path:"),
        (f'{PLAIN}method = "FETCH"', AT + ".method: 'FETCH' is not allowed here; expected 'GET'"),
        (f"{PLAIN}timeout_s = 0", AT + ".timeout_s: 0 is not allowed here; expected a number above 0"),
        (f"{PLAIN}think_s = -1", AT + ".think_s: -1 is not allowed here"),
        (f'{PLAIN}json = {{}}\ntext = "x"', AT + ": json and text are two bodies; expected one of them"),
        (f'{PLAIN}headers = {{"A b" = "c"}}', AT + ".headers: 'A b' is not a header name"),
        (f'{PLAIN}headers = {{A = "c\\r\\nB: d"}}', AT + ".headers: A has a line break"),
        (f"{PLAIN}success = {{status = 42}}", AT + ".success.status[0]: 42 is not allowed here"),
        (f'[outcomes]\n500 = "served"\n{PLAIN}', "outcomes.500: served cannot be said of a wrong answer"),
        (f'[outcomes]\n500 = "unfinished"\n{PLAIN}', "outcomes.500: unfinished cannot be said"),
        (f'[auth]\nkind = "magic"\n{PLAIN}', "f.toml: auth: "),
        (f'{STEP}path = "/{{month}}"', AT + ": {month} has no value here; expected one of a"),
        (f'{STEP}path = "/{{order}}"\nsave = {{order = "id"}}', AT + ": {order} has no value here"),
        (f'{PLAIN}save = {{phone = "id"}}', AT + ".save.phone: cannot be a placeholder's name"),
        (f'{PLAIN}save = {{"a.b" = "id"}}', AT + ".save.a.b: cannot be a placeholder's name"),
        (
            f'{ONCE}, token = "t", json = {{user = "{{phone}}"}}}}\n{PLAIN}',
            "f.toml: auth: {phone} has no value here; expected {env.NAME}",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_file_key_and_what_was_expected(text: str, line: str) -> None:
    """One line, the first mistake."""
    with pytest.raises(BadInputError) as refused:
        endpoints_in(text, "f.toml")
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        f'auth = {{kind = "bearer", token = "{SECRET}"}}\n{PLAIN}',
        f'auth = {{kind = "bearer", token = "{{env.A}}{SECRET}"}}\n{PLAIN}',
        f'auth = {{kind = "header", name = "X-Api-Key", value = "{SECRET}"}}\n{PLAIN}',
        f'auth = {{kind = "basic", user = "u", password = "{SECRET}"}}\n{PLAIN}',
        f'auth = {{kind = "login", path = "/l", token = "t", form = {{secret = "{SECRET}"}}}}\n{PLAIN}',
        f'{PLAIN}headers = {{Authorization = "Bearer {SECRET}"}}',
        f'{PLAIN}json = {{deep = [{{api_key = "{SECRET}"}}]}}',
        f'{PLAIN}form = {{password = "{SECRET}"}}',
        f'{STEP}path = "/x?a=1&api_key={SECRET}"',
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(text: str) -> None:
    """Wherever it stands; the line says where it belongs."""
    with pytest.raises(BadInputError) as refused:
        endpoints_in(text, "f.toml")
    assert "a secret stands in the file; expected a variable of the environment" in str(refused.value)
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    "text",
    [
        f'auth = {{kind = "bearer", token = "{{env.A}}"}}\n{PLAIN}',
        f'{PLAIN}headers = {{X-Api-Key = "{{env.A}}"}}',
        f'{PLAIN}json = {{password = "{{pin}}", secret = "x-{{env.A}}"}}',
        f'{STEP}path = "/x?token={{env.A}}"',
    ],
)
def test_secrets_come_from_the_environment(text: str) -> None:
    """A variable that is not set, or empty, is told by its name."""
    endpoints = endpoints_in(text, "f.toml")
    assert secrets_of(endpoints, {"A": SECRET, "B": "other"}, "f.toml") == {"env.A": SECRET}
    for environment in ({}, {"A": ""}):
        with pytest.raises(
            BadInputError, match=r"^f.toml: \{env.A\}: A is not set; expected A in the environ"
        ):
            secrets_of(endpoints, environment, "f.toml")


def test_the_first_errand_that_fits_counts() -> None:
    """As with the rules of a log: special ones above, the rest below."""
    text = """
    [[errand]]
    for = ["web.query", "wap.*"]
    step = [{ name = "special", path = "/" }]
    [[errand]]
    for = "*.query"
    step = [{ path = "/rest?x=1" }]
    """
    endpoints = endpoints_in(text, "f.toml")
    found = {
        f"{channel}.{name}": errand.step[0].title if errand else None
        for channel, name in (("web", "query"), ("wap", "x"), ("sms", "query"), ("sms", "x"))
        for errand in [endpoints.errand_of(channel, name)]
    }
    assert found == {"web.query": "special", "wap.x": "special", "sms.query": "GET /rest", "sms.x": None}


def test_braces_in_texts_that_are_looked_for_are_only_braces() -> None:
    """A success check has no placeholders."""
    text = f"{PLAIN}success = {{ contains = '{{\"ok\"' }}"
    assert secrets_of(endpoints_in(text, "f.toml"), {}, "f.toml") == {}


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Missing, a folder, not UTF-8, a hundred times too large."""
    (tmp_path / "latin.toml").write_bytes(b"# \xe9")
    (tmp_path / "large.toml").write_bytes(b"#" * 2**21)
    problems = {
        "no.toml": "no such file",
        "": "no such file",
        "latin.toml": "byte 2 is not UTF-8",
        "large.toml": "more than",
    }
    for name, problem in problems.items():
        with pytest.raises(BadInputError, match=problem):
            read_text(tmp_path / name)
