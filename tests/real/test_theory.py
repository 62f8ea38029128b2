"""The closed forms meet the checks that were computed by two routes each, kept beside the repository."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from footfall.simulate.decide.choice import nested_logit
from footfall.simulate.theory import (
    erlang_a,
    erlang_b,
    erlang_c,
    erlang_c_service_level,
    erlang_c_wait_mean,
    mmck,
)

DATA = Path(os.environ.get("FOOTFALL_DATA") or Path(__file__).parents[3] / "shared" / "data")
CHECKS = DATA / "checks.json"
pytestmark = pytest.mark.skipif(
    not CHECKS.is_file(), reason="no checks.json: name its folder in FOOTFALL_DATA"
)

HOTLINE = (14, 100 / 1800, 1 / 180)
VALUES = {"own": 0.2, "coop": 0.0, "kiosk": -0.5, "web": 0.6, "sms": 1.2, "wap": -0.1, "hotline": 0.3}
NESTS = {name: "physical" if name in {"own", "coop", "kiosk"} else "electronic" for name in VALUES}


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
    ("Erlang A P(wait)", 2): lambda: erlang_a(14, 10 / 3, 1 / 3, 0.5).waits_share,
    ("Erlang A P(abandon)", 2): lambda: erlang_a(14, 10 / 3, 1 / 3, 0.5).abandons_share,
    ("M/M/4/20 blocking (hall, 4 counters, 20 places)", 0): lambda: mmck(4, 20, 1.2, 1 / 3).blocked_share,
    ("M/M/4/20 mean wait of admitted (min)", 0): lambda: mmck(4, 20, 1.2, 1 / 3).wait_mean,
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
