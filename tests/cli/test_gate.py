"""`footfall gate` believes a folder only as far as its files fit together, and runs nothing that it names."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from footfall._cli.app import run
from footfall._load.result_files import LOAD_FILE, VISITS_FILE
from footfall._load.run_integrity import check_run
from footfall._records.errors import BadInputError
from footfall._records.runs import MANIFEST, RUN_FILES, TRACE_FILE, Lag, digests, read_manifest
from footfall._runs.judgement import Load, check_baseline
from footfall._workload.trace import ARRIVALS_FILE, read_info
from tests.cli.runs_made import make_run

Change = Callable[[pl.DataFrame], pl.DataFrame]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run as it was left, judged once, so that its prediction is there."""
    folder = make_run(tmp_path_factory.mktemp("gate") / "run", 1)
    assert run(("gate", str(folder))) == 0
    return folder


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(made, tmp_path / "copy"))


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run what must be refused; gives its one line."""
    assert run(arguments) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def with_digests(folder: Path) -> None:
    """Write the digests of the files as they are now, as somebody would who knows of them."""
    data = json.loads((folder / MANIFEST).read_text())
    data["files"] = digests(folder, RUN_FILES)
    (folder / MANIFEST).write_text(json.dumps(data))


def change_json(folder: Path, name: str, **changes: Any) -> None:  # noqa: ANN401  JSON
    """Change top fields of a JSON file."""
    data = json.loads((folder / name).read_text())
    (folder / name).write_text(json.dumps(data | changes))


def change_visits(folder: Path, change: Change, name: str = VISITS_FILE) -> None:
    """Change the table of visits."""
    path = folder / name
    change(pl.read_parquet(path)).write_parquet(path)


def test_a_run_that_was_copied_elsewhere_is_judged_just_the_same(copy: Path) -> None:
    """As often as one likes, and its report is made again."""
    assert run(("gate", str(copy))) == 0
    assert run(("report", str(copy))) == 0
    assert run(("gate", str(copy))) == 0


@pytest.mark.parametrize("name", [VISITS_FILE, "visits.parquet", ARRIVALS_FILE])
def test_a_table_that_was_changed_is_named(copy: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows taken away, measured, predicted or due."""
    change_visits(copy, lambda table: table.head(table.height - 1), name)
    assert f"{name}: was changed after the run" in refused(capsys, "gate", str(copy))
    assert "was changed" in refused(capsys, "report", str(copy))


