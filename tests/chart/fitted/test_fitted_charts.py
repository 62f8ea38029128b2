"""What holds for the charts of a fit: drawn from much, little and nothing, always the same, and true."""

from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import TypeAlias
from xml.etree.ElementTree import fromstring

import numpy as np
import polars as pl
import pytest

from footfall._chart.fit_charts import (
    arrivals_by_weekday,
    patience_curves,
    service_outliers,
    service_quantiles,
    staff_by_half_hour,
)
from footfall._chart.style import Chart, Stamp, look, svg_text

Draw: TypeAlias = Callable[[pl.DataFrame, Stamp], Chart]
KINDS = tuple("abcdefgh")
HOSTILE = "</svg><script>$x^$ & a_very_long_name_of_a_kind_of_customer_of_somebody"


def rates() -> pl.DataFrame:
    """Give the arrivals of three weekdays and of the mean day, busiest from ten."""
    rows = [
        (
            weekday,
            half,
            12,
            mean := (60.0 if half == 20 else 0.0 if half < 14 else 30.0 - factor),
            mean * 0.9,
            mean * 1.1,
        )
        for factor, weekday in enumerate(("*", "monday", "friday", "sunday"))
        for half in range(48)
    ]
    bounds = [f"per_half_hour_{name}" for name in ("mean", "low", "high")]
    return pl.DataFrame(rows, schema=["weekday", "half_hour", "days", *bounds], orient="row")


def points() -> pl.DataFrame:
    """Give quantiles of eight kinds of service."""
    luck = Random(7)
    rows = [
        (
            kind,
            "lognormal",
            kind != "b",
            0.021,
            1000 - n,
            share / 100,
            3.0 * 1.06**share,
            3.0 * 1.06**share * luck.uniform(0.9, 1.1),
        )
        for n, kind in enumerate(KINDS)
        for share in range(1, 100)
    ]
    names = ["kind", "law", "kept", "distance_share", "times", "share", "data_s", "law_s"]
    return pl.DataFrame(rows, schema=names, orient="row")


def curves() -> pl.DataFrame:
    """Give the patience of eight kinds."""
    rows = [
        (
            kind,
            500 - n,
            2000,
            "weibull",
            6.0 * k,
            1000.0 / k,
            share := 0.98**k,
            share * 0.95,
            min(1.0, share * 1.05),
            share,
        )
        for n, kind in enumerate(KINDS)
        for k in range(1, 60)
    ]
    names = [
        "kind",
        "left",
        "waits",
        "law",
        "second",
        "at_risk",
        "survival_share",
        "survival_low",
        "survival_high",
    ]
    return pl.DataFrame(rows, schema=[*names, "fitted_share"], orient="row")


def staff() -> pl.DataFrame:
    """Give staff from seven to midnight."""
    rows = [(half, 12, n := float(half > 13) * 7, n * 0.8, n * 1.2, n * 0.6) for half in range(48)]
    names = ["half_hour", "days", "on_duty_mean", "on_duty_p10", "on_duty_p90", "busy_mean"]
    return pl.DataFrame(rows, schema=names, orient="row")


