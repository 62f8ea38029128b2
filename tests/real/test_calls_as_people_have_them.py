"""Call tables of the kinds that users of other tools reported give the right figures, or one line."""

import os
from pathlib import Path

import pytest

from footfall._fit.arrival_fit import EVERY
from footfall._fit.fit import Fitted, fit_log
from footfall._records.errors import BadInputError
from footfall._records.log_file import TableForm, read_table
from footfall._workload.log_mapping import mapping_of, read_mapping

TOP = Path(__file__).parents[2]
DATA = Path(os.environ.get("FOOTFALL_DATA") or TOP.parent / "shared" / "data")
CALLS = DATA.parent / "cases" / "calls"
pytestmark = pytest.mark.skipif(
    not CALLS.is_dir(), reason="no cases/calls beside the data: name the data's folder in FOOTFALL_DATA"
)


def fit(name: str, mapped_as: str | None = None, more: dict[str, str] | None = None) -> Fitted:
    """Fit a case by its mapping, or by another one's."""
    text = (CALLS / f"{mapped_as or name}.toml").read_text(encoding="utf-8")
    mapping = read_mapping(text, name)
    if more is not None:
        columns = mapping.columns.model_dump(exclude_none=True) | more
        mapping = mapping_of({"columns": columns}, name)
    names = frozenset(column for _, column in mapping.columns if column is not None)
    return fit_log(read_table(CALLS / f"{name}.csv", TableForm(names=names)), mapping)


def service_s(found: Fitted) -> float:
    """Give the mean service time."""
    assert found.every.service is not None
    return found.every.service.mean_s.value


def left_share(found: Fitted) -> float:
    """Give the share of rows that abandoned."""
    return found.every.outcomes["abandoned"] / found.every.rows


@pytest.mark.parametrize(
    ("name", "used", "aside"),
    [
        ("durations_hms", 720, []),
        ("semicolons_decimal_comma", 720, []),
        ("ragged_row", 719, [("7 cells instead of 5", "line 401")]),
        ("title_rows", 720, [("a row of totals", "line 725")]),
        ("title_rows_total_only", 720, [("a row of totals", "line 722")]),
        ("mixed_times_ampm", 720, []),
    ],
)
def test_the_same_calls_in_other_forms_are_the_same(
    name: str, used: int, aside: list[tuple[str, str]]
) -> None:
    """A mean service of 178 s, 28.3 % left; what is no row is told with its line."""
    found = fit(name, "title_rows" if name == "title_rows_total_only" else None)
    assert found.used == used
    assert [(status.reason, status.place) for status in found.row_statuses if status.use == "none"] == aside
    assert service_s(found) == pytest.approx(178, abs=0.6)
    assert left_share(found) == pytest.approx(0.283, abs=0.001)


def test_over_a_change_of_clocks_every_call_is_as_long_as_it_was() -> None:
    """Two minutes of service, also in the night of the change."""
    found = fit("clock_change")
    assert found.used == found.read == 720
    assert found.services.rows() == [(120.0, 720)]


def test_services_that_are_all_the_same_give_a_model() -> None:
    """Of 180 s."""
    assert service_s(fit("constant_service")) == 180.0


def test_counts_are_refused_as_calls_and_read_as_counts() -> None:
    """1,152 arrivals a day."""
    with pytest.raises(BadInputError, match='count = "offered"'):
        fit("counts_per_interval")
    more = {
        "count": "offered",
        "served_count": "handled",
        "abandoned_count": "abandoned",
        "service_s_mean": "aht",
    }
    found = fit("counts_per_interval", more=more)
    assert sum(found.arrivals.profile(EVERY)) == pytest.approx(1152, abs=0.5)
    assert service_s(found) == pytest.approx(185)


def test_doubtful_rows_are_counted_and_not_guessed() -> None:
    """Days and months in two orders; records that came twice."""
    mixed = fit("mixed_times")
    assert mixed.used == 360
    (status,) = [each for each in mixed.row_statuses if each.use == "none"]
    assert status.example is not None
    assert "04/09/2023 09:05:47" in status.example
    assert fit("records_twice").copies == 36
