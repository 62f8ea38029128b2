"""How sure fitted numbers are: draws have the covariance of the log's days, by key, and leave what is set."""

import numpy as np
import pytest

from footfall._fit.fit import fit_rows, read_log
from footfall._fit.fitted_model import Named, model_of
from footfall._fit.uncertainty import (
    Uncertainty,
    drawn,
    fitted_uncertainty,
    groups_of,
    read_uncertainty,
    uncertainty_text,
)
from footfall._model.changes import set_text
from footfall._model.model import Model
from footfall._model.numbers import Profile, leaves
from footfall._records.errors import BadInputError
from footfall._workload.log_mapping import mapping_of
from tests.statistics.fit_coverage import COLUMNS, System, log_of

DAYS = 6
TALK = "channels.hotline.station.talk.mean_s"
Fit = tuple[Model, Uncertainty]


def fitted(system: System, days: int, columns: dict[str, str]) -> tuple[Model, Uncertainty | None]:
    """Fit a made log."""
    mapping = mapping_of({"columns": columns, "options": {"station": system.station}}, "test")
    rows = read_log(log_of(system, days, 3), mapping)
    fit = fit_rows(rows, mapping.options)
    named = Named("made", "Made", "made")
    return model_of(fit, named), fitted_uncertainty(rows, mapping.options, fit, named)


@pytest.fixture(scope="module")
def hotline() -> Fit:
    """Fit a hotline."""
    model, uncertainty = fitted(System(name="hotline"), DAYS, COLUMNS | {"agent": "agent"})
    assert uncertainty is not None
    return model, uncertainty


def test_a_block_of_draws_has_the_covariance_of_the_days(hotline: Fit) -> None:
    """The squares of the logarithms of the drawn over the fitted add up to those of the deviations."""
    model, uncertainty = hotline
    draws = [drawn(model, uncertainty, 5, k) for k in range(uncertainty.draws_a_block)]
    known = dict(leaves(model))
    for number in uncertainty.numbers:
        assert number.scale == "log"
        values = np.array([float(dict(leaves(each))[number.path]) for each in draws])  # type: ignore[arg-type]  # a number
        square = np.mean(np.log(values / float(known[number.path])) ** 2)  # type: ignore[arg-type]  # a number
        assert square == pytest.approx(np.square(number.deviations).sum(), rel=1e-3)
        assert square > 0


def test_draws_are_by_key(hotline: Fit) -> None:
    """The same for a seed and a number, other ones for others."""
    model, uncertainty = hotline
    first = drawn(model, uncertainty, 5, 1).fingerprint()
    assert first == drawn(model, uncertainty, 5, 1).fingerprint()
    others = {drawn(model, uncertainty, *key).fingerprint() for key in ((5, 2), (6, 1), (5, 30))}
    assert first not in others
    assert len(others) == 3


def test_what_somebody_set_is_not_drawn(hotline: Fit) -> None:
    """A number that is no longer the fitted one stays, all else is drawn; so with a profile."""
    model, uncertainty = hotline
    changed = set_text(set_text(model, f"{TALK}=100"), "hotline.agents=4")
    draws = dict(leaves(drawn(changed, uncertainty, 5, 1)))
    agents = draws["channels.hotline.station.agents"]
    assert float(draws[TALK]) == 100.0  # type: ignore[arg-type]  # a number
    assert isinstance(agents, Profile)
    assert set(agents.values) == {4.0}
    assert dict(leaves(drawn(model, uncertainty, 5, 1)))[TALK] != dict(leaves(model))[TALK]


def test_the_file_comes_back_as_it_was(hotline: Fit) -> None:
    """And a damaged one is refused in a line that names the place."""
    _, uncertainty = hotline
    text = uncertainty_text(uncertainty)
    assert read_uncertainty(text, "u.json") == uncertainty
    for bad in ("", "[]", "{}", text.replace('"groups": 6', '"groups": 7'), text.replace('"log"', '"root"')):
        with pytest.raises(BadInputError, match=r"u\.json"):
            read_uncertainty(bad, "u.json")


def test_counts_have_an_uncertainty_and_one_day_has_none() -> None:
    """Counts per interval: arrivals and the mean service; five working days bound the busyness."""
    counts = System(name="counts", patience_s=None, counts_min=30)
    columns = {"arrived": "interval", "count": "offered", "service_s_mean": "aht"}
    model, uncertainty = fitted(counts, 5, columns)
    assert uncertainty is not None
    paths = {each.path for each in uncertainty.numbers}
    assert {"segments.all.month_visits.all", TALK} <= paths
    assert float(model.busyness_cv) == 0.0
    assert uncertainty.busyness is not None
    assert uncertainty.busyness.high > 0.1
    assert fitted(counts, 1, columns)[1] is None


def test_days_are_parted_evenly_each_once() -> None:
    """At most twenty groups, whose sizes differ by one at most."""
    days = list(range(53))
    groups = groups_of(days)  # type: ignore[arg-type]  # any things do
    assert len(groups) == 20
    assert sorted(day for group in groups for day in group) == days
    assert {len(group) for group in groups} == {2, 3}
