"""Files of other load tools: what Locust and k6 write becomes the run that it was."""

import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from footfall._calibrate.coarse_files import history_runs, k6_run, ramp, stats_run
from footfall._calibrate.coarse_run import objections
from footfall._records.errors import BadInputError


def history(
    users: list[int], per_s: float = 100.0, response_s: float = 0.1, tick_s: float = 1.06
) -> pl.DataFrame:
    """Give a stats_history.csv as text: a row every 1.06 s, whole seconds, totals since the start."""
    n = np.arange(len(users))
    count = np.floor(n * tick_s * per_s)
    return pl.DataFrame(
        {
            "Timestamp": [str(1_700_000_000 + int(t * tick_s)) for t in n],
            "User Count": [str(each) for each in users],
            "Type": [""] * len(n),
            "Name": ["Aggregated"] * len(n),
            "50%": ["N/A", *["90"] * (len(n) - 1)],
            "95%": ["N/A", *["210"] * (len(n) - 1)],
            "100%": ["N/A", *["400"] * (len(n) - 1)],
            "Total Request Count": [f"{c:.0f}" for c in count],
            "Total Failure Count": [f"{c // 100:.0f}" for c in count],
            "Total Average Response Time": [f"{1000 * response_s}"] * len(n),
        }
    )


def test_a_history_gives_throughput_response_and_percentiles() -> None:
    """Rows at 1.06 s with whole seconds: the throughput is right to a percent, seconds are even."""
    (run,) = history_runs(history([10] * 120), "h.csv", 0.5)
    assert run.users == 10
    assert run.think_s == 0.5
    assert run.throughput_per_s == pytest.approx(100, rel=0.01)
    assert run.response_s_mean == pytest.approx(0.1, rel=0.01)
    assert run.quantiles_s == {0.5: 0.09, 0.95: 0.21}
    assert run.failures == pytest.approx(run.requests / 100, rel=0.02)
    assert run.seconds is not None
    assert run.seconds.responses == pytest.approx(np.full(len(run.seconds.responses), 100), rel=0.1)


def test_a_history_with_half_a_minute_of_nothing_is_objected_to() -> None:
    """Rows go on while no request is answered: the run is named as one with stalls."""
    table = history([10] * 200)
    counts = enumerate(map(int, table["Total Request Count"]))
    stood = [str(min(each, 9000) if n < len(table) - 87 else each) for n, each in counts]
    (run,) = history_runs(table.with_columns(pl.Series("Total Request Count", stood)), "h.csv")
    assert "stalls" in [one.flag for one in objections(run)]


def test_each_number_of_users_is_a_run_of_its_own() -> None:
    """Steps of 10, 20 and 40 users: three runs, without percentiles, which are of the whole."""
    runs = history_runs(history([0] + [10] * 60 + [15] * 5 + [20] * 60 + [40] * 60), "h.csv")
    assert [run.users for run in runs] == [10, 20, 40]
    assert all(not run.quantiles_s for run in runs)


def test_other_rows_than_those_of_all_requests_are_left_out() -> None:
    """A history with a row for each name: only the rows of all of them count."""
    table = history([10] * 60)
    named = table.with_columns(pl.lit("/cart").alias("Name"), pl.lit("7").alias("Total Request Count"))
    both = pl.concat([table, named]).sort("Timestamp", maintain_order=True)
    (run,) = history_runs(both, "h.csv")
    assert run.throughput_per_s == pytest.approx(100, rel=0.02)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Name": pl.lit("/cart")}, "no rows named Aggregated"),
        ({"Total Request Count": pl.lit("many")}, "is 'many'"),
        ({"User Count": pl.Series([str(n) for n in range(60)])}, "no time of 10 s"),
        ({"Total Request Count": pl.Series([str(100 - n) for n in range(60)])}, "fall"),
    ],
)
def test_a_history_that_is_none_is_refused(change: dict[str, Any], reason: str) -> None:
    """One line says what is wrong."""
    with pytest.raises(BadInputError, match=reason):
        history_runs(history([10] * 60).with_columns(**change), "h.csv")


