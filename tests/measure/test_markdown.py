"""The summary for a CI's page: the verdict first, and nothing of it is taken for Markdown."""

from collections.abc import Callable

from footfall._measure.verdict import Judgement, Verdict, decide, summary_md
from footfall._records.load_generator import ConnectionCounts
from footfall._records.runs import ArrivalCounts, Lag, Manifest


def test_it_says_verdict_accounts_and_every_criterion(make_manifest: Callable[..., Manifest]) -> None:
    """A heading, a list, a table with a row a criterion."""
    judgements = [
        Judgement(criterion="success(*) >= 90%", verdict=Verdict.PASS, reason="95.0 % of 900 visits"),
        Judgement(criterion="p95(web.*) < 1s", verdict=Verdict.FAIL, reason="1.20 s over 300 visits"),
    ]
    manifest = make_manifest(
        arrivals=ArrivalCounts(due=1200, played=1199, failed=1),
        lag_s=Lag(p50=0.001, p99=0.004, max=0.02),
        connections=ConnectionCounts(opened=1190, reused=2400, repeated=3),
        settings={"connections": "customer"},
    )
    lines = summary_md(judgements, decide(judgements), manifest).splitlines()
    assert lines[0] == "### Footfall: ordinary\\_day: ❌ fail"
    assert "- 1,200 arrivals due: 1,199 played, 1 failed, 0 not sent" in lines
    assert "- lag of the generator: p99 4.0 ms, at most 20.0 ms" in lines
    told = "connections: 1,190 opened, 2,400 requests on reused ones, 3 requests repeated"
    assert any(line.startswith(f"- {told}") for line in lines)
    assert "| ✅ pass | `success(*) >= 90%` | 95.0 % of 900 visits |" in lines
    assert "| ❌ fail | `p95(web.*) < 1s` | 1.20 s over 300 visits |" in lines


def test_hostile_text_neither_ends_a_cell_nor_becomes_a_link(make_manifest: Callable[..., Manifest]) -> None:
    """Bars, backticks, brackets, line ends and tags."""
    hostile = "a | b `c` ``d`` [x](http://e) <img> \n| new row"
    judgements = [Judgement(criterion=hostile, verdict=Verdict.INVALID, reason=hostile)]
    told = summary_md(judgements, decide(judgements), make_manifest(scenario=hostile))
    row = next(line for line in told.splitlines() if line.startswith("| ⚠️"))
    bars = [at for at, sign in enumerate(row) if sign == "|" and row[at - 1] != "\\"]
    assert len(bars) == 4
    assert "\\[x\\]\\(http" in row
    assert "\\<img\\>" in row
    assert sum(line.startswith("|") for line in told.splitlines()) == 3
