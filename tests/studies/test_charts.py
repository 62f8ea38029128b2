"""The charts of the studies keep what holds for every chart of the kit."""

import polars as pl
import pytest

from footfall._chart.style import Stamp
from studies.hotline_1999.charts import days_chart, half_hours_chart, months_chart
from studies.hotline_1999.forecast_chart import forecast_chart
from studies.offices_warsaw.charts import half_hours_chart as offices_half_hours_chart, queues_chart
from tests.chart.test_every_chart import (
    Draw,
    test_a_chart_is_saved_with_the_table_behind_it,
    test_a_chart_says_where_it_comes_from,
    test_a_hostile_name_is_only_a_name,
    test_a_share_ends_at_100_and_no_legend_lies_on_what_is_drawn,
    test_any_single_row_can_be_drawn,
    test_no_visits_are_said_and_not_drawn,
    test_the_same_table_gives_the_same_bytes,
    test_title_and_footer_stand_inside_the_figure,
)

__all__ = [
    "test_a_chart_is_saved_with_the_table_behind_it",
    "test_a_chart_says_where_it_comes_from",
    "test_a_hostile_name_is_only_a_name",
    "test_a_share_ends_at_100_and_no_legend_lies_on_what_is_drawn",
    "test_any_single_row_can_be_drawn",
    "test_no_visits_are_said_and_not_drawn",
    "test_the_same_table_gives_the_same_bytes",
    "test_title_and_footer_stand_inside_the_figure",
]
"""The laws, which pytest collects here for the drawings of this file."""

DRAWINGS: dict[str, Draw] = {
    "validated_months": months_chart,
    "validated_days": days_chart,
    "validated_half_hours": half_hours_chart,
    "offices_queues": queues_chart,
    "offices_half_hours": offices_half_hours_chart,
    "foretold_months": forecast_chart,
}


@pytest.fixture(params=DRAWINGS)
def drawing(request: pytest.FixtureRequest) -> tuple[Draw, pl.DataFrame]:
    """Each chart with the table it is drawn from."""
    frame: pl.DataFrame = request.getfixturevalue(request.param)
    return DRAWINGS[request.param], frame


def test_the_worst_month_and_those_in_range_are_told(foretold_months: pl.DataFrame, stamp: Stamp) -> None:
    """Both mean errors stand in the title; five of six lie in their range, of one there is none."""
    title = forecast_chart(foretold_months, stamp).title

    assert "off by " in title
    assert "“as last month” by " in title
    assert "5 of 6 months lie in their range" in title
