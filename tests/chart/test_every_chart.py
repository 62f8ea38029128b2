"""What holds for every chart: it is drawn from much, little and nothing, and always the same."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias
from xml.etree.ElementTree import fromstring

import polars as pl
import pytest

from footfall._chart.comparison_charts import WelchLabels, comparison_chart, welch
from footfall._chart.day_charts import arrivals_over_day, share_by_channel, wait_heat_map
from footfall._chart.month_charts import share_by_month, shares_chart
from footfall._chart.prediction_charts import Change, predicted_against_measured, spillover
from footfall._chart.run_charts import (
    Marks,
    outcomes_by_cause,
    percentiles,
    run_over_time,
    success_against_target,
)
from footfall._chart.server_charts import server_over_time
from footfall._chart.style import Chart, Stamp, look, save, svg_text
from footfall._records.errors import BadInputError

Draw: TypeAlias = Callable[[pl.DataFrame, Stamp], Chart]
HOSTILE = "</svg><script>$x^$ & a_very_long_name_of_a_channel_of_somebody"

WELCH_LABELS = WelchLabels(quantity="response time", runs=3, visits=400, cut=60, rest_s_mean=2.0)
MEASURED = pl.DataFrame(
    [("measured", float(second), 1.0, 30.0, 0.2) for second in range(20)],
    schema=["world", "at_s", "bin_s", "started_per_s", "response_s_p95"],
    orient="row",
)
MARKS = Marks(outage_s=(3.0, 6.0), ended_early_s=18.0)
DRAWINGS: dict[str, Draw] = {
    "series": lambda frame, stamp: run_over_time(frame, MARKS, stamp),
    "curves": percentiles,
    "completed": lambda frame, stamp: share_by_channel(frame, "electronic: web; of all", stamp),
    "due": lambda frame, stamp: arrivals_over_day(frame, (36_000.0, 36_600.0), stamp),
    "waits": wait_heat_map,
    "measures": success_against_target,
    "measures ": predicted_against_measured,
    "rates": lambda frame, stamp: spillover(
        frame, Change(at_s=(240.0, 420.0), scale="2 % of the customers"), stamp
    ),
    "outcomes": outcomes_by_cause,
    "contrasts": lambda frame, stamp: comparison_chart(frame, "Worse: p95(web.query) +21 %", stamp),
    "averages": lambda frame, stamp: welch(frame, WELCH_LABELS, stamp),
    "shares": shares_chart,
    "readings": lambda frame, stamp: server_over_time(frame, MEASURED, 2, stamp),
    "months": lambda frame, stamp: share_by_month(frame, "electronic: web; of all", stamp),
}


@pytest.fixture(params=DRAWINGS, ids=[f"{n} {name.strip()}" for n, name in enumerate(DRAWINGS)])
def drawing(request: pytest.FixtureRequest) -> tuple[Draw, pl.DataFrame]:
    """Each chart with the table it is drawn from."""
    frame: pl.DataFrame = request.getfixturevalue(request.param.strip())
    return DRAWINGS[request.param], frame


def test_the_same_table_gives_the_same_bytes(drawing: tuple[Draw, pl.DataFrame], stamp: Stamp) -> None:
    """No date, no random identifier; and the file is XML."""
    draw, frame = drawing
    one, two = (svg_text(draw(frame, stamp).figure) for _ in range(2))

    assert one == two
    assert fromstring(one).tag.endswith("svg")  # noqa: S314 - our own words


def test_no_visits_are_said_and_not_drawn(drawing: tuple[Draw, pl.DataFrame], stamp: Stamp) -> None:
    """An empty table is no crash and no empty axes."""
    draw, frame = drawing
    chart = draw(frame.clear(), stamp)

    assert chart.title
    assert chart.frame.is_empty()
    assert svg_text(chart.figure)


def test_any_single_row_can_be_drawn(drawing: tuple[Draw, pl.DataFrame], stamp: Stamp) -> None:
    """The first row, the last and one in between, each alone."""
    draw, frame = drawing
    for number in (0, frame.height // 2, frame.height - 1):
        chart = draw(frame.slice(number, 1), stamp)
        assert svg_text(chart.figure)


def test_a_hostile_name_is_only_a_name(drawing: tuple[Draw, pl.DataFrame], stamp: Stamp) -> None:
    """No markup, no formula, and no chart pushed off its page."""
    draw, frame = drawing
    name = next((name for name in ("channel", "definition", "month", "name") if name in frame.columns), None)
    if name is None:
        pytest.skip("the chart shows no names")
    hostile = {
        "web": HOSTILE,
        "sms": "移动网上营业厅",
        "own_hall": "x" * 200,
        "article": HOSTILE,
        "1999-01": HOSTILE,
        "web.busy": f"{HOSTILE}.busy",
        "jobs waiting": HOSTILE,
    }
    named = frame.with_columns(pl.col(name).replace(hostile))
    drawn = svg_text(draw(named, stamp).figure)

    assert "<script" not in drawn
    assert fromstring(drawn).tag.endswith("svg")  # noqa: S314 - our own words


def test_title_and_footer_stand_inside_the_figure(drawing: tuple[Draw, pl.DataFrame], stamp: Stamp) -> None:
    """Heading, subtitle and footer are whole and do not overlap."""
    draw, frame = drawing
    figure = draw(frame, stamp).figure
    with look():
        figure.draw_without_rendering()
        boxes = [text.get_window_extent() for text in figure.texts]

    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 for box in boxes)
    assert all(box.y0 >= 0 and box.y1 <= figure.bbox.y1 for box in boxes)
    assert all(upper.y0 > lower.y1 for upper, lower in pairwise(boxes))


def test_a_share_ends_at_100_and_no_legend_lies_on_what_is_drawn(
    drawing: tuple[Draw, pl.DataFrame], stamp: Stamp
) -> None:
    """No share is above 100 %; a difference may be. A legend stands beside or below the axes."""
    draw, frame = drawing
    figure = draw(frame, stamp).figure
    for axes in figure.axes:
        x, y = (axes.get_xlabel(), axes.get_xlim()), (axes.get_ylabel(), axes.get_ylim())
        for label, (low, high) in (x, y):
            if "%" in label and "(" not in label and "log scale" not in label:
                assert 0 <= low < high <= 100, label
    with look():
        figure.draw_without_rendering()
        legends = [*figure.legends, *(axes.get_legend() for axes in figure.axes)]
        boxes = [legend.get_window_extent() for legend in legends if legend is not None]
        drawn = [axes.get_window_extent() for axes in figure.axes if axes.axison]

    assert not [box for box in boxes for axes in drawn if box.overlaps(axes)]


def test_a_chart_says_where_it_comes_from(drawing: tuple[Draw, pl.DataFrame], stamp: Stamp) -> None:
    """Run, seed and version are in the footer."""
    draw, frame = drawing
    footer = draw(frame, stamp).figure.texts[-1].get_text()

    assert footer == "footfall 0.1.0 · run 0123456789abcdef · seed 7"


def test_a_chart_is_saved_with_the_table_behind_it(
    drawing: tuple[Draw, pl.DataFrame], stamp: Stamp, tmp_path: Path
) -> None:
    """Two files, whole, and nothing else."""
    draw, frame = drawing
    picture, table = save(draw(frame, stamp), tmp_path / "charts" / "one.two")

    assert sorted(tmp_path.rglob("*.*")) == [table, picture]
    assert pl.read_csv(table).height == frame.height
    assert picture.read_text(encoding="utf-8").startswith("<?xml")


def test_a_folder_that_is_a_file_is_refused(stamp: Stamp, waits: pl.DataFrame, tmp_path: Path) -> None:
    """In one line, with nothing half-written."""
    (tmp_path / "charts").write_text("")
    with pytest.raises(BadInputError, match="charts"):
        save(wait_heat_map(waits, stamp), tmp_path / "charts" / "waits")
