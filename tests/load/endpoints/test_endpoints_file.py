"""What is wrong in an endpoints file is reported in one line, before any request, without its secrets."""

import re
from pathlib import Path

import pytest

from footfall._load.endpoints.endpoints_file import endpoints_in, read_text, secrets_of
from footfall._records.errors import BadInputError

SECRET = "sk-live-4711"
ONCE = 'auth = {kind = "login", per = "process", path = "/l"'
STEP = '[[operation]]\nfor = "*.*"\n[[operation.step]]\n'
AT = "f.toml: operation[0].step[0]"
PLAIN = f'{STEP}path = "/"\n'


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("operation = [", "f.toml: is not valid TOML"),
        ("", "f.toml: operation: missing; expected a TOML file as in docs/reference/endpoints.md"),
        (f'{STEP}pth = "/"', AT + ".path: missing"),
        (f"{PLAIN}hedaers = {{}}", AT + ".hedaers: no such key; expected headers"),
        (f"speed = 1\n{PLAIN}", "f.toml: speed: no such key; expected one of operation, auth"),
        ('[[operation]]\nfor = "web"\nstep = [{path = "/"}]', "operation[0].for[0]: 'web' is not a pattern;"),
        (f'{STEP}path = "https://elsewhere.example/x"', AT + ".path: is not a path on the host"),
        (f'{STEP}path = "//elsewhere.example/x"', AT + ".path: is not a path on the host"),
        (f'{STEP}path = "orders"', AT + ".path: is not a path on the host; expected one"),
        (f'{STEP}path = "/a b"', AT + ".path: is not a path on the host"),
        (f'{STEP}path = "/a\\r\\nHost: x"', AT + ".path: is not a path on the host"),
        (f'{STEP}path = "/{{"', AT + ".path:"),
        (f'{PLAIN}method = "FETCH"', AT + ".method: 'FETCH' is not allowed here; expected 'GET'"),
        (f"{PLAIN}timeout_s = 0", AT + ".timeout_s: 0 is not allowed here; expected a number above 0"),
        (f"{PLAIN}think_s = -1", AT + ".think_s: -1 is not allowed here"),
        (f'{PLAIN}json = {{}}\ntext = "x"', AT + ": a request has one body, not json and text;"),
        (f'{PLAIN}headers = {{"A b" = "c"}}', AT + ".headers: 'A b' is not a header name"),
        (f'{PLAIN}headers = {{A = "c\\r\\nB: d"}}', AT + ".headers: A has a line break"),
        (f"{PLAIN}success = {{status = 42}}", AT + ".success.status[0]: 42 is not allowed here"),
        (f'[outcomes]\n500 = "served"\n{PLAIN}', "outcomes.500: served is not the outcome of a failure"),
        (f'[outcomes]\n500 = "unfinished"\n{PLAIN}', "outcomes.500: unfinished is not the outcome"),
        (f'[auth]\nkind = "magic"\n{PLAIN}', "f.toml: auth: "),
        (f'{STEP}path = "/{{month}}"', AT + ": {month} has no value here; expected one of a"),
        (f'{STEP}path = "/{{order}}"\nsave = {{order = "id"}}', AT + ": {order} has no value here"),
        (f'{PLAIN}save = {{phone = "id"}}', AT + ".save.phone: is not allowed as the name of a placeholder"),
        (f'{PLAIN}save = {{"a.b" = "id"}}', AT + ".save.a.b: is not allowed as the name of a placeholder"),
        (
            f'{ONCE}, token = "t", json = {{user = "{{phone}}"}}}}\n{PLAIN}',
            "f.toml: auth: {phone} has no value here; expected {env.NAME}",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_reported_with_its_file_key_and_what_was_expected(text: str, line: str) -> None:
    """One line, the first mistake."""
    with pytest.raises(BadInputError) as refused:
        endpoints_in(text, "f.toml")
    assert line in re.sub(r"f\.toml, line \d+:", "f.toml:", str(refused.value))
    assert "\n" not in str(refused.value)


def test_a_mistake_is_told_with_its_line() -> None:
    """Of the key; of a missing one, that of its table."""
    for text, line in ((f"{PLAIN}\nthink_s = -1", 6), (f"speed = 1\n{PLAIN}", 1), (f'{STEP}pth = "/"', 3)):
        with pytest.raises(BadInputError, match=f"^f.toml, line {line}: "):
            endpoints_in(text, "f.toml")


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
    assert "a secret must not be in the file; expected an environment variable" in str(refused.value)
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    "text",
    [
        f'auth = {{kind = "magic", token = "{SECRET}"}}\n{PLAIN}',
        f'auth = ["{SECRET}"]\n{PLAIN}',
        f'{PLAIN}method = {{a = "{SECRET}"}}',
        f'{PLAIN}timeout_s = ["{SECRET}"]',
    ],
)
def test_a_table_in_a_wrong_place_is_named_and_not_shown(text: str) -> None:
    """It may hold a secret."""
    with pytest.raises(BadInputError, match=r"a (table|list) is not allowed here") as refused:
        endpoints_in(text, "f.toml")
    assert SECRET not in str(refused.value)


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
    """A variable that is not set, or empty, is reported by its name."""
    endpoints = endpoints_in(text, "f.toml")
    assert secrets_of(endpoints, {"A": SECRET, "B": "other"}, "f.toml") == {"env.A": SECRET}
    for environment in ({}, {"A": ""}):
        with pytest.raises(
            BadInputError, match=r"^f.toml: \{env.A\}: A is not set; expected A in the environ"
        ):
            secrets_of(endpoints, environment, "f.toml")


def test_the_first_mapping_that_matches_applies() -> None:
    """As with the rules of a log: special ones above, the rest below."""
    text = """
    [[operation]]
    for = ["web.query", "wap.*"]
    step = [{ name = "special", path = "/" }]
    [[operation]]
    for = "*.query"
    step = [{ path = "/rest?x=1" }]
    """
    endpoints = endpoints_in(text, "f.toml")
    found = {
        f"{channel}.{name}": steps.step[0].title if steps else None
        for channel, name in (("web", "query"), ("wap", "x"), ("sms", "query"), ("sms", "x"))
        for steps in [endpoints.steps_for(channel, name)]
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


FORMER = PLAIN.replace("operation", "errand")


def test_the_former_names_of_keys_are_read_alike() -> None:
    """Files of earlier versions have `[[errand]]` and `answer_bytes_most`."""
    former = endpoints_in(f"answer_bytes_most = 5000\n{FORMER}", "f.toml")
    assert former == endpoints_in(f"response_bytes_max = 5000\n{PLAIN}", "f.toml")
    assert former.response_bytes_max == 5000


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            f"{PLAIN}{FORMER}",
            "errand is the former name of operation, and the file has both; expected operation",
        ),
        (
            f"response_bytes_max = 5000\nanswer_bytes_most = 5000\n{PLAIN}",
            "answer_bytes_most is the former name of response_bytes_max, and the file has both",
        ),
        (f"{FORMER}hedaers = {{}}", ", line 5: errand[0].step[0].hedaers: no such key; expected headers"),
        (f'{FORMER}save = {{phone = "id"}}', "errand[0].step[0].save.phone:"),
    ],
)
def test_a_mistake_with_a_former_name_is_reported_with_the_name_in_the_file(text: str, line: str) -> None:
    """Both names of one key are an error; other errors name the key as it is written."""
    with pytest.raises(BadInputError) as refused:
        endpoints_in(text, "f.toml")
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)
