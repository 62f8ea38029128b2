"""No text in a CSV file is a formula."""

import csv
from io import StringIO
from pathlib import Path

import polars as pl
from hypothesis import given, strategies as st

from footfall._records.tables import plain_cell, plain_cells, plain_csv, write_csv

EVIL = st.one_of(st.text(), st.builds("{}{}".format, st.sampled_from("=+-@\t\r\n＝＋－＠"), st.text()))


@given(text=EVIL)
def test_a_plain_cell_begins_with_no_sign_of_a_formula_or_is_a_number(text: str) -> None:
    """What was plain stays as it was, and nothing is lost."""
    cell = plain_cell(text)
    assert cell in {text, f"'{text}"}
    if cell[:1] in set("=@\t\r\n＝＋－＠"):
        raise AssertionError(cell)
    if cell[:1] in set("+-"):
        float(cell.removesuffix("%"))
    assert plain_cell(cell) == cell


@given(rows=st.lists(st.tuples(EVIL, st.floats(allow_nan=False)), max_size=5))
def test_a_table_keeps_its_numbers_and_loses_its_formulas(rows: list[tuple[str, float]]) -> None:
    """Texts of each kind of column are looked at, and the names of columns."""
    frame = pl.DataFrame(rows, schema={"=name": pl.String, "value": pl.Float64}, orient="row")
    frame = frame.with_columns(pl.col("=name").cast(pl.Categorical).alias("kind"))
    plain = plain_cells(frame)
    assert plain.columns == ["'=name", "value", "kind"]
    assert plain["value"].to_list() == frame["value"].to_list()
    assert plain["'=name"].to_list() == plain["kind"].to_list() == [plain_cell(text) for text, _ in rows]


def test_every_csv_file_is_written_that_way(tmp_path: Path) -> None:
    """A service's words in a table, between numbers with signs."""
    words = ["=cmd|' /C calc'!A0", "@SUM(A1)", "-5", "+1e3", "-2+3", "fine", ""]
    path = tmp_path / "table.csv"
    write_csv(pl.DataFrame({"cause": words, "change": [-1.5] * 7}), path)
    cells = list(csv.reader(StringIO(path.read_text(encoding="utf-8"), newline="")))[1:]
    assert [cause for cause, _ in cells] == [
        "'=cmd|' /C calc'!A0",
        "'@SUM(A1)",
        "-5",
        "+1e3",
        "'-2+3",
        "fine",
        "",
    ]
    assert {change for _, change in cells} == {"-1.5"}


@given(rows=st.lists(st.lists(EVIL, min_size=2, max_size=3), max_size=4))
def test_a_file_of_another_program_is_made_plain_cell_by_cell(rows: list[list[str]]) -> None:
    """Quotes, commas and line ends within a cell stay within it."""
    out = StringIO()
    csv.writer(out).writerows(rows)
    plain = list(csv.reader(StringIO(plain_csv(out.getvalue()), newline="")))
    assert plain == [[plain_cell(cell) for cell in row] for row in rows]
