"""The two hosts of the customer's journey: the simulated day and the load test decide alike."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl
import pytest

from footfall._behaviour import keyed
from footfall._load.identity import Identity
from footfall._load.responses import Ending, Response
from footfall._load.visit import Attempt, JourneyRunner, OrderOutcome, RequestSpec, RunCustomer
from footfall._model.channel import Fault, Verb
from footfall._model.model import Model
from footfall._model.population import RetryPolicy
from footfall._records.rows import OUTCOMES, Arrival, Outcome, Visit
from footfall._simulate.day import simulate_day
from footfall._workload.arrivals import arrivals_table, draw_arrivals
from tests.load.small import SEED, channels, small_model, works
from tests.made_up import number


@pytest.fixture(scope="module")
def failing() -> Model:
    """Give the small model, where two visits of five fail and most customers then try again."""
    faults = {
        verb.value: Fault(cause="down", by="service", outcome=Outcome.ERROR, share=number(0.2))
        for verb in (Verb.QUERY, Verb.ORDER)
    }
    by_outcome = {}
    for outcome in (Outcome(name) for name in OUTCOMES if name != Outcome.SERVED):
        rule = {"retry_share": 0.4, "switch_share": 0.5, "delay": {"law": "exponential", "mean_s": 900}}
        by_outcome[outcome] = rule
    rules = RetryPolicy.model_validate(_graded({"attempts_most": 5, "by_outcome": by_outcome}))
    each = tuple(known.model_copy(update={"works": works(**faults)}) for known in channels())
    return small_model(channels=each, follow_ups=rules, population=number(12_000))


def _graded(data: Any) -> Any:  # noqa: ANN401  nested
    if isinstance(data, dict):
        return {key: _graded(value) for key, value in data.items()}
    return number(data) if isinstance(data, int | float) else data


@dataclass
class RecordedVisits:
    """A customer's wire on which time passes as it did on the simulated day."""

    rows: Iterator[dict[str, Any]]
    clock_s: float = 0.0

    def now_s(self) -> float:
        """Read the clock."""
        return self.clock_s

    def sleep(self, seconds: float) -> None:
        """Set the clock forward."""
        self.clock_s += seconds

    def send(self, request: RequestSpec, attempt: int) -> Response:
        """Send nothing: how each visit ends is recorded."""
        raise NotImplementedError

    def serve(self, attempt: Attempt, _unsettled: OrderOutcome | None) -> Ending:
        """End the visit as it ended on the simulated day."""
        row = next(self.rows)
        assert (attempt.channel.name, attempt.number) == (row["channel"], row["attempt"])
        self.clock_s = row["ended_s"]
        return Outcome(row["outcome"]), row["cause"]


def test_both_hosts_decide_alike_for_every_customer(failing: Model) -> None:
    """From the same outcomes come the same channels, attempts and due times, to the bit."""
    visits = simulate_day(failing, SEED).visits.sort("customer", "attempt")
    people = arrivals_table(failing, draw_arrivals(failing, SEED, 0))
    simulated = visits.select("customer", "channel", "attempt", "due_s", "outcome").rows()
    by_customer = visits.partition_by("customer", as_dict=True)
    hosted: list[tuple[Any, ...]] = []
    run_key = keyed.run_key(SEED, 0)
    for number_, who in enumerate(people.sort("customer").iter_rows(named=True)):
        rows = by_customer[who["customer"],].rows(named=True)
        arrival = Arrival(arrival=number_, due_s=who["at_s"], subscriber=0, **who)
        wire = RecordedVisits(iter(rows), who["at_s"])
        key = keyed.customer_key(run_key, who["customer"])
        customer = RunCustomer(
            arrival=arrival, key=key, identity=Identity(SEED, 0, key), transport=wire, run="run"
        )
        _host(failing, wire, customer, hosted)
        assert next(wire.rows, None) is None
    assert hosted == simulated
    follows = pl.DataFrame(
        simulated, schema=["customer", "channel", "attempt", "due_s", "outcome"], orient="row"
    )
    again = follows.filter(pl.col("attempt") > 1)
    assert again.height > 300
    assert again["attempt"].max() == 5


def _host(model: Model, wire: RecordedVisits, customer: RunCustomer, hosted: list[tuple[Any, ...]]) -> None:
    def note(visit: Visit) -> None:
        hosted.append((visit.customer, visit.channel, visit.attempt, visit.due_s, visit.outcome))

    JourneyRunner(model, wire.serve, note).run(customer)
