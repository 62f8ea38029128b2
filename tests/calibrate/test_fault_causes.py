"""Faults are learned by cause, as far as responses tell causes apart, and stay apart in the model."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from footfall._calibrate.calibrated_model import model_of_stations, with_stations
from footfall._calibrate.fault_shares import FaultCounts, fault_counts, fault_sentences
from footfall._calibrate.limits import NO_RULE, find_limits
from footfall._calibrate.observed import observe
from footfall._calibrate.request_causes import with_request_causes, without_outages
from footfall._calibrate.request_log import RequestLog
from footfall._calibrate.run_logs import logs_of_hits
from footfall._calibrate.station_parameters import FaultCause, ServiceLaw, StationParameters
from footfall._load.result_files import VISITS_FILE
from footfall._model.changes import set_text
from footfall._model.channel import Fault, Step, Verb
from footfall._model.model import Model
from footfall._records.rows import Hit, Outcome, Visit
from footfall._records.tables import HITS, VISITS, table, write_parquet
from footfall._runs.calibrate import calibrate
from footfall._runs.content import read_model
from footfall._runs.predict_load import predict_load
from tests.calibrate.made_runs import LENGTH_S, hits_of, run_folder

DOWN, STALE = FaultCause(name="database_down", status=502), FaultCause(name="stale_data", status=409)
TRUTH = StationParameters(
    kinds=("browse",),
    laws=(ServiceLaw(family="exponential", mean_s=0.02, cv=1.0),),
    fault_shares=(0.08,),
    slots=4,
)


def hit(number: int, status: int, outcome: Outcome, ended_s: float, attempt: int = 1) -> Hit:
    """Make a request of a customer."""
    return Hit(number, "web", "look", attempt, "GET /", 0.0, 0.0, 0.0, ended_s, status, outcome.value)


def visit(number: int, outcome: Outcome, cause: str) -> Visit:
    """Make the visit of a customer."""
    return Visit(number, 0, "all", "look", "web", 0, 1, 0.0, 0.0, 0.0, 2.0, 0.0, outcome.value, cause)


def test_a_request_has_the_cause_of_the_visit_that_it_ended() -> None:
    """A retried one has that of its like, if these agree; an outage says nothing about the station."""
    hits = [
        hit(1, 502, Outcome.ERROR, 1.0),
        hit(1, 502, Outcome.ERROR, 2.0),
        hit(2, 409, Outcome.REJECTED, 1.0),
        hit(3, 200, Outcome.SERVED, 1.0),
        hit(4, 503, Outcome.ERROR, 1.0),
        hit(4, 503, Outcome.ERROR, 2.0),
        hit(5, 503, Outcome.ERROR, 2.0),
        hit(6, 0, Outcome.UNFINISHED, 2.0),
    ]
    visits = [
        visit(1, Outcome.ERROR, "database_down"),
        visit(2, Outcome.REJECTED, "stale_data"),
        visit(3, Outcome.SERVED, ""),
        visit(4, Outcome.ERROR, "outage"),
        visit(5, Outcome.ERROR, "slow_disk"),
        visit(6, Outcome.UNFINISHED, "cut_off"),
    ]
    named = with_request_causes(table(hits, HITS), table(visits, VISITS))
    assert named["cause"].to_list() == [
        "database_down", "database_down", "stale_data", "", "", "outage", "slow_disk", "",
    ]  # fmt: skip
    assert named.columns == [*HITS, "cause"]
    assert without_outages(named)["customer"].to_list() == [1, 1, 2, 3, 4, 5, 6]
    log = logs_of_hits(named, run="run", length_s=1.0)["web"]
    assert log.causes == ("database_down", "http_503", "outage", "slow_disk", "stale_data")
    assert log.cause is not None
    assert (log.cause >= 0).tolist() == log.failed.tolist()


def log_of(status: list[int], response_s: list[float], causes: dict[int, str] | None = None) -> RequestLog:
    """Make a log of one request a second; causes by status, None: the responses gave no reasons."""
    codes = np.array(status)
    names = tuple(causes.values()) if causes else ()
    places = {code: place for place, code in enumerate(causes or ())}
    return RequestLog(
        run="run",
        kinds=("browse",),
        kind=np.zeros(len(codes), np.int64),
        sent_s=np.arange(len(codes), dtype=np.float64),
        ended_s=np.arange(len(codes)) + np.array(response_s),
        status=codes,
        is_success=codes == 200,
        is_answered=np.ones(len(codes), bool),
        length_s=float(len(codes)),
        causes=names,
        cause=np.array([places.get(code, -1) for code in status]) if causes else None,
    )


def test_faults_are_counted_by_cause_and_a_status_without_a_reason_says_so() -> None:
    """Of 100 requests 6 fail by one cause and 2 by another; without reasons, by status."""
    status = [200] * 92 + [502] * 6 + [409] * 2
    log = log_of(status, [0.1] * 100, {502: "database_down", 409: "stale_data"})
    observed = observe([log])
    counts = fault_counts(observed, find_limits(observed, 0.0))
    assert counts.causes == (DOWN, STALE)
    assert counts.shares == (0.08,)
    assert counts.cause_shares == ((0.75, 0.25),)
    share, low, high = counts.interval(0, 0)
    assert low < share == 0.06 < high
    assert fault_sentences(counts) == []
    plain = observe([log_of(status, [0.1] * 100)])
    unnamed = fault_counts(plain, find_limits(plain, 0.0))
    assert [cause.name for cause in unnamed.causes] == ["http_502", "http_409"]
    assert "6 responses of status 502 gave no reason" in fault_sentences(unnamed)[0]


def test_failures_at_once_at_any_load_are_faults_and_no_limit() -> None:
    """A tenth of the requests fail at once, whatever is inside: no limit explains that."""
    rng = np.random.default_rng(3)
    status = np.where(rng.random(400) < 0.1, 503, 200).tolist()
    response_s = [0.002 if code == 503 else 0.05 + float(rng.exponential(0.5)) for code in status]
    log, sent_s = log_of(status, response_s), np.sort(rng.random(400)) * 200
    observed = observe([replace(log, sent_s=sent_s, ended_s=sent_s + log.response_s, length_s=200.0)])
    limits = find_limits(observed, 0.0)
    assert limits.refusal == NO_RULE
    assert observed.runs[0].failures.refused.sum() == status.count(503)
    counts = fault_counts(observed, limits)
    assert [cause.name for cause in counts.causes] == ["http_503"]
    assert counts.shares == (status.count(503) / 400,)


def test_draws_of_faults_have_the_spread_of_their_counts() -> None:
    """The mean of the draws is the share, their spread that of the interval; by cause they add up."""
    counts = FaultCounts((DOWN, STALE), np.array([[60, 20], [0, 0]]), np.array([920, 50]))
    drawn = counts.drawn(64, np.random.default_rng(1))
    shares = np.array([one.shares for one in drawn])
    assert shares[:, 0].mean() == pytest.approx(0.08, rel=0.02)
    assert shares[:, 0].std() == pytest.approx(np.sqrt(0.08 * 0.92 / 1000), rel=0.15)
    by_cause = np.array([one.cause_shares for one in drawn])
    assert by_cause.sum(axis=2) == pytest.approx(1.0)
    assert by_cause[:, 0, 0].mean() == pytest.approx(0.75, abs=0.03)
    # The second kind had no fault: one may come, by the causes of the first.
    assert 0 < shares[:, 1].max() < 0.08
    assert by_cause[:, 1, 0].mean() == pytest.approx(0.75, abs=0.05)


def learned(*shares: float) -> StationParameters:
    """Make a station whose faults have shares by cause."""
    total = sum(shares)
    return StationParameters(
        kinds=("browse",),
        laws=TRUTH.laws,
        fault_shares=(total,),
        slots=4,
        fault_causes=(DOWN, STALE),
        cause_shares=(tuple(share / total for share in shares),),
    )


def model_with(*faults: Fault, pages: float = 1) -> Model:
    """Make a model of one request server."""
    model = model_of_stations("found", {"web": (learned(0.02, 0.01), (1.0,))}, {"web": {}}, "runs")
    channel = model.channel("web")
    work = channel.works[Verb.BROWSE].model_copy(update={"faults": faults})
    changes = {"works": {Verb.BROWSE: work}, "dialogues": {"browse": (Step("browse", pages=pages),)}}
    return model.model_copy(update={"channels": (channel.model_copy(update=changes),)})


def faults_in(model: Model) -> dict[str, tuple[str, str, float]]:
    """Give outcome, doer and share of the faults of a model, by cause."""
    faults = model.channel("web").works[Verb.BROWSE].faults
    return {one.cause: (one.outcome.value, one.by, round(float(one.share), 6)) for one in faults}


def test_a_model_has_the_faults_by_cause_with_the_outcomes_of_their_status() -> None:
    """502 is an error, 409 a refusal of the business."""
    model = model_of_stations("found", {"web": (learned(0.02, 0.01), (1.0,))}, {"web": {}}, "runs")
    assert faults_in(model) == {
        "database_down": ("error", "service", 0.02),
        "stale_data": ("rejected", "service", 0.01),
    }
    changed = set_text(model, "web.works.browse.faults.stale_data.share=0.5")
    assert faults_in(changed)["stale_data"][2] == 0.5
    assert faults_in(changed)["database_down"][2] == 0.02


def test_faults_that_customers_bring_about_are_not_the_services() -> None:
    """What the model's customers do wrong is in the runs as well, and is not counted twice."""
    own = (
        Fault("stale_data", "customer", "rejected", 0.01),
        Fault("database_down", "service", "timeout", 0.3),
        Fault("never_seen", "service", "error", 0.1),
    )
    again = with_stations(model_with(*own), {"web": (learned(0.02, 0.01), (1.0,))}, "runs")
    assert faults_in(again) == {
        "stale_data": ("rejected", "customer", 0.01),
        "database_down": ("timeout", "service", 0.02),
    }


