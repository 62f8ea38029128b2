"""A day as tables, made up from a fixed seed, in the columns that charts read."""

from random import Random

import polars as pl
import pytest

from footfall._chart.comparison_charts import COMPARISON
from footfall._chart.style import Stamp
from footfall._records.server_rows import SERVER_ROWS
from footfall._records.tables import MEASURES

CHANNELS = ("web", "wap", "sms", "hotline", "kiosk", "agent", "partner_hall", "own_hall")
ELECTRONIC = ("web", "wap", "sms", "hotline", "kiosk")
OPERATIONS = ("query", "transact")


@pytest.fixture
def stamp() -> Stamp:
    """Where the made-up charts come from."""
    return Stamp(run="0123456789abcdef", seed=7, version="0.1.0")


@pytest.fixture
def completed() -> pl.DataFrame:
    """Completed business by half hour; halls are open from nine to six."""
    draws = Random(7)
    rows = [
        (half * 1800, channel, channel in ELECTRONIC, int(_busyness(half / 2) * draws.uniform(300, 900)))
        for half in range(48)
        for channel in CHANNELS
        if _open(channel, half / 2)
    ]
    return pl.DataFrame(rows, schema=["half_hour_s", "channel", "electronic", "completed"], orient="row")


@pytest.fixture
def due(completed: pl.DataFrame) -> pl.DataFrame:
    """Arrivals by half hour and channel."""
    return completed.select("half_hour_s", "channel", (pl.col("completed") + 20).alias("due"))


@pytest.fixture
def waits() -> pl.DataFrame:
    """Waits by hour: halls crowded in the morning and shut at night, electronic ones quick."""
    draws = Random(7)
    rows = []
    for hour in range(24):
        for number, channel in enumerate(CHANNELS):
            shut = not _open(channel, hour)
            wait_s = None if shut else draws.uniform(0.5, 1.5) * _busyness(hour) * 0.2 * 4.0**number / 4
            rows.append((hour, channel, 40, 40 if shut else 0, 0 if shut else 40, wait_s))
    schema = ["hour", "channel", "visits", "closed", "began", "wait_s_mean"]
    return pl.DataFrame(rows, schema=schema, orient="row")


@pytest.fixture
def measures() -> pl.DataFrame:
    """Both worlds, with totals; web orders are surely below their target."""
    draws = Random(7)
    rows = []
    for world, visits in (("predicted", 40_000), ("measured", 400)):
        for channel in (*CHANNELS, "*"):
            for operation in (*OPERATIONS, "*"):
                target = None if "*" in (channel, operation) else 0.933
                share = 0.8 if (channel, operation) == ("web", "transact") else draws.uniform(0.93, 0.99)
                half = 2 * (share * (1 - share) / visits) ** 0.5
                served = int(share * visits)
                p50 = draws.uniform(0.05, 2.0)
                bounds = (share, share - half, min(1.0, share + half))
                times = (p50 / 3, p50, p50 * 3, p50 * 5)
                rows.append((world, channel, operation, visits, served, *bounds, target, *times))
    return pl.DataFrame(rows, schema=MEASURES, orient="row")


@pytest.fixture
def rates() -> pl.DataFrame:
    """Ten minutes in which the web hall is down from the fourth to the seventh, in both worlds."""
    draws = Random(7)
    rows = []
    for world in ("predicted", "measured"):
        for number, channel in enumerate(("web", "sms", "hotline", "own_hall")):
            for minute in range(10):
                ordinary = 60.0 / (number + 1) + draws.randint(-3, 3)
                spill = (-40.0, 12.0, 20.0, 2.0)[number] * (4 <= minute < 7)
                rows.append((world, minute * 60.0, channel, ordinary, ordinary + spill, spill))
    schema = ["world", "minute_s", "channel", "ordinary_per_min", "what_if_per_min", "spill_per_min"]
    return pl.DataFrame(rows, schema=schema, orient="row")


@pytest.fixture
def outcomes() -> pl.DataFrame:
    """Served and failed visits with their causes."""
    draws = Random(7)
    ends = (
        ("served", "", 940),
        ("rejected", "no_funds", 25),
        ("error", "backend", 20),
        ("abandoned", "patience", 15),
        ("unconfirmed", "confirmation_expired", 18),
        ("timeout", "deadline", 6),
    )
    rows = [
        (channel, operation, outcome, cause, int(visits * draws.uniform(0.5, 1.5)))
        for channel in CHANNELS
        for operation in OPERATIONS
        for outcome, cause, visits in ends
    ]
    counted = pl.DataFrame(rows, schema=["channel", "operation", "outcome", "cause", "visits"], orient="row")
    whole = pl.col("visits").sum().over("channel", "operation")
    return counted.with_columns((pl.col("visits") / whole).alias("visits_share"))


@pytest.fixture
def averages() -> pl.DataFrame:
    """Response times that fall from 12 s to 2 s, and their moving average; the last twenty have none."""
    draws = Random(7)
    rows = []
    for visit in range(400):
        level = 2 + 10 * 0.95**visit
        rows.append(("web", visit, level * draws.uniform(0.7, 1.3), level if visit < 380 else None))
    schema = ["channel", "visit", "mean_s", "moving_average_s"]
    return pl.DataFrame(rows, schema=schema, orient="row")


