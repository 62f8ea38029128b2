"""The report is one page that needs nothing else and believes no text from outside."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser

import polars as pl
import pytest

from footfall._chart.day_charts import wait_heat_map
from footfall._chart.html_report import ReportData, Sheet, render
from footfall._chart.run_charts import success_against_target
from footfall._chart.style import GREY, INK, Stamp
from footfall._records.runs import ArrivalCounts, Lag, Manifest

HOSTILE = "<script>alert(1)</script>\"'&"


@dataclass(frozen=True)
class _Judged:
    """A judgement, made up."""

    criterion: str
    verdict: str
    reason: str
    validity: bool = False


class _Page(HTMLParser):
    """Tags in the order they open, all ids, and everything that a browser would fetch."""

    VOID = ("meta", "br", "use", "path")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.fetched: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the tag brings."""
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("src", "href", "xlink:href") and not (value or "").startswith("#"):
                self.fetched.append(value or "")


@pytest.fixture
def page(measures: pl.DataFrame, waits: pl.DataFrame, stamp: Stamp) -> str:
    """A whole report, with a hostile text wherever a text may come from outside."""
    hostile = measures.with_columns(pl.col("channel").replace({"web": HOSTILE}))
    manifest = Manifest(
        run="0123456789abcdef",
        command="load",
        model=HOSTILE,
        scenario=HOSTILE,
        seed=7,
        status="partial",
        arrivals=ArrivalCounts(due=1000, played=900, failed=40, not_sent=60),
        lag_s=Lag(p50=0.001, p99=0.0042, max=0.013),
        share_definition=HOSTILE,
        settings={"host": HOSTILE, "window": {"start_s": 36_300}},
        started_at="2012-05-01T10:00:00+00:00",
        ended_at="2012-05-01T10:01:12+00:00",
    )
    return render(
        ReportData(
            manifest=manifest,
            verdict="invalid",
            reason=HOSTILE,
            judgements=[_Judged(HOSTILE, "fail", HOSTILE, validity=True)],
            comparison=_side_by_side(hostile),
            charts=[success_against_target(hostile, stamp), wait_heat_map(waits, stamp)],
            findings=[HOSTILE],
            warnings=[HOSTILE],
            sheets=[Sheet(title=HOSTILE, heads=(HOSTILE, "n"), rows=[(HOSTILE, HOSTILE)], note=HOSTILE)],
        )
    )


def test_the_page_fetches_nothing_and_runs_nothing(page: str) -> None:
    """No address of another file, no script, no import in the style."""
    parsed = _Page(page)

    assert parsed.fetched == []
    assert not {"script", "link", "img", "iframe", "object"} & set(parsed.tags)
    assert not re.search(r"@import|url\((?!#)|https?://", page)


def test_text_from_outside_stays_text(page: str) -> None:
    """The hostile text is shown, escaped, and never a tag."""
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 8


def test_a_dark_page_has_no_white_sheet(page: str) -> None:
    """White, ink and greys of a chart are the page's own shades, which print sets back to light ones."""
    drawings = "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL))
    used = set(re.findall(r"var\(--(\w+)", drawings))

    assert {"card", "ink", "soft"} <= used
    for colour in ("#ffffff", INK, GREY):
        assert drawings.count(colour) == len(re.findall(rf"var\(--\w+, {colour}\)", drawings))
    assert all(page.count(f"--{name}:") == 3 for name in used)  # light, dark and print


def test_charts_share_no_identifiers(page: str) -> None:
    """Two drawings on one page each find their own outlines."""
    ids = _Page(page).ids
    referred = set(re.findall(r'(?:url\(|href=")#([^")]+)', page))

    assert len(ids) == len(set(ids))
    assert referred <= set(ids)


def test_the_page_accounts_for_every_arrival_and_for_lag(page: str) -> None:
    """The figures of the manifest, with their units."""
    for said in ("1,000", "900 played, 40 failed, 60 not sent", "4.2 ms", "72 s", "window.start_s", "36300"):
        assert said in page


def test_a_run_with_nothing_to_show_is_a_page_all_the_same() -> None:
    """A simulated run without criteria, charts or lag."""
    manifest = Manifest(run="r", command="simulate", model="m", scenario=None, seed=1, status="finished")
    page = render(ReportData(manifest=manifest, verdict="pass", reason="nothing to hold against it"))

    assert "<h2>Charts</h2>" not in page
    assert "nothing to hold against it" in page


def test_a_world_that_saw_nothing_is_a_dash(measures: pl.DataFrame) -> None:
    """Not a zero."""
    table = _side_by_side(measures).with_columns(
        pl.lit(None, pl.Float64).alias(name)
        for name in _side_by_side(measures).columns
        if name.startswith("measured_")
    )
    manifest = Manifest(run="r", command="simulate", model="m", scenario=None, seed=1, status="finished")

    assert ">–<" in render(ReportData(manifest=manifest, verdict="pass", reason="", comparison=table))


def test_a_percentile_stands_with_its_bounds_where_they_are_known(measures: pl.DataFrame) -> None:
    """Measured: between 1.2 and 3.4 s. Predicted: not known, not shown."""
    bounds = {"measured_response_s_p95_low": 1.2, "measured_response_s_p95_high": 3.4}
    table = _side_by_side(measures).with_columns(pl.lit(value).alias(name) for name, value in bounds.items())
    manifest = Manifest(run="r", command="load", model="m", scenario=None, seed=1, status="finished")
    page = render(ReportData(manifest=manifest, verdict="pass", reason="", comparison=table))
    assert page.count("1.2 s – 3.4 s") == table.height


def _side_by_side(measures: pl.DataFrame) -> pl.DataFrame:
    """Both worlds as the report wants them."""
    keys = ["channel", "operation", "target_share"]
    figures = [name for name in measures.columns if name not in (*keys, "world")]
    predicted, measured = (
        measures.filter(pl.col("world") == world).select(
            *keys, *(pl.col(name).alias(f"{world}_{name}") for name in figures)
        )
        for world in ("predicted", "measured")
    )
    return predicted.join(measured, on=keys, nulls_equal=True)


def test_a_narrow_page_shows_each_heading_once(page: str) -> None:
    """As text; the same height of the picture, a part of its width, is left out."""
    heads = re.findall(r'style="--head: ([\d.]+)"', page)
    assert len(heads) == page.count("<figure")
    assert all(0.03 < float(head) < 0.12 for head in heads)
    assert page.count("figure .title") >= 1
    assert "margin-top: calc(-46rem * var(--head))" in page


def test_the_start_of_a_run_is_shown_without_the_letters_of_iso_8601(page: str) -> None:
    """In UTC."""
    assert "from 2012-05-01 10:00:00 UTC" in page