def test_faults_of_requests_become_those_of_steps() -> None:
    """Of a step of three requests 1 - (1 - q)^3 fail."""
    again = with_stations(model_with(pages=3), {"web": (learned(0.02, 0.01), (1.0,))}, "runs")
    assert faults_in(again)["database_down"][2] == pytest.approx(1 - 0.98**3)


def test_two_faults_of_one_cause_go_by_their_place() -> None:
    """A path names one number."""
    model = model_with(
        Fault("down", "service", "error", 0.1),
        Fault("down", "service", "timeout", 0.2),
        Fault("slow", "service", "timeout", 0.3),
    )
    changed = set_text(model, "web.works.browse.faults.1.share=0.4")
    shares = [float(one.share) for one in changed.channel("web").works[Verb.BROWSE].faults]
    assert shares == [0.1, 0.4, 0.3]
    slow = set_text(model, "web.works.browse.faults.slow.share=0.4").channel("web").works[Verb.BROWSE]
    assert [float(one.share) for one in slow.faults] == [0.1, 0.2, 0.4]


def visits_of(hits: pl.DataFrame, causes: dict[int, str]) -> pl.DataFrame:
    """Give the visits of requests, a visit each, with causes by status."""
    rows = [
        visit(customer, Outcome(outcome), causes.get(status, ""))
        for customer, outcome, status in hits.select("customer", "outcome", "status").iter_rows()
    ]
    return table(rows, VISITS)


