"""`footfall compare` and `footfall history`: from run folders to a verdict, a chart and a table over time."""

import json
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any
from xml.etree.ElementTree import parse

import polars as pl
import pytest

from footfall._cli.app import run
from footfall._cli.compare import repeated
from footfall._criteria.objects import Criterion
from footfall._records.runs import ArrivalCounts, Lag, read_manifest, write_manifest
from footfall._runs.folder import commit_and_branch
from tests.cli.runs_made import LAG, make_run, make_sides, web_trace


@pytest.fixture(scope="module")
def slower(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], list[str]]:
    """Eight runs each, the candidate a fifth slower."""
    return make_sides(tmp_path_factory.mktemp("slower"), 8, factor=1.2)


@pytest.fixture(scope="module")
def alike(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], list[str]]:
    """Eight runs each of one service."""
    return make_sides(tmp_path_factory.mktemp("alike"), 8, factor=1.0)


def compare(capsys: pytest.CaptureFixture[str], a: list[str], b: list[str], *more: str) -> tuple[int, Any]:
    """Compare as the shell's `*` would hand the folders over; gives exit code and figures."""
    code = run(("compare", *b, "--baseline", *a, "--json", *more))
    return code, json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run what must be refused; gives its one line."""
    assert run(arguments) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    return lines[0]


def test_a_slower_service_is_worse_and_by_how_much(
    slower: tuple[list[str], list[str]], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A fifth, of which the interval is sure; success is alike; the files hold every run."""
    code, told = compare(capsys, *slower, "--out", str(tmp_path / "out"))
    assert (code, told["verdict"]) == (1, "worse")
    by_metric = {row["metric"]: row for row in told["differences"]}
    mean = by_metric["mean(web.query)"]
    assert mean["finding"] == "worse"
    assert 0.05 < mean["low"] < 0.2 < mean["high"] < 0.3
    assert by_metric["success(web.query)"]["finding"] == "no difference of that size"
    assert (mean["baseline_runs"], mean["candidate_runs"]) == (8, 8)
    values = pl.read_csv(tmp_path / "out" / "values.csv")
    assert values.height == 16 * len(by_metric)
    assert pl.read_csv(tmp_path / "out" / "differences.csv")["metric"].to_list() == list(by_metric)
    assert parse(tmp_path / "out" / "comparison.svg").getroot().tag.endswith("svg")  # noqa: S314  our own file


