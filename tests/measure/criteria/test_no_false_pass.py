"""A run that proves nothing passes nothing: no visits, none that ended, none on the channel, no number."""

from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest

from footfall._criteria.objects import Criterion
from footfall._measure.judge import judge, judge_all
from footfall._measure.run_data import RunData
from footfall._measure.verdict import Verdict, decide
from footfall._records.rows import Outcome
from footfall._records.runs import ArrivalCounts, Lag, Manifest

MakeVisits = Callable[..., pl.DataFrame]
MakeManifest = Callable[..., Manifest]
LAG = Lag(p50=0.001, p99=0.004, max=0.009)
ASKED = (
    "success(web.*) >= 50%",
    "error(web.*) <= 50%",
    "p95(web.*) < 100s",
    "mean(web.*) < 100s",
    "predicted(success, web.*) within 50pt of measured",
    "success(web.*) not worse than baseline by 50pt",
    "p95(web.*) not worse than baseline by 100%",
)
CRITERIA = tuple(Criterion(text) for text in ASKED)


@pytest.fixture(params=["no table", "no visits", "none on the channel", "all cut off"])
def proves_nothing(
    request: pytest.FixtureRequest, make_visits: MakeVisits, make_manifest: MakeManifest
) -> RunData:
    """Give a run that was played to its end and of which nothing can be said."""
    whole = make_visits(400)
    measured = {
        "no table": None,
        "no visits": whole.clear(),
        "none on the channel": make_visits(400, channel="hall"),
        "all cut off": make_visits(400, outcome=Outcome.UNFINISHED, cause="cut_off", served_s=None),
    }[request.param]
    manifest = make_manifest(arrivals=ArrivalCounts(due=400, played=400), lag_s=LAG)
    earlier = RunData(manifest=manifest, predicted=whole, measured=whole)
    return RunData(manifest=manifest, predicted=whole, measured=measured, baseline=earlier)


@pytest.mark.parametrize("criterion", CRITERIA, ids=str)
def test_nothing_is_passed_by_a_run_that_proves_nothing(
    criterion: Criterion, proves_nothing: RunData
) -> None:
    """Whatever is asked, however mild the limit."""
    if proves_nothing.measured is None:
        proves_nothing = replace(proves_nothing, predicted=None)
    assert judge(criterion, proves_nothing).verdict is not Verdict.PASS


@pytest.mark.parametrize("status", ["running", "partial"])
def test_a_run_that_did_not_end_passes_nothing(
    status: str, make_visits: MakeVisits, make_manifest: MakeManifest
) -> None:
    """However well its visits went."""
    manifest = make_manifest(status, arrivals=ArrivalCounts(due=800, played=400, not_sent=400), lag_s=LAG)
    evidence = RunData(manifest=manifest, measured=make_visits(400))
    decision = decide(judge_all((Criterion("success(web.*) >= 50%"),), evidence))
    assert decision.verdict is not Verdict.PASS


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
@pytest.mark.parametrize("text", ["p95(web.*) < 100s", "mean(web.*) < 100s"])
def test_a_time_that_is_no_number_passes_nothing(
    number: float, text: str, make_visits: MakeVisits, make_manifest: MakeManifest
) -> None:
    """Every visit of it, or every third."""
    manifest = make_manifest(arrivals=ArrivalCounts(due=400, played=400), lag_s=LAG)
    whole = make_visits(400)
    some = pl.when(pl.col("customer") % 3 == 0).then(number).otherwise(pl.col("ended_s"))
    for ended_s in (pl.lit(number), some):
        evidence = RunData(manifest=manifest, measured=whole.with_columns(ended_s=ended_s))
        assert judge(Criterion(text), evidence).verdict is not Verdict.PASS
