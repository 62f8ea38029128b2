"""Criteria that name a step are held against its requests, and never pass by what was cut off."""

from collections.abc import Callable
from random import Random

import polars as pl
import pytest

from footfall._criteria.lists import parse
from footfall._criteria.objects import ResponseCriterion, Scope
from footfall._measure.judge import judge
from footfall._measure.run_data import RunData
from footfall._measure.verdict import Judgement
from footfall._records.errors import BadInputError
from footfall._records.rows import Outcome
from footfall._records.runs import Manifest
from footfall._records.tables import HITS

MakeVisits = Callable[..., pl.DataFrame]
MakeManifest = Callable[..., Manifest]


def _hits(n: int, step: str = "POST /login", *, time_s: float = 0.2, bad_every: int = 0) -> pl.DataFrame:
    rows, draw = [], Random(7)
    for number in range(n):
        is_bad = bool(bad_every) and number % bad_every == 0
        outcome = Outcome.ERROR.value if is_bad else Outcome.SERVED.value
        times = (float(number), 0.0, float(number), number + time_s * draw.uniform(0.5, 1.5))
        rows.append((number, "web", "query", 1, step, *times, 500 if is_bad else 200, outcome))
    return pl.DataFrame(rows, schema=HITS, orient="row")


def _judge(line: str, manifest: Manifest, visits: pl.DataFrame, hits: pl.DataFrame | None) -> Judgement:
    return judge(parse(line, "x"), RunData(manifest=manifest, measured=visits, hits=hits))


def test_a_step_is_read_and_written_as_it_stands() -> None:
    """Blanks and slashes are part of its name."""
    criterion = parse("p95(web.re*/POST /orders/{order}/confirm) < 300ms", "x")

    assert isinstance(criterion, ResponseCriterion)
    assert criterion.scope == Scope("web", "re*", "POST /orders/{order}/confirm")
    assert str(criterion.scope) == "web.re*/POST /orders/{order}/confirm"


@pytest.mark.parametrize(
    "line",
    [
        "predicted(success, web.query/login) within 1pt of measured",
        "arrivals(web.query/login) within 1% of trace",
        "error(web.query/login) > 20% for 30s abort",
        "p95(web.query/) < 1s",
        "p95(web/login) < 1s",
        "p95(web.query/a,b) < 1s",
        "p95(lag/login) < 10ms",
    ],
)
def test_what_has_no_steps_refuses_them(line: str) -> None:
    """In one line, before a run."""
    with pytest.raises(BadInputError, match="x"):
        parse(line, "x")


def test_the_requests_of_the_step_are_judged_and_no_others(
    make_visits: MakeVisits, make_manifest: MakeManifest
) -> None:
    """A slow step and a fast one: the one fails and the other passes, whatever the visits took."""
    hits = pl.concat([_hits(2000), _hits(2000, "GET /account", time_s=3.0)])
    visits, manifest = make_visits(2000), make_manifest()
    verdicts = {
        line: _judge(line, manifest, visits, hits)
        for line in ("p95(web.query/*login) < 1s", "p95(web.*/GET /account) < 1s", "p95(*.*/*) < 1s")
    }

    assert [each.verdict for each in verdicts.values()] == ["pass", "fail", "fail"]
    assert [each.n for each in verdicts.values()] == [2000, 2000, 4000]
    assert "2000 requests" in verdicts["p95(web.query/*login) < 1s"].reason


def test_failed_requests_count_as_errors(make_visits: MakeVisits, make_manifest: MakeManifest) -> None:
    """One in ten is not one in a hundred; one in ten thousand is."""
    line, visits, manifest = "error(web.query/POST /login) <= 2%", make_visits(1000), make_manifest()

    assert _judge(line, manifest, visits, _hits(1000, bad_every=10)).verdict == "fail"
    assert _judge(line, manifest, visits, _hits(1000)).verdict == "pass"