@pytest.mark.parametrize("name", [LOAD_FILE, "trace.json", "model.json"])
def test_a_text_that_was_changed_is_named(copy: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A blank is enough."""
    with (copy / name).open("a") as file:
        file.write(" ")
    assert f"{name}: was changed after the run" in refused(capsys, "gate", str(copy))


@pytest.mark.parametrize("name", [VISITS_FILE, LOAD_FILE, ARRIVALS_FILE])
def test_a_file_that_is_gone_is_named(copy: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is judged without it."""
    (copy / name).unlink()
    assert f"{name}: no such file" in refused(capsys, "gate", str(copy))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda table: table.filter(pl.col("attempt") == 1).head(90), "visits: 90 here, 100 in load.json"),
        (lambda table: table.with_columns(pl.lit("x").alias("cause")), "success has no cause"),
        (lambda table: table.with_columns(pl.lit("splendid").alias("outcome")), "visits served: 0 here"),
        (lambda table: table.with_columns(pl.lit(float("nan")).alias("ended_s")), "finite times"),
        (lambda table: table.with_columns(pl.lit(float("inf")).alias("ended_s")), "finite times"),
        (lambda table: table.with_columns(pl.col("human_s") + 1000), "no negative response time"),
        (lambda table: table.with_columns(pl.col("customer") + 10**9), "is not in the trace"),
        (lambda table: table.with_columns(pl.col("customer").first()), "each attempt once"),
        (lambda table: table.with_columns(pl.col("due_s") * 0), "was due at another time"),
        (lambda table: table.with_columns(pl.lit(None, pl.Float64).alias("ended_s")), "no empty cell"),
        (lambda table: table.drop("cause"), "columns cause are missing"),
    ],
    ids=lambda each: each.replace(" ", "-") if isinstance(each, str) else "",
)
def test_visits_that_cannot_be_are_refused_even_with_digests_to_match(
    copy: Path,
    change: Change,
    reason: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Their sums, times, outcomes and customers are held against the rest of the folder."""
    change_visits(copy, change)
    with_digests(copy)
    assert reason in refused(capsys, "gate", str(copy))


def test_sums_that_differ_between_the_files_are_refused(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The manifest's lag, or its criteria, edited by themselves."""
    change_json(copy, MANIFEST, lag_s=asdict(Lag(p50=0.0, p99=0.0, max=0.0)))
    assert "lag_s differs from load.json" in refused(capsys, "gate", str(copy))
    change_json(copy, MANIFEST, lag_s=json.loads((copy / LOAD_FILE).read_text())["lag_s"])
    settings = json.loads((copy / MANIFEST).read_text())["settings"]
    change_json(copy, MANIFEST, settings=settings | {"criteria": ["success(web.*) >= 1%"]})
    assert "criteria differ from trace.json" in refused(capsys, "gate", str(copy))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"versions": {"footfall": "0.0.1"}}, "was written by Footfall 0.0.1"),
        ({"versions": {}}, "an unknown version"),
        ({"wings": 2, "versions": {"footfall": "9.9"}}, "'wings' is unknown; it is written by Footfall 9.9"),
        ({"settings": []}, "damaged (settings)"),
        ({"settings": {"criteria": [1]}}, "damaged (settings.criteria)"),
        ({"status": "splendid"}, "status 'splendid'"),
        ({"files": {}}, "was added after the run"),
    ],
)
def test_a_manifest_of_another_kind_is_refused(
    copy: Path, changes: dict[str, Any], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of another version, or none of ours."""
    change_json(copy, MANIFEST, **changes)
    assert reason in refused(capsys, "gate", str(copy))


@pytest.mark.parametrize("name", [MANIFEST, LOAD_FILE, "trace.json", "model.json"])
@pytest.mark.parametrize("content", ["[" * 100_000, "7", '{"run": 3', "\udcff"])
def test_a_text_that_is_no_such_thing_gets_one_line(
    copy: Path, name: str, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nested without end, another kind, cut off, no UTF-8."""
    (copy / name).write_text(content, errors="surrogateescape")
    if name != MANIFEST:
        with_digests(copy)
    assert name in refused(capsys, "gate", str(copy))


def test_a_link_out_of_the_folder_is_refused(
    copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also a folder of charts that lies elsewhere, into which a report would be written."""
    (tmp_path / "elsewhere").mkdir()
    (copy / "charts").symlink_to(tmp_path / "elsewhere")
    assert "is a link out of the run folder" in refused(capsys, "report", str(copy))
    assert not list((tmp_path / "elsewhere").iterdir())
    (copy / "charts").unlink()
    (tmp_path / "visits").write_bytes((copy / VISITS_FILE).read_bytes())
    (copy / VISITS_FILE).unlink()
    (copy / VISITS_FILE).symlink_to(tmp_path / "visits")
    assert f"{VISITS_FILE}: is a link" in refused(capsys, "gate", str(copy))


def test_a_pipe_in_place_of_a_file_does_not_hold_the_gate(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would wait for ever for somebody to write."""
    (copy / VISITS_FILE).unlink()
    os.mkfifo(copy / VISITS_FILE)
    assert f"{VISITS_FILE}: no such file" in refused(capsys, "gate", str(copy))


def test_a_table_that_unpacks_to_far_more_than_a_table_can_is_not_read(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three million equal rows in some kilobytes."""
    many = pl.int_range(3_000_000, eager=True) * 0
    change_visits(copy, lambda table: table[many])
    with_digests(copy)
    assert "3,000,000 rows in" in refused(capsys, "gate", str(copy))


@pytest.mark.parametrize("command", ["gate", "report", "compare", "history", "warmup"])
def test_no_program_that_a_folder_names_is_ever_run(command: str, copy: Path, tmp_path: Path) -> None:
    """Its scenario, model and endpoints are paths of files that would leave a mark."""
    mark = tmp_path / "mark"
    program = tmp_path / "program.py"
    program.write_text(f"from pathlib import Path\nPath({str(mark)!r}).write_text('run')\n")
    manifest = read_manifest(copy)
    settings = manifest.settings | {"model_file": str(program), "endpoints": str(program)}
    for without in (False, True):
        settings = {k: v for k, v in settings.items() if k != "criteria"} if without else settings
        data = asdict(replace(manifest, scenario=str(program), model=str(program), settings=settings))
        (copy / MANIFEST).write_text(json.dumps(data))
        for name in ("trace.json",):
            change_json(copy, name, model=str(program), scenario=str(program), endpoints=str(program))
            if without:
                change_json(copy, name, criteria=[])
        with_digests(copy)
        more = {"compare": ["--baseline", str(copy)], "history": ["--out", str(tmp_path / "h.csv")]}
        code = run((command, str(copy), *more.get(command, [])))
        assert code in {0, 1, 2, 3}
        assert not mark.exists()
    assert run(("gate", str(copy))) == 2


def test_a_run_that_was_killed_is_invalid_and_not_refused(tmp_path: Path) -> None:
    """Its manifest says `running`, and there are no digests yet."""
    folder = make_run(tmp_path / "killed", 1, status="running")
    assert read_manifest(folder).files == {}
    check_run(folder, read_manifest(folder))
    assert run(("gate", str(folder))) == 3


LATE = Lag(p50=0.1, p99=4.9, max=5.0)
NOT_WORSE = "mean(*) not worse than baseline by 50%"


def against(candidate: Path, baseline: Path) -> tuple[str, ...]:
    """Give the arguments of a gate that asks for no worse than an earlier run."""
    return ("gate", str(candidate), "--criterion", NOT_WORSE, "--baseline", str(baseline))


def test_a_sound_earlier_run_is_a_baseline_whatever_its_verdict(copy: Path, tmp_path: Path) -> None:
    """Failing or undecided is no reason against it."""
    for number, verdict in enumerate(("pass", "fail", "undecided", None)):
        earlier = make_run(tmp_path / f"earlier{number}", 2, verdict=verdict)
        assert run(against(copy, earlier)) in {0, 3}


def test_a_baseline_that_cannot_be_trusted_is_refused(
    copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Late, cut short, or invalid by its own verdict: before anything is judged."""
    late = make_run(tmp_path / "late", 2, lag_s=LATE, verdict=None)
    assert "is not valid: p99(lag) < 50ms else invalid" in refused(capsys, *against(copy, late))
    short = make_run(tmp_path / "short", 2, status="partial")
    assert "cut short" in refused(capsys, *against(copy, short))
    invalid = make_run(tmp_path / "invalid", 2, verdict="invalid")
    assert "its own verdict" in refused(capsys, *against(copy, invalid))
    edited = make_run(tmp_path / "edited", 2)
    change_visits(edited, lambda table: table.head(50))
    assert "was changed after the run" in refused(capsys, *against(copy, edited))


def test_a_run_is_no_baseline_of_itself(
    copy: Path, made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor is a copy of it, or a link to it."""
    assert "is the run that is judged" in refused(capsys, *against(copy, copy))
    link = tmp_path / "link"
    link.symlink_to(copy)
    assert "is the run that is judged" in refused(capsys, *against(copy, link))
    assert "holds exactly the same visits as this run" in refused(capsys, *against(copy, made))


def test_a_baseline_of_another_load_is_refused_before_a_play(made: Path) -> None:
    """By what will be played; one of the same load, as its own manifest holds it, is not."""
    manifest = read_manifest(made)
    load = Load(manifest.model, manifest.scenario, manifest.settings, read_info(made / TRACE_FILE))
    check_baseline(made, (), load)
    with pytest.raises(BadInputError, match=r"its scenario is .*--against"):
        check_baseline(made, (), replace(load, scenario="elsewhere"))
    with pytest.raises(BadInputError, match=r"its scale is .*a run of the same load"):
        check_baseline(made, (), replace(load, settings=manifest.settings | {"scale": 7.0}))
    with pytest.raises(BadInputError, match="its kind is played, not simulated"):
        check_baseline(made, (), replace(load, trace=None))


def test_check_run_names_a_file_and_no_more(copy: Path) -> None:
    """One line, whatever the cause."""
    (copy / VISITS_FILE).write_bytes((copy / VISITS_FILE).read_bytes()[:100])
    with_digests(copy)
    with pytest.raises(BadInputError, match="cannot be read"):
        check_run(copy, read_manifest(copy))
