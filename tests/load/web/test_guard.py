"""What the page refuses, as pure decisions."""

import pytest
from hypothesis import given, strategies as st

from footfall._load.locust_options import AS_IN_HOST, FIND_CAPACITY, LOAD_RUN, OWN, REFERENCE
from footfall._load.web.page_guard import OwnNames, check_form, is_foreign
from footfall._records.errors import BadInputError

OFFERED = {
    "scenario": ["calm", "hurried"],
    "host_profile": [REFERENCE, AS_IN_HOST],
    "speed": [OWN, "1"],
    "window": [OWN, "60"],
    "scale": [OWN, "1"],
    "seed": None,
    "test": [LOAD_RUN, FIND_CAPACITY],
    "budget": ["1min", "5min"],
    "path": None,
    "criteria": None,
}
SENT = {
    "user_count": ["0"],
    "spawn_rate": ["0"],
    "host": ["http://127.0.0.1:8080"],
    "run_time": [""],
    "profile": [""],
    "scenario": ["calm"],
    "host_profile": [AS_IN_HOST],
    "speed": [OWN],
    "window": ["90"],
    "scale": ["0.5"],
    "seed": ["7"],
    "test": [FIND_CAPACITY],
    "budget": ["1min"],
    "path": ["/work?size=3"],
    "criteria": ["p95(*) < 300ms; success(*) >= 99%"],
}
"""As Locust's form sends it."""


@pytest.mark.parametrize(
    ("web_host", "host", "is_own"),
    [
        ("127.0.0.1", "127.0.0.1:8089", True),
        ("127.0.0.1", "localhost", True),
        ("127.0.0.1", "LOCALHOST:8089", True),
        ("127.0.0.1", "[::1]:8089", True),
        ("127.0.0.1", "load.example", True),
        ("127.0.0.1", "[2001:db8::7]", True),
        ("127.0.0.1", "evil.example", False),
        ("127.0.0.1", "127.0.0.1.evil.example", False),
        ("127.0.0.1", "192.0.2.1:8089", False),
        ("127.0.0.1", "localhost@evil.example", False),
        ("127.0.0.1", "localhost, evil.example", False),
        ("127.0.0.1", "evil.example/localhost", False),
        ("127.0.0.1", "localhost:port", False),
        ("127.0.0.1", "[::1", False),
        ("127.0.0.1", "", False),
        ("127.0.0.1", None, False),
        ("192.0.2.1", "192.0.2.1:8089", True),
        ("build-box", "build-box:8089", True),
        ("0.0.0.0", "192.0.2.1:8089", True),
        ("", "[2001:db8::1]:8089", True),
        ("::", "evil.example", False),
    ],
)
def test_a_page_answers_to_its_own_names_only(web_host: str, host: str | None, *, is_own: bool) -> None:
    """A name that is made to lead to this machine is another site's; an IP address cannot be made up."""
    assert OwnNames.of(web_host, "load.example, [2001:db8::7]").include(host) is is_own


@pytest.mark.parametrize(
    ("method", "site", "origin", "expected"),
    [
        ("GET", "cross-site", "http://elsewhere.example", False),
        ("POST", None, None, False),
        ("POST", "same-origin", "http://here:1", False),
        ("POST", "same-origin", "null", False),
        ("POST", "none", None, False),
        ("POST", "cross-site", None, True),
        ("POST", "same-site", "http://here:1", True),
        ("POST", "same-origin", "http://elsewhere.example", True),
        ("POST", None, "http://elsewhere.example", True),
        ("POST", None, "null", True),
        ("POST", None, "http://[", True),
        ("PUT", None, "http://here:2", True),
    ],
)
def test_a_request_that_changes_something_comes_from_the_page(
    method: str, site: str | None, origin: str | None, *, expected: bool
) -> None:
    """Whatever the browser says of where it comes from must say: from here."""
    assert is_foreign(method, "here:1", site, origin) is expected


def test_what_the_form_sends_is_taken() -> None:
    """All of it, part of it, and nothing: then the options stay as they were."""
    check_form(SENT, OFFERED)
    check_form({"host": SENT["host"]}, OFFERED)
    check_form({}, OFFERED)
    check_form({"tags": ["a", "b"]}, OFFERED | {"tags": None}, {"tags"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scenario", "/somewhere/x.py"),
        ("scenario", "../x.py"),
        ("scenario", ""),
        ("host_profile", "elsewhere"),
        ("host", "file:///etc/hosts"),
        ("host", "http://127.0.0.1:1\r\nX: y"),
        ("host", ""),
        ("speed", "nan"),
        ("speed", "inf"),
        ("speed", "-1"),
        ("speed", "0"),
        ("scale", "1e400"),
        ("window", "-inf"),
        ("window", "90000"),
        ("window", "a minute"),
        ("seed", "-1"),
        ("seed", "²"),
        ("seed", "x"),
        ("seed", "9" * 100),
        ("run_time", "10s"),
        ("spawn_rate", "nan"),
        ("user_count", "inf"),
        ("profile", "x" * 301),
        ("test", "everything"),
        ("budget", "2min"),
        ("budget", ""),
        ("path", "work"),
        ("path", "http://elsewhere.example/work"),
        ("path", "/a path"),
        ("path", "/œuvre"),
        ("criteria", "p95(*) < 300"),
        ("criteria", "p95(*) < 300ms; nonsense"),
        ("host_profile", REFERENCE),
    ],
)
def test_a_value_that_the_page_could_not_send_is_refused(name: str, value: str) -> None:
    """With one line that names the field."""
    with pytest.raises(BadInputError) as refused:
        check_form(SENT | {name: [value]}, OFFERED)
    assert "\n" not in str(refused.value)
    with pytest.raises(BadInputError, match="sent 2 times"):
        check_form(SENT | {name: [SENT[name][0], value]}, OFFERED)


def test_what_only_a_search_uses_says_nothing_in_a_load_run() -> None:
    """These fields are hidden then, whatever they hold."""
    check_form(SENT | {"test": [LOAD_RUN], "path": ["work"], "criteria": ["x"]}, OFFERED)


@given(name=st.text(max_size=60))
def test_a_field_that_the_form_does_not_show_is_refused(name: str) -> None:
    """Locust would set any of its options from it, those that are hidden too."""
    if name in SENT:
        return
    with pytest.raises(BadInputError, match="is not on this form"):
        check_form({name: ["x"]}, OFFERED)


@pytest.mark.parametrize("name", ["run_dir", "trace", "endpoints", "load_options", "hits_sample", "stall_s"])
def test_hidden_options_are_never_taken_from_the_form(name: str) -> None:
    """They name files and folders of this machine, or are the terminal's alone."""
    with pytest.raises(BadInputError, match="is not on this form"):
        check_form(SENT | {name: ["x"]}, OFFERED)
