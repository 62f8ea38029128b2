"""The five kinds of station a channel can be, and how their clients guard themselves."""

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, Annotated, Literal, Self

from annotated_types import Ge, Le
from pydantic import BeforeValidator, Field, model_validator

from footfall._model.durations import AT_ONCE, NEVER, AnyDuration, PlainDuration, Time
from footfall._model.numbers import (
    Count,
    CountFromOne,
    Deadline,
    Name,
    NonNegative,
    Positive,
    Room,
    Seconds,
    SecondsAboveZero,
    Several,
    Share,
    Spec,
    assumed,
    default,
)
from footfall._model.profiles import Daily, DayProfile
from footfall._model.value_errors import Meaning

# ── Agents of a hotline and those who call them: groups and skills, callers of a kind, callbacks

GENERALISTS = "agents"
"""Name of the group of those who serve every operation."""

Rounding = Literal["nearest", "random"]
"""How a staff of 7.4 becomes whole people: always 7; or 8 in two half hours of five, so the mean is right."""


AgentChoice = Literal["preferred", "longest_idle", "random"]
"""Which idle agent a call goes to: by the groups' preferences; the longest idle; any of them,
each as likely."""

Redials = Literal["drawn_anew", "as_before"]
"""Patience and talk of a caller who calls again: drawn anew for each call, or as in the first."""


class Caller(Spec):
    """How the callers of one operation differ from the others; what is None is as the station has it.

    Example:
        >>> Caller(talk=exponential("5 min")).talk.mean_s
        300.0
    """

    patience: AnyDuration | None = None
    talk: AnyDuration | None = None
    wrap_up: AnyDuration | None = None


class AgentGroup(Spec):
    """Agents who serve some operations only.

    Example:
        >>> AgentGroup("night", {20: 3, 6: 0}, skills=("query",)).agents.at(23 * 3600)
        3.0
    """

    heads = ("name", "agents")
    name: Name
    agents: DayProfile
    skills: Several[Name]
    """Operations that they serve. Unless `agent_choice` says otherwise, a call goes to the idle group in
    whose list it stands first, then to the group that the model names first, at last to the agents who serve
    every operation."""
    talk: dict[str, AnyDuration] = Field(default_factory=dict)
    """By operation: how long these agents talk; absent: as long as the station or its callers say."""
    overflow_after_s: Seconds = assumed(0, "calls reach the group at once unless set")
    """Calls reach the group only after they have waited so long for another; 0: at once."""

    @model_validator(mode="after")
    def _talks_of_what_it_serves(self) -> Self:
        unknown = sorted(set(self.talk) - set(self.skills))
        if unknown:
            msg = (
                f"talk of {self.name} for its skills ({', '.join(self.skills)}), not for {', '.join(unknown)}"
            )
            raise ValueError(msg)
        return self


class Callback(Spec):
    """Callers who would wait long are offered a call back, and hang up if they accept it.

    Example:
        >>> Callback(offered_wait="2 min", accepted_share="40%", latest="1h").latest_s
        3600.0
    """

    offered_wait_s: Seconds
    """Offered to callers whose wait, by those ahead of them and the agents on duty, would be longer."""
    accepted_share: Share
    latest_s: SecondsAboveZero
    """They are called when an agent is idle and no caller waits on the line. Who was not called for so long
    joins those on the line, at the place that they would have had among them."""


# ── What a request server does to requests other than serving them: limits their rate, and stalls


class RateLimit(Spec):
    """A rate that requests may not exceed for long: a leaky bucket, the same as a token bucket.

    The bucket leaks `requests_per_s`; a request adds 1 to it, and one that would make it more than
    `burst` + 1 is refused (`throttled`, cause `rate_limit`; HTTP 429). So at most `requests_per_s` t +
    `burst` + 1 requests are admitted in any t seconds (Turner 1986; nginx's `limit_req` with this rate and
    burst; a token bucket of `burst` + 1 tokens). It counts all clients of the channel together.

    Example:
        >>> RateLimit(requests=per_minute(600), burst=20).requests_per_s
        10.0
    """

    requests_per_s: NonNegative = assumed(0, "no rate limit unless set")
    """0: no limit."""
    burst: Count = assumed(0, "no burst unless set; counts with a rate limit only")
    """Requests that may come at once beyond the one that the rate has room for."""
    excess: Literal["at_once", "delayed"] = "at_once"
    """Of the requests within the burst: served `at_once` (nginx's `nodelay`, a token bucket), or `delayed`
    until the rate has room for them (nginx's standard; a queue of `burst` places)."""


