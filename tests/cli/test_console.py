"""Tables on a terminal of any width: nothing is cut, and a pipe gets whole lines."""

import io
from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from footfall._cli.output import fold_at, show_table, wrapped
from footfall._runs.replicate import is_same
from footfall._stats.intervals import paired

CELLS = (
    "wait_s_mean(partner_hall.purchase)",
    "response_s_p95(partner_hall.purchase)",
    "100.0 % (99.2–100.0)",
)


def table_of() -> Table:
    """Give a table of about 170 columns."""
    table = Table(title="A table", title_justify="left", box=None, pad_edge=False)
    for head in (
        "quantity",
        "another",
        "measured, 95 %",
        "predicted, 95 %",
        "difference ± 95 %",
        "unpaired ±",
    ):
        table.add_column(head)
    table.add_row(*CELLS, CELLS[2], "+12.3 ± 4.5 pt", "6.7 pt")
    return table


@pytest.mark.parametrize("width", [60, 80, 100, 1000])
def test_no_cell_is_cut_and_no_line_is_too_long(width: int) -> None:
    """Read down its column, every letter of each cell is there."""
    out = io.StringIO()
    show_table(table_of(), Console(file=out, width=width, highlight=False))
    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    letters = sorted("".join(text.split()))
    heads = "Atable quantity another measured,95% predicted,95% difference±95% unpaired±"
    assert letters == sorted("".join((heads + "".join(CELLS) + CELLS[2] + "+12.3±4.5pt6.7pt").split()))


def test_a_pipe_gets_every_row_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever its length, so that `grep` and `awk` see whole rows."""
    show_table(table_of())
    assert len(capsys.readouterr().out.splitlines()) == 3


LONG = "an_operators_own_hall_at_the_station.recharge_with_a_card_or_cash"
WIDE = "移动网上营业厅与自助服务终端以及短信营业厅和客户服务热线的充值业务"


@pytest.mark.parametrize("width", range(20, 81, 7))
@pytest.mark.parametrize("name", [LONG, WIDE, f"p95({LONG}) < 800ms", "x" * 90, f"{WIDE}.{LONG}", ""])
def test_a_long_name_folds_at_its_separators_and_never_beyond_the_width(name: str, width: int) -> None:
    """Put together again it is the name; no word that has a separator is folded elsewhere."""
    ends = fold_at(name, width)
    lines = [name[start:end] for start, end in pairwise([0, *ends, len(name)])]
    assert "".join(lines) == name
    assert all(cell_len(line.rstrip()) <= width for line in lines)
    if name == LONG:
        assert all(line[-1] in "._" for line in lines[:-1])


@pytest.mark.parametrize("name", ["web[/]", "[bold]web[/bold]", "web [red]"])
def test_a_name_with_brackets_is_a_name_and_no_markup(name: str) -> None:
    """In a cell as in a title."""
    out = io.StringIO()
    table = Table(title=name, box=None)
    table.add_column("channel")
    table.add_row(name)
    show_table(table, Console(file=out, width=60, highlight=False))
    assert out.getvalue().count(name) == 2


@given(st.text(alphabet=st.sampled_from("ab,.- 移动("), max_size=200), st.integers(20, 90))
@settings(max_examples=60)
def test_prose_is_wrapped_between_words(line: str, width: int) -> None:
    """No word is lost or taken apart, and only a word that is longer than a line makes one that is."""
    lines = wrapped(line, width).split("\n")
    assert " ".join(lines).split() == line.split()
    assert all(cell_len(each) <= width or len(each.split()) == 1 for each in lines)


@pytest.mark.parametrize(("second", "same"), [(0.467, True), (0.467 + 1e-16, True), (0.468, False)])
def test_a_figure_that_differs_in_its_last_digits_only_is_the_same(second: float, *, same: bool) -> None:
    """A sum taken in another order is no change."""
    assert is_same(paired([0.467, 0.5], [second, 0.5])) is same
