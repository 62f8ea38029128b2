"""The same table is read alike in every form that people have; what is no row of it is set aside."""

import bz2
import gzip
import lzma
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given, strategies as st

from footfall._records import log_file, log_file as sheet_file, text_file
from footfall._records.errors import BadInputError
from footfall._records.log_file import Table, TableForm, joined, read_table

HEAD = ("start", "wait", "result", "note")
ROWS = [
    ("2023-09-04 09:05:47", "12", "ABANDON", ""),
    ("2023-09-04 09:13:24", "8", "ANSWERED", "Größe"),
    ("2023-09-04 09:13:26", "", "ANSWERED", "two\nlines, one cell"),
    ("2023-09-04 09:23:48", "6", "ANSWERED", 'a "word"'),
] * 3
WANTED = pl.DataFrame(
    [[cell or None for cell in row] for row in ROWS], schema=dict.fromkeys(HEAD, pl.String), orient="row"
)
NAMED = TableForm(names=frozenset(HEAD[:3]))


def text(separator: str = ",", ending: str = "\n") -> str:
    """Give the table as text."""
    quoted = [['"' + cell.replace('"', '""') + '"' if cell else "" for cell in row] for row in ROWS]
    return ending.join(separator.join(row) for row in (list(HEAD), *quoted)) + ending


