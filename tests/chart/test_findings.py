"""A chart's title says the number that the chart shows."""

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, strategies as st

from footfall._chart.comparison_charts import WelchLabels, welch
from footfall._chart.day_charts import arrivals_over_day, share_by_channel, wait_heat_map
from footfall._chart.month_charts import share_by_month
from footfall._chart.prediction_charts import Change, predicted_against_measured, spillover
from footfall._chart.run_charts import Marks, outcomes_by_cause, run_over_time, success_against_target
from footfall._chart.server_charts import server_over_time
from footfall._chart.style import LOOKS, Stamp, looks_of
from footfall._measure.time_series import SERIES


def test_the_share_in_the_title_is_that_of_the_table(completed: pl.DataFrame, stamp: Stamp) -> None:
    """Electronic over all, of the rows behind the chart."""
    electronic = completed.filter("electronic")["completed"].to_list()
    share = sum(electronic) / sum(completed["completed"].to_list())

    assert f"{share * 100:.1f} %" in share_by_channel(completed, "d", stamp).title


def test_the_busiest_half_hour_is_named(due: pl.DataFrame, stamp: Stamp) -> None:
    """With its arrivals."""
    most = max(due.group_by("half_hour_s").agg(pl.col("due").sum())["due"].to_list())

    assert f"{most:,} arrivals" in arrivals_over_day(due, None, stamp).title


@pytest.mark.parametrize(
    ("arrivals", "said"),
    [
        (27, "27 arrivals, 54 an hour"),
        (1, "1 arrival, 2 an hour"),
        (45, "1.5 a minute"),
        (9000, "5.0 a second"),
    ],
)
def test_the_rate_of_the_busiest_half_hour_has_a_unit_in_which_it_can_be_read(
    arrivals: int, said: str, stamp: Stamp
) -> None:
    """Not `0.0 a second`."""
    due = pl.DataFrame({"half_hour_s": [36_000], "channel": ["web"], "due": [arrivals]})

    assert arrivals_over_day(due, None, stamp).title.endswith(said)


def test_one_channel_and_operation_is_named_and_not_counted(measures: pl.DataFrame, stamp: Stamp) -> None:
    """In both charts of success."""
    here = (pl.col("channel") == "web") & (pl.col("operation") == "query")
    one = measures.filter(here).with_columns(target_share=pl.lit(None, pl.Float64))

    assert success_against_target(one, stamp).title.startswith("Measured success of web query: ")
    title = predicted_against_measured(one, stamp).title
    assert title.startswith("Measured success of web query lies ")
    assert title.endswith("side the predicted interval")


@given(st.sets(st.sampled_from([*LOOKS, *map("desk {}".format, range(8))]), max_size=8))
def test_channels_of_a_chart_look_different_and_known_ones_always_the_same(channels: set[str]) -> None:
    """Up to eight channels that the palette does not know, or fewer with some that it does."""
    looks = looks_of(channels)

    assert looks.keys() == channels
    assert all(looks[channel] == LOOKS[channel] for channel in channels if channel in LOOKS)
    spares = 8 - len(channels & {"web", "wap", "sms", "kiosk", "partner_hall", "own_hall"})
    if len(channels - LOOKS.keys()) <= spares:
        assert len({look.colour for look in looks.values()}) == len(channels)


def test_the_longest_wait_is_named(stamp: Stamp) -> None:
    """Twenty minutes in an own hall at ten, whatever else there is."""
    rows = [(9, "web", 5, 0, 5, 0.1), (10, "own_hall", 5, 0, 5, 1200.0), (10, "sms", 5, 0, 0, None)]
    schema = ["hour", "channel", "visits", "closed", "began", "wait_s_mean"]
    chart = wait_heat_map(pl.DataFrame(rows, schema=schema, orient="row"), stamp)

    assert chart.title == "Waits are longest in own hall at 10:00: 20 min"


def test_missed_targets_are_counted_and_named(measures: pl.DataFrame, stamp: Stamp) -> None:
    """By what was measured."""
    title = success_against_target(measures, stamp).title

    assert title == "1 of 16 targets missed by the whole measured interval: web transact"


def test_targets_that_are_neither_met_nor_missed_are_not_called_met(
    measures: pl.DataFrame, stamp: Stamp
) -> None:
    """What lies within its interval is not known; and all met are all met."""
    kept = measures.filter(pl.col("world") == "measured").with_columns(
        success_share=pl.lit(0.95), success_share_low=pl.lit(0.9), success_share_high=pl.lit(0.99)
    )
    title = success_against_target(kept, stamp).title
    assert title == "Too few visits to tell for 16 of 16 targets; measured intervals hold them"
    above = kept.with_columns(success_share_low=pl.lit(0.94))
    assert success_against_target(above, stamp).title == "16 of 16 targets met by the whole measured interval"


