"""Tables on a terminal of any width: nothing is cut, and a pipe gets whole lines."""

import io

import pytest
from rich.console import Console
from rich.table import Table

from footfall.cli.console import show_table
from footfall.cli.versus import is_same
from footfall.measure.paired import paired

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


@pytest.mark.parametrize(("second", "same"), [(0.467, True), (0.467 + 1e-16, True), (0.468, False)])
def test_a_figure_that_differs_in_its_last_digits_only_is_the_same(second: float, *, same: bool) -> None:
    """A sum taken in another order is no change."""
    assert is_same(paired([0.467, 0.5], [second, 0.5])) is same