def test_visits_that_were_cut_off_can_only_take_a_pass_away(
    make_visits: MakeVisits, make_manifest: MakeManifest
) -> None:
    """A sample keeps no request of most visits: one that was cut off must not be forgotten."""
    cut = make_visits(0, 500, served_s=None).with_columns(
        outcome=pl.lit("unfinished"), cause=pl.lit("cut_off"), customer=pl.col("customer") + 10_000
    )
    visits = pl.concat([make_visits(2000), cut])
    hits, manifest = _hits(2000), make_manifest()
    whole = _judge("p95(web.query/*) < 1s", manifest, make_visits(2000), hits)
    torn = _judge("p95(web.query/*) < 1s", manifest, visits, hits)
    slow = _judge("p95(web.query/*) < 100ms", manifest, visits, hits)

    assert (whole.verdict, torn.verdict, slow.verdict) == ("pass", "undecided", "fail")
    assert "500 visits were cut off" in torn.reason


def test_a_request_that_was_cut_off_counts_at_its_own_step_alone(
    make_visits: MakeVisits, make_manifest: MakeManifest
) -> None:
    """It is an error and as slow as it lasted at least; the steps before it in the same visits are sound."""
    cut = make_visits(0, 500, served_s=None).with_columns(
        outcome=pl.lit("unfinished"), cause=pl.lit("cut_off"), customer=pl.col("customer") + 10_000
    )
    visits, manifest = pl.concat([make_visits(2000), cut]), make_manifest()
    first = _hits(2500).with_columns(customer=pl.concat([visits["customer"]]))
    second = _hits(500, "POST /order").with_columns(
        customer=cut["customer"], outcome=pl.lit("unfinished"), status=pl.lit(0, pl.Int64)
    )
    hits = pl.concat([first, second])

    lines = ("error(web.*/POST /login) <= 1%", "error(web.*/POST /order) <= 1%", "p95(web.*/POST /o*) < 1s")
    assert [_judge(line, manifest, visits, hits).verdict for line in lines[:2]] == ["pass", "fail"]
    assert _judge(lines[2], manifest, visits, hits).verdict != "pass"


def test_a_step_without_requests_is_undecided_and_says_which_there_are(
    make_visits: MakeVisits, make_manifest: MakeManifest
) -> None:
    """A misspelt step is no success, and a run that kept none neither."""
    visits, manifest = make_visits(100), make_manifest()
    misspelt = _judge("error(web.query/lgin) <= 1%", manifest, visits, _hits(100))
    unkept = _judge("error(web.query/login) <= 1%", manifest, visits, None)

    assert (misspelt.verdict, unkept.verdict) == ("undecided", "undecided")
    assert "POST /login" in misspelt.reason


def test_a_sample_is_said_to_be_one(make_visits: MakeVisits, make_manifest: MakeManifest) -> None:
    """The share of the customers stands in the reason."""
    manifest = make_manifest(settings={"hits_sample_share": 0.1})
    judgement = _judge("error(web.query/*) <= 5%", manifest, make_visits(1000), _hits(1000))

    assert judgement.reason.endswith("a sample, the requests of 10.0 % of the customers")


def test_a_step_is_held_against_that_of_an_earlier_run(
    make_visits: MakeVisits, make_manifest: MakeManifest
) -> None:
    """A fifth of errors is found; none is not worse; an earlier run without its requests shows nothing."""
    visits, manifest = make_visits(2000), make_manifest()
    criterion = parse("error(web.query/*login) not worse than baseline by 2pt", "x")

    def against(now: pl.DataFrame, before: pl.DataFrame | None) -> str:
        earlier = RunData(manifest=manifest, measured=visits, hits=before)
        found = RunData(manifest=manifest, measured=visits, hits=now, baseline=earlier)
        return judge(criterion, found).verdict.value

    assert against(_hits(2000, bad_every=5), _hits(2000)) == "fail"
    assert against(_hits(2000), _hits(2000, time_s=0.3)) == "pass"
    assert against(_hits(2000), None) == "undecided"
