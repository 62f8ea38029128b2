"""Mixtures and measured curves are distributions like any other."""

from itertools import accumulate, pairwise
from math import exp, inf
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from pydantic import TypeAdapter, ValidationError
from scipy import integrate

from footfall._model.changes import set_number
from footfall._model.durations import AnyDuration, Empirical, Mixture, Part, exponential_s, lognormal_s
from footfall._model.model import Model
from footfall._model.model_files import read_model, write_model
from footfall._model.numbers import Curve, Grade, leaves
from footfall._model.value_errors import BadModelError
from footfall._records.errors import BadInputError
from models.guangxi import MODEL as PROVINCE
from tests.made_up import number, seconds

SSJ = Mixture(
    parts=(Part(name="at_once", share=number(0.1), time=seconds(0)),), rest=exponential_s(number(1000))
)
"""Patience of SSJ's call centre: a tenth hang up when they must wait, the others after 1000 s in the mean
(L'Ecuyer 2020, the example `CallCenter` of the SSJ tutorial)."""


def curve(times_s: list[float], shares: list[float]) -> Curve:
    """Make a measured curve."""
    return Curve(seconds=tuple(times_s), shares=tuple(shares), grade=Grade.ASSUMED, source="test")


CENSORED = Empirical(curve=curve([0, 30, 60, 300], [0, 0.1, 0.17, 0.41]), beyond=exponential_s(number(500)))
"""Waits up to five minutes were seen; whoever outlasts them leaves after 500 s more, in the mean."""


@st.composite
def curves(draw: st.DrawFn) -> Empirical:
    """Draw a curve with atoms and gaps, which may end below 1."""
    steps = draw(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 9)), min_size=2, max_size=8))
    times_s = list(accumulate(float(step) for step, _ in steps))
    heights = list(accumulate(height for _, height in steps))
    top = heights[-1] * draw(st.sampled_from([1.0, 1.25])) or 1.0
    shares = [height / top for height in heights]
    if not shares[-1]:
        shares[-1] = 0.5
    beyond = exponential_s(number(50)) if shares[-1] < 1 else None
    return Empirical(curve=curve(times_s, shares), beyond=beyond)


@given(found=curves(), u=st.floats(0.0001, 0.9998))
def test_a_greater_number_gives_no_shorter_time_of_a_curve(found: Empirical, u: float) -> None:
    """Also where the curve jumps, stands still, and ends."""
    assert 0 <= found.at(u) <= found.at(u + 0.0001)


@given(found=curves(), u=st.floats(0.001, 0.999))
def test_a_curve_outlasts_what_its_quantile_leaves(found: Empirical, u: float) -> None:
    """No more than 1 - u last longer than at(u), and at least as many as long, also at a jump."""
    at_s = found.at(u)
    assert found.survival(at_s) <= 1 - u + 1e-9
    assert found.survival(max(at_s * (1 - 1e-9) - 1e-9, 0)) >= min(1 - u, found.survival(0)) - 1e-6


@given(found=curves())
def test_mean_and_variation_of_a_curve_are_those_of_its_quantiles(found: Empirical) -> None:
    """The integral over u, piece by piece between the corners, is the mean; of the square, the moment."""
    corners = sorted({0.0, *found.curve.shares, 1.0})
    pieces = list(pairwise(corners))

    def moment(power: int) -> float:
        parts = [integrate.quad(lambda u: found.at(u) ** power, a, b, limit=400)[0] for a, b in pieces]
        return float(sum(parts))

    assert found.mean_s == pytest.approx(moment(1), rel=1e-5, abs=1e-9)
    assert found.mean_s**2 * (1 + found.variation**2) == pytest.approx(moment(2), rel=1e-3, abs=1e-9)


def test_a_curve_that_ends_below_one_goes_on_as_it_is_told() -> None:
    """Half way up to 10 % is 15 s; 59 % outlast the curve, half of them by ln 2 of 500 s."""
    assert CENSORED.at(0.05) == pytest.approx(15)
    assert CENSORED.at(0.41 + 0.59 / 2) == pytest.approx(300 + 500 * 0.6931471805599453)
    assert CENSORED.survival(800) == pytest.approx(0.59 * exp(-1))
    assert CENSORED.mean_s == pytest.approx(0.1 * 15 + 0.07 * 45 + 0.24 * 180 + 0.59 * 800)


def test_whoever_outlasts_a_curve_that_says_no_more_never_leaves() -> None:
    """Infinite patience, hence an infinite mean."""
    endless = Empirical(curve=curve([0, 60], [0.1, 0.5]))
    assert endless.at(0.6) == endless.mean_s == endless.variation == inf
    assert endless.at(0.05) == 0
    assert endless.survival(1e12) == 0.5


def test_the_patience_of_ssj_is_a_tenth_zero_and_the_rest_exponential() -> None:
    """Mean 900 s; E[X²] = 0.9 · 2 · 1000², so the variation is sqrt(1.8/0.81 - 1)."""
    assert SSJ.at(0.0999) == 0
    assert SSJ.at(0.55) == pytest.approx(1000 * 0.6931471805599453)
    assert SSJ.mean_s == pytest.approx(900)
    assert SSJ.variation == pytest.approx((1.8 / 0.81 - 1) ** 0.5)
    assert SSJ.survival(500) == pytest.approx(0.9 * exp(-0.5))


