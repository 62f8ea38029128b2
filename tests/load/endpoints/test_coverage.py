"""Arrivals at a channel without requests are refused, or left out and counted."""

from collections import Counter

import polars as pl
import pytest

from footfall._load.endpoints.endpoints_check import covered, without_published_targets
from footfall._load.endpoints.endpoints_file import Endpoints, endpoints_in
from footfall._model.model import Target
from footfall._model.numbers import Number, article, assumed, public
from footfall._records.errors import BadInputError
from footfall._records.rows import Outcome
from footfall._workload.trace import Trace, read_trace, write_trace
from tests.load.small import after_failure, everywhere, small_model, trace_of


def file_of(*patterns: str, unmapped: str = "skip") -> Endpoints:
    """Give a file that maps these patterns."""
    text = f'unmapped = "{unmapped}"\n[[operation]]\nfor = {list(patterns)}\nstep = [{{ path = "/" }}]'
    return endpoints_in(text, "f.toml")


def a_trace(**more: object) -> Trace:
    """Give a trace with everything in it."""
    model = small_model(**more)
    return trace_of(model, everywhere(100, 4, model), 4)


def test_a_trace_that_is_mapped_whole_stays_as_it_is() -> None:
    """The very same."""
    trace = a_trace()
    for unmapped in ("skip", "refuse"):
        assert covered(trace, file_of("*.*", unmapped=unmapped), "f.toml") is trace


def test_those_left_out_are_counted_by_name_and_the_sum_is_the_trace() -> None:
    """The others keep their times and are numbered anew; a second look changes nothing."""
    trace = a_trace()
    endpoints = file_of("web.*", "sms.query")
    found = covered(trace, endpoints, "f.toml")
    came = Counter(map(".".join, trace.arrivals.select("channel", "operation").iter_rows()))
    kept = Counter(map(".".join, found.arrivals.select("channel", "operation").iter_rows()))
    assert kept + Counter(found.info.left_out) == came
    assert set(kept) == {name for name in came if name.startswith("web.") or name == "sms.query"}
    columns = ["due_s", "customer", "subscriber", "channel", "operation"]
    assert found.arrivals.select(columns).equals(
        trace.arrivals.filter(pl.col("customer").is_in(found.arrivals["customer"].implode())).select(columns)
    )
    assert found.arrivals["arrival"].to_list() == list(range(found.arrivals.height))
    assert covered(found, endpoints, "f.toml") is found


def test_customers_do_not_switch_to_unmapped_operations(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The model that is played offers no more than the file; the trace can be written and read."""
    found = covered(a_trace(), file_of("web.*", "sms.query"), "f.toml")
    offered = {f"{c.name}.{name}" for c in found.model.channels for name in c.dialogues}
    assert offered == {"sms.query", *(f"web.{name}" for name in small_model().channel("web").dialogues)}
    folder = tmp_path_factory.mktemp("trace")
    write_trace(folder, found)
    assert read_trace(folder).info.left_out == found.info.left_out


def test_without_leave_to_skip_the_run_is_refused_with_the_list() -> None:
    """Each operation with the number of its first choices."""
    with pytest.raises(BadInputError) as refused:
        covered(a_trace(), file_of("w*.*", "[!kw]*.*", unmapped="refuse"), "f.toml")
    said = str(refused.value)
    assert said.startswith("f.toml: no mapping for kiosk.query (")
    assert said.endswith('expected [[operation]] for each, or unmapped = "skip"')
    assert "web." not in said


def test_what_customers_may_switch_to_must_be_mapped_too() -> None:
    """Where customers of the model switch; where they do not, the trace is what counts."""
    model = small_model()
    day = everywhere(100, 4, model).filter(pl.col("channel") == "web")
    endpoints = file_of("web.*", unmapped="refuse")
    trace = trace_of(model, day, 4)
    assert covered(trace, endpoints, "f.toml").arrivals.height == trace.arrivals.height
    switching = small_model(follow_ups=after_failure(Outcome.ERROR, switch=0.5))
    with pytest.raises(BadInputError, match=r"no mapping for .*sms.query \(0 arrivals\)"):
        covered(trace_of(switching, day, 4), endpoints, "f.toml")


def test_a_file_that_maps_no_arrival_is_refused() -> None:
    """A run without arrivals would show nothing."""
    with pytest.raises(BadInputError, match=r"^f\.toml: maps no arrival"):
        covered(a_trace(), file_of("fax.*"), "f.toml")


def target(operation: str, share: Number) -> Target:
    """Give a target of the web channel."""
    return Target(channel="web", operation=operation, success_share=share)


def test_published_targets_are_not_applied_to_the_users_own_service() -> None:
    """The user's own ones stay, and what the trace says of its model stays true."""
    own = target("transact", assumed(0.99, "what we promise"))
    published = (target("query", article(0.978, "2012")), target("recharge", public(0.9, "a report")))
    trace = a_trace(targets=(*published, own))
    found = without_published_targets(trace)
    assert found.model.targets == (own,)
    assert found.info.fingerprint == found.model.fingerprint() != trace.info.fingerprint
    assert without_published_targets(found) is found
