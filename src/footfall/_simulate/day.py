"""The simulated day: customers on a SimPy environment, each on their journey; and replications of it."""

import os
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from types import ModuleType
from typing import Any, NamedTuple, TypeVar

import polars as pl

from footfall._behaviour import keyed
from footfall._behaviour.choice import NO_CHANNEL
from footfall._behaviour.customer_rules import Action, account, nearest_site, refusal
from footfall._behaviour.journey import Journeys
from footfall._model.channel import Channel
from footfall._model.model import Model
from footfall._model.numbers import DAY_S, HALF_HOUR_S
from footfall._records.errors import InvariantError
from footfall._records.rows import Outcome
from footfall._simulate.customer_state import Customer, VisitLog
from footfall._simulate.day_counts import DayTally
from footfall._simulate.engine import Body, Environment, Script, after as call_after, without_cycle_search
from footfall._simulate.invariants import InvariantsHeld, check_invariants
from footfall._simulate.sampler import Sampler
from footfall._simulate.staff_tables import staff_table
from footfall._simulate.stations import build
from footfall._simulate.stations.call_centre import CallCentreStation
from footfall._simulate.stations.gateway import MessageGatewayStation
from footfall._simulate.stations.station import SimContext, Station
from footfall._workload.arrivals import Arrivals, arrivals_of_trace, arrivals_table, draw_arrivals

# ── The simulated day: customers on a SimPy environment, each on their journey, at the stations

DRAIN_S = 6 * 3600.0
"""Those still inside this long after the end of the day are `unfinished`."""
LOOKS_LEAST = 20
"""Into so many intervals, or half hours, a run is cut, in each of which the laws are held."""
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class DayResult:
    """What one replication gave."""

    visits: pl.DataFrame
    """Columns of `VISITS`, in order of their end."""
    arrivals: pl.DataFrame
    """Customers who had a channel to go to: at_s, customer, segment, operation, channel."""
    nowhere_to_go: int
    """Customers for whom no channel was open or within reach."""
    logout_reminders: int
    callbacks: int
    """Callers who accepted to be called back."""
    staff: pl.DataFrame
    """How busy the agents were by half hour, as `staff_table` has it."""
    events: int
    """Timed events that SimPy processed."""
    laws: InvariantsHeld
    """Laws that were held against this run."""


