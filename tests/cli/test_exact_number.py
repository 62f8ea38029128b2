"""`--arrivals 500`: exactly so many, at the times and for the errands that the day's profile has."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from footfall._cli.app import run
from footfall._records.errors import BadInputError
from footfall._runs.make_trace import make_trace, scenario_of
from footfall._workload.trace import Trace

MODEL = Path("models/mm3.py")
UNEVEN = ("segments.everybody.day_profile[09:00-10:00]=3", "segments.everybody.day_profile[02:00-03:00]=0")
"""Three times as many come before ten o'clock as after it, and nobody at two."""


def drawn(arrivals: int, seed: int = 1, window_s: float = 7200.0) -> Trace:
    """Give so many arrivals of a morning at the single counter."""
    return make_trace(
        scenario_of(None, MODEL, window_s=window_s, arrivals=arrivals), seed, changes=UNEVEN, at_hour=9
    )


@pytest.mark.parametrize("count", [1, 7, 40, 1000, 20_000])
def test_exactly_so_many_come(count: int) -> None:
    """Fewer than the day has and more, in order, each customer once, numbered by row."""
    trace = drawn(count)
    assert trace.arrivals.height == count
    assert trace.arrivals["due_s"].is_sorted()
    assert trace.arrivals["customer"].n_unique() == count
    assert trace.arrivals["arrival"].to_list() == list(range(count))
    assert drawn(count).arrivals.equals(trace.arrivals)


def test_the_scale_is_the_number_as_a_multiple_of_the_days_mean() -> None:
    """Whatever the seed is, so that two runs of one number are of one load."""
    scales = {drawn(500, seed).info.scale for seed in (1, 2, 3)}
    assert len(scales) == 1
    assert drawn(1000).info.scale == pytest.approx(2 * scales.pop())


def test_times_are_as_the_profile_says() -> None:
    """By half hour they are multinomial with the shares of a day of very many customers.

    The same half hours, sampled at a large scale, give the shares; a chi-square test holds the chosen ones to
    them, and within a half hour a Kolmogorov-Smirnov test holds them to an even spread.
    """
    bins = np.arange(9, 11.1, 0.5) * 3600
    many = make_trace(
        scenario_of(None, MODEL, window_s=7200, scale=300), 2, changes=UNEVEN, at_hour=9
    ).arrivals["at_s"]
    few = drawn(4000).arrivals["at_s"].to_numpy()
    shares = np.histogram(many, bins)[0] / len(many)
    counts = np.histogram(few, bins)[0]
    assert stats.chisquare(counts, shares * counts.sum()).pvalue > 0.001
    within = (few % 1800) / 1800
    assert stats.kstest(within, "uniform").pvalue > 0.001


def test_the_command_writes_so_many(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And says so."""
    out = tmp_path / "trace"
    asked = ("--model", str(MODEL), "--window", "1h", "--arrivals", "123", "--out", str(out), "--json")
    assert run(("trace", *asked)) == 0
    assert json.loads(capsys.readouterr().out)["arrivals"] == 123


def test_a_number_beside_a_scale_is_refused() -> None:
    """Both say how many come; and a number must be one that can be."""
    with pytest.raises(BadInputError, match="one of the two"):
        scenario_of(None, MODEL, scale=0.5, arrivals=10)
    for count in (0, -3, 10**9):
        with pytest.raises(BadInputError, match="is out of range"):
            scenario_of(None, MODEL, arrivals=count)


def test_more_than_can_be_sampled_and_an_empty_window_are_refused() -> None:
    """In a line that says how many could be, or that no customer comes."""
    with pytest.raises(BadInputError, match="at most about"):
        drawn(4_900_000, window_s=60)
    with pytest.raises(BadInputError, match="window: has no arrivals"):
        make_trace(scenario_of(None, MODEL, window_s=60, arrivals=5), 1, changes=UNEVEN, at_hour=2)


@pytest.mark.parametrize("beside", [("--trace", "there"), ("--scale", "0.5")])
def test_beside_a_trace_or_scale_the_command_refuses(
    beside: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A trace has its own number."""
    assert run(("load", "--scenario", "ordinary_day", "--serve", "--arrivals", "5", *beside)) == 2
    assert "--arrivals" in capsys.readouterr().err
