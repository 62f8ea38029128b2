"""A criterion passes when the evidence is sure, fails when it is sure, and is invalid otherwise."""

from collections.abc import Callable

import polars as pl
import pytest

from footfall.measure.criteria.evidence import Evidence
from footfall.measure.criteria.grammar import parse_criterion
from footfall.measure.criteria.judge import judge, judge_all
from footfall.measure.verdict import Judgement, decide
from footfall.records.runs import ArrivalCounts, Lag, Manifest

MakeVisits = Callable[..., pl.DataFrame]
MakeManifest = Callable[..., Manifest]
ARRIVALS = "arrivals(*) within 2% of trace"


def _judge(line: str, manifest: Manifest, **worlds: pl.DataFrame) -> Judgement:
    return judge(parse_criterion(line, "x"), Evidence(manifest=manifest, **worlds))


@pytest.mark.parametrize(
    ("served", "failed", "verdict"),
    [(990, 10, "pass"), (800, 200, "fail"), (92, 8, "invalid"), (0, 5, "fail"), (5, 0, "invalid")],
)
def test_success_is_judged_by_its_bounds(
    make_visits: MakeVisits, make_manifest: MakeManifest, served: int, failed: int, verdict: str
) -> None:
    """Five out of five do not show 91.1 %."""
    visits = make_visits(served, failed)
    judgement = _judge("success(web.query) >= 91.1%", make_manifest(), measured=visits)

    assert judgement.verdict == verdict
    assert judgement.n == served + failed
    assert judgement.low is not None
    assert judgement.value is not None
    assert judgement.low <= judgement.value


def test_an_undecided_share_says_how_many_visits_would_decide(
    make_visits: MakeVisits, make_manifest: MakeManifest
) -> None:
    """92 % against 91.1 % needs thousands; exactly the bound needs more than there can be."""
    undecided = _judge("success(*) >= 91.1%", make_manifest(), measured=make_visits(92, 8))
    exact = _judge("success(*) >= 80%", make_manifest(), measured=make_visits(80, 20))

    assert "3846 visits could decide" in undecided.reason
    assert "none could decide" in exact.reason


def test_a_margin_lets_a_short_run_pass(make_visits: MakeVisits, make_manifest: MakeManifest) -> None:
    """The same hundred visits, held against three points less."""
    visits = make_visits(99, 1)

    assert _judge("success(*) >= 97.8%", make_manifest(), measured=visits).verdict == "invalid"
    assert _judge("success(*) >= 97.8% - 4pt", make_manifest(), measured=visits).verdict == "pass"


@pytest.mark.parametrize(
    ("line", "visits", "verdict"),
    [
        ("p95(*) < 800ms", 100, "pass"),
        ("p95(*) < 400ms", 100, "fail"),
        ("p95(*) < 800ms", 71, "invalid"),
        ("p50(*) < 0.8s", 10, "pass"),
        ("mean(*) < 800ms", 100, "pass"),
        ("mean(*) < 400ms", 100, "fail"),
        ("mean(*) < 800ms", 1, "invalid"),
    ],
)
def test_a_response_time_is_judged_by_its_bounds(
    make_visits: MakeVisits, make_manifest: MakeManifest, line: str, visits: int, verdict: str
) -> None:
    """All these visits took half a second; 71 of them cannot bound a 95th percentile."""
    assert _judge(line, make_manifest(), measured=make_visits(visits)).verdict == verdict


def test_what_was_measured_is_judged_before_what_was_predicted(
    make_visits: MakeVisits, make_manifest: MakeManifest
) -> None:
    """A prediction is judged only in a run that was not played."""
    good, bad = make_visits(1000), make_visits(0, 1000)
    line = "success(*) >= 90%"

    assert _judge(line, make_manifest(), predicted=good, measured=bad).verdict == "fail"
    assert _judge(line, make_manifest(), predicted=good).verdict == "pass"


@pytest.mark.parametrize("line", ["success(sms.*) > 0.5", "p95(sms.*) < 1s"])
def test_a_scope_without_visits_is_not_known(
    make_visits: MakeVisits, make_manifest: MakeManifest, line: str
) -> None:
    """Nobody tried is neither success nor failure."""
    judgement = _judge(line, make_manifest(), measured=make_visits(10))

    assert judgement.verdict == "invalid"
    assert "no visits match sms.*" in judgement.reason


@pytest.mark.parametrize(
    ("predicted", "measured", "verdict"),
    [
        ((970, 30), (965, 35), "pass"),
        ((990, 10), (900, 100), "fail"),
        ((970, 30), (29, 1), "invalid"),
        ((970, 30), (940, 60), "invalid"),
    ],
)
def test_prediction_and_measurement_agree_only_with_enough_data(
    make_visits: MakeVisits,
    make_manifest: MakeManifest,
    predicted: tuple[int, int],
    measured: tuple[int, int],
    verdict: str,
) -> None:
    """Thirty visits cannot show agreement within two points, however close they are."""
    line = "predicted(success, *) within 2pt of measured"
    worlds = {"predicted": make_visits(*predicted), "measured": make_visits(*measured)}

    assert _judge(line, make_manifest(), **worlds).verdict == verdict


def test_agreement_needs_both_worlds(make_visits: MakeVisits, make_manifest: MakeManifest) -> None:
    """A run that was not played agrees with nothing."""
    judgement = _judge(
        "predicted(success, *) within 2pt of measured", make_manifest(), predicted=make_visits(10)
    )

    assert judgement.verdict == "invalid"
    assert "no measured visits" in judgement.reason


@pytest.mark.parametrize(
    ("manifest", "line", "verdict"),
    [
        ({"lag_s": Lag(p50=0.001, p99=0.004, max=0.02)}, "p99(lag) < 10ms", "pass"),
        ({"lag_s": Lag(p50=0.001, p99=0.2, max=0.3)}, "p99(lag) < 10ms", "invalid"),
        ({"lag_s": Lag()}, "p99(lag) < 10ms", "invalid"),
        ({}, "p99(lag) < 10ms", "invalid"),
        ({"arrivals": ArrivalCounts(due=100, played=90, failed=8, not_sent=2)}, ARRIVALS, "pass"),
        ({"arrivals": ArrivalCounts(due=100, played=97, not_sent=3)}, ARRIVALS, "invalid"),
        ({"arrivals": ArrivalCounts()}, ARRIVALS, "invalid"),
        ({}, ARRIVALS, "invalid"),
    ],
)
def test_a_generator_that_was_late_or_missed_arrivals_proves_nothing(
    make_manifest: MakeManifest, manifest: dict[str, ArrivalCounts | Lag], line: str, verdict: str
) -> None:
    """Lag and arrivals are criteria of validity, also without `else invalid`."""
    judgement = _judge(line, make_manifest(**manifest))

    assert judgement.verdict == verdict
    assert judgement.validity


def test_an_unfinished_run_is_invalid_whatever_it_shows(
    make_visits: MakeVisits, make_manifest: MakeManifest
) -> None:
    """A run that was cut short keeps its figures and loses its verdict."""
    criteria = (parse_criterion("success(*) >= 90%", "x"),)
    whole, cut = (
        judge_all(criteria, Evidence(manifest=make_manifest(status=status), measured=make_visits(1000)))
        for status in ("finished", "partial")
    )

    assert decide(whole).verdict == "pass"
    assert decide(cut).verdict == "invalid"
    assert cut[1].verdict == "pass"
