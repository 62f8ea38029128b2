"""A telephone switch's queue log becomes calls; what is no whole call is set aside and counted."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from footfall._fit.fit import fit_log
from footfall._fit.log_rows import is_queue_log, queue_mapping, read_queue_log, rows_of
from footfall._records.errors import BadInputError
from footfall._records.log_file import Table
from footfall._workload.log_mapping import Mapping

T = 1_693_818_000
LINES = f"""{T}|NONE|NONE|NONE|QUEUESTART|
{T + 1}|early.1|sales|Agent/1|COMPLETECALLER|4|60|1
{T + 10}|c.1|sales|NONE|ENTERQUEUE||0301234
{T + 12}|c.1|sales|Agent/1|RINGNOANSWER|1000
{T + 20}|c.1|sales|Agent/2|CONNECT|10|c.1b|3
{T + 30}|c.2|sales|NONE|ENTERQUEUE||0305678
{T + 75}|c.2|sales|NONE|ABANDON|1|1|45
{T + 80}|c.1|sales|Agent/2|COMPLETEAGENT|10|60|1
{T + 90}|c.3|sales|NONE|ENTERQUEUE||
{T + 120}|c.3|sales|NONE|EXITWITHTIMEOUT|1|1|30
{T + 120}|c.3|support|NONE|ENTERQUEUE||
{T + 125}|c.3|support|Agent/1|CONNECT|5|c.3b|2
{T + 185}|c.3|support|Agent/1|TRANSFER|100|default|5|60|1
{T + 200}|c.4|sales|NONE|ENTERQUEUE||
{T + 205}|c.4|sales|NONE|EXITEMPTY|1|1|5
{T + 210}|c.5|sales|NONE|ENTERQUEUE||
{T + 211}|c.6|sales|NONE|ENTERQUEUE||
{T + 215}|c.6|sales|Agent/1|CONNECT|4|c.6b|1
a line of something else
""".splitlines()


def log(folder: Path, lines: list[str], name: str = "queue_log") -> Path:
    """Write a queue log."""
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def mapping(text: str | None = None) -> Mapping:
    """Give the mapping of a queue log."""
    return queue_mapping(text, "test")


def test_the_lines_of_a_call_are_one_row(tmp_path: Path) -> None:
    """Waits from entering to their end, services from connecting on, each queue a visit of its own."""
    table = read_queue_log([log(tmp_path, LINES)])
    told = table.frame.select("entered", "wait_s", "service_s", "event", "queue", "agent").rows()
    assert told == [
        (T + 10, 10.0, 60.0, "COMPLETEAGENT", "sales", "Agent/2"),
        (T + 30, 45.0, None, "ABANDON", "sales", None),
        (T + 90, 30.0, None, "EXITWITHTIMEOUT", "sales", None),
        (T + 120, 5.0, 60.0, "TRANSFER", "support", "Agent/1"),
        (T + 200, 5.0, None, "EXITEMPTY", "sales", None),
    ]
    assert [(each.reason, table.place_of(each.line)) for each in table.aside] == [
        ("a call that began before the log", "line 2"),
        ("a call that had not ended when the log does", "line 16"),
        ("a call that had not ended when the log does", "line 17"),
        ("not a line of a queue log", "line 19"),
    ]


def test_outcomes_and_censored_waits_are_those_of_the_calls(tmp_path: Path) -> None:
    """Who was sent on by a timeout did not lose patience."""
    rows = rows_of(read_queue_log([log(tmp_path, LINES)]), mapping("[options]\ntimezone = 'Europe/Berlin'"))
    assert rows.frame["outcome"].to_list() == ["served", "abandoned", "timeout", "served", "closed"]
    assert rows.frame["at_s"][0] == T + 10 + 7200
    assert sum(status.rows for status in rows.row_statuses) == rows.read == 9


@pytest.mark.parametrize("cut", [3, 9, 13])
def test_rotated_files_in_any_order_are_one_log(tmp_path: Path, cut: int) -> None:
    """Also packed; no call is lost where the file was changed."""
    whole = read_queue_log([log(tmp_path, LINES)])
    old, new = tmp_path / "queue_log.1.gz", log(tmp_path, LINES[cut:], "new")
    old.write_bytes(gzip.compress("\n".join(LINES[:cut]).encode()))
    for paths in ([old, new], [new, old]):
        table = read_queue_log(paths)
        assert table.frame.equals(whole.frame)
        assert len(table.aside) == len(whole.aside)
    assert table.place(0) == "queue_log.1.gz line 3"


def test_a_queue_log_is_recognised_and_needs_no_mapping(tmp_path: Path) -> None:
    """A table with bars between its cells is none."""
    assert is_queue_log(log(tmp_path, LINES))
    assert not is_queue_log(log(tmp_path, ["time|wait", "2023-09-04 10:00:00|5"], "calls.csv"))
    assert fit_log(read_queue_log([tmp_path / "queue_log"]), mapping()).used == 5


def test_a_queue_log_without_a_whole_call_is_refused(tmp_path: Path) -> None:
    """With what was found."""
    with pytest.raises(BadInputError, match=r"no call is whole .1 × a call that began before the log"):
        read_queue_log([log(tmp_path, LINES[:2])])


@given(st.lists(st.sampled_from(LINES), max_size=40))
def test_any_lines_are_calls_or_one_line(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    """Every ENTERQUEUE is a row or set aside, whatever comes in which order."""
    path = log(tmp_path_factory.getbasetemp(), lines)
    try:
        table = read_queue_log([path])
    except BadInputError:
        return
    assert isinstance(table, Table)
    entered = sum("ENTERQUEUE" in line for line in lines)
    begun = [each for each in table.aside if "before" not in each.reason and "not a line" not in each.reason]
    assert table.frame.height + len(begun) == entered
