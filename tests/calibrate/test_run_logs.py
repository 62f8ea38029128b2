"""Recorded requests of a load test become request logs."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from footfall._calibrate.run_logs import logs_of_hits, request_logs
from footfall._load.result_files import HITS_FILE
from footfall._records.errors import BadInputError
from footfall._records.rows import Hit
from footfall._records.runs import Manifest, write_manifest
from footfall._records.tables import HITS, table, write_parquet


def hit(sent_s: float | None, ended_s: float, **changes: Any) -> Hit:  # noqa: ANN401  fields of several types
    """Make a recorded request."""
    plain = Hit(1, "web", "pay", 1, "POST /pay", 0.0, 0.0, sent_s, ended_s, 200, "served")
    return plain._replace(**changes)


ROWS = [
    hit(2.0, 2.5),
    hit(1.0, 1.2, status=503, outcome="throttled"),
    hit(3.0, 9.0, status=0, outcome="unfinished"),
    hit(None, 4.0, status=0, outcome="error"),
    hit(1.5, 1.6, channel="sms", step="GET /sms"),
]
MANIFEST = Manifest(
    run="run 7",
    command="load",
    model="shop",
    scenario="day",
    seed=1,
    status="finished",
    settings={"play": {"length_s": 20.0, "speed": 2.0}},
)


def frame() -> pl.DataFrame:
    """Give the recorded requests as a table."""
    return table([tuple(row) for row in ROWS], HITS)


def folder_with(path: Path, manifest: Manifest, hits: pl.DataFrame) -> Path:
    """Write a small run folder."""
    write_manifest(path, manifest)
    write_parquet(hits, path / HITS_FILE)
    return path


def test_requests_are_sorted_and_split_by_channel() -> None:
    """Success, refusal and cut-off stay apart; what was never sent is left out."""
    logs = logs_of_hits(frame(), run="run 7", length_s=10)
    web = logs["web"]
    assert set(logs) == {"web", "sms"}
    assert web.sent_s.tolist() == [1.0, 2.0, 3.0]
    assert web.is_success.tolist() == [False, True, False]
    assert web.is_answered.tolist() == [True, True, False]
    assert web.status.tolist() == [503, 200, 0]
    assert web.kinds == ("web.pay/POST /pay",)
    assert logs["sms"].kinds == ("sms.pay/GET /sms",)


def test_a_run_folder_gives_its_logs_in_seconds_of_the_run(tmp_path: Path) -> None:
    """The length is that of the played window: 20 s of the day at twice the speed."""
    logs = request_logs(folder_with(tmp_path, MANIFEST, frame()))
    assert logs["web"].length_s == 10
    assert logs["web"].run == "run 7"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"settings": {"play": {"length_s": 20.0, "speed": 2.0}, "hits_sample_share": 0.1}}, "0.1"),
        ({"settings": {}}, "length"),
    ],
)
def test_a_run_that_cannot_be_learned_from_says_so(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    """A sample of the requests or a run of unknown length gets one line."""
    folder = folder_with(tmp_path, replace(MANIFEST, **change), frame())
    with pytest.raises(BadInputError, match=said):
        request_logs(folder)


def test_a_run_without_requests_says_so(tmp_path: Path) -> None:
    """No request, no log."""
    with pytest.raises(BadInputError, match="no requests"):
        request_logs(folder_with(tmp_path, MANIFEST, frame().clear()))