class Stalls(Spec):
    """Times in which the whole server stands still, as in a full garbage collection or a failover.

    Requests in work go on afterwards where they were, none begins, and those that come wait. On average a
    stall begins every `every_s`, so the server works for 1 - `length_s`/`every_s` of the time.

    Example:
        >>> Stalls(length="250ms", every="1 min").length_s
        0.25
    """

    length_s: Seconds = assumed(0, "no stalls unless set")
    """How long each lasts; 0: there are none."""
    every_s: SecondsAboveZero = assumed(60, "counts with stalls only")
    """From the beginning of one to the beginning of the next, in the mean."""
    spacing: Literal["periodic", "random"] = "periodic"
    """Exactly `every_s` apart; or with exponential times between them, of mean `every_s` - `length_s`."""
    first_s: Seconds | None = None
    """Second of the run at which the first begins; None: anywhere, as if it had been running for long."""

    @model_validator(mode="after")
    def _has_time_to_work(self) -> Self:
        if self.length_s >= self.every_s:
            msg = f"length_s of the stalls below every_s = {self.every_s:g}, not {self.length_s:g}"
            raise ValueError(msg)
        return self


# ── How the clients of a request server guard themselves and it: they try again, or leave it alone

MACHINES_MOST = 100_000
"""Of a site: each breaks down on its own."""
RETRIES_MOST = 100
"""More would be no policy."""


class Retry(Spec):
    """A request that failed is sent again, within the same visit and unseen by the customer.

    The pause before retry k is min(backoff_s * 2^(k-1), backoff_s_most), shortened by a random part of
    up to `jitter_share` of it (Brooker 2015; 1 is his full jitter). The budget is a token bucket
    (Finagle's RetryBudget 2016): a request puts `retry_budget_share` of a token in, a retry takes one out.

    Example:
        >>> Retry(retries_most=2, backoff="100ms").backoff_s
        0.1
    """

    retries_most: Annotated[Count, Le(RETRIES_MOST)] = assumed(0, "no retries unless set")
    """Retries of one request; 0: none."""
    backoff_s: Seconds = assumed(0.1, "usual; counts with retries only")
    """Pause before the first retry; each further one is twice as long."""
    backoff_s_most: Seconds = assumed(2, "usual; counts with retries only")
    jitter_share: Share = assumed(1, "full jitter; counts with retries only")
    retry_budget_share: NonNegative = assumed(0, "no budget unless set")
    """Retries of all clients together, by their requests; 0: as many as each may make."""
    retry_budget_burst: CountFromOne = assumed(10, "what the bucket holds, full at the start")


class CircuitBreaker(Spec):
    """Clients stop asking a server that fails too often, and try it again later (Nygard 2007, chapter 5).

    Closed: requests pass. Once `failure_share` of the requests answered within `window_s` have failed,
    it is open: for `open_s` all fail at once, without reaching the server. Then it is half open: `probes`
    requests pass; if all succeed it closes, if one fails it opens again. The standard values are Hystrix's.

    Example:
        >>> CircuitBreaker(failure_share="50%", open="5s").open_s
        5.0
    """

    failure_share: Share = assumed(0, "no breaker unless set")
    """0: no breaker."""
    window_s: SecondsAboveZero = assumed(10, "Hystrix's; counts with a breaker only")
    requests_least: CountFromOne = assumed(20, "Hystrix's; counts with a breaker only")
    """Requests answered within the window before the share means anything."""
    open_s: SecondsAboveZero = assumed(5, "Hystrix's; counts with a breaker only")
    probes: CountFromOne = assumed(1, "Hystrix's; counts with a breaker only")


# ── The five kinds of station a channel can be: what limits how many are served at once

EVERY_OPERATION = "*"
"""Stands for all operations of a channel until the channel names them."""


def _of_every_operation(value: object) -> object:
    return value if isinstance(value, Mapping) and "value" not in value else {EVERY_OPERATION: value}


