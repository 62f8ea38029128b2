"""Whether a measured run agrees with its prediction: exact, however its figures depend on each other."""

import numpy as np
import pytest

from benchmarks.bench_predictions import verified_runs
from footfall._calibrate.load_prediction import (
    CalibrationUsed,
    FigureForecast,
    LoadPrediction,
    PredictedLoad,
    drawn_rows,
    forecasts,
    interval_of,
)
from footfall._calibrate.verification import (
    LEVEL,
    PredictionVerdict,
    interval_score,
    verify_run,
    verify_runs,
)

NAMES = ("throughput_per_s", "response_s_p50", "response_s_p95", "response_s_p99")


def prediction_of(
    table: np.ndarray, depends_on: tuple[str, ...] = (), *, with_draws: bool = True
) -> LoadPrediction:
    """Make a prediction of simulated runs: a row a run, a column a figure."""
    drawn = {("web", name): table[:, place] for place, name in enumerate(NAMES[: table.shape[1]])}
    figures = forecasts(drawn)
    return LoadPrediction(
        run="p",
        made_at="2026-01-01T00:00:00+00:00",
        version="1",
        of="requests",
        load=PredictedLoad(length_s=60.0),
        calibration=CalibrationUsed(run="c", sha256="", sources=()),
        figures=figures,
        depends_on=depends_on,
        draws=drawn_rows(drawn, figures) if with_draws else (),
        sha256="",
    )


