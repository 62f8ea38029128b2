"""A trace holds exactly the customers of its window, and survives its files."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, strategies as st

from footfall._behaviour.load_model import RunPace
from footfall._records.errors import BadInputError
from footfall._records.runs import TRACE_FILE
from footfall._records.tables import ARRIVALS
from footfall._workload.trace import ARRIVALS_FILE, LogInfo, busiest_window, cut, read_trace, write_trace
from tests.load.small import day_of, everywhere, small_model, trace_of
from tests.made_up import number


def play(starts_s: float, length_s: float, speed: float = 1.0) -> RunPace:
    """Give a part of the day."""
    return RunPace(starts_s=starts_s, length_s=length_s, speed=speed, human_time_factor=1)


def day(times: list[float]) -> pl.DataFrame:
    """Give a day of web queries at these seconds."""
    return day_of([(at_s, "query", "web") for at_s in sorted(times)])


@given(
    times=st.lists(st.floats(0, 86_399.9), max_size=60),
    length_s=st.floats(1, 86_400),
)
def test_no_other_window_of_the_grid_holds_more_arrivals(times: list[float], length_s: float) -> None:
    """The busiest window is the best of all that start on a ten-second grid, by plain counting."""
    at_s = np.array(sorted(times))

    def inside(starts_s: float) -> int:
        return sum(1 for one in times if starts_s <= one < starts_s + length_s)

    found = busiest_window(at_s, length_s)
    grid = [10.0 * k for k in range(int((86_400 - length_s) // 10) + 1)]
    assert found % 10 == 0
    assert found + length_s <= 86_400 + 5
    # A best window can be slid until it ends just behind an arrival, so those starts are enough.
    near = {10.0 * ((one - length_s) // 10 + k) for one in times for k in (0, 1, 2)}
    assert all(inside(starts_s) <= inside(found) for starts_s in near.intersection(grid))


@pytest.mark.parametrize("length_s", [0.0, -1.0, 86_401.0])
def test_a_window_that_no_day_has_is_refused(length_s: float) -> None:
    """Nothing, less than nothing, more than a day."""
    with pytest.raises(BadInputError, match="more than 0 s, at most a day"):
        busiest_window(np.array([1.0]), length_s)


def test_the_cut_is_half_open_and_due_at_the_speed() -> None:
    """Who comes at the start is in, who comes at the end is out; twice the speed is half the time."""
    trace = cut(day([99.9, 100.0, 130.0, 159.9, 160.0]), play(100, 60, speed=2), 1, 2)
    assert trace.schema == ARRIVALS
    assert trace["at_s"].to_list() == [100.0, 130.0, 159.9]
    assert trace["due_s"].to_list() == pytest.approx([0.0, 15.0, 29.95])
    assert trace["arrival"].to_list() == [0, 1, 2]
    assert trace["customer"].to_list() == [1, 2, 3]
    assert trace["subscriber"].to_list() == [0, 1, 0]


@given(scales=st.tuples(st.floats(0.01, 1), st.floats(0.01, 1)))
def test_at_a_larger_scale_come_the_same_customers_and_more(scales: tuple[float, float]) -> None:
    """Thinning is by customer: the smaller crowd is a part of the larger one."""
    people = day([k / 10 for k in range(500)])
    small, large = (set(cut(people, play(0, 50), scale, 9)["customer"]) for scale in sorted(scales))
    assert small <= large


def test_a_third_of_the_customers_is_about_a_third() -> None:
    """The share kept is the scale, within five standard deviations."""
    kept = cut(day([k / 100 for k in range(6000)]), play(0, 60), 1 / 3, 9).height
    assert abs(kept - 2000) < 5 * (6000 * 2 / 9) ** 0.5


@pytest.mark.parametrize(
    ("scale", "speed", "subscribers"), [(0, 1, 1), (1.5, 1, 1), (1, 0, 1), (1, -2, 1), (1, 1, 0)]
)
def test_an_impossible_cut_is_refused(scale: float, speed: float, subscribers: int) -> None:
    """Scale in (0, 1], speed above 0, at least one account."""
    with pytest.raises(BadInputError):
        cut(day([1.0]), play(0, 10, speed), scale, subscribers)


def test_a_trace_survives_its_files(tmp_path: Path) -> None:
    """What is read is what was written, from the folder or from the table's path."""
    model = small_model()
    made = trace_of(model, everywhere(40, 4, model), 4)
    write_trace(tmp_path, made)
    for path in (tmp_path, tmp_path / ARRIVALS_FILE):
        read = read_trace(path)
        assert read.arrivals.equals(made.arrivals)
        assert read.model == model
        assert read.info.arrivals == 40
        assert sum(read.info.arrivals_by_channel.values()) == 40


