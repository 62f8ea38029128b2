"""One arrival from its start to its end: the customer's session, their journey, and what became of it."""

import logging
import secrets
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from locust import User
from locust.env import Environment

from footfall._behaviour import keyed
from footfall._load.channel_users import DrivenUser, OwnCustomer
from footfall._load.endpoints.endpoints_check import channels_wanted
from footfall._load.endpoints.target_service import TargetService
from footfall._load.http.client import Client
from footfall._load.http.connection_options import USUAL, TransportOptions, address_of
from footfall._load.http.session import HttpSession
from footfall._load.http.wire_format import NoAnswerError
from footfall._load.identity import Identity
from footfall._load.journey_runner import JourneyRunner
from footfall._load.locust_users import Clock, LocustTransport, ModelUser, RequestContext
from footfall._load.options import AS_USUAL, LoadOptions
from footfall._load.reference_steps import serve
from footfall._load.responses import Ending
from footfall._load.result_rows import BrokenArrivalError, place_of
from footfall._load.results import ResultSink
from footfall._load.visit import Attempt, OrderOutcome, RunCustomer
from footfall._records.rows import Arrival
from footfall._workload.trace import Trace

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorOptions:
    """How a player plays, beside the trace."""

    gateway_key: str = field(default="", repr=False)
    options: LoadOptions = AS_USUAL
    transport: TransportOptions = USUAL
    """Whose the connections are, and which certificates are trusted."""
    run: str = field(default_factory=lambda: secrets.token_hex(4))
    """Sets this play's idempotency keys apart from those of another one."""


class Workload(NamedTuple):
    """What is run, and against which interface."""

    trace: Trace
    """A worker's has no arrivals: the master sends them."""
    own: TargetService | None = None
    """The user's own service; None: the reference service's routes."""
    driven: Mapping[str, DrivenUser] = MappingProxyType({})
    """Locust users of the user's own, by the channel whose visits they serve."""


class ArrivalRunner:
    """Runs arrivals one by one, each on a session of its own, in the greenlet of a Locust user."""

    def __init__(
        self,
        environment: Environment,
        workload: Workload,
        results: ResultSink,
        options: ExecutorOptions,
        clock: Clock,
    ) -> None:
        """Make everything ready; `connect` comes before the first arrival."""
        info, own = workload.trace.info, workload.own
        self._environment = environment
        self._results = results
        self._options = options
        self._clock = clock
        self._seed = info.seed
        self._run_key = keyed.run_key(info.seed, info.replication)
        self._driven = workload.driven
        self._own_customers: dict[int, OwnCustomer] = {}
        """Of the arrivals under way, where channels are served by users of the user's own."""
        self._human_time_factor = info.play.human_time_factor
        self._serve_others = own.serve if own else partial(serve, gateway_key=options.gateway_key)
        model = workload.trace.played
        visit = self._serve if self._driven else self._serve_others
        self._journeys = JourneyRunner(model, visit, results.visit)
        self._client: Client | None = None
        self._needs_client = bool(channels_wanted(model, info.arrivals_by_channel) - self._driven.keys())
        self.under_way: Counter[str] = Counter()
        """Customers under way, by the name of their user class."""
        self._logged: set[str] = set()
        if own is None or "browser" in own.endpoints.words:
            # Faker reads its tables now, not when the first customer is due (half a second of lag).
            _ = Identity(self._seed, 0, self._run_key).browser

    def connect(self) -> None:
        """Make the client of the host; its name is looked up before anybody waits for it."""
        if not self._needs_client:
            return
        host = str(self._environment.host)
        address = address_of(host, f"--host {host}")
        self._client = Client(address, self._options.transport, self._results.count)
        with suppress(NoAnswerError):  # which every request will then say
            self._client.look_up()

    def run(self, user: User, arrival: Arrival) -> None:
        """Follow the customer of an arrival to the end of their journey."""
        played, broken_by = False, ""
        name = type(user).__name__
        session = None if self._client is None else HttpSession(self._client)
        self.under_way[name] += 1
        try:
            customer, context = self._customer(arrival, session)
            own = self._own_customer(user, context)
            self._journeys.run(customer)
            if own is not None:
                own.leave()
            played = True
        except Exception as error:  # noqa: BLE001  whatever it is, the arrival is broken and the run goes on
            broken_by = place_of(error)
            self._report_broken(user, arrival, broken_by)
        finally:
            self._own_customers.pop(arrival.arrival, None)
            if session is not None:
                session.close()
            self.under_way[name] -= 1
            self._results.end(arrival.arrival, played=played, broken_by=broken_by)

    def _own_customer(self, user: User, context: RequestContext) -> OwnCustomer | None:
        """Give the arrival its users of the user's own, where there are such."""
        if not self._driven:
            return None
        own = OwnCustomer(self._driven, self._environment, context, self._human_time_factor)
        if not isinstance(user, ModelUser):
            own.begins_as(user)
        self._own_customers[context.arrival.arrival] = own
        return own

    def _serve(self, attempt: Attempt, unsettled: OrderOutcome | None) -> Ending:
        """Serve an attempt at any channel, where users of the user's own serve some."""
        if attempt.channel.name in self._driven:
            return self._own_customers[attempt.customer.arrival.arrival].serve(attempt)
        return self._serve_others(attempt, unsettled)

    def _customer(self, arrival: Arrival, session: HttpSession | None) -> tuple[RunCustomer, RequestContext]:
        key = keyed.customer_key(self._run_key, arrival.customer)
        fire: Any = self._environment.events.request.fire
        context = RequestContext(self._clock, self._results, arrival, fire, keeps_hits=self._keeps_hits(key))
        customer = RunCustomer(
            arrival=arrival,
            key=key,
            person=Identity(self._seed, arrival.subscriber, key),
            wire=LocustTransport(session, context),
            run=self._options.run,
        )
        return customer, context

    def _keeps_hits(self, key: int) -> bool:
        """Whether the sample has this customer: whole customers, the same in every run of the trace."""
        share = self._options.options.hits_sample_share
        return share >= 1 or keyed.uniform(key, "hits") < share

    def _report_broken(self, user: User, arrival: Arrival, broken_by: str) -> None:
        """Log each reason once, and report every case to Locust; the error's own text may hold a secret."""
        if broken_by not in self._logged:
            self._logged.add(broken_by)
            logger.error("arrival %d broke inside the generator: %s", arrival.arrival, broken_by)
        fire: Any = self._environment.events.user_error.fire
        fire(user_instance=user, exception=BrokenArrivalError(broken_by), tb=None)
