"""What formulas give, beside values that an independent program computed by another route."""

from collections.abc import Callable
from dataclasses import dataclass

from footfall._behaviour.choice import nested_logit
from footfall._stats.intervals import clopper_pearson_low, wilson
from footfall.theory.fluid import bass_peak, bass_share, sinusoidal_load
from footfall.theory.many_servers import (
    erlang_a,
    erlang_b,
    erlang_c,
    erlang_c_service_level,
    erlang_c_wait_mean,
    mmck,
)
from footfall.theory.networks import Scalability, closed_loop, network_sojourn_mean, retrying
from footfall.theory.one_server import (
    md1_wait_share,
    mg1_ps_sojourn_mean,
    mg1_wait_mean,
    priority_wait_means,
    retrial_orbit_mean,
)
from studies.validation.checks import Check

SOURCE = "Values of an independent program, each by another route than ours"
_RELATIVE = 1e-10


@dataclass(frozen=True, slots=True)
class Known:
    """A value known by another route."""

    name: str
    given: str
    expected: float
    route: str
    ours: Callable[[], float]


def formulas() -> list[Check]:
    """Hold every formula against its value, to ten digits."""
    return [_check(known, known.ours()) for known in KNOWN]


def _check(known: Known, value: float) -> Check:
    margin = _RELATIVE * abs(known.expected)
    name = f"{known.name} ({known.given}), against: {known.route}"
    return Check(name, SOURCE, known.expected, value, value - margin, value + margin, "")


_HOTLINE = (14, 100 / 1800, 1 / 180)
_VALUES = {"own": 0.2, "coop": 0.0, "kiosk": -0.5, "web": 0.6, "sms": 1.2, "wap": -0.1, "hotline": 0.3}
_NESTS = {name: "physical" if name in {"own", "coop", "kiosk"} else "electronic" for name in _VALUES}
_USL = Scalability(0.02, 0.0003, 120)


def _priority() -> list[float]:
    """Give the waits of two classes."""
    return priority_wait_means([0.3, 0.5], [1, 1], [1, 1])


def _logit() -> dict[str, float]:
    """Give the shares of seven channels."""
    return nested_logit(_VALUES, _NESTS, {"physical": 0.5, "electronic": 0.7})