@pytest.mark.parametrize("name", ["trace.json", "model.json", "arrivals.parquet"])
@pytest.mark.parametrize("damage", ["missing", "truncated"])
def test_a_damaged_trace_gets_one_line(tmp_path: Path, name: str, damage: str) -> None:
    """Each of the three files, missing or cut in half, is named."""
    model = small_model()
    write_trace(tmp_path, trace_of(model, everywhere(40, 4, model), 4))
    path = tmp_path / name
    whole = path.read_bytes()
    path.unlink()
    if damage == "truncated":
        path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInputError, match=name) as caught:
        read_trace(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("play.speed", 0), ("play.speed", "NaN"), ("play.length_s", -5), ("play.starts_s", -1)],
        *[("scale", "Infinity"), ("scale", 0), ("subscribers", 0), ("seed", -1), ("seed", 2**63)],
    ],
)
def test_an_edited_number_of_a_trace_is_named(tmp_path: Path, name: str, value: object) -> None:
    """No play could have it."""
    model = small_model()
    write_trace(tmp_path, trace_of(model, everywhere(40, 4, model), 4))
    info = json.loads((tmp_path / "trace.json").read_text())
    *parts, last = name.split(".")
    (info[parts[0]] if parts else info)[last] = value
    (tmp_path / "trace.json").write_text(json.dumps(info))
    with pytest.raises(BadInputError, match=name.replace(".", r"\.")):
        read_trace(tmp_path)


@pytest.mark.parametrize(
    ("column", "value", "law"),
    [
        *[("due_s", float("nan"), "finite times"), ("due_s", -1.0, "finite times")],
        *[
            ("due_s", 5.0, "within the run"),
            ("due_s", None, "no empty cell"),
            ("due_s", 0.0, "in the order"),
        ],
        *[("customer", 7, "each customer once"), ("arrival", 0, "numbered from 0")],
        *[
            ("channel", "fax", "a channel"),
            ("operation", "sing", "an operation"),
            ("segment", "x", "a segment"),
        ],
        *[("subscriber", -1, "accounts"), ("subscriber", 10**15, "accounts")],
    ],
)
def test_an_edited_arrival_is_refused(tmp_path: Path, column: str, value: object, law: str) -> None:
    """The row and what it breaks are named, where the model and the numbers of rows still fit."""
    model = small_model()
    write_trace(tmp_path, trace_of(model, everywhere(40, 4, model), 4))
    path = tmp_path / ARRIVALS_FILE
    arrivals = pl.read_parquet(path)
    edited = pl.lit(value, dtype=ARRIVALS[column])
    arrivals.with_columns(
        pl.when(pl.int_range(pl.len()) >= 38).then(edited).otherwise(pl.col(column)).alias(column)
    ).write_parquet(path)
    with pytest.raises(BadInputError, match=law):
        read_trace(tmp_path)


def test_the_files_of_two_traces_do_not_go_together(tmp_path: Path) -> None:
    """A model of another trace is found by its fingerprint, arrivals of another by their count."""
    model, other = small_model(), small_model(busy_day_factor=number(2))
    for name, made, count in (("a", model, 40), ("b", other, 40), ("c", model, 30)):
        write_trace(tmp_path / name, trace_of(made, everywhere(count, 4, made), 4))
    (tmp_path / "b" / "model.json").replace(tmp_path / "a" / "model.json")
    with pytest.raises(BadInputError, match="is not the model"):
        read_trace(tmp_path / "a")
    (tmp_path / "c" / ARRIVALS_FILE).replace(tmp_path / "b" / ARRIVALS_FILE)
    (tmp_path / "b" / "model.json").write_bytes((tmp_path / "c" / "model.json").read_bytes())
    (tmp_path / "b" / "trace.json").write_text(
        (tmp_path / "c" / "trace.json").read_text().replace('"arrivals": 30', '"arrivals": 40')
    )
    with pytest.raises(BadInputError, match="30 arrivals instead of 40"):
        read_trace(tmp_path / "b")


def test_the_former_names_of_a_logs_counts_are_read_alike(tmp_path: Path) -> None:
    """`trace.json` of earlier versions counts requests that no rule matches under `no_errand`."""
    log = LogInfo(name="a.log", rows=5, unreadable=0, unmatched=2, unmatched_examples=("/x",))
    trace = trace_of(small_model(), day([1.0, 2.0]), 4)
    write_trace(tmp_path, replace(trace, info=trace.info.model_copy(update={"log": log})))
    path = tmp_path / TRACE_FILE
    text = path.read_text(encoding="utf-8")
    assert "no_errand" not in text
    former = text.replace("unmatched_examples", "no_errand_examples").replace("unmatched", "no_errand")
    path.write_text(former, encoding="utf-8")
    assert former.count("no_errand") == 2
    assert read_trace(tmp_path).info.log == log
