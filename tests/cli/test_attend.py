"""The attendant of a run: lines in, lines out, and an end that takes everything with it."""

import io
import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from footfall._records.jobs import job_command
from footfall._records.tables import VISITS, read_parquet
from footfall._runs.__main__ import main
from footfall._workload.trace import read_trace, write_trace
from tests.load.small import everywhere, small_model, trace_of


class Attendant:
    """The real one, as Locust starts it."""

    def __init__(self, asked: dict[str, object]) -> None:
        """Start it."""
        self.process = subprocess.Popen(
            job_command("live"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        self.tell(**asked)

    def until(self, word: str) -> dict[str, Any]:
        """Read lines up to one with this word; gives what it says."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            first, _, data = line.partition(" ")
            if first == word:
                return dict(json.loads(data))
        pytest.fail(f"it never said {word}")

    def tell(self, **news: object) -> None:
        """Send a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(news) + "\n")
        self.process.stdin.flush()

    def close(self) -> int:
        """End its input; gives the exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A trace of the small model: 60 customers within three seconds."""
    model = small_model()
    write_trace(tmp_path / "trace", trace_of(model, everywhere(60, 3, model), 3))
    return tmp_path


@pytest.fixture
def attendant(folder: Path) -> Iterator[Attendant]:
    """One with a service of its own."""
    made = Attendant({"run": str(folder / "run"), "trace": str(folder / "trace"), "serve": True})
    yield made
    if made.process.poll() is None:
        made.process.kill()
    made.process.wait()
    for pipe in (made.process.stdin, made.process.stdout):
        assert pipe is not None
        pipe.close()


def test_it_predicts_serves_and_answers_until_its_input_ends(folder: Path, attendant: Attendant) -> None:
    """The service is there when it is ready, the figures are those of the news, and all ends together."""
    ready = attendant.until("ready")
    assert ready["arrivals"] == 60
    with urllib.request.urlopen(f"{ready['host']}/health", timeout=10) as answer:
        assert answer.status == 200
    predicted = read_parquet(folder / "run" / "visits.parquet", VISITS)
    assert predicted.height >= 60
    rows = predicted.rows()
    attendant.tell(now_s=100.0, visits=rows[:20], starts=[[k, 0.001] for k in range(30)], ask=["*.*"])
    first = attendant.until("live")
    attendant.tell(
        now_s=101.0, visits=rows[20:], starts=[[k, 0.001] for k in range(30, 60)], ask=["web.query"]
    )
    second = attendant.until("live")
    assert [state["rows"][0]["measured_visits"] for state in (first, second)] == [20, len(rows)]
    assert [state["rows"][0]["sent"] for state in (first, second)] == [30, 60]
    total = second["rows"][0]
    assert total["measured_success_share"] == total["predicted_success_share"]
    assert list(second["series"]) == ["web.query"]
    assert second["verdict"] == "open"
    assert not second["is_final"]
    assert attendant.close() == 0
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{ready['host']}/health", timeout=10)


def test_what_is_wrong_is_said_in_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2, and no run is left behind."""
    monkeypatch.chdir(folder)
    for asked, words in (
        ({"scenario": "nowhere"}, "footfall: --scenario nowhere: no such scenario"),
        ({"trace": "trace", "options": {"seed": "x"}}, "footfall: --seed: 'x'; expected a whole number"),
    ):
        monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps({"run": "run"} | asked) + "\n"))
        assert main(["live"]) == 2
        assert capsys.readouterr().err.strip().startswith(words)
    assert not (folder / "run").exists()
    assert read_trace(folder / "trace").arrivals.height == 60
