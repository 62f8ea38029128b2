"""Each request stands for the errand that the first rule names; who comes is drawn by who wants it."""

import polars as pl
import pytest

from footfall._records.errors import BadInputError
from footfall._workload.logged_requests import demand_of_requests, rule_of, ruled
from models.guangxi import MODEL

REQUESTS = pl.DataFrame(
    {"at_s": [float(k) for k in range(4000)], "path": ["/pay/x", "/pay.html", "/", "/img/?a*b"] * 1000}
)


def test_the_first_rule_that_matches_counts() -> None:
    """And who matches none does not come."""
    rules = [rule_of(text, MODEL) for text in ("/pay/*=web.recharge", "/pay*=sms.query", "/?mg/*=wap.query")]
    found = demand_of_requests(REQUESTS, rules, MODEL, 1)
    kept = found.group_by("channel", "operation").len().sort("channel").rows()
    assert kept == [("sms", "query", 1000), ("wap", "query", 1000), ("web", "recharge", 1000)]
    assert found["at_s"].is_sorted()
    assert found["customer"].n_unique() == found.height


def test_a_rule_without_a_pattern_takes_all() -> None:
    """Also where the log tells no path."""
    rule = rule_of("web.query", MODEL)
    assert (
        demand_of_requests(REQUESTS.with_columns(path=pl.lit("")), [rule], MODEL, 1).height == REQUESTS.height
    )


def test_segments_come_as_often_as_they_want_the_operation() -> None:
    """Within four standard errors of their weight."""
    found = demand_of_requests(REQUESTS, [rule_of("web.query", MODEL)], MODEL, 1)
    weights = {
        s.name: s.population_share * s.month_visits.get("query", 0) * s.reach.get("web", 1)
        for s in MODEL.segments
    }
    total = sum(weights.values())
    counts = dict(found["segment"].value_counts().iter_rows())
    for name, weight in weights.items():
        p = weight / total
        error = (p * (1 - p) / found.height) ** 0.5
        assert counts.get(name, 0) / found.height == pytest.approx(p, abs=4 * error + 1e-12)


def test_a_rule_names_a_path_with_its_query_or_without_it() -> None:
    """`/pay` is paid for whatever was asked with it."""
    frame = pl.DataFrame({"at_s": [1.0, 2.0, 3.0], "path": ["/pay?x=1", "/pay", "/pay/1"]})
    assert ruled(frame, [rule_of("/pay=web.recharge", MODEL)])["rule"].to_list() == [0, 0, None]
    assert ruled(frame, [rule_of("*x=1=web.recharge", MODEL)])["rule"].to_list() == [0, None, None]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("web", "names no operation"),
        ("/x=web", "names no operation"),
        ("mars.query", "no channel 'mars'"),
        ("/x=web.fly", "web has no operation 'fly'"),
    ],
)
def test_a_rule_that_names_no_errand_is_refused(text: str, told: str) -> None:
    """With the names that there are."""
    with pytest.raises(BadInputError, match=told):
        rule_of(text, MODEL)
