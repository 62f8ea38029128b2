"""A time on the command line is read as it is meant, or refused."""

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from footfall._cli.app import run
from footfall._records.errors import BadInputError, seconds_of
from footfall._runs.run_options import window_of


@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99), st.sampled_from(["m", "min", " min "]))
def test_hours_minutes_and_seconds_add_up(hours: int, minutes: int, seconds: int, minute: str) -> None:
    """Written together, as Locust's `--run-time` takes them, with or without blanks."""
    text = f"{hours}h{minutes}{minute}{seconds}s"
    assert seconds_of(text, "") == hours * 3600 + minutes * 60 + seconds


@given(st.floats(0, 1e6).map(lambda x: round(x, 6)))
def test_a_number_alone_is_seconds(seconds: float) -> None:
    """So is one with its unit."""
    text = f"{seconds:.6f}"
    assert seconds_of(text, "") == seconds_of(f"{text}s", "") == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "seconds"), [("2min", 120), ("1.5h", 5400), (" 90 s ", 90), ("1h30m", 5400)]
)
def test_a_time_is_read(text: str, seconds: float) -> None:
    """What people write."""
    assert seconds_of(text, "") == seconds


@pytest.mark.parametrize(
    "text", ["", "min", "-3", "3x", "1e3", "90s90s", "1s2h", "1h30", "10 20", "nan", "inf", "5.", "٣", "1,5h"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    """`1h30` may mean minutes or seconds: nobody guesses."""
    with pytest.raises(BadInputError, match="is not a duration; expected seconds, or a time such as 90s"):
        seconds_of(text, "--window")


def test_a_window_is_at_least_a_second() -> None:
    """The bound itself passes."""
    assert window_of("1s") == 1
    with pytest.raises(BadInputError, match=r"--window 0.5: too short; expected at least 1 second"):
        window_of("0.5")


def test_a_trace_is_cut_to_a_window_in_minutes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bytes as with seconds."""
    monkeypatch.chdir(Path(__file__).parents[2])
    for text in ("2min", "120"):
        options = ("--model", "models/mm3.py", "--window", text, "--at-hour", "10")
        assert run(("trace", "--out", str(tmp_path / text), *options)) == 0
    one, other = (tmp_path / text / "arrivals.parquet" for text in ("2min", "120"))
    assert one.read_bytes() == other.read_bytes()
