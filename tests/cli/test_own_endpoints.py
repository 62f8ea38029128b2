"""A planner's own service: somebody else's server is checked and loaded as the document says."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import polars as pl
import pytest

from footfall._cli.app import run
from footfall._load.endpoints.endpoints_file import endpoints_in
from footfall._records.tables import HITS, VISITS, read_parquet
from footfall._workload.trace import read_info
from tests.load.conftest import free_port

TOP = Path(__file__).parents[2]
DOCUMENT = (TOP / "docs" / "reference" / "endpoints.md").read_text(encoding="utf-8")
GUIDE = (TOP / "docs" / "how-to" / "own-service.md").read_text(encoding="utf-8")
EXAMPLE = TOP / "docs" / "examples" / "own-service"
FILE = "docs/examples/own-service/kinto.toml"
USER, PASSWORD = "desk", "pa55-word-of-nobody"
START_S_MAX = 60
LIMIT_FEN = 5000
__all__ = ["free_port"]


@dataclass
class Kinto:
    """A running server of JSON records, with plans and a limit on recharges."""

    url: str

    def orders(self) -> list[dict[str, object]]:
        """Give all orders that it keeps."""
        path = "/v1/buckets/shop/collections/orders/records"
        data: list[dict[str, object]] = httpx.get(self.url + path, auth=(USER, PASSWORD)).json()["data"]
        return data


@pytest.fixture
def kinto(tmp_path: Path, free_port: int) -> Iterator[Kinto]:
    """Start Kinto from its package on the loopback interface, and fill it."""
    words = tmp_path / "kinto.log"
    command = [str(Path(sys.executable).with_name("kinto")), "start", "--ini", str(EXAMPLE / "kinto.ini")]
    with words.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--port", str(free_port)], stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    url = f"http://127.0.0.1:{free_port}"
    try:
        _until_it_answers(url, process, words)
        _fill(url)
        yield Kinto(url)
    finally:
        process.terminate()
        process.wait(30)


def _until_it_answers(url: str, process: "subprocess.Popen[bytes]", words: Path) -> None:
    give_up_s = time.monotonic() + START_S_MAX
    while True:
        assert process.poll() is None, words.read_text()
        assert time.monotonic() < give_up_s, words.read_text()
        try:
            if httpx.get(f"{url}/v1/").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)


def _fill(url: str) -> None:
    limit = {"type": "object", "properties": {"amount_fen": {"type": "integer", "maximum": LIMIT_FEN}}}
    with httpx.Client(base_url=f"{url}/v1") as client:
        client.put(f"/accounts/{USER}", json={"data": {"password": PASSWORD}}).raise_for_status()
        client.auth = httpx.BasicAuth(USER, PASSWORD)
        client.put("/buckets/shop", json={}).raise_for_status()
        for name, data in (("plans", {}), ("orders", {"schema": limit})):
            client.put(f"/buckets/shop/collections/{name}", json={"data": data}).raise_for_status()
        for plan in ("P18", "P38", "P58", "P88", "P128"):
            path = f"/buckets/shop/collections/plans/records/{plan}"
            client.put(path, json={"data": {"yuan": int(plan[1:])}}).raise_for_status()


@pytest.fixture(autouse=True)
def workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in the project's top folder, as a user does, with the secrets set."""
    monkeypatch.chdir(TOP)
    monkeypatch.setenv("SHOP_USER", USER)
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    """Give the document's own scenario."""
    (text,) = re.findall(r"```toml\n(# scenarios/orders_day.toml.*?)```", GUIDE, flags=re.DOTALL)
    file = tmp_path / "orders_day.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_example_is_played_at_a_server_that_is_not_ours(
    kinto: Kinto, scenario: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Queries are served, recharges above the limit rejected, and each order is kept exactly once."""
    out = tmp_path / "run"
    options = ("--window", "12", "--scale", "0.3", "--out", str(out))
    code = run(("load", "--scenario", str(scenario), "--host", kinto.url, *options))
    said = capfd.readouterr()
    assert code in {0, 3}, said.err  # few samples decide little; but nothing fails
    visits, hits = (
        read_parquet(out / "visits-measured.parquet", VISITS),
        read_parquet(out / "hits.parquet", HITS),
    )
    causes = visits.group_by("operation", "outcome", "cause").len().rows()
    assert {(name, outcome, cause) for name, outcome, cause, _ in causes} == {
        ("query", "served", ""),
        ("recharge", "served", ""),
        ("recharge", "rejected", "Invalid_parameters"),
        ("transact", "served", ""),
    } | {row[:3] for row in causes if row[0] == "roaming"}
    assert set(visits.filter(pl.col("operation") == "roaming")["outcome"]) <= {"served"}
    served = visits.filter((pl.col("outcome") == "served") & (pl.col("operation") != "query")).height
    assert len(kinto.orders()) == served
    assert set(hits["step"]) == {"plan", "orders", "pay", "order", "confirm", "look after it"}
    info = read_info(out / "trace.json")
    assert info.endpoints == FILE
    assert set(info.arrivals_by_channel) == {"web", "wap", "sms"}
    assert info.left_out["hotline.query"] > 0
    assert "left out of the trace, not mapped: " in said.out
    assert (out / "endpoints.toml").read_text(encoding="utf-8") == (TOP / FILE).read_text(encoding="utf-8")
    for path in (path for path in out.rglob("*") if path.is_file()):
        assert PASSWORD.encode() not in path.read_bytes(), path
    assert PASSWORD not in said.out + said.err


def test_a_file_is_checked_against_the_service_before_the_load(
    kinto: Kinto, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Step by step; a wrong password is seen as what it is, and not shown."""
    asked = ("load", "--scenario", "ordinary_day", "--host", kinto.url, "--endpoints", FILE, "--check")
    assert run(asked) == 0
    said = capsys.readouterr().out
    assert said.endswith("3 of 3 visits served\n")
    assert '"state":"done"' in said
    assert PASSWORD not in said
    monkeypatch.setenv("SHOP_PASSWORD", "wr0ng-word")
    assert run((*asked, "--json")) == 1
    said = capsys.readouterr().out
    assert "wr0ng-word" not in said
    data = json.loads(said)
    assert data["served"] is False
    assert {step["status"] for visit in data["visits"] for step in visit["steps"]} <= {401, 403}


