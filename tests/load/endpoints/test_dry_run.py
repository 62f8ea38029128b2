"""A dry run of a file before the load: one visit for each mapping, every answer shown, no secret in it."""

from footfall._load.endpoints.endpoints_check import DryRun, dry_runs, unused_patterns
from footfall._load.endpoints.endpoints_file import endpoints_in
from footfall._load.endpoints.target_service import TargetService
from footfall._load.http.client import Client
from footfall._load.http.wire_format import address_of
from footfall._records.rows import Outcome
from tests.load.endpoints.shop import PASSWORD, TOKEN, Shop, shop
from tests.load.endpoints.test_endpoints_run import FILE, OTHER
from tests.load.small import SEED, small_model

SECRETS = {"env.SHOP_PASSWORD": PASSWORD, "env.SHOP_OTHER": OTHER}


def tried(here: Shop, text: str = FILE) -> dict[str, DryRun]:
    """Try a file out at a shop; gives the dry_runs by channel.operation."""
    service = TargetService(endpoints_in(text, "f.toml"), SECRETS, 0.01)
    done = dry_runs(service, small_model(), Client(address_of(here.host, "--host")), SEED)
    return {f"{trial.channel}.{trial.operation}": trial for trial in done}


def test_each_mapping_is_tried_once_and_judged_as_in_a_play() -> None:
    """The outcomes and causes of the played run, in a second."""
    with shop() as here, shop() as elsewhere:
        here.elsewhere = elsewhere.host
        found = tried(here)
        assert elsewhere.asked == {}
    assert {name: trial.ending for name, trial in found.items()} == {
        "web.query": (Outcome.SERVED, ""),
        "web.recharge": (Outcome.SERVED, ""),
        "web.transact": (Outcome.ERROR, "no_Bearer"),
        "web.roaming": (Outcome.ERROR, "http_302"),
        "web.purchase": (Outcome.ERROR, "answer_too_long"),
        "agent.query": (Outcome.ERROR, "answer_too_long"),
        "agent.recharge": (Outcome.TIMEOUT, "no_answer"),
    }
    assert [step.step for step in found["web.recharge"].steps] == ["login", "order", "look", "look"]


def test_answers_are_shown_without_the_secrets_in_them() -> None:
    """The service repeats a secret; a login's answer is one."""
    with shop() as here:
        found = tried(here)
    shown = repr(found)
    assert "no Bearer ***" in shown
    assert '"state": "ok"' in shown
    for secret in (PASSWORD, OTHER, TOKEN):
        assert secret not in shown


def test_two_trials_place_two_orders() -> None:
    """The second is no repetition of the first."""
    with shop() as here:
        tried(here)
        tried(here)
        keys = {body for path, _, body in here.sent if path == "/orders"}
    assert len(keys) == 2


def test_an_unreachable_service_is_an_ending_like_others() -> None:
    """As in a play."""
    with shop() as gone:
        pass
    text = '[[operation]]\nfor = "*.*"\nstep = [{ path = "/" }]'
    assert tried(gone, text)["web.query"].ending == (Outcome.ERROR, "unreachable")


def test_a_mapping_that_applies_to_nothing_is_reported() -> None:
    """A misspelt channel, and a mapping behind one that matches everything."""
    text = """
    [[operation]]
    for = "wbe.*"
    step = [{ path = "/" }]
    [[operation]]
    for = "*.*"
    step = [{ path = "/" }]
    [[operation]]
    for = ["sms.query", "web.query"]
    step = [{ path = "/" }]
    """
    service = TargetService(endpoints_in(text, "f.toml"), {}, 1)
    assert unused_patterns(service, small_model()) == ["wbe.*", "sms.query, web.query"]