def runs_drawn(count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw runs whose percentiles depend on each other strongly and are skewed."""
    common = rng.standard_normal((count, 1))
    own = rng.standard_normal((count, len(NAMES)))
    return 0.1 * np.exp(0.15 * common + 0.05 * own)


def measured(values: np.ndarray) -> dict[tuple[str, str], float | None]:
    """Give figures as a run has them."""
    return {("web", name): float(value) for name, value in zip(NAMES, values, strict=False)}


@pytest.mark.parametrize("simulated", [40, 160])
def test_a_right_prediction_is_said_not_to_hold_in_at_most_one_case_in_twenty(simulated: int) -> None:
    """500 predictions and runs of the same law: 5 % and three standard errors."""
    rng = np.random.default_rng(5)
    cases, wrong = 500, 0
    for _ in range(cases):
        table = runs_drawn(simulated + 1, rng)
        run = verify_run(prediction_of(table[1:]), measured(table[0]), "r")
        wrong += run.probability <= LEVEL
    assert wrong / cases <= LEVEL + 3 * (LEVEL * (1 - LEVEL) / cases) ** 0.5


def test_a_wrong_prediction_does_not_hold() -> None:
    """One figure of four is three times as high; with few simulated runs and with many."""
    rng = np.random.default_rng(2)
    for simulated in (60, 400):
        table = runs_drawn(simulated, rng)
        off = np.median(table, axis=0) * np.array([1.0, 1.0, 1.0, 4.0])
        prediction = prediction_of(table)
        found = verify_runs(prediction, [verify_run(prediction, measured(off), "r")])
        assert found.verdict is PredictionVerdict.DID_NOT_HOLD
        assert found.runs[0].outside == 1
        assert "1 of 4 figures outside" in found.reason


def test_a_run_that_lacks_a_figure_is_outside() -> None:
    """No request was served, so there is no percentile: that is not inside."""
    prediction = prediction_of(runs_drawn(200, np.random.default_rng(3)))
    own = measured(np.full(4, 0.1))
    own["web", "response_s_p99"] = None
    run = verify_run(prediction, own, "r")
    assert not run.figures[-1].is_inside
    assert run.probability <= LEVEL


def test_several_runs_share_the_level() -> None:
    """The probability of the worst of three is multiplied by three."""
    table = runs_drawn(400, np.random.default_rng(4))
    prediction = prediction_of(table)
    runs = [verify_run(prediction, measured(table[place]), f"r{place}") for place in range(3)]
    assert verify_runs(prediction, runs).verdict is PredictionVerdict.HELD
    off = verify_run(prediction, measured(20 * table[0]), "off")
    assert verify_runs(prediction, [*runs, off]).verdict is PredictionVerdict.DID_NOT_HOLD
    with pytest.raises(ValueError, match="empty"):
        verify_runs(prediction, [])


def test_what_was_unknown_or_wide_is_no_verdict() -> None:
    """An unknown number may explain what is off; intervals of a factor of three confirm nothing."""
    rng = np.random.default_rng(6)
    unsure = prediction_of(runs_drawn(200, rng), ("deadline: never reached",))
    off = verify_run(unsure, measured(np.full(4, 3.0)), "r")
    found = verify_runs(unsure, [off])
    assert found.verdict is PredictionVerdict.CANNOT_TELL
    assert "does not know" in found.reason
    wide = prediction_of(np.exp(rng.standard_normal((200, 4))))
    inside = verify_run(wide, measured(np.ones(4)), "r")
    assert verify_runs(wide, [inside]).verdict is PredictionVerdict.CANNOT_TELL


def test_without_simulated_runs_the_farthest_figure_decides() -> None:
    """Bonferroni over the figures: 3.5 half-widths are too far, 0.9 are not."""
    prediction = prediction_of(runs_drawn(300, np.random.default_rng(7)), with_draws=False)
    value = np.array([one.value for one in prediction.figures])
    high = np.array([one.high for one in prediction.figures])
    assert verify_run(prediction, measured(value + 0.9 * (high - value)), "r").probability > LEVEL
    assert verify_run(prediction, measured(value + 3.5 * (high - value)), "r").probability <= LEVEL


def test_figures_that_never_vary_hold_their_value_and_no_other() -> None:
    """All simulated runs serve all requests: so did this one, or it is outside."""
    prediction = prediction_of(np.ones((200, 1)))
    assert verify_run(prediction, measured(np.ones(1)), "r").probability == 1
    assert verify_run(prediction, measured(np.full(1, 0.9)), "r").probability <= LEVEL


@pytest.mark.parametrize("count", [60, 400])
def test_intervals_hold_one_more_value_in_95_percent(count: int) -> None:
    """Between order statistics of many, by Student's t of few."""
    rng = np.random.default_rng(8)
    inside = 0
    for _ in range(1000):
        low, high = interval_of(np.exp(0.4 * rng.standard_normal(count)), is_share=False)
        inside += low <= np.exp(0.4 * rng.standard_normal()) <= high
    assert 0.93 <= inside / 1000 <= 0.97


def test_the_interval_score_is_width_and_forty_times_the_distance_outside() -> None:
    """Gneiting and Raftery (2007), equation 43, at 95 %."""
    assert interval_score(1.0, 2.0, 1.5) == pytest.approx(1.0)
    assert interval_score(1.0, 2.0, 2.1) == pytest.approx(1.0 + 40 * 0.1)
    assert interval_score(1.0, 2.0, 0.9) == pytest.approx(1.0 + 40 * 0.1)


def test_a_figure_says_its_kind() -> None:
    """The track record is read by it."""
    one = FigureForecast(channel="web", name="response_s_p95", value=1.0, low=0.9, high=1.2)
    assert (one.kind, one.path, one.is_time) == ("response p95", "web.response_s_p95", True)


def test_stations_learned_from_low_loads_predict_higher_ones_and_other_hardware() -> None:
    """One station, four loads, 80 figures: most inside, and few right predictions refuted."""
    found = verified_runs(1, 4, seed=3)
    figures = [figure for one in found for figure in one.run.figures]
    assert len(figures) >= 60
    assert 0.85 <= np.mean([one.is_inside for one in figures]) <= 1
    assert np.mean([one.run.probability <= LEVEL for one in found]) <= 0.15
    widths = [one.width_share for one in figures if one.forecast.name == "throughput_per_s"]
    assert np.mean([width for width in widths if width is not None]) < 0.1