def test_a_prediction_without_measurement_is_judged_as_a_prediction(
    measures: pl.DataFrame, stamp: Stamp
) -> None:
    """A simulated run has a success chart too, and nothing to be compared with."""
    predicted = measures.filter(pl.col("world") == "predicted")

    assert "predicted interval" in success_against_target(predicted, stamp).title
    assert predicted_against_measured(predicted, stamp).title == "Nothing was both predicted and measured"


def test_the_spill_is_named_with_its_source_and_its_goal(rates: pl.DataFrame, stamp: Stamp) -> None:
    """While the change is in force."""
    chart = spillover(rates, Change(at_s=(240.0, 420.0), scale="2 % of the customers"), stamp)
    during = rates.filter(pl.col("world") == "measured", pl.col("minute_s").is_between(240, 419))
    ordinary = {
        str(name[0]): float(rows["ordinary_per_min"].sum()) for name, rows in during.group_by("channel")
    }

    lost, gained = (
        f"{spill / ordinary[name] * 100:+.0f} %" for name, spill in (("web", -120), ("hotline", 60))
    )
    assert chart.title == f"Web loses 120 ({lost}), hotline gains 60 visits ({gained}), measured"
    assert "(2 % of the customers)" in chart.figure.texts[1].get_text()
    down = spillover(rates, Change(at_s=(240.0, 420.0), down=frozenset({"web"})), stamp)
    assert down.title == f"While web is down, hotline gains 60 visits ({gained}), measured"


def test_the_end_of_the_start_is_named_or_that_it_has_none(averages: pl.DataFrame, stamp: Stamp) -> None:
    """With what it was cut from, and the mean after it."""
    labels = WelchLabels(quantity="response time", runs=1, visits=400, cut=60, rest_s_mean=2.04)
    ended = welch(averages, labels, stamp).title
    assert ended == "The warm-up ends after 60 of 400 visits; after it response time 2.0 s on average"
    never = replace(labels, cut=None)
    assert welch(averages, never, stamp).title == "Not settled within 400 visits: run longer"
    assert welch(averages, replace(labels, cut=0), stamp).title.startswith("No warm-up to exclude from 400")


def test_the_most_frequent_cause_is_named(stamp: Stamp) -> None:
    """One of ten failed, of a technical fault."""
    rows = [("web", "query", "served", "", 9, 0.9), ("web", "query", "error", "backend", 1, 0.1)]
    schema = ["channel", "operation", "outcome", "cause", "visits", "visits_share"]
    outcomes = pl.DataFrame(rows, schema=schema, orient="row")

    title = outcomes_by_cause(outcomes, stamp).title
    assert title == "10.0 % of visits fail, most often 'backend', as in web query"
    assert outcomes_by_cause(outcomes.head(1), stamp).title == "All 9 visits were served"


def test_the_last_month_is_named_with_its_median_and_its_futures(months: pl.DataFrame, stamp: Stamp) -> None:
    """And the definition stands in the explanation."""
    chart = share_by_month(months, "served; terminals count", stamp)

    assert chart.title == "The electronic share is 80.8 % in month 12; 75 % of futures meet 80 %"
    assert "'article': Served; terminals count. 400 futures" in chart.figure.texts[1].get_text()


def test_a_bin_with_hardly_a_visit_is_not_the_worst(stamp: Stamp) -> None:
    """The last bin of a run may hold the one visit that was due after its end."""
    told = pl.DataFrame(
        [("measured", at_s, 2.0, n, share) for at_s, n, share in ((0, 100, 0.9), (2, 90, 0.8), (4, 1, 0.0))],
        schema=["world", "at_s", "bin_s", "visits", "success_share"],
        orient="row",
    )
    missing = (pl.lit(None).alias(name) for name in SERIES if name not in told.columns)
    frame = told.with_columns(missing).select(pl.col(name).cast(kind) for name, kind in SERIES.items())
    assert run_over_time(frame, Marks(), stamp).title == "Lowest success 80.0 %, at second 2 of the run"


def test_the_title_of_the_service_says_its_most_cpu_during_the_run(
    readings: pl.DataFrame, series: pl.DataFrame, stamp: Stamp
) -> None:
    """What was read before second 0 is drawn and does not count."""
    process = (pl.col("source") == "process") & (pl.col("name") == "cpu")
    loud = readings.with_columns(
        pl.when(process & (pl.col("second") <= 0)).then(7.5).otherwise(pl.col("value")).alias("value")
    )
    during = loud.filter(process & (pl.col("second") > 0))["value"].to_list()
    assert f"at most {max(during):.2f} of 2 cores" in server_over_time(loud, series, 2, stamp).title
