"""One queue's day at the counters, simulated: its recorded arrivals, its recorded counters."""

from dataclasses import dataclass

import numpy as np

from footfall._behaviour import keyed
from footfall._model.numbers import DAY_S
from footfall._simulate.customer_state import Customer
from footfall._simulate.engine import Body, Environment, Script, without_cycle_search
from footfall._simulate.stations.queues import HallQueue
from studies.offices_warsaw.records import Counts, Floats, QueueDay
from studies.offices_warsaw.spec import Offices


@dataclass(frozen=True, slots=True)
class Luck:
    """Where the random numbers of a simulated day come from."""

    seed: int
    replication: int

    def uniforms(self, day: QueueDay, purpose: str, customers: int) -> Floats:
        """One number in (0, 1) for each customer of a queue's day."""
        keys = keyed.customer_keys(keyed.run_key(self.seed, self.replication), np.arange(customers))
        return keyed.uniforms(keys, f"{day.name} {day.day} {purpose}")


def waiting_seen(offices: Offices, day: QueueDay, came: Counts, service_s_mean: float, luck: Luck) -> Floats:
    """How many wait at each look of a queue's day, if customers are served for an exponential time.

    `came` is as of `arrived`: who came between two looks came at random times between them.
    """
    return _Hall(offices, day, came, service_s_mean, luck).run()


class _Hall:
    """A line, its customers, and a display that is looked at."""

    def __init__(
        self, offices: Offices, day: QueueDay, came: Counts, service_s_mean: float, luck: Luck
    ) -> None:
        customers = int(came.sum())
        service = -np.log1p(-luck.uniforms(day, "service", customers)) * service_s_mean
        patience = -np.log1p(-luck.uniforms(day, "patience", customers)) * float(offices.patience_s_mean)
        self._env = Environment()
        self._line = HallQueue(self._env, 0)
        self._absent_s = float(offices.absent_s)
        self._day = day
        self._came_s = _times(day, came, luck).tolist()
        self._service_s = service.tolist()
        self._patience_s = patience.tolist()
        self._seen = np.zeros(day.at_s.size)

    def run(self) -> Floats:
        """Let the day pass until the last look."""
        Script(self._env, self._doorman()).resume()
        Script(self._env, self._display()).resume()
        with without_cycle_search():
            self._env.run_to(float(self._day.at_s[-1]) + 1)
        return self._seen

    def _doorman(self) -> Body:
        for n, at_s in enumerate(self._came_s):
            if at_s > self._env.now:
                yield at_s - self._env.now
            customer = Customer(n, 0, 0, 0, 0, 0)
            customer.begin(at_s, 0)
            customer.script = Script(self._env, self._visit(customer))
            customer.script.resume()

    def _visit(self, customer: Customer) -> Body:
        line = self._line
        if not line.take():
            # The ticket of one who leaves stays in the line: nobody knows before it is called.
            yield from line.wait(customer, DAY_S)
        is_there = customer.wait_s <= self._patience_s[customer.n]
        yield self._service_s[customer.n] if is_there else self._absent_s
        line.release()

    def _display(self) -> Body:
        for k, (at_s, counters) in enumerate(
            zip(self._day.at_s.tolist(), self._day.counters.tolist(), strict=True)
        ):
            if at_s > self._env.now:
                yield at_s - self._env.now
            self._line.staff(counters)
            self._seen[k] = self._line.waiting


def _times(day: QueueDay, came: Counts, luck: Luck) -> Floats:
    """When each customer comes, in order; those of the first look are there when it is taken."""
    since = np.concatenate([day.at_s[:1], day.at_s[:-1]])
    spans_s = np.repeat(day.at_s - since, came)
    found: Floats = np.sort(np.repeat(since, came) + spans_s * luck.uniforms(day, "arrival", int(came.sum())))
    return found
