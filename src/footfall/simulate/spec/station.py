"""The five kinds of station a channel can be: what limits how many are served at once."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from footfall.simulate.spec.agents import (
    GENERALISTS,
    AgentChoice,
    AgentGroup,
    Callback,
    Caller,
    Redials,
    Rounding,
)
from footfall.simulate.spec.base import DayProfile, Spec
from footfall.simulate.spec.client import CircuitBreaker, Retry
from footfall.simulate.spec.duration import Duration
from footfall.simulate.spec.limits import RateLimit, Stalls
from footfall.simulate.spec.number import Count, CountFromOne, NonNegative, Positive, Share, assumed
from footfall.simulate.spec.times import AnyDuration


class Counters(Spec):
    """Halls: each site has its own clerks and its own ticket queue; a clerk is held for the whole visit."""

    kind: Literal["counters"] = "counters"
    clerks: DayProfile
    """Clerks of one site, by half hour or finer. When their number drops, a clerk finishes the customer
    at hand."""
    clerks_factor: NonNegative
    """Multiplies the clerks (rounded to whole clerks)."""
    rounding: Rounding = "nearest"
    room: Count
    """Customers that may wait at one site; one more is `blocked`."""
    patience: AnyDuration
    """How long a customer waits after taking a ticket before leaving (`abandoned`)."""
    balk_wait: AnyDuration
    """A customer who reads a longer wait off the ticket display does not join (`balked`)."""
    priority: dict[str, Count] = Field(default_factory=dict)
    """By segment or operation: the greater is called before the smaller, nobody is interrupted; absent: 0."""


class Kiosks(Spec):
    """Self-service terminals: each site has its own machines, which break down and are repaired."""

    kind: Literal["kiosks"] = "kiosks"
    machines: CountFromOne
    """Machines of one site."""
    up: Duration
    """Time from a repair to the next breakdown of one machine; mean 0: it never breaks."""
    repair: Duration
    patience: Duration


class CallCentre(Spec):
    """A hotline: lines, then an IVR that contains most calls, then agents by half hour."""

    kind: Literal["call_centre"] = "call_centre"
    lines: CountFromOne
    """Calls in progress at once, in the IVR or with an agent; one more is `blocked`."""
    agents: DayProfile
    """Who serve every operation, by half hour or finer. When their number drops, an agent finishes the
    call at hand."""
    agents_factor: NonNegative
    """Multiplies the agents of all groups (rounded to whole agents)."""
    rounding: Rounding = "nearest"
    groups: tuple[AgentGroup, ...] = ()
    """Further agents, who serve some operations only."""
    agent_choice: AgentChoice = "preferred"
    """Which idle agent a call goes to, of all groups that serve it; counts with groups only."""
    agents_overflow_after_s: NonNegative = assumed(0, "calls reach the agents at once unless set")
    """Calls reach the `agents` only after they have waited so long for a group; 0: at once."""
    patience: AnyDuration
    """How long a caller waits for an agent before hanging up (`abandoned`)."""
    talk: AnyDuration
    """How long agent and caller talk, beside what the agent's screens take."""
    wrap_up: AnyDuration
    """Time the agent needs after the call before taking the next one."""
    agent_share: dict[str, Share]
    """By operation: share of callers whom the IVR cannot help and who ask for an agent."""
    callers: dict[str, Caller] = Field(default_factory=dict)
    """By operation: callers with a patience, talk or wrap-up of their own."""
    priority: dict[str, Count] = Field(default_factory=dict)
    """By segment or operation: the greater is answered first, no call is interrupted; absent: 0."""
    credit_s: dict[str, NonNegative] = Field(default_factory=dict)
    """By segment: they wait where they would stand had they come so much earlier; absent: 0."""
    redials: Redials = "drawn_anew"
    """Whether somebody who calls again has the patience and talk of the first call."""
    callback: Callback | None = None
    """None: nobody is called back."""

    @model_validator(mode="after")
    def _groups_fit(self) -> Self:
        names = [group.name for group in self.groups]
        if len({*names, GENERALISTS}) != len(names) + 1:
            msg = f"groups have names of their own, none of them {GENERALISTS!r}"
            raise ValueError(msg)
        return self


class MessageGateway(Spec):
    """SMS: a message rate for each connection, with a bounded queue in front."""

    kind: Literal["message_gateway"] = "message_gateway"
    messages_per_s: Positive
    """Rate of one connection."""
    queue: Count
    """Messages that may wait; one more is `throttled`."""
    connections: CountFromOne = assumed(1, "one connection unless set")
    """Connections side by side; a message goes over the one that is free first."""
    window: Count = assumed(0, "no window unless set")
    """Messages of one connection that may be unacknowledged; 0: any number."""
    ack_s: NonNegative = assumed(0, "acknowledged at once unless set")
    """Time from a message's passage to its acknowledgement, which opens the window again."""


class RequestServer(Spec):
    """Web, WAP, agents' channel: concurrent slots, an accept queue, a deadline."""

    kind: Literal["request_server"] = "request_server"
    slots: CountFromOne
    """Requests in work at once."""
    accept_queue: Count
    """Requests that may wait for a slot; one more is `throttled`."""
    deadline_s: Positive
    """A request that is not answered within it has failed (`timeout`)."""
    discipline: Literal["slots", "sharing"] = "slots"
    """How requests in work are served: each at full speed in its slot, or all sharing `cores`."""
    cores: CountFromOne = assumed(1, "counts with discipline=sharing only")
    """With `sharing`: n requests in work go on at the rate min(1, cores/n) each."""
    stale_work: Literal["cut", "served", "dropped"] = "cut"
    """What becomes of a request whose client has given up at the deadline.

    `cut`: it leaves its slot or its place in the queue at that instant; `served`: it is worked off as if
    nothing had happened; `dropped`: it keeps its place, and is dropped when its turn comes.
    """
    queue_timeout_s: NonNegative = assumed(0, "no bound on the wait alone unless set")
    """A request that has waited longer than this for its slot fails (`error`, cause `queue_timeout`), as with
    the timeout of a connection pool; work once begun is not cut. 0: no such bound."""
    queues: CountFromOne = assumed(1, "one queue for all slots unless set")
    """Workers with a queue of their own each: `slots` (and shared `cores`) are divided among them, and
    `accept_queue` holds for each."""
    dispatch: Literal["round_robin", "random", "shortest"] = "round_robin"
    """With several queues: which one a request joins and stays in; `shortest` counts those in work, too."""
    rate_limit: RateLimit = RateLimit()
    stalls: Stalls = Stalls()
    retry: Retry = Retry()
    breaker: CircuitBreaker = CircuitBreaker()

    @model_validator(mode="after")
    def _divides_among_its_queues(self) -> Self:
        shared = {"slots": self.slots}
        if self.discipline == "sharing":
            shared["cores"] = self.cores
        for name, number in shared.items():
            if number % self.queues:
                msg = f"{name} that divide evenly among {self.queues:g} queues, not {number:g}"
                raise ValueError(msg)
        return self


Station = Annotated[
    Counters | Kiosks | CallCentre | MessageGateway | RequestServer, Field(discriminator="kind")
]
