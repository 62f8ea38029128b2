"""Staffed stations agree with exact theory: patience, wrap-up, lines, balking, priority, callbacks, redials.

Theory is inside the interval of replications, and the interval is narrow.
"""

from math import exp

import polars as pl
import pytest

from footfall._model.durations import (
    AnyDuration,
    DistributionFamily,
    Duration,
    Empirical,
    Mixture,
    Part,
    exponential_s,
    lognormal_s,
)
from footfall._model.numbers import Curve, Grade
from footfall._model.population import AfterFailure, RetryPolicy
from footfall._model.station_specs import Callback, Counters
from footfall._records.rows import Outcome
from footfall._simulate.day import DayResult
from footfall.theory.many_servers import (
    PatienceDistribution,
    erlang_a_general,
    erlang_b,
    erlang_c,
    erlang_c_wait_mean,
    mmck,
)
from footfall.theory.networks import retrying
from footfall.theory.one_server import priority_wait_means
from tests.laws.staffed import (
    ABANDONED,
    BALKED,
    BLOCKED,
    MANY,
    WAIT_S,
    hotline,
    mean,
    of,
    replicated,
    two_kinds,
)
from tests.made_up import always, number, seconds

MINUTE = exponential_s(number(60))
POINTS_S, SHARES = (0.0, 30.0, 60.0, 120.0, 300.0), (0.0, 0.17, 0.28, 0.43, 0.69)
MEASURED = Empirical(
    curve=Curve(seconds=POINTS_S, shares=SHARES, grade=Grade.ASSUMED, source="test"),
    beyond=exponential_s(number(300)),
)
"""As the Kaplan–Meier estimates of new callers in the data of Mandelbaum, Sakov and Zeltyn (2000)."""
PATIENCES: dict[str, AnyDuration] = {
    "lognormal": lognormal_s(number(90), number(1.5)),
    "weibull": Duration(law=DistributionFamily.WEIBULL, mean_s=number(90), cv=number(2)),
    "hyperexponential": Duration(law=DistributionFamily.HYPEREXPONENTIAL, mean_s=number(90), cv=number(2)),
    "constant": seconds(45),
    "measured": MEASURED,
    "mixture": Mixture(
        parts=(Part(name="at_once", share=number(0.1), time=seconds(0)),), rest=exponential_s(number(300))
    ),
}


@pytest.mark.parametrize("name", PATIENCES)
def test_a_hotline_loses_and_waits_as_its_patience_says(name: str) -> None:
    """M/M/10+G at 10 erlangs (Baccelli and Hebuterne 1981; Zeltyn and Mandelbaum 2005)."""
    patience = PATIENCES[name]
    breaks = {"measured": POINTS_S, "constant": (45.0,)}.get(name, ())
    expected = erlang_a_general(10, 10 / 60, 1 / 60, PatienceDistribution(patience.survival, breaks))

    def figures(_result: DayResult, visits: pl.DataFrame) -> tuple[float, float]:
        return mean(visits, ABANDONED), mean(visits, WAIT_S)

    station = hotline(10, talk=MINUTE, patience=patience)
    lost, wait_s = replicated(two_kinds(station, seconds(0)), (5 / 60, 5 / 60), figures)
    lost.agrees_with(expected.abandons_share, 0.1)
    wait_s.agrees_with(expected.wait_mean, 0.1)


def test_wrap_up_holds_the_agent_and_not_the_caller() -> None:
    """Who hangs up unless answered at once makes it Erlang B, of talk and wrap-up together, of any law."""
    station = hotline(8, patience=seconds(0), talk=MINUTE, wrap_up=lognormal_s(number(30), number(1)))
    blocking = erlang_b(8, 6)

    def figures(result: DayResult, visits: pl.DataFrame) -> tuple[float, float]:
        duty = result.staff.sum()
        return mean(visits, ABANDONED), duty["busy_s"].item() / duty["on_duty_s"].item()

    lost, occupancy = replicated(two_kinds(station, seconds(0)), (2 / 60, 2 / 60), figures)
    lost.agrees_with(blocking, 0.06)
    occupancy.agrees_with(6 * (1 - blocking) / 8, 0.02)


def test_lines_bound_those_who_talk_and_those_who_wait() -> None:
    """4 agents, 12 lines, 3.6 erlangs: M/M/4/12."""
    expected = mmck(4, 12, 3.6 / 60, 1 / 60)

    def figures(_result: DayResult, visits: pl.DataFrame) -> tuple[float, float]:
        return mean(visits, BLOCKED), mean(visits.filter(~BLOCKED), WAIT_S)

    station = hotline(4, lines=number(12), talk=MINUTE)
    blocked, wait_s = replicated(two_kinds(station, seconds(0)), (1.8 / 60, 1.8 / 60), figures)
    blocked.agrees_with(expected.blocked_share, 0.15)
    wait_s.agrees_with(expected.wait_mean, 0.06)


def hall(clerks: float, **fields: object) -> Counters:
    """Make a hall with room and patience for all."""
    whole: dict[str, object] = {
        "clerks": always(clerks),
        "clerks_factor": number(1),
        "room": number(MANY),
        "patience": seconds(1e9),
        "balk_wait": seconds(1e9),
    }
    return Counters.model_validate(whole | fields)


