"""Figures of the service over windows of a run: means that add up, and the demand of a request."""

import polars as pl
import pytest
from hypothesis import given, strategies as st

from footfall._measure.server_figures import mean_by_window, summaries
from footfall._records.server_rows import SERVER_ROWS, ServerRow, server_table

values = st.lists(st.floats(0, 8), min_size=2, max_size=20)


def cpu(readings: list[float], every_s: float = 1.0, starts_s: float = 0.0) -> pl.DataFrame:
    """Give a process whose CPU was read so often; the first reading has none."""
    first = [ServerRow(starts_s, "process", "memory_rss", 1e6, "bytes")]
    later = (
        ServerRow(starts_s + every_s * number, "process", "cpu", value, "cores")
        for number, value in enumerate(readings, 1)
    )
    return server_table([*first, *later])


@given(values, st.floats(0, 1))
def test_cpu_time_is_kept_however_the_run_is_cut(readings: list[float], share: float) -> None:
    """The CPU seconds of two windows are together those of both."""
    rows, end_s = cpu(readings), float(len(readings))
    cut_s = end_s * share
    whole, first, second = mean_by_window(rows, [(0, end_s), (0, cut_s), (cut_s, end_s)])
    assert whole == pytest.approx(sum(readings) / end_s)
    parts_s = (first or 0.0) * cut_s + (second or 0.0) * (end_s - cut_s)
    assert parts_s == pytest.approx((whole or 0.0) * end_s, abs=1e-9)


@given(st.floats(0, 8), st.floats(0.2, 3), st.floats(-2, 2))
def test_a_steady_service_has_one_mean_in_every_window(level: float, every_s: float, starts_s: float) -> None:
    """Whenever and however often it is read."""
    rows = cpu([level] * 6, every_s, starts_s)
    windows = [(starts_s, starts_s + 6 * every_s), (starts_s + 0.7 * every_s, starts_s + 4.1 * every_s)]
    assert mean_by_window(rows, windows) == pytest.approx([level, level])


def test_busy_time_by_throughput_is_the_demand_of_a_request() -> None:
    """U = X · D: 40 ms of CPU a request, at 5, 10 and 20 requests a second."""
    rates_per_s = (5, 10, 20)
    rows = cpu([rate * 0.04 for rate in rates_per_s for _ in range(10)])
    used = mean_by_window(rows, [(0, 10), (10, 20), (20, 30)])
    assert [(each or 0.0) / rate for each, rate in zip(used, rates_per_s, strict=True)] == pytest.approx(
        [0.04] * 3
    )


def test_what_was_not_read_has_no_mean() -> None:
    """Before the first reading, after the last, another figure, and no rows at all."""
    rows = cpu([1.0, 2.0])
    assert mean_by_window(rows, [(-5, -1), (3, 9)]) == [None, None]
    assert mean_by_window(rows, [(0, 2)], source="machine") == [None]
    assert mean_by_window(SERVER_ROWS.to_frame(), [(0, 2)]) == [None]
    assert summaries(SERVER_ROWS.to_frame(), 0.0, 10.0) == ()


def test_the_summary_leaves_out_what_was_before_the_run() -> None:
    """Rest before second 0 is no load, and the time after the end is none of it either."""
    rows = cpu([9.0, 1.0, 3.0, 9.0], starts_s=-1.0)
    (found,) = (each for each in summaries(rows, 0.0, 2.0) if each.name == "cpu")
    assert (found.mean, found.least, found.most, found.samples, found.unit) == (2.0, 1.0, 3.0, 2, "cores")


def test_a_missing_reading_counts_with_the_next_one() -> None:
    """A rate that was read late is the mean of the longer time."""
    rows = cpu([1.0, 1.0, 4.0]).filter(pl.col("second") != 2.0)
    assert mean_by_window(rows, [(0, 3)]) == pytest.approx([(1 * 1 + 2 * 4) / 3])