def test_causes_go_from_runs_to_the_model_and_into_predictions(tmp_path: Path) -> None:
    """Every fourth fault is stale data: so the model says, and so the prediction, with intervals."""
    folders = []
    for seed, rate in ((1, 60.0), (2, 120.0)):
        hits = hits_of(TRUTH, rate, ("look",), seed)
        is_fault = pl.col("status") == 500
        number = is_fault.cum_sum()
        stale = is_fault & (number % 4 == 0)
        hits = hits.with_columns(
            status=pl.when(stale).then(409).when(is_fault).then(502).otherwise("status"),
            outcome=pl.when(stale).then(pl.lit("rejected")).otherwise("outcome"),
        )
        folder = run_folder(tmp_path / f"run{seed}", hits)
        write_parquet(visits_of(hits, {409: "stale_data", 502: "database_down"}), folder / VISITS_FILE)
        folders.append(folder)
    done = calibrate(folders, out=tmp_path / "learned")
    numbers = {one.path: one for one in done.calibration.numbers}
    down = numbers["url.works.browse.faults.database_down.share"]
    stale_share = numbers["url.works.browse.faults.stale_data.share"]
    assert down.low < 0.06 < down.high
    assert stale_share.low < 0.02 < stale_share.high
    assert down.value + stale_share.value == pytest.approx(numbers["url.works.browse.fault_share"].value)
    assert done.model_file is not None
    faults = read_model(done.model_file).channel("url").works[Verb.BROWSE].faults
    assert {one.cause for one in faults} == {"database_down", "stale_data"}
    prediction = predict_load(tmp_path / "learned", rate=40, duration=LENGTH_S, out=tmp_path / "predicted")
    causes = {one.cause: one for one in prediction.prediction.causes}
    assert causes["database_down"].low < 0.06 < causes["database_down"].high
    assert causes["stale_data"].low < 0.02 < causes["stale_data"].high
    set_share = {"url.works.browse.faults.stale_data.share": 0.5}
    other = predict_load(
        tmp_path / "learned", rate=40, duration=LENGTH_S, changes=set_share, out=tmp_path / "other"
    )
    changed = {one.cause: one for one in other.prediction.causes}
    assert other.prediction.of == "requests"
    assert changed["stale_data"].value == pytest.approx(0.5, abs=0.05)
    assert changed["database_down"].value == pytest.approx(causes["database_down"].value, abs=0.02)