class Day:
    """One replication of a model: build it with its customers, then `run` it once."""

    def __init__(  # noqa: PLR0913, PLR0917  the last two save work that many days share
        self,
        model: Model,
        people: Arrivals,
        seed: int,
        length_s: float = DAY_S,
        sampler: Sampler | None = None,
        refused: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """Set up the stations, whose draws a sampler makes from the people's keys; `run` begins the day.

        `refused` is what `refusals` gives for the model and seed, where it is known already.
        """
        self.model = model
        self.env = Environment()
        self._people = people
        self._length_s = length_s
        self._log = VisitLog()
        self._operations = len(model.operations)
        self._inside: dict[int, Customer] = {}
        self._journeys = Journeys(model)
        sampler = sampler or Sampler(people.keys)
        run = sampler.of_the_operator(people.run)
        place = SimContext(
            env=self.env,
            sampler=sampler,
            operations=model.operations,
            refusals=refusals(model, seed) if refused is None else refused,
            machines_seed=seed if run == keyed.run_key(seed, 0) else run,
            until_s=length_s,
            segments=tuple(segment.name for segment in model.segments),
            run=run,
            clock=model.clock,
        )
        self._stations: list[Station] = [build(channel, place) for channel in model.channels]
        self._tally = DayTally(self._stations, model.operations)
        self._came, self._moments_s = self._tally.came, self._tally.moments_s
        self._gateway = next((s for s in self._stations if isinstance(s, MessageGatewayStation)), None)
        # What most visits do not need is None here, so that they do not ask the specs.
        self._spread = [channel if channel.sites > 1 else None for channel in model.channels]
        self._reminding = [self._reminder(channel) for channel in model.channels]

    def run(self, progress: Progress | None = None) -> DayResult:
        """Let every customer come, and run until all have left.

        Raises:
            InvariantError: a law that every run obeys is broken.
        """
        Script(self.env, self._arrival_process()).resume()
        last_s = self._length_s + DRAIN_S
        with without_cycle_search():
            while self.env.peek() < last_s:
                self._run_to(min(self._next_look_s(), last_s))
                if progress:
                    progress(min(1.0, self.env.now / self._length_s))
        if self._inside:
            self._run_to(last_s)
        for customer in self._inside.values():
            customer.cut(last_s)
            self._log.add(customer, Outcome.UNFINISHED, last_s)
        visits = self._log.table(self.model, self._people)
        going = arrivals_table(self.model, self._people)
        laws = check_invariants(visits, self._tally.counts())
        check_conservation(visits, going)
        return DayResult(
            visits=visits,
            arrivals=going,
            nowhere_to_go=len(self._people) - going.height,
            logout_reminders=self._gateway.reminders if self._gateway else 0,
            callbacks=sum(s.callbacks for s in self._stations if isinstance(s, CallCentreStation)),
            staff=staff_table(self._stations, self._length_s),
            events=self.env.count_events(),
            laws=laws,
        )

    def _journey(self, customer: Customer) -> Body:
        """Host a customer's journey: a visit is a `yield from`, a wait yields its seconds."""
        journeys = self._journeys
        while customer.action < Action.DONE:
            if customer.action is Action.VISIT:
                outcome = yield from self._visit(customer)
                journeys.end_visit(customer, outcome)
            else:
                yield customer.delay_s
                journeys.end_wait(customer, self.env.now)

    def _visit(self, customer: Customer) -> Body:
        """Run one attempt; returns its `Outcome`, and notes the visit."""
        env, channel = self.env, customer.channel
        now_s, spec = env.now, self._spread[channel]
        customer.begin(now_s, nearest_site(spec, customer.key) if spec else 0)
        self._inside[customer.n] = customer
        self._came[channel * self._operations + customer.operation] += 1
        self._moments_s[channel] -= now_s
        outcome: Outcome = yield from self._stations[channel].serve(customer)
        del self._inside[customer.n]
        now_s = env.now
        self._moments_s[channel] += now_s
        self._log.add(customer, outcome, now_s)
        if customer.session_s >= 0 and (reminding := self._reminding[channel]):
            # The session was left open: by a customer who forgot to log out, or by a visit that failed.
            idle_s, remind = reminding
            call_after(env, max(0.0, customer.session_s + idle_s - now_s), remind)
        return outcome

    def _next_look_s(self) -> float:
        """Give the second at which the stations are to note where they are.

        After the end, ever more rarely: a window of seconds may take hours to empty.
        """
        now_s = self.env.now
        look_s = max(self._length_s / LOOKS_LEAST, now_s - self._length_s)
        return now_s + min(HALF_HOUR_S, look_s)

    def _run_to(self, until_s: float) -> None:
        """Let everything up to a second happen, then let the stations note where they are."""
        self.env.run_to(until_s)
        self._tally.note(until_s, self._inside.values())

    def _reminder(self, channel: Channel) -> tuple[float, Callable[[], None]] | None:
        """Give a channel's idle time and what then sends the reminder; None where nothing does."""
        if channel.logout_reminder is None or self._gateway is None:
            return None
        return float(channel.logout_reminder.idle_s), self._gateway.remind

    def _arrival_process(self) -> Body:
        """Let the customers in, each at their time."""
        people = self._people
        columns = (people.at_s, people.keys, people.segments, people.operations, people.subscribers)
        rows = zip(*(column.tolist() for column in (*columns, people.channels)), strict=True)
        for n, (at_s, key, segment, operation, subscriber, first_choice) in enumerate(rows):
            if first_choice == NO_CHANNEL:
                continue
            if at_s > self.env.now:
                yield at_s - self.env.now
            customer = Customer(n, key, segment, operation, subscriber, first_choice)
            customer.script = Script(self.env, self._journey(customer))
            customer.script.resume()


def simulate_day(
    model: Model, seed: int, replication: int = 0, progress: Progress | None = None
) -> DayResult:
    """Run one day of a model."""
    return Day(model, draw_arrivals(model, seed, replication), seed).run(progress)


class Replay(NamedTuple):
    """Arrivals to be run through a model as it is played."""

    arrivals: pl.DataFrame
    """Columns of `ARRIVALS`."""
    seed: int
    replication: int
    """Of the trace: whose customers they are."""
    length_s: float
    """Seconds of the run in which they arrive."""


def predict(played: Model, arrivals: pl.DataFrame, seed: int, replication: int, length_s: float) -> DayResult:
    """Run exactly the arrivals of a trace (columns of `ARRIVALS`) through the model as it is played."""
    return Day(played, arrivals_of_trace(played, arrivals, seed, replication), seed, length_s).run()


def predictions(played: Model, replay: Replay, redraws: range) -> Iterator[pl.DataFrame]:
    """Give the visits (`VISITS`) of a replay for each redraw of the operator's service times and faults.

    The customers, their choices and their own times are the same in all, as they are in a run at a live
    service. Redraw 0 is what `predict` gives.
    """
    people = arrivals_of_trace(played, replay.arrivals, replay.seed, replay.replication)
    # Of a window of a day only the first accounts have customers.
    last = int(people.subscribers.max(initial=0))
    refused = refusals(played, replay.seed, last + 1)
    for redraw in redraws:
        sampler = Sampler(people.keys, redraw)
        yield Day(played, people, replay.seed, replay.length_s, sampler, refused).run().visits


def refusals(model: Model, seed: int, most: int | None = None) -> dict[str, tuple[str, ...]]:
    """By operation: why the business refuses an order, by subscriber; empty text where it does not.

    Of the first `most` subscribers; None: of all.
    """
    count = int(model.accounts.subscribers)
    held = [account(model.accounts, seed, n) for n in range(count if most is None else min(most, count))]
    return {
        operation: tuple(refusal(model.accounts, operation, one) or "" for one in held)
        for operation in model.operations
    }


def check_conservation(visits: pl.DataFrame, arrivals: pl.DataFrame) -> None:
    """Check that every customer who came made a first attempt, and no other did.

    Raises:
        InvariantError: the law is broken.
    """
    first = visits.filter(pl.col("attempt") == 1)["customer"].sort()
    if not first.equals(arrivals["customer"].sort()):
        evidence = f"{arrivals.height} customers came but {first.len()} first attempts ended"
        raise InvariantError("every customer makes a first attempt", "all stations, the whole run", evidence)


# ── Independent replications of a day, several at once on the machine's cores

Summary = TypeVar("Summary")


def replicate(
    model: Model,
    seed: int,
    replications: range,
    summarise: Callable[[DayResult], Summary],
    progress: Progress | None = None,
) -> Generator[Summary]:
    """Run the given replications of a day and give the summary of each, in order.

    Every replication is a function of (model, seed, its number), so the number of processes changes
    nothing. `summarise` runs in the worker and must be a function of a module, or a `partial` of one.
    Who has enough closes the iterator; what has been begun by then is finished and thrown away.
    """
    days = [(0, number) for number in replications]
    yield from replicate_each((model,), seed, days, summarise, progress)


def replicate_each(
    models: Sequence[Model],
    seed: int,
    days: Sequence[tuple[int, int]],
    summarise: Callable[[DayResult], Summary],
    progress: Progress | None = None,
) -> Generator[Summary]:
    """Run days of several models, each given as (place of its model, replication), as `replicate` does."""
    if not days:
        return
    workers = min(len(days), os.cpu_count() or 1)
    # Fresh processes: a forked one would hold the locks of the table library's threads, but not the threads.
    with ProcessPoolExecutor(workers, get_context("spawn"), _take, (tuple(models), summarise)) as pool:
        # One more than can run: no core idles, and little is wasted when the caller has enough.
        with apart_from_the_program():
            begun = deque(pool.submit(_one, seed, *day) for day in days[: workers + 1])
        for count in range(len(days)):
            summary = begun.popleft().result()
            if count + workers + 1 < len(days):
                begun.append(pool.submit(_one, seed, *days[count + workers + 1]))
            if progress:
                progress((count + 1) / len(days))
            yield summary


@contextmanager
def apart_from_the_program() -> Iterator[None]:
    """Let worker processes start without running the user's program again, which would start others in turn.

    They need only what Footfall's modules hold, so that a script needs no `if __name__ == "__main__"`.
    """
    program = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = program


class _Work:
    """What a worker process has been given to do."""

    models: tuple[Model, ...]
    summarise: Callable[[DayResult], Any]


def _one(seed: int, model: int, replication: int) -> Any:  # noqa: ANN401  whatever `summarise` gives
    return _Work.summarise(simulate_day(_Work.models[model], seed, replication))


def _take(models: tuple[Model, ...], summarise: Callable[[DayResult], Any]) -> None:
    """Take the work, in a worker."""
    _Work.models, _Work.summarise = models, summarise