KNOWN = (
    Known(
        "Erlang B, share blocked",
        "c 10, a 7",
        0.07874088296957026,
        "factorial sum in 50 digits",
        lambda: erlang_b(10, 7),
    ),
    Known(
        "Erlang B, share blocked",
        "c 100, a 90",
        0.026957380464359228,
        "factorial sum in 50 digits",
        lambda: erlang_b(100, 90),
    ),
    Known(
        "Erlang B, share blocked",
        "c 1000, a 1000",
        0.02481191764616041,
        "factorial sum in 50 digits",
        lambda: erlang_b(1000, 1000),
    ),
    Known(
        "Erlang C, share that waits",
        "c 14, λ 100 in 30 min, 3 min each",
        0.17413193359505,
        "birth and death, solved",
        lambda: erlang_c(14, 10),
    ),
    Known(
        "Erlang C, share within 20 s",
        "c 14, λ 100 in 30 min, 3 min each",
        0.8883500191794668,
        "mixture over the states of birth and death",
        lambda: erlang_c_service_level(*_HOTLINE, 20),
    ),
    Known(
        "Erlang C, mean wait in s",
        "c 14, λ 100 in 30 min, 3 min each",
        7.835937011777253,
        "birth and death, solved, and Little's law",
        lambda: erlang_c_wait_mean(*_HOTLINE),
    ),
    Known(
        "Erlang C, share that waits",
        "c 10, a 8",
        0.40918015079644354,
        "birth and death, solved",
        lambda: erlang_c(10, 8),
    ),
    Known(
        "Erlang A, share that waits",
        "c 100, λ 100, μ 1, θ 0.5",
        0.5967031380195729,
        "birth and death, solved",
        lambda: erlang_a(100, 100, 1, 0.5).waits_share,
    ),
    Known(
        "Erlang A, share that abandons",
        "c 100, λ 100, μ 1, θ 0.5",
        0.033030152528288115,
        "birth and death, solved, and conservation of flow",
        lambda: erlang_a(100, 100, 1, 0.5).abandons_share,
    ),
    Known(
        "Erlang A, mean wait of all",
        "c 100, λ 100, μ 1, θ 0.5",
        0.06606030505657623,
        "birth and death, solved, and Little's law",
        lambda: erlang_a(100, 100, 1, 0.5).wait_mean,
    ),
    Known(
        "Erlang A, share that waits",
        "c 50, λ 60, μ 1, θ 1",
        0.9155933189063081,
        "birth and death, solved",
        lambda: erlang_a(50, 60, 1, 1).waits_share,
    ),
    Known(
        "Erlang A, share that abandons",
        "c 50, λ 60, μ 1, θ 1",
        0.17199155109128586,
        "birth and death, solved, and conservation of flow",
        lambda: erlang_a(50, 60, 1, 1).abandons_share,
    ),
    Known(
        "Erlang A, mean wait of all",
        "c 50, λ 60, μ 1, θ 1",
        0.17199155109128586,
        "birth and death, solved, and Little's law",
        lambda: erlang_a(50, 60, 1, 1).wait_mean,
    ),
    Known(
        "Erlang A, share that waits",
        "c 14, λ 10/3, μ 1/3, θ 0.5",
        0.1269763400797955,
        "birth and death, solved",
        lambda: erlang_a(14, 10 / 3, 1 / 3, 0.5).waits_share,
    ),
    Known(
        "Erlang A, share that abandons",
        "c 14, λ 10/3, μ 1/3, θ 0.5",
        0.022839286531818777,
        "birth and death, solved, and conservation of flow",
        lambda: erlang_a(14, 10 / 3, 1 / 3, 0.5).abandons_share,
    ),
    Known(
        "Erlang A, mean wait of all",
        "c 14, λ 10/3, μ 1/3, θ 0.5",
        0.045678573063637554,
        "birth and death, solved, and Little's law",
        lambda: erlang_a(14, 10 / 3, 1 / 3, 0.5).wait_mean,
    ),
    Known(
        "M/M/4/20, share turned away",
        "λ 1.2 a min, 3 min each",
        0.016804982302188652,
        "birth and death, solved",
        lambda: mmck(4, 20, 1.2, 1 / 3).blocked_share,
    ),
    Known(
        "M/M/4/20, mean wait of the admitted in min",
        "λ 1.2 a min, 3 min each",
        3.585000937990499,
        "birth and death, solved",
        lambda: mmck(4, 20, 1.2, 1 / 3).wait_mean,
    ),
    Known(
        "M/D/1, mean wait (Pollaczek-Khinchine)",
        "ρ 0.8, service 1",
        2.0000000000000004,
        "embedded chain",
        lambda: mg1_wait_mean(0.8, 1, 0),
    ),
    Known(
        "M/G/1 of SCV 4, mean wait (Pollaczek-Khinchine)",
        "ρ 0.8, service 1",
        10.000000000000002,
        "embedded chain",
        lambda: mg1_wait_mean(0.8, 1, 4),
    ),
    Known(
        "Priority without interruption, wait of the first class",
        "λ 0.3 and 0.5, μ 1",
        1.142857142857143,
        "Markov chain, solved",
        lambda: _priority()[0],
    ),
    Known(
        "Priority without interruption, wait of the second class",
        "λ 0.3 and 0.5, μ 1",
        5.714285714285716,
        "Markov chain, solved",
        lambda: _priority()[1],
    ),
    Known(
        "Closed loop, requests/s",
        "120 users, 5 s of thought, 40 and 25 ms",
        22.456956869440113,
        "Buzen's convolution in 50 digits",
        lambda: closed_loop(120, 5, (0.04, 0.025)).throughput,
    ),
    Known(
        "Closed loop, mean response in s",
        "120 users, 5 s of thought, 40 and 25 ms",
        0.3435557051498138,
        "the interactive response time law",
        lambda: closed_loop(120, 5, (0.04, 0.025)).response_mean,
    ),
    Known(
        "M(t)/M/infinity, offered load at 08:00",
        "100 an hour ± 60 % over the day, half an hour each",
        77.47350641128004,
        "differential equation, integrated",
        lambda: sinusoidal_load(8, 100, 0.6, 24, 0.5),
    ),
    Known(
        "Universal scalability law, requests/s at the peak",
        "α 0.02, β 0.0003, γ 120",
        2222.5162364683015,
        "numerical maximum",
        lambda: _USL.throughput(_USL.peak_users),
    ),
    Known(
        "Universal scalability law, users at the peak",
        "α 0.02, β 0.0003, γ 120",
        57.154760664940824,
        "numerical maximum",
        lambda: _USL.peak_users,
    ),
    Known(
        "Nested logit, share of SMS",
        "seven channels, two nests of 0.5 and 0.7",
        0.4048243720909112,
        "derivative of the generating function",
        lambda: _logit()["sms"],
    ),
    Known(
        "Nested logit, share of the electronic nest",
        "seven channels, two nests of 0.5 and 0.7",
        0.7517361635560469,
        "derivative of the generating function",
        lambda: sum(share for name, share in _logit().items() if _NESTS[name] == "electronic"),
    ),
    Known(
        "Bass, share adopted after 5 years",
        "p 0.03, q 0.38",
        0.3311986424913736,
        "differential equation, integrated",
        lambda: bass_share(5, 0.03, 0.38),
    ),
    Known(
        "Bass, years to the peak",
        "p 0.03, q 0.38",
        6.192619197703112,
        "numerical maximum",
        lambda: bass_peak(0.03, 0.38),
    ),
    Known(
        "Retries on blocking, attempts per call",
        "c 100, λ 90, μ 1, up to 3 retries",
        1.0473324110225048,
        "root by Brent's method",
        lambda: retrying(100, 90, 3).amplification,
    ),
    Known(
        "Retries on blocking at critical load, attempts per call",
        "c 100, λ 100, μ 1, up to 3 retries",
        1.5380377279162234,
        "root by Brent's method",
        lambda: retrying(100, 100, 3).amplification,
    ),
    Known(
        "Jackson tandem, a tenth returns: mean time in the network",
        "λ 5, μ 8 and 10",
        0.7045454545454546,
        "Markov chain, solved",
        lambda: network_sojourn_mean([5, 0], [[0, 1], [0.1, 0]], [8, 10], [1, 1]),
    ),
    Known(
        "Wilson, lower bound of 911 in 1000 (95 %)",
        "91.1 %",
        0.8917426484378812,
        "inversion of the score test",
        lambda: wilson(911, 1000).low,
    ),
    Known(
        "Clopper-Pearson, one-sided lower bound of 911 in 1000 (95 %)",
        "91.1 %",
        0.894773374495072,
        "inversion of the binomial tail",
        lambda: clopper_pearson_low(911, 1000),
    ),
    Known(
        "M/D/1, share that waits 2.5 services or less",
        "λ 0.8, service 1",
        0.7048523534916219,
        "numerical inversion of the Laplace transform (de Hoog)",
        lambda: md1_wait_share(0.8, 1, 2.5),
    ),
    Known(
        "M/G/1 processor sharing, mean time in system",
        "ρ 0.8, SCV 4",
        5.0,
        "Markov chain, solved",
        lambda: mg1_ps_sojourn_mean(0.8, 1),
    ),
    Known(
        "M/M/1/1 with retrials, mean number in orbit",
        "λ 0.5, μ 1, retrials 0.25",
        2.5,
        "Markov chain, solved",
        lambda: retrial_orbit_mean(0.5, 1, 0.25),
    ),
)
"""Values in double precision, of which two routes agree to 12 digits or more."""