@pytest.fixture
def shares() -> pl.DataFrame:
    """Six recorded months and two forecast ones, of four channels."""
    rows: list[tuple[object, ...]] = []
    for channel, share in zip(CHANNELS, (0.5, 0.3, 0.15, 0.05), strict=False):
        rows += [(f"2015-{1 + at:02d}", "recorded", channel, 40, share, None, None) for at in range(6)]
        rows += [
            (f"2015-{7 + at:02d}", "forecast", channel, None, share, share / 2, share * 1.5) for at in (0, 1)
        ]
    schema = ["month", "state", "channel", "cases", "share", "share_low", "share_high"]
    return pl.DataFrame(rows, schema=schema, orient="row", infer_schema_length=None)


@pytest.fixture
def months() -> pl.DataFrame:
    """Thirteen months of one definition, with a cut-over in the sixth."""
    rows = []
    for month in range(13):
        median = 0.76 + 0.004 * month - 0.02 * (month == 6)
        quantiles = [median + month * 0.001 * z for z in (-2, -1, 0, 1, 2)]
        met = max(0, month - 7) * 60
        bounds = (met / 400, max(0.0, met / 400 - 0.04), min(1.0, met / 400 + 0.04))
        rows.append(("article", month, 400, *quantiles, 0.8, met, *bounds, float(month >= 6)))
    quantiles_of = [f"electronic_share_p{q}" for q in ("05", "25", "50", "75", "95")]
    met_of = ["futures_met", "met_share", "met_share_low", "met_share_high", "upgraded_share"]
    schema = ["definition", "month", "futures", *quantiles_of, "kpi_share", *met_of]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _busyness(hour: float) -> float:
    """Share of the peak's load: low at night, highest in the morning."""
    return 0.04 + 0.96 * max(0.0, 1 - abs(hour - 11) / 10)


def _open(channel: str, hour: float) -> bool:
    return channel not in ("own_hall", "partner_hall", "agent") or 9 <= hour < 18


@pytest.fixture
def contrasts() -> pl.DataFrame:
    """Six metrics of five runs a side, of each kind and finding; one has no bounds."""
    draws = Random(7)
    metrics = (
        ("p95", "web", "query", "worse", False, False, 0.05, 0.21, 0.15, 0.28),
        ("p50", "own_hall", "transact", "better", False, False, 0.05, -0.1, -0.14, -0.07),
        ("mean", "*", "*", "no difference of that size", False, False, 0.05, 0.01, -0.02, 0.03),
        ("p99", "sms", "recharge", "cannot tell", False, False, 0.05, 0.3, None, None),
        ("goodput", "web", "query", "cannot tell", False, True, 0.05, -0.04, -0.2, 0.05),
        ("success", "*", "*", "no difference of that size", True, True, 0.01, 0.001, -0.004, 0.006),
    )
    rows = [
        (*metric, side, f"{side[0]}-{n}", draws.uniform(-0.03, 0.03) + (side == "candidate") * metric[7])
        for metric in metrics
        for side in ("baseline", "candidate")
        for n in range(1, 6)
    ]
    return pl.DataFrame(rows, schema=COMPARISON, orient="row")


@pytest.fixture
def series() -> pl.DataFrame:
    """Twenty seconds of a run in both worlds; in one second nothing is due."""
    draws = Random(7)
    rows = []
    for world in ("predicted", "measured"):
        for second in range(20):
            visits, share = (0, None) if second == 9 else (30, draws.uniform(0.8, 1.0))
            bounds = (None, None) if share is None else (share - 0.1, min(1.0, share + 0.1))
            times = (None, None, None) if share is None else (draws.uniform(0.1, 0.2), 0.5, 0.004)
            rows.append((world, float(second), 1.0, 30.0, 29.0, visits, share, *bounds, *times))
    names = ["world", "at_s", "bin_s", "due_per_s", "started_per_s", "visits", "success_share"]
    names += ["success_share_low", "success_share_high", "response_s_p50", "response_s_p95", "lag_s_p99"]
    return pl.DataFrame(rows, schema=names, orient="row")


@pytest.fixture
def readings() -> pl.DataFrame:
    """Twenty seconds of a service with channels, processes and a figure of its own; six were missed."""
    draws = Random(7)
    figures = [
        *(("process", "cpu", "cores"), ("machine", "cpu", "cores"), ("port", "connections", "connections")),
        *(("service", f"{channel}.busy", "servers") for channel in ("web", "own_hall")),
        ("metrics", "jobs waiting", "jobs"),
    ]
    rows = [
        (float(second), source, name, draws.uniform(0, 2), unit)
        for second in (*range(-1, 8), *range(14, 20))
        for source, name, unit in figures
    ]
    return pl.DataFrame(rows, schema=SERVER_ROWS, orient="row")


@pytest.fixture
def curves() -> pl.DataFrame:
    """Response by percentile in both worlds, and from the start."""
    rows = [
        (curve, 2000, percentile, factor / (101 - percentile))
        for curve, factor in (("predicted", 3.0), ("measured", 4.0), ("measured, from its start", 3.9))
        for percentile in (50.0, 75.0, 90.0, 95.0, 99.0, 99.9)
    ]
    return pl.DataFrame(rows, schema=["curve", "visits", "percentile", "seconds"], orient="row")
