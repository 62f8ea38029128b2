"""The closed forms meet the checks and tables kept beside the repository, each computed by two routes."""

import json
import os
from collections.abc import Callable
from math import pi, sin
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from footfall.measure.interval import clopper_pearson_low, wilson
from footfall.simulate.decide.choice import nested_logit
from footfall.simulate.theory import (
    Scalability,
    Station,
    bass_peak,
    bass_share,
    closed_loop,
    erlang_a,
    erlang_b,
    erlang_c,
    erlang_c_service_level,
    erlang_c_wait_mean,
    md1_wait_share,
    mg1_ps_sojourn_mean,
    mg1_wait_mean,
    mmck,
    network_sojourn_mean,
    priority_wait_means,
    retrial_orbit_mean,
    retrying,
    sinusoidal_load,
    transient,
)

DATA = Path(os.environ.get("FOOTFALL_DATA") or Path(__file__).parents[3] / "shared" / "data")
CHECKS = DATA / "checks.json"
pytestmark = pytest.mark.skipif(
    not CHECKS.is_file(), reason="no checks.json: name its folder in FOOTFALL_DATA"
)

HOTLINE = (14, 100 / 1800, 1 / 180)
VALUES = {"own": 0.2, "coop": 0.0, "kiosk": -0.5, "web": 0.6, "sms": 1.2, "wap": -0.1, "hotline": 0.3}
NESTS = {name: "physical" if name in {"own", "coop", "kiosk"} else "electronic" for name in VALUES}
USL = Scalability(0.02, 0.0003, 120)


def priority() -> list[float]:
    """Give the waits of the check's two classes."""
    return priority_wait_means([0.3, 0.5], [1, 1], [1, 1])


def logit() -> dict[str, float]:
    """Give the shares of the check's seven channels."""
    return nested_logit(VALUES, NESTS, {"physical": 0.5, "electronic": 0.7})


# The entries in the file's own order; names that occur more than once are counted.
OURS: dict[tuple[str, int], Callable[[], float]] = {
    ("Erlang B blocking", 0): lambda: erlang_b(10, 7),
    ("Erlang B blocking", 1): lambda: erlang_b(100, 90),
    ("Erlang B blocking", 2): lambda: erlang_b(1000, 1000),
    ("Erlang C P(wait) (hotline)", 0): lambda: erlang_c(14, 10),
    ("Erlang C service level P(W<=20 s)", 0): lambda: erlang_c_service_level(*HOTLINE, 20),
    ("Erlang C mean wait Wq (s)", 0): lambda: erlang_c_wait_mean(*HOTLINE),
    ("Erlang C P(wait)", 0): lambda: erlang_c(10, 8),
    ("Erlang A P(wait)", 0): lambda: erlang_a(100, 100, 1, 0.5).waits_share,
    ("Erlang A P(abandon)", 0): lambda: erlang_a(100, 100, 1, 0.5).abandons_share,
    ("Erlang A E[W] (all, time units)", 0): lambda: erlang_a(100, 100, 1, 0.5).wait_mean,
    ("Erlang A P(wait)", 1): lambda: erlang_a(50, 60, 1, 1).waits_share,
    ("Erlang A P(abandon)", 1): lambda: erlang_a(50, 60, 1, 1).abandons_share,
    ("Erlang A E[W] (all, time units)", 1): lambda: erlang_a(50, 60, 1, 1).wait_mean,
    ("Erlang A P(wait)", 2): lambda: erlang_a(14, 10 / 3, 1 / 3, 0.5).waits_share,
    ("Erlang A P(abandon)", 2): lambda: erlang_a(14, 10 / 3, 1 / 3, 0.5).abandons_share,
    ("Erlang A E[W] (all, time units)", 2): lambda: erlang_a(14, 10 / 3, 1 / 3, 0.5).wait_mean,
    ("M/M/4/20 blocking (hall, 4 counters, 20 places)", 0): lambda: mmck(4, 20, 1.2, 1 / 3).blocked_share,
    ("M/M/4/20 mean wait of admitted (min)", 0): lambda: mmck(4, 20, 1.2, 1 / 3).wait_mean,
    ("M/D/1 mean wait Wq (PK)", 0): lambda: mg1_wait_mean(0.8, 1, 0),
    ("M/H2/1 mean wait Wq (PK), SCV=4", 0): lambda: mg1_wait_mean(0.8, 1, 4),
    ("M/D/1 P(W<=2.5)", 0): lambda: md1_wait_share(0.8, 1, 2.5),
    ("M/H2/1-PS mean time in system", 0): lambda: mg1_ps_sojourn_mean(0.8, 1),
    ("M/M/1/1 retrial mean orbit", 0): lambda: retrial_orbit_mean(0.5, 1, 0.25),
    ("Non-preemptive priority wait, VIP class", 0): lambda: priority()[0],
    ("Non-preemptive priority wait, ordinary class", 0): lambda: priority()[1],
    ("Closed loop (Locust) throughput X (req/s)", 0): lambda: closed_loop(120, 5, (0.04, 0.025)).throughput,
    ("Closed loop mean response R (s)", 0): lambda: closed_loop(120, 5, (0.04, 0.025)).response_mean,
    ("USL N*", 0): lambda: USL.peak_users,
    ("USL peak throughput X(N*)", 0): lambda: USL.throughput(USL.peak_users),
    ("Mt/M/inf offered load m(8 h)", 0): lambda: sinusoidal_load(8, 100, 0.6, 24, 0.5),
    ("Retry amplification lam_tot/lam (Erlang-B pool)", 0): lambda: retrying(100, 90, 3).amplification,
    ("Retry amplification at critical load", 0): lambda: retrying(100, 100, 3).amplification,
    ("Jackson tandem+10% feedback mean sojourn (s)", 0): lambda: network_sojourn_mean(
        [5, 0], [[0, 1], [0.1, 0]], [8, 10], [1, 1]
    ),
    ("Bass F(5)", 0): lambda: bass_share(5, 0.03, 0.38),
    ("Bass peak time t*", 0): lambda: bass_peak(0.03, 0.38),
    ("Wilson 95% lower bound, 911/1000", 0): lambda: wilson(911, 1000).low,
    ("Clopper-Pearson one-sided 95% lower, 911/1000", 0): lambda: clopper_pearson_low(911, 1000),
    ("Nested logit P(sms)", 0): lambda: logit()["sms"],
    ("Nested logit P(electronic nest)", 0): lambda: sum(
        share for name, share in logit().items() if NESTS[name] == "electronic"
    ),
}


