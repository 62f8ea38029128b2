"""The interval that is shown and the verdict say the same, of every kind of criterion."""

import math

import numpy as np
import polars as pl
from hypothesis import given, settings, strategies as st

from footfall._criteria.lists import parse
from footfall._criteria.objects import OPERATORS
from footfall._measure.judge import judge
from footfall._measure.run_data import RunData
from footfall._measure.verdict import Judgement, Verdict
from footfall._records.rows import Outcome
from footfall._records.runs import Manifest
from footfall._records.tables import HITS, VISITS

ENDS = np.array([Outcome.SERVED.value, Outcome.ERROR.value, Outcome.UNFINISHED.value])
SIZES = (1, 60, 200, 369, 450, 900)
MANIFEST = Manifest(
    run="0123456789abcdef",
    command="load",
    model="guangxi",
    scenario="ordinary_day",
    seed=7,
    status="finished",
    started_at="2012-05-01T10:00:00+00:00",
)


@st.composite
def runs(draw: st.DrawFn) -> pl.DataFrame:
    """Visits: their times alike in a row or not, many equal or none; some failed, some cut off."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n = draw(st.sampled_from(SIZES))
    memory, spread = draw(st.sampled_from((0.0, 0.6, 0.95))), draw(st.sampled_from((0.0, 0.1, 0.5, 1.0)))
    logs = rng.standard_normal(n)
    for i in range(1, n):
        logs[i] = memory * logs[i - 1] + math.sqrt(1 - memory**2) * logs[i]
    times = 0.2 * np.exp(spread * logs) * draw(st.sampled_from((0.3, 1.0, 2.0, 8.0)))
    if draw(st.booleans()):
        times = np.ceil(times * 5) / 5
    failed, cut = (draw(st.sampled_from((0.0, 0.002, 0.05, 0.4))) for _ in range(2))
    ends = ENDS[rng.choice(3, n, p=[1 - failed - cut, failed, cut])]
    due = np.zeros(n)
    frame: dict[str, object] = {
        name: ["web"] * n if kind == pl.String else due for name, kind in VISITS.items()
    }
    frame |= {"customer": np.arange(n), "attempt": np.ones(n), "operation": ["query"] * n}
    frame |= {"ended_s": times, "served_s": np.where(ends == ENDS[0], 0.0, np.nan), "outcome": ends}
    made = pl.DataFrame(frame).with_columns(pl.col("served_s").fill_nan(None))
    return made.select(pl.col(name).cast(kind) for name, kind in VISITS.items())


def _hits(visits: pl.DataFrame) -> pl.DataFrame:
    """The one request of each visit."""
    more = {"step": "GET /bill", "asked_s": 0.0, "connect_s": 0.0, "sent_s": 0.0, "status": 0}
    return visits.with_columns(pl.lit(value).alias(name) for name, value in more.items()).select(
        pl.col(name).cast(kind) for name, kind in HITS.items()
    )


def _judged(line: str, now: pl.DataFrame, before: pl.DataFrame) -> Judgement:
    earlier = RunData(manifest=MANIFEST, measured=before, hits=_hits(before))
    found = RunData(manifest=MANIFEST, measured=now, predicted=before, hits=_hits(now), baseline=earlier)
    return judge(parse(line, "x"), found)


def _says(judgement: Judgement, holds: bool, broken: bool) -> None:  # noqa: FBT001 - what the interval says
    assert (judgement.verdict is Verdict.PASS) == holds, judgement
    assert (judgement.verdict is Verdict.FAIL) == broken, judgement


def _ends(judgement: Judgement) -> tuple[float, float]:
    low, high = judgement.low, judgement.high
    return -math.inf if low is None else low, math.inf if high is None else high


@settings(max_examples=60, deadline=None)
@given(
    now=runs(),
    what=st.sampled_from(
        ("p50(*)", "p95(*)", "p99(web.*)", "p95(all web.query)", "mean(*)", "p95(*.*/GET *)")
    ),
    sign=st.sampled_from(("<", "<=")),
    limit_ms=st.sampled_from((60, 200, 400, 401, 800, 2000)),
)
def test_a_time_passes_just_where_its_upper_bound_keeps_the_limit(
    now: pl.DataFrame, what: str, sign: str, limit_ms: int
) -> None:
    """And fails just where the lower one breaks it."""
    judgement = _judged(f"{what} {sign} {limit_ms}ms", now, now)
    low, high = _ends(judgement)
    keeps = OPERATORS[sign]

    if judgement.value is not None and judgement.low is not None:
        assert low <= judgement.value
    _says(judgement, keeps(high, limit_ms / 1000), judgement.n > 0 and not keeps(low, limit_ms / 1000))


@settings(max_examples=40, deadline=None)
@given(
    now=runs(),
    what=st.sampled_from(("success(*) >=", "success(*) >", "error(*) <=", "error(web.*/GET *) <")),
    limit=st.sampled_from((1, 5, 50, 95, 99)),
)
def test_a_share_passes_just_where_its_interval_keeps_the_limit(
    now: pl.DataFrame, what: str, limit: int
) -> None:
    """And fails just where the whole interval breaks it."""
    judgement = _judged(f"{what} {limit}%", now, now)
    keeps = [OPERATORS[what.rsplit(maxsplit=1)[-1]](end, limit / 100) for end in _ends(judgement)]

    _says(judgement, all(keeps), not any(keeps))


@settings(max_examples=40, deadline=None)
@given(
    now=runs(),
    before=runs(),
    line=st.sampled_from(
        (
            "success(*) not worse than baseline by 2pt",
            "p95(*) not worse than baseline by 20%",
            "p50(*) not worse than baseline by 50ms",
            "mean(*) not worse than baseline by 10%",
            "predicted(success, *) within 3pt of measured",
        )
    ),
)
def test_a_difference_passes_just_where_its_interval_keeps_the_tolerance(
    now: pl.DataFrame, before: pl.DataFrame, line: str
) -> None:
    """Of a prediction on both sides; to a baseline from above."""
    judgement = _judged(line, now, before)
    low, high = _ends(judgement)
    most = math.inf if judgement.bound is None else judgement.bound
    least = -most if line.startswith("predicted") else -math.inf

    assert judgement.bound is not None or judgement.verdict is Verdict.UNDECIDED
    _says(judgement, least <= low and high <= most < math.inf, low > most or high < least)
