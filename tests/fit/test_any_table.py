"""Whatever small table is fitted, it ends in a model or in one line, never in a traceback."""

import polars as pl
from hypothesis import Phase, given, settings, strategies as st

from footfall._fit.fit import fit_log
from footfall._fit.fitted_model import Named, model_of
from footfall._model.model import Model
from footfall._records.errors import BadInputError
from footfall._runs.fit_tables import days as days_of, json_text, sheets
from footfall._workload.log_mapping import mapping_of

TIMES = st.one_of(
    st.datetimes().map(str),
    st.sampled_from(
        ["", "2023-11-05 01:30:00", "2023-03-12 02:30:00", "4.9.2023 9:05", "45173.38", "1693818000"]
    ),
    st.sampled_from(
        ["Total", "9999-12-31 23:59:59", "0001-01-01 00:00:00", "1693818000000", "4/9/2023 9:05"]
    ),
)
SPANS = st.one_of(
    st.floats(-10, 10_000).map(str),
    st.sampled_from(
        ["", "0", "0:03:33", "3m 20s", "PT20S", "1,5", "1,234", "1e300", "-0", "x", "nan", "99:99:99"]
    ),
)
COUNTS = st.one_of(st.integers(-1, 500).map(str), st.sampled_from(["", "1.5", "1,234", "many", "1e300"]))
CALLS = st.tuples(
    TIMES, SPANS, SPANS, st.sampled_from(["ok", "lost", "?", ""]), st.sampled_from(["a", "b", ""])
)
MAPPINGS = [
    {"arrived": "a", "wait_s": "b", "service_s": "c", "outcome": "d", "agent": "e", "customer": "e"},
    {"arrived": "a", "wait_s": "b", "service_s": "c"},
    {"arrived": "a", "service_s": "c", "class": "e"},
    {"arrived": "a", "began": "a", "ended": "a"},
    {"arrived": "a"},
    {"arrived": "a", "count": "n", "service_s_mean": "c", "abandoned_count": "m", "class": "e"},
]


@given(
    rows=st.lists(CALLS, min_size=1, max_size=12),
    counts=st.lists(st.tuples(COUNTS, COUNTS), min_size=12, max_size=12),
    columns=st.sampled_from(MAPPINGS),
    times=st.integers(1, 20),
    station=st.sampled_from(["hotline", "hall", "web"]),
)
@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_any_table_is_a_model_or_one_line(
    rows: list[tuple[str, ...]],
    counts: list[tuple[str, str]],
    columns: dict[str, str],
    times: int,
    station: str,
) -> None:
    """The rows' fates add up, the figures are figures, and the model's text is the model."""
    cells = [row + count for row, count in zip(rows, counts, strict=False)] * times
    table = pl.DataFrame(cells, schema=dict.fromkeys("abcdenm", pl.String), orient="row")
    outcomes = {"served": ["ok"], "abandoned": ["lost"]} if "outcome" in columns else {}
    options = {"station": station, "timezone": "America/New_York"}
    mapping = mapping_of({"columns": columns, "outcomes": outcomes, "options": options}, "test")
    try:
        fit = fit_log(table, mapping)
    except BadInputError:
        return
    assert sum(status.rows for status in fit.row_statuses) == fit.read == table.height
    named = Named("m", "M", "a log")
    model = model_of(fit, named)
    assert json_text(fit)
    assert sheets(fit)
    assert days_of(fit) is not None
    assert Model.from_toml(model.to_toml()) == model