def bins() -> pl.DataFrame:
    """Give service times, of which a twentieth are short."""
    rows = [(1.2**k, 1.2 ** (k + 1), 5 if k < 10 else 950 // 20, k < 10) for k in range(30)]
    return pl.DataFrame(rows, schema=["from_s", "to_s", "services", "short"], orient="row")


DRAWINGS: dict[str, tuple[Draw, Callable[[], pl.DataFrame]]] = {
    "arrivals": (arrivals_by_weekday, rates),
    "quantiles": (service_quantiles, points),
    "patience": (patience_curves, curves),
    "staff": (lambda frame, stamp: staff_by_half_hour(frame, True, stamp), staff),
    "service times": (lambda frame, stamp: service_outliers(frame, 6.19, stamp), bins),
}


@pytest.fixture(params=DRAWINGS)
def drawing(request: pytest.FixtureRequest) -> tuple[Draw, pl.DataFrame]:
    """Each chart with the table that it is drawn from."""
    draw, table = DRAWINGS[request.param]
    return draw, table()


def test_the_same_table_gives_the_same_bytes(drawing: tuple[Draw, pl.DataFrame], stamp: Stamp) -> None:
    """And the file is XML."""
    draw, frame = drawing
    one, two = (svg_text(draw(frame, stamp).figure) for _ in range(2))
    assert one == two
    assert fromstring(one).tag.endswith("svg")  # noqa: S314 - our own words


def test_no_legend_lies_on_what_is_drawn(drawing: tuple[Draw, pl.DataFrame], stamp: Stamp) -> None:
    """It stands below or beside the axes, wherever the curve goes."""
    draw, frame = drawing
    figure = draw(frame, stamp).figure
    with look():
        figure.draw_without_rendering()
        legends = [*figure.legends, *(axes.get_legend() for axes in figure.axes)]
        boxes = [legend.get_window_extent() for legend in legends if legend is not None]
        drawn = [axes.get_window_extent() for axes in figure.axes if axes.axison]

    assert boxes
    assert not [box for box in boxes for axes in drawn if box.overlaps(axes)]


def test_nothing_is_said_and_not_drawn(drawing: tuple[Draw, pl.DataFrame], stamp: Stamp) -> None:
    """An empty table is no crash and no empty axes."""
    draw, frame = drawing
    chart = draw(frame.clear(), stamp)
    assert chart.title
    assert svg_text(chart.figure)


def test_any_single_row_can_be_drawn(drawing: tuple[Draw, pl.DataFrame], stamp: Stamp) -> None:
    """The first row, the last and one in between, each alone."""
    draw, frame = drawing
    for number in (0, frame.height // 2, frame.height - 1):
        assert svg_text(draw(frame.slice(number, 1), stamp).figure)


def test_heading_and_footer_stand_inside_the_figure(drawing: tuple[Draw, pl.DataFrame], stamp: Stamp) -> None:
    """They are whole and do not overlap."""
    draw, frame = drawing
    figure = draw(frame, stamp).figure
    with look():
        figure.draw_without_rendering()
        boxes = [text.get_window_extent() for text in figure.texts]
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 for box in boxes)
    assert all(box.y0 >= 0 and box.y1 <= figure.bbox.y1 for box in boxes)
    assert all(upper.y0 > lower.y1 for upper, lower in pairwise(boxes))


@pytest.mark.parametrize("name", ["quantiles", "patience"])
def test_a_hostile_name_of_a_kind_is_only_a_name(name: str, stamp: Stamp) -> None:
    """No markup, no formula."""
    draw, table = DRAWINGS[name]
    drawn = svg_text(draw(table().with_columns(pl.col("kind").replace({"a": HOSTILE})), stamp).figure)
    assert "<script" not in drawn
    assert fromstring(drawn).tag.endswith("svg")  # noqa: S314 - our own words


def test_titles_tell_the_finding_with_its_number(stamp: Stamp) -> None:
    """The busiest half hour, the distance of the law, the wait of a minute, the staff, the short services."""
    titles = [draw(table(), stamp).title for draw, table in DRAWINGS.values()]
    assert titles == [
        "The mean day is busiest from 10:00 to 10:30: 60.0 arrivals (54.0 to 66.0)",
        "a: lognormal is within 2.1 % of the services",
        "a: 82 % would still wait after a minute",
        "Most staff from 07:00 to 07:30: 7.0 agents on duty; busy 60 % of the time",
        "5.1 % of services are shorter than 6.2 s: not in the fit",
    ]


def test_of_many_kinds_the_most_frequent_are_drawn(stamp: Stamp) -> None:
    """Six panels of eight kinds, and the subtitle says so."""
    chart = service_quantiles(points(), stamp)
    assert sum(bool(axes.get_title(loc="left")) for axes in chart.figure.axes) == 6
    said = " ".join(text.get_text() for text in chart.figure.texts)
    assert "The 6 most frequent kinds." in " ".join(said.split())


def test_a_patience_curve_of_few_rows_stays_in_its_panel(stamp: Stamp) -> None:
    """Where few still wait nothing is drawn: a line beyond the panel would leave no room for the panels."""
    rows = curves().filter(pl.col("kind").is_in(KINDS[:2]))
    few = rows.with_columns(at_risk=pl.when(pl.col("second") <= 6).then(9.0).otherwise(2.0))
    figure = patience_curves(few, stamp).figure
    assert svg_text(figure)
    for axes in figure.axes:
        last = axes.get_xlim()[1]
        assert all(np.max(np.asarray(line.get_xdata(), float)) <= last for line in axes.get_lines())
