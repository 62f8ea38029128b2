"""Locust runs a trace against the user's service: only there, every arrival counted, no secret anywhere."""

import base64
import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pytest

from footfall._load.endpoints.endpoints_check import COPY
from footfall._load.options import LoadOptions
from footfall._load.result_files import HITS_FILE, VISITS_FILE, LoadResult
from footfall._load.start_locust import LoadSettings, _command, run_locust
from footfall._records.errors import BadInputError
from footfall._records.load_generator import ConnectionCounts
from footfall._records.runs import ArrivalCounts, read_manifest
from footfall._records.tables import HITS, VISITS, check_visits, read_parquet
from footfall._workload.trace import read_info, write_trace
from tests.load.endpoints.shop import PASSWORD, TOKEN, Shop, shop
from tests.load.small import day_of, small_model, trace_of

FILE = """
unmapped = "skip"
code = "error.code"
response_bytes_max = 100_000
outcomes = { bad_login = "rejected" }
auth = { kind = "login", path = "/login", json = { password = "{env.SHOP_PASSWORD}" }, token = "data.token" }

[[operation]]
for = "web.query"
step = [
  { name = "bills", path = "/bills?of={phone}", success = { json = { state = "ok" } } },
  { name = "page", path = "/page", auth = false, success = { contains = "帳單" } },
  { name = "packed", path = "/packed", auth = false, success = { json = { state = "ok" } } },
]

[[operation]]
for = "web.recharge"
[[operation.step]]
name = "order"
method = "POST"
path = "/orders"
json = { key = "{uuid}", fen = "{recharge_fen}" }
save = { order = "data.id" }
[[operation.step]]
name = "look"
path = "/orders/{order}/{uuid}"
until = { json = { state = "done" }, every_s = 0.05, at_most_s = 10 }

[[operation]]
for = "web.transact"
step = [{ path = "/bills", headers = { Authorization = "Bearer {env.SHOP_OTHER}" }, auth = false }]
[[operation]]
for = "web.roaming"
step = [{ name = "moved", path = "/moved", auth = false }]
[[operation]]
for = "web.purchase"
step = [{ name = "long", path = "/long", auth = false }]
[[operation]]
for = "agent.query"
step = [{ name = "bomb", path = "/bomb", auth = false }]
[[operation]]
for = "agent.recharge"
step = [{ name = "never", path = "/never", auth = false, timeout_s = 0.5 }]
"""
OTHER = "an0ther-secret-that-is-wrong"
OPERATIONS = (
    ("query", "web"),
    ("recharge", "web"),
    ("transact", "web"),
    ("roaming", "web"),
    ("purchase", "web"),
    ("query", "agent"),
    ("recharge", "agent"),
    ("query", "sms"),
)
EACH = 10


@dataclass
class Played:
    """A run against the shop, whose redirects point to an address that must not be visited."""

    folder: Path
    result: LoadResult
    shop: Shop
    elsewhere: Shop
    visits: pl.DataFrame
    hits: pl.DataFrame


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Ten customers for each operation within two seconds, ten of them for what the file does not map."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "shop.toml").write_text(FILE, encoding="utf-8")
    model = small_model()
    day = day_of([(k / 40, *OPERATIONS[k % len(OPERATIONS)]) for k in range(EACH * len(OPERATIONS))])
    write_trace(folder / "trace", trace_of(model, day, 2))
    with shop() as here, shop() as elsewhere, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_PASSWORD", PASSWORD)
        patch.setenv("SHOP_OTHER", OTHER)
        here.elsewhere = elsewhere.host
        result = run_locust(settings_of(folder, here))
    run = folder / "run"
    visits = read_parquet(run / VISITS_FILE, VISITS)
    check_visits(visits)
    return Played(folder, result, here, elsewhere, visits, read_parquet(run / HITS_FILE, HITS))


def settings_of(folder: Path, at: Shop) -> LoadSettings:
    """Give the settings of a play at a shop."""
    return LoadSettings(
        trace=folder / "trace",
        host=at.host,
        run_dir=folder / "run",
        options=LoadOptions(endpoints=folder / "shop.toml", control=False),
    )


def endings(visits: pl.DataFrame, operation: str, channel: str = "web") -> Counter[tuple[str, str]]:
    """Count outcomes and causes of an operation."""
    of_it = visits.filter((pl.col("operation") == operation) & (pl.col("channel") == channel))
    return Counter(of_it.select("outcome", "cause").iter_rows())


def test_everybody_who_is_mapped_is_played_and_the_others_are_counted(played: Played) -> None:
    """Ten of eighty are not in the trace, by name."""
    assert played.result.status == "finished"
    assert played.result.arrivals == ArrivalCounts(due=7 * EACH, played=7 * EACH)
    info = read_info(played.folder / "run" / "trace.json")
    assert (info.arrivals, info.left_out) == (7 * EACH, {"sms.query": EACH})
    reported = read_manifest(played.folder / "run").settings
    assert reported["left_out"] == {"sms.query": EACH}
    assert reported["endpoints_sha256"] == hashlib.sha256(FILE.encode()).hexdigest()
    assert played.visits.height == 7 * EACH