def written(folder: Path, content: bytes, name: str = "calls.csv") -> Path:
    """Write a file."""
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("form", [NAMED, TableForm()], ids=["named columns", "nothing known"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_the_separator_is_found(tmp_path: Path, separator: str, ending: str, form: TableForm) -> None:
    """Also where the columns' names are not known; quoted ends of lines belong to their cell."""
    table = read_table(written(tmp_path, text(separator, ending).encode()), form)
    assert table.frame.equals(WANTED)
    assert table.aside == ()
    assert table.lines is not None
    assert table.lines.to_list()[:5] == [2, 3, 4, 6, 7]


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1", "gb18030"],
)
def test_the_encoding_is_found(tmp_path: Path, encoding: str) -> None:
    """With a mark or without; one of the old ones is said."""
    letters = "通话记录，已接听。客户放弃等待" if encoding == "gb18030" else "Größe"
    path = written(tmp_path, text().replace("Größe", letters).encode(encoding))
    table = read_table(path, NAMED)
    assert table.frame["note"][1] == letters
    assert bool(table.notes) == (encoding not in {"utf-8", "utf-8-sig"})
    assert read_table(path, TableForm(names=NAMED.names, encoding=encoding)).frame["note"][1] == letters


@pytest.mark.parametrize(
    ("pack", "suffix"), [(gzip.compress, "gz"), (bz2.compress, "bz2"), (lzma.compress, "xz")]
)
def test_a_packed_table_is_read(tmp_path: Path, pack: Callable[[bytes], bytes], suffix: str) -> None:
    """By its first bytes, whatever its name; half of it is refused."""
    content = pack(text().encode())
    assert read_table(written(tmp_path, content, f"calls.csv.{suffix}"), NAMED).frame.equals(WANTED)
    assert read_table(written(tmp_path, content, "calls.1"), NAMED).frame.equals(WANTED)
    with pytest.raises(BadInputError, match="cannot be read"):
        read_table(written(tmp_path, content[: len(content) // 2], "half"), NAMED)


def test_titles_above_and_totals_below_are_set_aside(tmp_path: Path) -> None:
    """The heading is the first line with all named columns; subtotals and a second heading are no rows."""
    lines = ["Historical: Calls", "Date:,9/4/2023", "", "start,wait,talk", "a,1,2", "Subtotal,1,2", "b,3,4"]
    lines += ["start,wait,talk", "c,5,6", "Grand total:,9,12", "Sum,9,12"]
    path = written(tmp_path, "\n".join(lines).encode())
    table = read_table(path, TableForm(names=frozenset({"start", "talk"})))
    assert table.frame.rows() == [("a", "1", "2"), ("b", "3", "4"), ("c", "5", "6")]
    assert [(each.reason, each.line) for each in table.aside] == [
        ("a row of totals", 6),
        ("the heading again", 8),
        ("a row of totals", 10),
        ("a row of totals", 11),
    ]
    assert table.notes == ("the heading is line 4; 2 lines above it were skipped",)
    assert read_table(path).frame.equals(table.frame)


def test_a_line_with_other_cells_is_set_aside_with_its_number(tmp_path: Path) -> None:
    """Too many, or cut short; empty cells too many are none."""
    rows = [f"{k},1,2" for k in range(300)]
    rows[50], rows[70], rows[90] = "50,1,2,extra note, unquoted", "70,1", "90,1,2,,,"
    table = read_table(written(tmp_path, "\n".join(["a,b,c", *rows]).encode()))
    assert [(each.reason, each.line) for each in table.aside] == [
        ("5 cells instead of 3", 52),
        ("2 cells instead of 3", 72),
    ]
    assert table.frame.height == 298
    assert table.frame["a"][88] == "90"


def test_a_cell_that_is_far_too_long_is_set_aside_with_its_line(tmp_path: Path) -> None:
    """One damaged line does not refuse the file; a cell at the bound is kept."""
    longest = "x" * 2**17
    content = f"start,note\n1,{longest}\n2,{longest}x\n3,{'y' * 3_000_000}\n4,b\n"
    table = read_table(written(tmp_path, content.encode()))
    assert table.frame["start"].to_list() == ["1", "4"]
    assert [(each.line, "131,072 characters" in each.reason) for each in table.aside] == [
        (3, True),
        (4, True),
    ]


def test_a_quoted_cell_that_never_ends_takes_no_line_silently(tmp_path: Path) -> None:
    """Up to 100 lines before the end became one cell; a last cell of several lines that is closed is one."""
    open_one = written(tmp_path, b'start,note\n1,a\n2,"b\n3,c\n4,d\n')
    with pytest.raises(BadInputError, match="line 3: a quoted cell never ends"):
        read_table(open_one)
    closed = written(tmp_path, b'start,note\n1,a\n2,"b\n3,c\n4,d"', "closed.csv")
    assert read_table(closed).frame["note"].to_list() == ["a", "b\n3,c\n4,d"]


def test_a_wide_table_of_equal_cells_is_read(tmp_path: Path) -> None:
    """Naming 3,000 equal cells took 10^9 steps for each row."""
    rows = [",".join(["0"] * 3000)] * 3
    table = read_table(written(tmp_path, "\n".join([",".join(["n"] * 3000), *rows]).encode()))
    assert table.frame.shape == (3, 3000)
    assert table.frame.columns[:2] + table.frame.columns[-1:] == ["n", "n_2", "n_3000"]


def test_where_many_lines_are_short_their_last_cells_are_empty(tmp_path: Path) -> None:
    """Some programs leave off empty cells at the end; setting those rows aside would leave out a kind."""
    rows = [f"{k},1,x" if k % 2 else f"{k},1" for k in range(100)]
    table = read_table(written(tmp_path, "\n".join(["a,b,c", *rows]).encode()))
    assert table.aside == ()
    assert table.frame["a"].to_list() == [str(k) for k in range(100)]
    assert table.frame["c"].null_count() == 50


def test_headings_that_are_alike_or_empty_get_names(tmp_path: Path) -> None:
    """A column can be named only if its name is its own."""
    table = read_table(written(tmp_path, b"a,,a,b\n1,2,3,4\n"), TableForm(names=frozenset({"b"})))
    assert table.frame.columns == ["a", "column_2", "a_2", "b"]


def sheet(folder: Path, rows: str) -> Path:
    """Write a spreadsheet of one sheet by hand: the parts that every reader wants."""
    space = "http://schemas.openxmlformats.org"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{space}/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{space}/package/2006/relationships"><Relationship Id="r1" '
        f'Type="{space}/officeDocument/2006/relationships/officeDocument" '
        'Target="xl/workbook.xml"/>'
        "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{space}/spreadsheetml/2006/main" '
        f'xmlns:r="{space}/officeDocument/2006/relationships"><sheets>'
        '<sheet name="Calls" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{space}/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{space}/officeDocument/2006/relationships/worksheet" '
        f'Target="worksheets/sheet1.xml"/><Relationship Id="r2" '
        f'Type="{space}/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{space}/spreadsheetml/2006/main"><fonts count="1"><font/>'
        '</fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders>'
        '<cellStyleXfs count="1"><xf/>'
        '</cellStyleXfs><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="22" applyNumberFormat="1"/>'
        '<xf numFmtId="46" applyNumberFormat="1"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{space}/spreadsheetml/2006/main"><sheetData>{rows}'
        "</sheetData></worksheet>",
    }
    path = folder / "calls.xlsx"
    with zipfile.ZipFile(path, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return path


# fmt: off
SHEET_ROWS = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>Calls of September</t></is></c></row>'
    '<row r="3"><c r="A3" t="inlineStr"><is><t>start</t></is></c>'
    '<c r="B3" t="inlineStr"><is><t>wait</t></is></c></row>'
    '<row r="4"><c r="A4" s="1"><v>45173.37902777778</v></c>'
    '<c r="B4" s="2"><v>0.00013888888888888889</v></c></row>'
    '<row r="5"><c r="A5"><v>45173.5</v></c><c r="B5"><v>8</v></c></row>'
    '<row r="6"><c r="A6" t="inlineStr"><is><t>Total</t></is></c><c r="B6"><v>20</v></c></row>'
)
# fmt: on


def test_a_spreadsheet_is_read_as_text_with_its_dates_and_times(tmp_path: Path) -> None:
    """Titles above and totals below as in a text file; the line is the sheet's row."""
    table = read_table(sheet(tmp_path, SHEET_ROWS), TableForm(names=frozenset({"start", "wait"})))
    assert table.frame.rows() == [("2023-09-04 09:05:48", "0:00:12"), ("45173.5", "8")]
    assert table.lines is not None
    assert table.lines.to_list() == [4, 5]
    assert [each.reason for each in table.aside] == ["a row of totals"]
    with pytest.raises(BadInputError, match="has no sheet 'May'; expected Calls"):
        read_table(tmp_path / "calls.xlsx", TableForm(sheet="May"))


def test_without_the_package_for_sheets_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the way around it."""
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(BadInputError, match=r"is a spreadsheet; expected .*footfall\[excel\].*saved as CSV"):
        read_table(sheet(tmp_path, SHEET_ROWS))


def test_what_would_fill_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file may hold much: rows of a table by their number, packed text and sheets by their size."""
    rows = pl.DataFrame({"at": pl.repeat(1.0, 3000, eager=True)})
    rows.write_parquet(tmp_path / "small.parquet")
    monkeypatch.setattr(log_file, "ROWS_MOST", 2999)
    with pytest.raises(BadInputError, match="3,000 rows of 1 columns; expected at most 2,999 rows"):
        read_table(tmp_path / "small.parquet")
    with pytest.raises(BadInputError, match="more than 2,999 rows"):
        read_table(written(tmp_path, b"a,b\n" + b"1,2\n" * 3000))
    monkeypatch.setattr(text_file, "BYTES_MOST", 1000)
    with pytest.raises(BadInputError, match="holds more than 1,000 bytes"):
        read_table(written(tmp_path, gzip.compress(b"a,b\n" + b"1,2\n" * 300)))
    monkeypatch.setattr(sheet_file, "BYTES_MOST", 1000)
    with pytest.raises(BadInputError, match="unpacks to"):
        read_table(sheet(tmp_path, SHEET_ROWS))


def test_several_files_are_one_table_and_each_line_knows_its_file(tmp_path: Path) -> None:
    """Of one form only."""
    first = read_table(written(tmp_path, b"a,b\n1,2\n3,4\n", "one"))
    second = read_table(written(tmp_path, b"a,b\n5,6\n7,8,9\n" + b"1,1\n" * 9, "two"))
    table = joined([("one", first), ("two", second)])
    assert table.frame.height == 12
    assert [table.place(row) for row in (0, 1, 2)] == ["one line 2", "one line 3", "two line 2"]
    assert [table.place_of(each.line) for each in table.aside] == ["two line 3"]
    other = Table(pl.DataFrame({"c": ["1"]}))
    with pytest.raises(BadInputError, match=r"three: does not have the columns of one \(a, b, c\)"):
        joined([("one", first), ("three", other)])


@given(content=st.binary(max_size=300))
@example(b"PAR1")
@example(b"\xd0\xcf\x11\xe0" + b"\x00" * 600)
@example(b"PK\x03\x04" + b"\x00" * 60)
@example(b'a,b\n"')
@example(b"\xff\xfe\x00")
def test_any_bytes_are_a_table_or_one_line(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Nothing else reaches a user."""
    path = written(tmp_path_factory.getbasetemp(), content, "any.csv")
    try:
        table = read_table(path)
    except BadInputError as error:
        told = str(error)
    else:
        told = (
            str(path) if table.lines is None or table.lines.len() == table.frame.height else "lines are lost"
        )
    assert told.startswith(str(path))