class Counters(Spec):
    """Staffed counters, as in a hall: each site has its own clerks and queue; a visit holds one clerk.

    Example:
        >>> Counters({9: 2, 12: 3, 17: 0}, patience="15 min").clerks.at(13 * 3600)
        3.0
    """

    heads = ("clerks",)
    kind: Literal["counters"] = "counters"
    clerks: DayProfile
    """Clerks of one site, by half hour or finer. When their number drops, a clerk finishes the customer
    at hand."""
    clerks_factor: NonNegative = default(1)
    """Multiplies the clerks (rounded to whole clerks)."""
    rounding: Rounding = "nearest"
    room: Room = default(inf)
    """Customers that may wait at one site; one more is `blocked`."""
    patience: AnyDuration = NEVER
    """How long a customer waits after taking a ticket before leaving (`abandoned`)."""
    balk_wait: AnyDuration = NEVER
    """A customer who reads a longer wait off the ticket display does not join (`balked`)."""
    priority: dict[str, Count] = Field(default_factory=dict)
    """By segment or operation: the greater goes first, no talk is interrupted; absent: 0."""

    if TYPE_CHECKING:

        def __init__(
            self,
            clerks: Daily,
            *,
            clerks_factor: float = ...,
            rounding: Rounding = ...,
            room: float | str = ...,
            patience: Time = ...,
            balk_wait: Time = ...,
            priority: Mapping[str, float] = ...,
            kind: Literal["counters"] = ...,
        ) -> None: ...


class Kiosks(Spec):
    """Self-service terminals: each site has its own machines, which break down and are repaired.

    Example:
        >>> Kiosks(2, up=exponential(hours(60)), repair="3h").machines
        2.0
    """

    heads = ("machines",)
    kind: Literal["kiosks"] = "kiosks"
    machines: Annotated[CountFromOne, Le(MACHINES_MOST)]
    """Machines of one site."""
    up: PlainDuration = AT_ONCE
    """Time from a repair to the next breakdown of one machine; mean 0: it never breaks."""
    repair: PlainDuration = AT_ONCE
    patience: PlainDuration = NEVER

    if TYPE_CHECKING:

        def __init__(
            self,
            machines: float,
            *,
            up: Time = ...,
            repair: Time = ...,
            patience: Time = ...,
            kind: Literal["kiosks"] = ...,
        ) -> None: ...


class CallCentre(Spec):
    """A call centre: lines, then an IVR (recorded menu) that answers most calls, then agents.

    Example:
        >>> CallCentre(3, talk=lognormal("4 min", cv=0.8), patience=exponential("2 min")).talk.mean_s
        240.0
    """

    heads = ("agents",)
    kind: Literal["call_centre"] = "call_centre"
    lines: Annotated[Room, Ge(1)] = default(inf)
    """Calls in progress at once, in the IVR or with an agent; one more is `blocked`."""
    agents: DayProfile
    """Who serve every operation, by half hour or finer. When their number drops, an agent finishes the
    call at hand."""
    agents_factor: NonNegative = default(1)
    """Multiplies the agents of all groups (rounded to whole agents)."""
    rounding: Rounding = "nearest"
    groups: Several[AgentGroup] = ()
    """Further agents, who serve some operations only."""
    agent_choice: AgentChoice = "preferred"
    """Which idle agent a call goes to, of all groups that serve it; counts with groups only."""
    agents_overflow_after_s: Seconds = assumed(0, "calls reach the agents at once unless set")
    """Calls reach the `agents` only after they have waited so long for a group; 0: at once."""
    patience: AnyDuration = NEVER
    """How long a caller waits for an agent before hanging up (`abandoned`)."""
    talk: AnyDuration
    """How long agent and caller talk, in addition to what the agent's screens take."""
    wrap_up: AnyDuration = AT_ONCE
    """Time the agent needs after the call before taking the next one."""
    agent_share: Annotated[dict[str, Share], BeforeValidator(_of_every_operation)] = Field(
        default_factory=lambda: {EVERY_OPERATION: default(1)}
    )
    """By operation: share of callers whom the IVR cannot help and who ask for an agent; a number: of all."""
    callers: dict[str, Caller] = Field(default_factory=dict)
    """By operation: callers with a patience, talk or wrap-up of their own."""
    priority: dict[str, Count] = Field(default_factory=dict)
    """By segment or operation: the greater is answered first, no call is interrupted; absent: 0."""
    credit_s: dict[str, Seconds] = Field(default_factory=dict)
    """By segment: they wait where they would stand had they come so much earlier; absent: 0."""
    redials: Redials = "drawn_anew"
    """Whether a caller who calls again has the patience and talk of the first call."""
    callback: Callback | None = None
    """None: no caller is called back."""

    @model_validator(mode="after")
    def _groups_fit(self) -> Self:
        names = [group.name for group in self.groups]
        if len({*names, GENERALISTS}) != len(names) + 1:
            msg = f"groups have names of their own, none of them {GENERALISTS!r}"
            raise ValueError(msg)
        return self

    def for_operations(self, operations: Iterable[str]) -> "CallCentre":
        """Give it with the share that holds for every operation spelled out for each."""
        if EVERY_OPERATION not in self.agent_share:
            return self
        rest = {name: share for name, share in self.agent_share.items() if name != EVERY_OPERATION}
        shares = dict.fromkeys(operations, self.agent_share[EVERY_OPERATION]) | rest
        return self.model_copy(update={"agent_share": shares})

    if TYPE_CHECKING:

        def __init__(
            self,
            agents: Daily,
            *,
            talk: Time,
            patience: Time = ...,
            wrap_up: Time = ...,
            lines: float | str = ...,
            agents_factor: float = ...,
            rounding: Rounding = ...,
            groups: AgentGroup | Sequence[AgentGroup] = ...,
            agent_choice: AgentChoice = ...,
            agents_overflow_after_s: float | str = ...,
            agent_share: float | str | Mapping[str, float] = ...,
            callers: Mapping[str, Caller] = ...,
            priority: Mapping[str, float] = ...,
            credit_s: Mapping[str, float | str] = ...,
            redials: Redials = ...,
            callback: Callback | None = ...,
            kind: Literal["call_centre"] = ...,
        ) -> None: ...