@given(share=st.floats(0, 1), u=st.floats(0.001, 0.999))
def test_a_mixture_holds_each_part_whole(share: float, u: float) -> None:
    """Of the numbers below the share, the quantile u of them gives the quantile u of the part."""
    part, rest = lognormal_s(number(30), number(0.7)), CENSORED
    mixed = Mixture(parts=(Part(name="quick", share=number(share), time=part),), rest=rest)
    assert mixed.mean_s == pytest.approx(share * 30 + (1 - share) * CENSORED.mean_s)
    if share > 1e-6:
        assert mixed.at(share * u) == pytest.approx(part.at(u), rel=1e-6)
    if share < 1 - 1e-6:
        assert mixed.at(share + (1 - share) * u) == pytest.approx(rest.at(u), rel=1e-6)


@pytest.mark.parametrize("time", [SSJ, CENSORED])
def test_a_multiple_keeps_the_shape_of_whatever_is_known(time: Mixture | Empirical) -> None:
    """`times` scales every quantile, the mean, and not the variation."""
    thrice = time.times(3)
    assert thrice.at(0.7) == pytest.approx(3 * time.at(0.7))
    assert thrice.mean_s == pytest.approx(3 * time.mean_s)
    assert thrice.variation == pytest.approx(time.variation)
    assert time.times(1.0) is time


@pytest.mark.parametrize("time", [SSJ, CENSORED, seconds(4)])
def test_a_time_is_told_from_others_by_its_law(time: AnyDuration) -> None:
    """A field for any duration takes an instance as it is, and refuses an unknown law."""
    field: TypeAdapter[AnyDuration] = TypeAdapter(AnyDuration)
    assert field.validate_python(time) is time
    with pytest.raises(ValidationError, match="law"):
        field.validate_python({"law": "guessed"})


@pytest.fixture(scope="module")
def patient_hotline() -> Model:
    """Give the province whose callers wait as a measured curve says, and whose talk is a mixture."""
    hotline = PROVINCE.channel("hotline")
    station = hotline.station.model_copy(update={"patience": CENSORED, "talk": SSJ})
    hotline = hotline.model_copy(update={"station": station})
    channels = tuple(hotline if channel.name == "hotline" else channel for channel in PROVINCE.channels)
    return PROVINCE.model_copy(update={"channels": channels})


def test_a_model_keeps_curves_and_mixtures_in_its_file(patient_hotline: Model, tmp_path: Path) -> None:
    """Points, parts, grades and sources come back, and count in the fingerprint."""
    write_model(patient_hotline, tmp_path / "model.json")
    read = read_model(tmp_path / "model.json")
    assert read.channels == patient_hotline.channels
    assert read.fingerprint() == patient_hotline.fingerprint() != PROVINCE.fingerprint()


def test_every_number_of_a_mixture_can_be_set_and_no_curve_by_one_number(patient_hotline: Model) -> None:
    """Parts go by their name; a curve is listed, and says why it is not set."""
    paths = dict(leaves(patient_hotline))
    assert isinstance(paths["channels.hotline.station.patience.curve"], Curve)
    changed = set_number(patient_hotline, "hotline.talk.at_once.share", 0.2)
    talk = changed.channel("hotline").station.model_dump()["talk"]
    assert talk["parts"][0]["share"] == 0.2
    with pytest.raises(BadInputError, match=r"cannot be set; expected .*curve is changed in its file"):
        set_number(patient_hotline, "hotline.patience.curve", 100)


@pytest.mark.parametrize(
    ("times_s", "shares", "problem"),
    [
        ([0, 1], [0.5], "two points or more"),
        ([1], [1], "two points or more"),
        ([2, 1], [0, 1], "increase"),
        ([0, 1], [0.6, 0.5], "increase"),
        ([-1, 1], [0, 1], "not negative"),
        ([0, inf], [0, 1], "finite"),
        ([0, 1], [0, 1.1], r"0 … 1"),
        ([0, 1], [0, 0], r"0 … 1"),
    ],
)
def test_a_curve_that_is_no_distribution_is_refused(
    times_s: list[float], shares: list[float], problem: str
) -> None:
    """Whichever way it fails."""
    with pytest.raises(BadModelError, match=problem):
        Empirical(curve=curve(times_s, shares))


def test_nobody_is_left_beyond_a_whole_curve() -> None:
    """To say what they do would say nothing."""
    with pytest.raises(BadModelError, match="no share is left"):
        Empirical(curve=curve([0, 1], [0, 1]), beyond=seconds(1))


def test_parts_of_more_than_all_are_refused() -> None:
    """0.6 and 0.6."""
    parts = tuple(Part(name=name, share=number(0.6), time=seconds(1)) for name in "ab")
    with pytest.raises(BadModelError, match="more than 1"):
        Mixture(parts=parts, rest=seconds(1))
