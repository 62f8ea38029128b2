"""A recorded server's August is replayed at a live service: every second has the requests that it had."""

import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from footfall._cli.app import run
from footfall._records.tables import HITS, read_parquet

TOP = Path(__file__).parents[2]
DATA = Path(os.environ.get("FOOTFALL_DATA") or TOP.parent / "shared" / "data")
REQUESTS = DATA / "nasa_http_1995_requests_per_second.parquet"
pytestmark = pytest.mark.skipif(
    not REQUESTS.is_file(), reason=f"no {REQUESTS.name}: name its folder in FOOTFALL_DATA"
)
FROM = datetime(1995, 8, 31, 14)  # noqa: DTZ001  the server's own clock
SPEED, SECONDS = 5, 75


@pytest.fixture(scope="module")
def counts() -> list[int]:
    """Give the requests of each second of August's last afternoon, from 14:00."""
    august = pl.read_parquet(REQUESTS).filter(pl.col("part") == "aug")["n"].to_list()
    first = int((FROM - datetime(1995, 8, 1, 0, 0, 1)).total_seconds())  # noqa: DTZ001  as above
    return [int(n) for n in august[first : first + SECONDS]]


def test_every_second_of_the_replay_has_the_requests_of_the_log(
    counts: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All are played once; in each recorded second as many come as did, and none before its time."""
    monkeypatch.chdir(TOP)
    line = 'host - - [{:%d/%b/%Y:%H:%M:%S} -0400] "GET / HTTP/1.0" 200 1'
    lines = [line.format(FROM + timedelta(seconds=k)) for k, n in enumerate(counts) for _ in range(n)]
    log, trace, out = tmp_path / "aug.log", tmp_path / "trace", tmp_path / "run"
    log.write_text("\n".join(lines), encoding="utf-8")
    made = ("--from-log", str(log), "--speed", str(SPEED), "--human-time-factor", "0.01", "--out", str(trace))
    assert run(("trace", "--scenario", "ordinary_day", *made)) == 0
    capsys.readouterr()
    run(("load", "--scenario", "ordinary_day", "--trace", str(trace), "--serve", "--json", "--out", str(out)))
    played = json.loads(capsys.readouterr().out)["arrivals"]
    assert played == {
        "due": sum(counts),
        "played": sum(counts),
        "failed": 0,
        "broken": 0,
        "not_sent": 0,
        "lost": 0,
    }
    visits = pl.read_parquet(out / "visits-measured.parquet").filter(pl.col("attempt") == 1)
    second = (visits["due_s"] * SPEED).round(6).floor().cast(pl.Int64)
    came = dict(second.value_counts().rename({"due_s": "second"}).iter_rows())
    start = next(k for k, n in enumerate(counts) if n)
    assert [came.get(k - start, 0) for k in range(SECONDS)] == counts
    hits = read_parquet(out / "hits.parquet", HITS).group_by("customer").agg(pl.col("sent_s").min())
    sent = visits.join(hits, on="customer")
    assert sent.height == visits.height
    assert (sent["sent_s"] >= sent["due_s"]).all()
