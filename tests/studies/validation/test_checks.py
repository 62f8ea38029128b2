"""Two figures agree when their difference is within three standard errors of both."""

from math import sqrt

import polars as pl
import pytest

from studies.validation.call_figures import abandoned_after, ended, ratio, talked_s, waited_less, waited_s
from studies.validation.checks import Figure, compared, obtained, rounded

DAYS = [(8.0, 2.0), (10.0, 2.0), (12.0, 2.0)]
CALLS = pl.DataFrame(
    {
        "due_s": [0.0, 10.0, 20.0, 30.0],
        "wait_s": [0.0, 5.0, 25.0, 30.0],
        "ended_s": [100.0, 60.0, 45.0, 90.0],
        "outcome": ["served", "served", "abandoned", "served"],
    }
)


def test_a_ratio_of_means_has_the_error_of_the_delta_method() -> None:
    """With a fixed denominator of 2 it is the error of a mean, 2 / √3, by 2."""
    found = obtained(DAYS)
    assert found.value == 5.0
    assert found.error == pytest.approx(1 / sqrt(3))


def test_a_ratio_that_is_the_same_every_day_has_no_error() -> None:
    """However much the days differ."""
    assert obtained([(1.0, 2.0), (10.0, 20.0), (3.0, 6.0)]).error == pytest.approx(0, abs=1e-15)


def test_one_day_has_no_error_to_speak_of() -> None:
    """It is refused."""
    with pytest.raises(ValueError, match="two days or more"):
        obtained(DAYS[:1])


@pytest.mark.parametrize(
    ("printed", "agrees"), [(5.0, True), (6.7, True), (7.2, False), (3.1, True), (2.8, False)]
)
def test_a_printed_figure_agrees_within_three_errors_of_both(printed: float, agrees: bool) -> None:  # noqa: FBT001  a case
    """Ours 5 ± 0.577, theirs ± 0.3 and its rounding: 3 times 0.65 is 1.95."""
    figure = Figure("one", "s", printed, 3.0, 100, ratio(waited_s(served=False)))
    check = compared(figure, "a paper", DAYS)
    assert check.agrees is agrees
    assert check.high - check.obtained == pytest.approx(3 * sqrt(1 / 3 + 0.09 + 0.001**2 / 12))


@pytest.mark.parametrize(
    ("printed", "agrees"), [("0.888", True), ("0.8879", True), ("0.887", False), ("1", True)]
)
def test_an_exact_figure_agrees_if_it_rounds_to_the_print(printed: str, agrees: bool) -> None:  # noqa: FBT001  a case
    """0.88785 to the digits printed."""
    assert rounded("level", "a program", printed, 0.88785).agrees is agrees


@pytest.mark.parametrize(
    ("quantity", "value"),
    [
        (ratio(ended("served")), (3.0, 1.0)),
        (ratio(waited_less(20, served=True), ended("served")), (2.0, 3.0)),
        (ratio(waited_less(26, served=False), 8), (3.0, 8.0)),
        (ratio(waited_s(served=True)), (35.0, 1.0)),
        (ratio(waited_s(served=False)), (60.0, 1.0)),
        (ratio(abandoned_after(25)), (1.0, 1.0)),
        (ratio(abandoned_after(26)), (0.0, 1.0)),
        (ratio(talked_s(0, 1000)), (100 + 45 + 30, 1.0)),
        (ratio(talked_s(50, 70)), (20 + 10 + 10, 1.0)),
    ],
)
def test_quantities_of_four_calls_are_what_one_counts_by_hand(
    quantity: object, value: tuple[float, float]
) -> None:
    """Three served, one gone after 25 s."""
    assert callable(quantity)
    assert quantity(CALLS) == value
