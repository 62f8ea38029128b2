"""The figures kept here are those of the files beside the repository; a real trace is replayed."""

import importlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from studies.validation.printed_staffing import PRINTED
from studies.validation.published.leemis_park_ssq import INTERARRIVAL_S, MODEL, SERVICE_S
from studies.validation.recorded import TRACE as TRACE_FILE, TRACE_RESULTS, trace

DATA = Path(os.environ.get("FOOTFALL_DATA") or Path(__file__).parents[4] / "shared" / "data")
RESULTS, TRACE = DATA / TRACE_RESULTS, DATA / TRACE_FILE
pytestmark = pytest.mark.skipif(
    not (RESULTS.is_file() and TRACE.is_file()),
    reason="no queue_reference_results.json: name its folder in FOOTFALL_DATA",
)

DAYS = {
    "ssj_callcenter_alpha400": (
        "ssj_call_centre",
        ("arrivals_per_day", "wait_per_expected_call_s", "frac_wait_lt_20s", "frac_lost"),
    ),
    "mmc_day": ("mmc_day", ("in_target", "service_level", "speed_of_answer_min", "occupancy")),
    "mmc_day_abandon": (
        "mmc_day_impatient",
        (
            "abandoned",
            "in_target",
            "service_level_served",
            "speed_of_answer_min",
            "occupancy",
            "service_level_incl_abandoned_after_20s",
        ),
    ),
}
"""By case of the file: our model, and the names of its figures in our order."""
Z_OF = {"90%": 1.645, "95%": 1.960}


def case(name: str) -> dict[str, Any]:
    """Give a case of the file."""
    cases: list[dict[str, Any]] = json.loads(RESULTS.read_text(encoding="utf-8"))["cases"]
    return next(found for found in cases if found["id"] == name)


@pytest.mark.parametrize("name", DAYS)
def test_the_figures_of_a_published_day_are_the_file_s(name: str) -> None:
    """Means to the digit; the deviations kept here give the intervals printed there, to their rounding."""
    file, names = DAYS[name]
    published, figures = case(name), importlib.import_module(f"studies.validation.published.{file}").FIGURES
    assert len(figures) == len(names) == len(published["results"])
    for figure, key in zip(figures, names, strict=True):
        mean, low, high = published["results"][key]
        assert figure.printed == mean
        assert figure.days == published["days"]
        half = Z_OF[published["ci"]] * figure.deviation / figure.days**0.5
        assert (high - low) / 2 == pytest.approx(half, rel=0.01, abs=0.001)


STAFFING = ("pyworkforce_erlangc", "pyworkforce_erlangc_maxocc70", "call_center_tools_40")
THEIRS = {
    "raw_positions": "servers",
    "agents": "servers",
    "positions": "positions",
    "agents_with_shrinkage": "positions",
    "service_level": "service_level",
    "service_level_20s": "service_level",
    "occupancy": "occupancy",
    "p_wait": "waits_share",
    "asa_s": "wait_mean",
}


@pytest.mark.parametrize(("name", "printed"), [*zip(STAFFING, PRINTED, strict=True)])
def test_the_staffing_that_programs_print_is_the_file_s(name: str, printed: Any) -> None:  # noqa: ANN401  a case
    """Every figure, under the name that it has there."""
    theirs = {THEIRS[key]: value for key, value in case(name)["results"].items()}
    assert {key: float(value) for key, value in printed.figures.items()} == theirs


def test_the_trace_of_leemis_and_park_is_replayed_exactly() -> None:
    """1,000 jobs, one server: mean delay 18.593993, 25.718844 at the node, the server 71.988429 % busy."""
    checks = trace(DATA, MODEL)
    assert {check.name: check.agrees for check in checks} == {check.name: True for check in checks}
    found = {check.name: check.obtained for check in checks}
    assert found["mean delay in queue"] == pytest.approx(18.593993, abs=5e-7)
    assert found["mean time in node"] == pytest.approx(25.718844, abs=5e-7)
    assert found["utilization"] == pytest.approx(0.71988429, abs=5e-9)
    assert (round(found["mean interarrival"], 2), round(found["mean service"], 2)) == (
        INTERARRIVAL_S,
        SERVICE_S,
    )