@pytest.mark.parametrize(("name", "place"), OURS, ids=str)
def test_a_closed_form_meets_the_check(name: str, place: int) -> None:
    """To ten digits."""
    entries = [entry for entry in json.loads(CHECKS.read_text(encoding="utf-8")) if entry["name"] == name]
    assert OURS[name, place]() == pytest.approx(entries[place]["value"], rel=1e-10)


@pytest.mark.parametrize("model", ["M/M/c (Erlang C)", "M/M/c/c (Erlang B)", "M/M/c/K", "M/M/c+M (Erlang A)"])
def test_the_closed_forms_meet_the_table_of_birth_and_death(model: str) -> None:
    """Every row and column to nine digits, waits of those who were admitted."""
    rows = pl.read_csv(DATA / "erlang_exact_table.csv").filter(pl.col("model") == model)
    assert rows.height > 0
    for row in rows.iter_rows(named=True):
        for name, value in station(row).items():
            assert value == pytest.approx(row[name], rel=1e-9, abs=1e-13), (row, name)


def station(row: dict[str, Any]) -> dict[str, float]:
    """Give the columns of a row of the table from the closed forms."""
    servers, rate, service_rate = row["servers"], row["lam_per_s"], 1 / row["mean_service_s"]
    if row["mean_patience_s"] is not None:
        found = erlang_a(servers, rate, service_rate, 1 / row["mean_patience_s"])
        return {
            "p_wait": found.waits_share,
            "mean_wait": found.wait_mean,
            "mean_queue": found.queue_mean,
            "occupancy": found.occupancy,
            "p_abandon": found.abandons_share,
        }
    if row["capacity"] is not None:
        room = mmck(servers, int(row["capacity"]), rate, service_rate)
        return {
            "p_wait": room.waits_share,
            "mean_wait": room.wait_mean,
            "mean_queue": room.queue_mean,
            "occupancy": room.occupancy,
            "p_block": room.blocked_share,
        }
    return {
        "p_wait": erlang_c(servers, rate / service_rate),
        "mean_wait": erlang_c_wait_mean(servers, rate, service_rate),
        "service_level_20s": erlang_c_service_level(servers, rate, service_rate, 20),
    }


DAYS: dict[str, Callable[[float], float]] = {
    "sin_10srv_pat300": lambda h: 160 + 80 * sin(2 * pi * h / 8),
    "sin_10srv_nopat": lambda h: 120 + 80 * sin(2 * pi * h / 8),
    "sin_50srv_pat180": lambda h: 900 + 300 * sin(2 * pi * h / 8),
    "step_8srv_pat240": lambda h: (80, 120, 180, 200, 160, 120, 100, 80)[min(int(h), 7)],
}
COLUMNS = {
    "E_in_system": "in_system_mean",
    "E_queue": "queue_mean",
    "p_all_busy": "all_busy_share",
    "cum_arrivals": "arrivals",
    "cum_abandoned": "abandoned",
    "cum_arrivals_finding_all_busy": "arrivals_finding_all_busy",
    "cum_queue_time_s": "queue_time",
}


@pytest.mark.parametrize("case", DAYS)
def test_a_changing_day_meets_the_table_of_differential_equations(case: str) -> None:
    """All moments and columns to six digits; the table was integrated itself."""
    rows = pl.read_csv(DATA / "mt_m_s_m_exact_table.csv").filter(pl.col("case") == case)
    one = rows.row(0, named=True)
    patience_s = one["mean_patience_s"]
    queue = Station(one["servers"], 1 / one["mean_service_s"], 1 / patience_s if patience_s else 0.0)
    moments = [hour * 3600 for hour in rows["t_h"]]
    found = transient(lambda s: DAYS[case](s / 3600) / 3600, queue, moments, [h * 3600 for h in range(1, 8)])
    for moment, row in zip(found, rows.iter_rows(named=True), strict=True):
        for theirs, ours in COLUMNS.items():
            assert getattr(moment, ours) == pytest.approx(row[theirs], rel=1e-6, abs=1e-7), (
                row["t_h"],
                theirs,
            )