class MessageGateway(Spec):
    """A message gateway, as for SMS: a message rate per connection behind a bounded queue.

    Example:
        >>> MessageGateway(per_second(100), queue=500).messages_per_s
        100.0
    """

    heads = ("messages_per_s",)
    kind: Literal["message_gateway"] = "message_gateway"
    messages_per_s: Positive
    """Rate of one connection."""
    queue: Room = default(inf)
    """Messages that may wait; one more is `throttled`."""
    connections: CountFromOne = assumed(1, "one connection unless set")
    """Connections side by side; a message goes over the one that is free first."""
    window: Count = assumed(0, "no window unless set")
    """Messages of one connection that may be unacknowledged; 0: any number."""
    ack_s: Seconds = assumed(0, "acknowledged at once unless set")
    """Time from a message's passage to its acknowledgement, which opens the window again."""

    if TYPE_CHECKING:

        def __init__(
            self,
            messages_per_s: float,
            *,
            queue: float | str = ...,
            connections: float = ...,
            window: float = ...,
            ack_s: float | str = ...,
            kind: Literal["message_gateway"] = ...,
        ) -> None: ...


class RequestServer(Spec):
    """A web server or API: slots for concurrent requests, an accept queue, a deadline.

    Example:
        >>> RequestServer(24, accept_queue=200, deadline="5s").deadline_s
        5.0
    """

    heads = ("slots",)
    kind: Literal["request_server"] = "request_server"
    slots: CountFromOne
    """Requests in work at once."""
    accept_queue: Room = default(inf)
    """Requests that may wait for a slot; one more is `throttled`."""
    deadline_s: Deadline = default(inf)
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
    queue_timeout_s: Seconds = assumed(0, "no bound on the wait alone unless set")
    """A request that has waited longer than this for its slot fails (`error`, cause `queue_timeout`), as with
    the timeout of a connection pool; work once begun is not cut. 0: no such bound."""
    network_s: Seconds = assumed(0, "no time on the way unless set")
    """Part of each response in which the request holds no slot: the way there and back, connecting, parsing.
    It comes before the deadline begins. The reference service adds none: its network is a real one."""
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

    if TYPE_CHECKING:

        def __init__(
            self,
            slots: float,
            *,
            accept_queue: float | str = ...,
            deadline_s: float | str = ...,
            deadline: float | str = ...,
            discipline: Literal["slots", "sharing"] = ...,
            cores: float = ...,
            stale_work: Literal["cut", "served", "dropped"] = ...,
            queue_timeout_s: float | str = ...,
            queue_timeout: float | str = ...,
            network_s: float | str = ...,
            network: float | str = ...,
            queues: float = ...,
            dispatch: Literal["round_robin", "random", "shortest"] = ...,
            rate_limit: RateLimit = ...,
            stalls: Stalls = ...,
            retry: Retry = ...,
            breaker: CircuitBreaker = ...,
            kind: Literal["request_server"] = ...,
        ) -> None: ...


Station = Annotated[
    Counters | Kiosks | CallCentre | MessageGateway | RequestServer,
    Field(discriminator="kind"),
    Meaning("a station, such as Counters(3), CallCentre(5, talk=minutes(3)) or RequestServer(24)"),
]