def test_a_hall_with_a_display_is_a_birth_and_death_with_balking() -> None:
    """N wait: the display says (n + 1) 60/3 s; who bears 60 s in the mean joins with exp(-(n + 1)/3)."""
    weights = [1.0]
    for k in range(1, 60):
        joins = exp(-(k - 3) / 3) if k > 3 else 1.0
        weights.append(weights[-1] * 4 * joins / min(k, 3))
    total = sum(weights)
    balks = sum(w * (1 - exp(-(k - 2) / 3)) for k, w in enumerate(weights) if k >= 3) / total
    waiting = sum((k - 3) * w for k, w in enumerate(weights) if k > 3) / total

    def figures(_result: DayResult, visits: pl.DataFrame) -> tuple[float, float]:
        return mean(visits, BALKED), mean(visits, WAIT_S)

    balked, wait_s = replicated(two_kinds(hall(3, balk_wait=MINUTE), MINUTE), (2 / 60, 2 / 60), figures)
    balked.agrees_with(balks, 0.03)
    wait_s.agrees_with(waiting / (4 / 60), 0.04)


@pytest.mark.parametrize("kind", ["hall", "hotline"])
def test_priority_waits_as_cobham_says(kind: str) -> None:
    """λ 0.3 and 0.5, μ 1 a minute: 1.142857 and 5.714286 minutes, whoever serves (Cobham 1954)."""
    first, second = priority_wait_means([0.3, 0.5], [1, 1], [1, 1])
    assert (first, second) == pytest.approx((1.14285714286, 5.71428571429), rel=1e-11)
    priority = {"first": number(1)}
    at_counter = two_kinds(hall(1, priority=priority), MINUTE)
    on_line = two_kinds(hotline(1, priority=priority, talk=MINUTE), seconds(0))

    def figures(_result: DayResult, visits: pl.DataFrame) -> tuple[float, float]:
        return mean(of(visits, "first"), WAIT_S), mean(of(visits, "second"), WAIT_S)

    model = at_counter if kind == "hall" else on_line
    found = replicated(model, (0.3 / 60, 0.5 / 60), figures, replications=12)
    found[0].agrees_with(first * 60, 0.08)
    found[1].agrees_with(second * 60, 0.25)


def test_credit_moves_waits_between_kinds_and_conserves_the_work() -> None:
    """M/M/1: an order that looks at no service time keeps λ1 W1 + λ2 W2 (Kleinrock 1965)."""
    work = 0.8 * erlang_c_wait_mean(1, 0.8, 1) * 60
    station = hotline(1, credit_s={"first": number(90)}, talk=MINUTE)

    def figures(_result: DayResult, visits: pl.DataFrame) -> tuple[float, float]:
        waits_s = [mean(of(visits, kind), WAIT_S) for kind in ("first", "second")]
        return 0.3 * waits_s[0] + 0.5 * waits_s[1], waits_s[1] - waits_s[0]

    model = two_kinds(station, seconds(0))
    kept, apart_s = replicated(model, (0.3 / 60, 0.5 / 60), figures, customers=12_000)
    kept.agrees_with(work, 0.2)
    assert all(0 < one < 90 for one in apart_s.values)


def test_callers_who_are_all_called_back_wait_as_if_they_had_stayed() -> None:
    """Offered to whoever must wait, accepted by all: M/M/10 at 8 erlangs, in the order of coming."""
    callback = Callback(offered_wait_s=number(0), accepted_share=number(1), latest_s=number(1e6))
    station = hotline(10, callback=callback, talk=MINUTE, patience=seconds(1))

    def figures(result: DayResult, visits: pl.DataFrame) -> tuple[float, float]:
        assert set(visits["outcome"]) == {"served"}
        return mean(visits, WAIT_S), result.callbacks / result.visits.height

    wait_s, called = replicated(two_kinds(station, seconds(0)), (4 / 60, 4 / 60), figures)
    wait_s.agrees_with(erlang_c_wait_mean(10, 8 / 60, 1 / 60), 0.25)
    called.agrees_with(erlang_c(10, 8), 0.08)


def test_redials_raise_the_load_to_the_fixed_point() -> None:
    """10 lines, 9 erlangs, whoever finds none tries twice more, much later: a' = a (1 + B + B²), B of a'.

    The delay is long and varied, so that the tries are a Poisson stream and forget what they found.
    """
    rule = AfterFailure(
        retry_share=number(1), switch_share=number(0), delay=lognormal_s(number(3000), number(0.5))
    )
    follow_ups = RetryPolicy(attempts_most=number(3), by_outcome={Outcome.BLOCKED: rule})
    model = two_kinds(hotline(1, lines=number(10), agent_share={}), MINUTE, follow_ups=follow_ups)
    expected = retrying(10, 9, 2)

    def figures(_result: DayResult, visits: pl.DataFrame) -> tuple[float, float]:
        late = visits.filter(pl.col("due_s") > visits["due_s"].max() * 0.4)  # type: ignore[operator]  # a time
        return mean(late, BLOCKED), late.height / late.filter(pl.col("attempt") == 1).height

    blocked, tries = replicated(model, (4.5 / 60, 4.5 / 60), figures, customers=14_000)
    blocked.agrees_with(expected.blocked_share, 0.03)
    tries.agrees_with(expected.amplification, 0.02)
