"""A search over several channels: what its model predicted, its lines in the terminal, its charts."""

from typing import Any

import footfall as ff
from footfall._capacity.load_steps import CapacityAsked
from footfall._criteria.objects import Criterion
from footfall._runs.capacity_channels import channel_lines
from footfall._runs.capacity_parts import part_charts
from footfall._runs.capacity_picture import capacity_pictures
from footfall._runs.make_trace import make_trace
from footfall._runs.predicted_capacity import predict_capacity

FIGURES = {"throughput_per_s": 9.0, "success_share": 0.95, "p50_s": 0.1, "p95_s": 0.3, "p99_s": 0.5}


def test_the_predicted_capacity_is_that_of_the_formula() -> None:
    """M/M/2, 10/s a server: Erlang C says at which rate the 95th percentile of the response passes 0.5 s."""
    channel = ff.Channel("desk", ff.RequestServer(2), service=ff.exponential("0.1s"))
    model = ff.Model("mm2", "M/M/2", arrivals=ff.per_second(1), channels=channel)
    trace = make_trace(model=model, window="1h", speed=1, human_time_factor=1)
    asked = CapacityAsked(criteria=(Criterion("p95(*) < 500ms"),))
    found = predict_capacity(trace, asked)
    assert found.knee is not None
    assert found.knee.low <= knee_of_mm2(0.1, 0.5) <= found.knee.high
    assert found.knee.half_width_share < 0.08


def knee_of_mm2(service_s: float, limit_s: float) -> float:
    """Solve for the rate at which 5 % of the responses are slower than a limit, by bisection."""
    low, high = 0.1 / service_s, 1.999 / service_s
    for _ in range(60):
        rate = (low + high) / 2
        low, high = (
            (rate, high) if slower_share(rate * service_s, limit_s / service_s) < 0.05 else (low, rate)
        )
    return low


def slower_share(load: float, limit: float) -> float:
    """Share of responses beyond a limit, in service times: Erlang C, then the sum of wait and service."""
    from math import exp

    waits = load**2 / (2 - load) / (1 + load + load**2 / (2 - load))
    spare = 2 - load
    # T = S with probability 1 - waits, else S + Exp(spare).
    both = (spare * exp(-limit) - exp(-spare * limit)) / (spare - 1)
    return (1 - waits) * exp(-limit) + waits * both


def step(rate: float, p95_s: float, number: int = 1) -> dict[str, Any]:
    """Give a step of two channels, one with two operations."""
    figures = FIGURES | {"p95_s": p95_s}
    parts = [("web", "*"), ("web", "query"), ("web", "transact"), ("sms", "*")]
    return {
        "step": number,
        "purpose": "bisect",
        "length_s": 20.0,
        "verdict": "holds",
        "invalid_reason": "",
        "broken": [],
        "generator": {},
        "server": {},
        "offered_per_s": rate,
        **figures,
        "by_operation": [
            {"channel": name, "operation": operation, "offered_per_s": rate / 2, **figures}
            for name, operation in parts
        ],
    }


def content() -> dict[str, Any]:
    """Give what `capacity.json` holds of the channels."""
    knee = {"value": 100.0, "low": 95.0, "high": 106.0}
    own = {"arrivals_share": 0.5, "requests_per_arrival": 2.0, "curve": []}
    web = own | {
        "knee_per_s": {name: value / 2 for name, value in knee.items()},
        "knee_of_all_per_s": knee,
        "held_of_all_per_s": 97.0,
        "found_by": "steps",
        "criterion": "p95(web.*) < 400ms",
        "is_judged": True,
    }
    sms = own | {
        "knee_per_s": None,
        "knee_of_all_per_s": None,
        "held_of_all_per_s": 130.0,
        "found_by": "none",
        "criterion": None,
        "is_judged": True,
    }
    unjudged = sms | {"held_of_all_per_s": None, "is_judged": False}
    names = ("agent", "hotline", "kiosk", "own_hall", "partner_hall", "wap")
    return {
        "knee_per_s": knee,
        "plateau_per_s": None,
        "criteria": ["p95(web.*) < 400ms", "success(sms.*) >= 90%"],
        "breaks_first": "web",
        "by_channel": {"sms": sms, "web": web} | dict.fromkeys(names, unjudged),
        "curve": [],
        "predicted": {
            "knee_per_s": knee,
            "breaks_first": "web",
            "by_channel": {"web": web, "sms": sms},
            "steps": [step(80.0, 0.3), step(120.0, 0.5)],
        },
        "run": "0" * 16,
        "seed": 1,
        "steps": [step(80.0, 0.3), step(120.0, 0.5, 2)],
    }


def test_the_lines_say_which_channel_breaks_first_and_fit_a_terminal() -> None:
    """A line for each channel that a criterion speaks of, in the order of their limits."""
    lines = list(channel_lines(content()))
    text = "\n".join(lines)
    assert "web breaks first: p95(web.*) < 400ms no longer holds" in text
    assert "web            100, 95.0 to 106             50.0        100  between load steps" in lines
    assert any(line.startswith("sms ") and "above 130" in line and "> 130" in line for line in lines)
    assert "no criterion speaks of agent, hotline, kiosk, own_hall, partner_hall, wap" in text
    assert max(len(line) for line in lines) <= 80


def test_each_channel_is_drawn_and_each_operation_of_those_judged() -> None:
    """One chart of all visits, one of the channels, one of the web's operations; the SMS channel has one."""
    charts = capacity_pictures(content(), "1")
    assert list(charts) == ["capacity", "capacity_channels", "capacity_web"]
    assert charts["capacity_channels"].title == "web breaks first, above 100 arrivals/s of all channels"
    of_web = charts["capacity_web"].frame
    assert set(of_web["part"]) == {"query", "transact"}
    assert dict(of_web.select("offered_per_s", "verdict").iter_rows()) == {80.0: "holds", 120.0: "broken"}


def test_one_channel_has_no_charts_of_its_parts() -> None:
    """It is drawn as the whole."""
    data = content()
    data["by_channel"] = {"web": data["by_channel"]["web"]}
    assert not part_charts(data, ff_stamp())
    assert not list(channel_lines(data))


def ff_stamp() -> Any:  # noqa: ANN401  of a private module
    """Give a stamp."""
    from footfall._chart.style import Stamp

    return Stamp(run="0" * 16, seed=1, version="1")