def test_the_other_way_round_it_is_better_and_hence_not_worse(
    slower: tuple[list[str], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """With the sides swapped."""
    code, told = compare(capsys, *slower[::-1], "--metric", "mean(web.*)", "--metric", "success(*.*)")
    assert (code, told["verdict"]) == (0, "not worse")
    assert [row["finding"] for row in told["differences"]] == ["better", "no difference of that size"]


def test_one_service_against_itself_is_not_worse(
    alike: tuple[list[str], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """And its table, its accounts and the verdict are printed."""
    a, b = alike
    assert run(("compare", *b, "--baseline", *a, "--min-effect", "20%")) == 0
    said = capsys.readouterr().out
    assert "mean(web.query)" in said
    assert "8 runs against 8" in said
    assert said.strip().splitlines()[-1] == "verdict: not worse"


def test_three_runs_each_cannot_tell_and_say_that_four_could(
    slower: tuple[list[str], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3, never 0."""
    a, b = slower
    code, told = compare(capsys, a[:3], b[:3], "--metric", "mean(web.query)")
    assert (code, told["verdict"]) == (3, "cannot tell")
    assert "3 runs each can never show it at 95 %" in told["reason"]
    assert told["differences"][0]["runs_needed"] == 4


def test_runs_that_say_nothing_are_left_out_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Late, cut short, degraded in sending; the others are compared."""
    a = [str(make_run(tmp_path / f"a-{n}", 2 * n)) for n in range(4)]
    b = [str(make_run(tmp_path / f"b-{n}", 2 * n + 1, factor=2)) for n in range(4)]
    bad = [
        make_run(tmp_path / "late", 20, lag_s=Lag(p50=0.1, p99=0.4, max=0.9)),
        make_run(tmp_path / "short", 21, status="partial"),
        make_run(tmp_path / "killed", 22, status="running"),
        make_run(tmp_path / "unsent", 23, arrivals=ArrivalCounts(due=100, played=99, not_sent=1)),
    ]
    code, told = compare(capsys, a, [*b, *map(str, bad)], "--metric", "mean(web.query)")
    assert code == 1
    assert told["candidate"] == ["b-0", "b-1", "b-2", "b-3"]
    reasons = {each["run"]: each["reason"] for each in told["left_out"]}
    assert list(reasons) == ["late", "short", "killed", "unsent"]
    assert "the generator ran late" in reasons["late"]
    code, told = compare(capsys, a, list(map(str, bad)))
    assert (code, told["verdict"], told["differences"]) == (3, "cannot tell", [])
    assert run(("compare", *map(str, bad), "--baseline", *a, "--out", str(tmp_path / "out"))) == 3


def test_what_else_may_have_made_the_difference_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Runs one side after the other, another machine, a service that wears out."""
    first = [str(make_run(tmp_path / f"a-{n}", n)) for n in range(3)]
    last = [str(make_run(tmp_path / f"b-{n}", n + 3)) for n in range(3)]
    manifest = read_manifest(Path(last[0]))
    write_manifest(Path(last[0]), replace(manifest, machine={"cores": 999}))
    _, told = compare(capsys, first, last)
    assert any("different machines" in caution for caution in told["cautions"])
    assert any("were made before those of the other" in caution for caution in told["cautions"])
    worn = [str(make_run(tmp_path / f"w-{n}", n, factor=1 + n / 4)) for n in range(12)]
    _, told = compare(capsys, worn[::2], worn[1::2])
    assert [caution.partition(" while")[0].partition(" went")[0] for caution in told["cautions"]] == [
        "mean(*.*)"
    ]


def test_a_copy_of_a_run_is_no_second_run(
    alike: tuple[list[str], list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Eight copies of one run were *not worse*; neither side, nor both together, may hold one twice."""
    copy = str(copytree(alike[0][0], tmp_path / "copy"))
    for sides in ((copy, "--baseline", alike[0][0]), (alike[0][0], copy, "--baseline", alike[1][0])):
        assert "holds exactly the same visits as run" in refused(capsys, "compare", *sides)


def test_what_was_asked_of_a_run_is_not_what_it_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Runs of one load are compared, though stricter criteria were asked of the later ones."""
    trace = web_trace()
    stricter = trace.info.model_copy(update={"criteria": (Criterion("success(web.*) >= 90%"),)})
    a = str(make_run(tmp_path / "a", 1))
    b = str(make_run(tmp_path / "b", 2, trace=replace(trace, info=stricter)))
    assert compare(capsys, [a], [b])[1]["verdict"] == "cannot tell"


def test_runs_of_another_trace_are_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another window, another model, or the same with other arrivals."""
    a = str(make_run(tmp_path / "a", 1))
    longer = str(make_run(tmp_path / "longer", 2, trace=web_trace(length_s=10)))
    assert "run longer: has another trace than a: play" in refused(capsys, "compare", longer, "--baseline", a)
    trace = web_trace()
    late = replace(trace, arrivals=trace.arrivals.with_columns(pl.col("due_s") + 0.001))
    other = str(make_run(tmp_path / "other", 3, trace=late))
    assert "run other: has other arrivals than a" in refused(capsys, "compare", other, "--baseline", a)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("compare", "{a}"), "Missing option '--baseline'"),
        (("compare", "--baseline", "{a}"), "Missing argument 'RUN...'"),
        (("compare", "{a}", "--baseline", "{a}"), "is named twice"),
        (("compare", "{b}", "{b}", "--baseline", "{a}"), "is named twice"),
        (("compare", "{b}", "--baseline", "nowhere"), "no such file"),
        (("compare", "{b}", "--baseline", "{a}", "--metric", "p95(fax.query)"), "no run has such a visit"),
        (("compare", "{b}", "--baseline", "{a}", "--metric", "speed"), "is not a metric"),
        (
            ("compare", "{b}", "--baseline", "{a}", "--min-effect", "5"),
            "--min-effect 5: is not an effect size",
        ),
        (("compare", "{b}", "--baseline", "{a}", "--min-effect", "200%"), "--min-effect 200%"),
        (
            ("compare", "{b}", "--baseline", "{a}", "--min-effect", "5%", "--min-effect", "6%"),
            "--min-effect 6%",
        ),
        (("history", "{a}"), "Missing option '--out'"),
        (("history", "nowhere", "--out", "{dir}/h.csv"), "no such file"),
        (("history", "{a}", "--out", "{a}/hits.csv", "--metric", "speed"), "is not a metric"),
        (("history", "{a}", "--out", "{a}/manifest.json"), "is not a history"),
        (("history", "{a}", "--out", "{a}/visits-measured.parquet"), "is not a history"),
        (("compare", "{b}", "--baseline", "{a}", "--out", "{a}/manifest.json"), "manifest.json"),
    ],
)
def test_bad_input_gets_one_line_and_writes_nothing(
    arguments: tuple[str, ...], line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2."""
    a, b = (str(make_run(tmp_path / name, n)) for n, name in enumerate("ab"))
    before = sorted(tmp_path.rglob("*"))
    filled = tuple(each.format(a=a, b=b, dir=tmp_path) for each in arguments)
    assert line in refused(capsys, *filled)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_run_that_was_simulated_and_not_played_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It has no service to speak of."""
    made = make_run(tmp_path / "a", 1)
    (made / "trace.json").unlink()
    assert "is not a load test" in refused(
        capsys, "compare", str(made), "--baseline", str(make_run(tmp_path / "b", 2))
    )


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("r --baseline a b c", "r --baseline a --baseline b --baseline c"),
        ("r s --baseline a b --json", "r s --baseline a --baseline b --json"),
        ("--baseline a --baseline b --out d r", "--baseline a --baseline b --out d r"),
        ("r --baseline=a", "r --baseline=a"),
        ("--baseline a b -- r s", "--baseline a --baseline b -- r s"),
    ],
)
def test_the_baseline_takes_all_folders_up_to_the_next_option(given: str, written: str) -> None:
    """As a shell's `*` hands them over."""
    assert " ".join(repeated(given.split())) == written


def test_a_history_grows_run_by_run_and_is_in_the_order_of_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first call chooses the metrics, later ones keep them; runs that do not count are named."""
    monkeypatch.setenv("GITHUB_SHA", "c0ffee")
    monkeypatch.setenv("GITHUB_HEAD_REF", "faster\n")
    out, config = tmp_path / "history.csv", tmp_path / "otava.yaml"
    three, one = make_run(tmp_path / "r3", 3), make_run(tmp_path / "r1", 1)
    short = make_run(tmp_path / "short", 2, status="partial")
    assert run(("history", str(three), str(short), "--out", str(out), "--otava", str(config))) == 0
    assert "left out: short" in capsys.readouterr().err
    assert run(("history", str(one), "--out", str(out), "--commit", "beef")) == 0
    table = pl.read_csv(out)
    assert table.columns[:4] == ["time", "commit", "branch", "run"]
    assert table.select("commit", "branch", "run").rows() == [
        ("beef", "faster", "r1"),
        ("c0ffee", "faster", "r3"),
    ]
    assert "web.query.response_s_p95" in table.columns
    assert table.null_count().sum_horizontal().item() == 0
    assert f'file: "{out.as_posix()}"' in config.read_text()


def test_the_commit_is_that_of_ci_else_of_git_else_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a hostile name is no more than a line."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit_and_branch({}) == {}
    assert commit_and_branch({"CI_COMMIT_SHA": "abc", "CI_COMMIT_REF_NAME": "a\x1b[31m\nb" + "c" * 999}) == {
        "commit": "abc",
        "branch": "a[31mb" + "c" * 194,
    }
    monkeypatch.chdir(Path(__file__).parent)
    here = commit_and_branch({})
    assert not here or len(here["commit"]) == 40


def test_a_run_knows_its_commit_and_is_the_same_run_at_another_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The identity of a run is what it was asked to do."""
    ids = []
    for commit in ("aaa", "bbb"):
        monkeypatch.setenv("CI_COMMIT_SHA", commit)
        monkeypatch.delenv("GITHUB_SHA", raising=False)
        manifest = read_manifest(make_run(tmp_path / commit, 1))
        assert manifest.settings["commit"] == commit
        assert manifest.lag_s == LAG
        ids.append(manifest.run)
    assert ids[0] == ids[1]
