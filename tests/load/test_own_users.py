"""Which visits the users of a locustfile serve, known without Locust, and what becomes of the others."""

from pathlib import Path

import pytest

from footfall._load.endpoints.endpoints_check import channels_needed, covered
from footfall._load.endpoints.endpoints_file import endpoints_in
from footfall._load.own_users import NO_USERS, OwnUser, OwnUsers, Unmapped, served_by, users_in
from footfall._records.errors import BadInputError
from footfall._records.rows import Outcome
from footfall._workload.trace import Trace
from tests.load.small import after_failure, day_of, small_model, trace_of

ROWS = [(0.1, "query", "web"), (0.2, "recharge", "web"), (0.3, "query", "sms"), (0.4, "query", "web")]
ENDPOINTS = endpoints_in('[[operation]]\nfor = "sms.*"\nstep = [{ path = "/" }]', "own.toml")


def users(*operations: str, channel: str = "web", unmapped: Unmapped = "refuse") -> OwnUsers:
    """Give one user with these operations; without any, its own tasks serve all."""
    user = OwnUser(channel=channel, user="Shop", operations=operations or None, speaks_http=True)
    return OwnUsers(locustfile="my.py", users=(user,), unmapped=unmapped)


@pytest.fixture
def trace() -> Trace:
    """Three arrivals on the web, one by message."""
    return trace_of(small_model(), day_of(ROWS), 1)


@pytest.mark.parametrize("own", [users("query", "recharge"), users()], ids=["methods", "tasks"])
def test_a_trace_that_is_served_stays_as_it_is(trace: Trace, own: OwnUsers) -> None:
    """Other channels go to the reference service's routes."""
    kept = covered(trace, None, "my.py", own)
    assert kept.arrivals.equals(trace.arrivals)
    assert kept.info.left_out == {}


def test_an_operation_without_a_method_is_one_clear_error(trace: Trace) -> None:
    """It names the class, what is missing, and how many come for it."""
    with pytest.raises(BadInputError) as caught:
        covered(trace, None, "my.py", users("query"))
    assert str(caught.value) == (
        "my.py: Shop has no method for web.recharge (1 arrival); "
        "expected a method of that name for each, or --unmapped skip"
    )


def test_what_nothing_serves_is_left_out_if_that_is_said(trace: Trace) -> None:
    """The operation without a method, and channels without a user; customers cannot switch there either."""
    kept = covered(trace, None, "my.py", users("query", unmapped="skip"))
    assert kept.info.left_out == {"web.recharge": 1, "sms.query": 1}
    assert kept.arrivals["operation"].to_list() == ["query", "query"]
    assert kept.arrivals["arrival"].to_list() == [0, 1]
    assert kept.info.arrivals_by_channel == {"web": 2}
    assert {channel.name for channel in kept.model.channels if channel.dialogues} == {"web"}


def test_a_user_goes_before_the_endpoints_file_at_its_channel(trace: Trace) -> None:
    """The file serves the others; where neither has anything, the file's own words say so."""
    assert covered(trace, ENDPOINTS, "own.toml", users("query", "recharge")).arrivals.height == 4
    with pytest.raises(
        BadInputError, match=r"own.toml: no mapping for web.query \(2 arrivals\), web.recharge"
    ):
        covered(trace, ENDPOINTS, "own.toml", NO_USERS)


def test_a_channel_that_the_model_does_not_have_is_reported(trace: Trace) -> None:
    """With those that it has."""
    with pytest.raises(BadInputError, match=r"Shop: the model has no channel shop; expected one of web"):
        covered(trace, None, "my.py", users(channel="shop"))


def test_channels_to_which_customers_may_switch_are_wanted() -> None:
    """Else only those where they come first."""
    assert channels_needed(small_model(), ["web"]) == {"web"}
    switching = small_model(follow_ups=after_failure(Outcome.ERROR, switch=1))
    assert channels_needed(switching, ["web"]) == {channel.name for channel in switching.channels}


def test_a_manifest_says_who_served_each_channel(trace: Trace) -> None:
    """And nothing where no user is the user's own."""
    reported = served_by(trace, users())["served_by"]
    assert reported["web"] == "Shop of my.py"
    assert set(reported.values()) == {"Shop of my.py", "the reference service's routes"}
    assert served_by(trace, users(), Path("own.toml"))["served_by"]["sms"] == "own.toml"
    assert served_by(trace, NO_USERS) == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "no such file"),
        ("from locust import HttpUser\n1 / 0", "ZeroDivisionError: division by zero"),
        (
            "from footfall.locust import *\nfrom locust import User\nclass A(User): ...\ndrive(A, 'web')",
            "drive(A, channel='web'): A has no tasks; expected a method with @task, or operations",
        ),
    ],
)
def test_a_locustfile_that_serves_nothing_gets_one_line(tmp_path: Path, text: str | None, words: str) -> None:
    """Missing, broken, with a user that does nothing."""
    file = tmp_path / "my.py"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(BadInputError) as caught:
        users_in(file)
    assert str(caught.value).startswith(f"--locustfile {file}: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