def test_totals_give_a_run_without_seconds() -> None:
    """Locust's stats.csv: its last row is of all requests."""
    table = pl.DataFrame(
        {
            "Type": ["GET", ""],
            "Name": ["/cart", "Aggregated"],
            "Request Count": ["900", "1000"],
            "Failure Count": ["0", "3"],
            "Average Response Time": ["120.5", "100.0"],
            "Requests/s": ["45", "50"],
            "50%": ["90", "90"],
            "100%": ["900", "900"],
        }
    )
    run = stats_run(table, "s.csv", 5)
    assert (run.requests, run.failures, run.length_s, run.users) == (1000, 3, 20.0, 5)
    assert run.response_s_mean == 0.1
    assert run.quantiles_s == {0.5: 0.09}
    with pytest.raises(BadInputError, match="0 rows named Aggregated"):
        stats_run(table.head(1), "s.csv")


DURATION = {"avg": 80.0, "min": 5.0, "med": 70.0, "max": 900.0, "p(90)": 150.0, "p(95)": 190.0}


def summary(**changed: Any) -> dict[str, Any]:  # noqa: ANN401  JSON
    """Give what `k6 run --summary-export` writes, of 20 users who pause 0.42 s after each request."""
    metrics: dict[str, Any] = {
        "http_reqs": {"count": 2400, "rate": 40.0},
        "http_req_duration": DURATION,
        "http_req_failed": {"passes": 12, "fails": 2388, "value": 0.005},
        "iterations": {"count": 2400, "rate": 40.0},
        "iteration_duration": {"avg": 500.0},
        "vus_max": {"value": 20, "min": 20, "max": 20},
    }
    return {"metrics": metrics | changed}


def deeper(found: dict[str, Any]) -> dict[str, Any]:
    """Give the same as `handleSummary` has it."""
    metrics = {
        key: {
            "type": "trend",
            "contains": "time",
            "values": {{"value": "rate"}.get(k, k): v for k, v in one.items()}
            if key == "http_req_failed"
            else one,
        }
        for key, one in found["metrics"].items()
    }
    return {"metrics": metrics, "state": {"testRunDurationMs": 60_000}}


@pytest.mark.parametrize("form", [summary(), deeper(summary())])
def test_both_summaries_of_k6_give_the_run(form: dict[str, Any]) -> None:
    """Users, throughput, response, percentiles, failures, and the pause of each user."""
    run = k6_run(json.loads(json.dumps(form)), "k6.json")
    assert (run.requests, run.failures, run.users) == (2400, 12, 20)
    assert run.throughput_per_s == pytest.approx(40)
    assert run.response_s_mean == pytest.approx(0.08)
    assert run.think_s == pytest.approx(0.42)
    assert run.quantiles_s == {0.5: 0.07, 0.9: 0.15, 0.95: 0.19}
    assert run.busy_users == pytest.approx(20)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ([], "no summary of k6"),
        ({"metrics": {}}, "no summary of k6"),
        (summary(http_reqs={"count": 0, "rate": 0}), "counts no request"),
        (summary(http_reqs={}), "no count of http_reqs"),
        (summary(http_reqs={"count": 1e308, "rate": 1}), "count of http_reqs is too large"),
        (summary(http_req_failed={"value": 1e308}), "value of http_req_failed is too large"),
        (summary(http_req_duration={"avg": "fast"}), "no avg of http_req_duration"),
    ],
)
def test_a_summary_that_is_none_is_refused(found: Any, reason: str) -> None:  # noqa: ANN401  JSON
    """One line says what is missing."""
    with pytest.raises(BadInputError, match=reason):
        k6_run(found, "k6.json")


def test_a_ramp_has_a_row_a_second() -> None:
    """As the HTTP load generator of the Descartes group writes it."""
    heads = ("Target Time", "Load Intensity", "Successful Transactions", "Failed Transactions")
    table = pl.DataFrame({head: ["1", "2"] for head in (*heads, "Dropped Transactions", "Avg Response Time")})
    found = ramp(table, "r.csv")
    assert found.asked_per_s.tolist() == [1, 2]
    with pytest.raises(BadInputError, match="no column 'Avg Response Time'"):
        ramp(table.drop("Avg Response Time"), "r.csv")