Refused = Callable[..., str]


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refused:
    """Run a load that must be refused; gives its one line."""

    def check(*arguments: str) -> str:
        assert run(("load", "--scenario", "ordinary_day", *arguments)) == 2
        return capsys.readouterr().err.strip().splitlines()[-1]

    return check


def test_what_cannot_be_played_is_refused_and_nothing_is_written(refused: Refused, tmp_path: Path) -> None:
    """No host for it, nothing to check, a secret that is not set, a channel that nobody mapped."""
    out = ("--out", str(tmp_path / "run"))
    line = refused("--serve", "--endpoints", FILE, *out)
    assert line.endswith("the reference service has its own; expected --host URL instead of --serve")
    line = refused("--host", "http://127.0.0.1:1", "--check", *out)
    assert line == "footfall: --check: there is nothing to check; expected --endpoints FILE and --host URL"
    strict = tmp_path / "strict.toml"
    text = (TOP / FILE).read_text(encoding="utf-8")
    strict.write_text(text.replace('unmapped = "skip"', ""), encoding="utf-8")
    line = refused("--host", "http://127.0.0.1:1", "--endpoints", str(strict), *out)
    assert line.startswith(f"footfall: {strict}: no mapping for web.purchase (")
    del os.environ["SHOP_PASSWORD"]
    line = refused("--host", "http://127.0.0.1:1", "--endpoints", FILE, *out)
    where, unset = f"{FILE}: {{env.SHOP_PASSWORD}}", "SHOP_PASSWORD is not set"
    assert line == f"footfall: {where}: {unset}; expected SHOP_PASSWORD in the environment"
    assert not (tmp_path / "run").exists()


def test_every_file_in_the_document_is_a_file_that_can_be_read() -> None:
    """What is copied from it works; its parts are put together with what they need."""
    blocks = re.findall(r"```toml\n(.*?)```", DOCUMENT, flags=re.DOTALL)
    assert len(blocks) == 5
    rest = '\n[[operation]]\nfor = "*.*"\nstep = [{ path = "/" }]\n'
    for block in blocks:
        endpoints_in(block if "[[operation]]" in block else block + rest, "docs/reference/endpoints.md")