def test_right_answers_serve_and_each_request_is_a_hit_under_its_steps_name(played: Played) -> None:
    """The service saw as many as there are hits; values of customers are in no name."""
    assert endings(played.visits, "query") == {("served", ""): EACH}
    assert endings(played.visits, "recharge") == {("served", ""): EACH}
    hits = Counter(played.hits["step"].to_list())
    assert hits == {
        "login": 2 * EACH,
        "bills": EACH,
        "page": EACH,
        "packed": EACH,
        "order": EACH,
        "look": 2 * EACH,
        "GET /bills": EACH,
        "moved": EACH,
        "long": EACH,
        "bomb": EACH,
        "never": EACH,
    }
    asked = {path: count for path, count in played.shop.asked.items() if "/health" not in path}
    assert sum(asked.values()) == played.hits.height == played.result.hits
    assert asked["POST /login"] == 2 * EACH
    orders = [path for path in asked if path.startswith("GET /orders/a%2Fb%3Fc/")]
    assert len(orders) == EACH
    phones = {path for path, _, _ in played.shop.sent if path.startswith("/bills?of=1380")}
    assert len(phones) == EACH


def test_wrong_answers_are_no_success_whatever_their_status(played: Played) -> None:
    """A refused token, a redirect not followed, a body too long, one that unpacks to too much, none."""
    assert endings(played.visits, "transact") == {("error", "no_Bearer"): EACH}
    assert endings(played.visits, "roaming") == {("error", "http_302"): EACH}
    assert endings(played.visits, "purchase") == {("error", "answer_too_long"): EACH}
    assert endings(played.visits, "query", "agent") == {("error", "answer_too_long"): EACH}
    assert endings(played.visits, "recharge", "agent") == {("timeout", "no_answer"): EACH}
    statuses = played.hits.filter(pl.col("step") == "moved")["status"].unique().to_list()
    assert statuses == [302]


def test_each_customer_has_a_connection_kept_through_the_journey(played: Played) -> None:
    """Seventy customers with a hundred and thirty requests."""
    reported = ConnectionCounts(opened=7 * EACH, reused=played.hits.height - 7 * EACH)
    assert played.result.connections == reported
    assert read_manifest(played.folder / "run").connections == reported


def test_load_goes_to_the_host_that_was_named_and_nowhere_else(played: Played) -> None:
    """The target of the redirect gets no request."""
    assert played.elsewhere.asked == {}


def test_no_secret_is_in_any_file_of_the_run_nor_in_a_list_of_processes(played: Played) -> None:
    """Neither those of the environment, nor the token of the login, though the service repeats them."""
    basic = base64.b64encode(f"x:{PASSWORD}".encode()).decode()
    files = [path for path in (played.folder / "run").rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"locust.log", "load.json", "manifest.json", COPY, HITS_FILE}
    texts = {str(path): path.read_bytes() for path in files}
    # Parquet packs its texts, so they are looked at unpacked.
    texts["visits"] = played.visits.write_csv().encode()
    texts["hits"] = played.hits.write_csv().encode()
    texts["command"] = " ".join(_command(settings_of(played.folder, played.shop))).encode()
    for secret in (PASSWORD, OTHER, TOKEN, basic):
        assert [name for name, text in texts.items() if secret.encode() in text] == []
    assert any(PASSWORD in body for _, _, body in played.shop.sent), "it was sent all the same"


def test_the_run_keeps_the_file_as_it_was(played: Played) -> None:
    """So that the run can be understood later."""
    assert (played.folder / "run" / COPY).read_text(encoding="utf-8") == FILE


def test_a_secret_that_is_not_set_ends_the_run_before_anything_is_sent(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable is named."""
    monkeypatch.delenv("SHOP_PASSWORD", raising=False)
    monkeypatch.setenv("SHOP_OTHER", OTHER)
    with shop() as here:
        with pytest.raises(BadInputError, match="SHOP_PASSWORD is not set"):
            run_locust(replace(settings_of(played.folder, here), run_dir=played.folder / "other"))
        assert {path for path in here.asked if path != "GET /health"} == set()


def test_an_address_with_a_password_in_it_is_refused(played: Played) -> None:
    """Addresses stand in manifests."""
    settings = LoadSettings(
        trace=played.folder / "trace", host=f"http://u:{PASSWORD}@127.0.0.1:1", run_dir=played.folder / "x"
    )
    with pytest.raises(BadInputError, match="--host: contains a user or a password") as refused:
        run_locust(settings)
    assert PASSWORD not in str(refused.value)
