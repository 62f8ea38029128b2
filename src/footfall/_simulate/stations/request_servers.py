"""Request servers: slots, worker queues and processor sharing."""

from array import array
from collections import deque
from collections.abc import Sequence
from functools import partial
from heapq import heappop, heappush
from itertools import count

import simpy

from footfall._behaviour import keyed
from footfall._behaviour.capacity_rules import stall_times
from footfall._model.channel import Channel
from footfall._model.numbers import Number, whole
from footfall._model.station_specs import RequestServer
from footfall._records.rows import Outcome
from footfall._simulate.customer_state import Customer
from footfall._simulate.engine import Body, after
from footfall._simulate.sampler import Draw
from footfall._simulate.stations.queues import HallQueue
from footfall._simulate.stations.station import SimContext, Station

# ── Web, WAP, agents' channel: slots for requests, an accept queue before them, a deadline

MANY_FREE = 8


class RequestServerStation(Station):
    """A pool of workers that serves pages one by one; between pages the customer holds nothing."""

    def __init__(self, channel: Channel, spec: RequestServer, place: SimContext) -> None:
        """Start with all slots free."""
        super().__init__(channel, place)
        self.slots = HallQueue(self.env, int(spec.slots))
        self.lines = (self.slots,)
        self._accept_queue = whole(spec.accept_queue)
        self._deadline_s = float(spec.deadline_s)

    def serve(self, customer: Customer) -> Body:
        """Go through the pages of the session."""
        return self.dialogue(customer, self.steps_of(customer))

    def begin(self, customer: Customer, service_s: float) -> float | None:
        """Take a free slot, if there is one and the page is quick enough."""
        slots = self.slots
        if service_s > self._deadline_s or not slots.take():
            return None
        now_s = self.env.now
        slots.begun_s.append(now_s)
        slots.ended_s.append(now_s + service_s)
        if customer.served_s < 0:
            customer.served_s = now_s
        return service_s

    def begin_turn(self, customer: Customer, services: Sequence[Draw]) -> float | None:
        """Take a slot for all pages of a turn, while many are free.

        A queued request would see a difference only if they all filled up within the turn's fraction
        of a second. Where an outage may cut in, pages stay single.
        """
        slots = self.slots
        if self._has_outages or slots.servers - slots.busy < MANY_FREE:
            return None
        times_s = [service(customer) for service in services]
        if max(times_s) > self._deadline_s:
            return None
        slots.take()
        now_s, whole_s = self.env.now, sum(times_s)
        slots.begun_s.append(now_s)
        slots.ended_s.append(now_s + whole_s)
        if customer.served_s < 0:
            customer.served_s = now_s
        return whole_s

    def end(self) -> None:
        """Give the slot back."""
        self.slots.release()

    def wait_and_serve(self, customer: Customer, service_s: float) -> Body:
        """Wait for a slot and be served, within the deadline."""
        slots = self.slots
        left_s = self._deadline_s
        if not slots.take():
            if slots.waiting >= self._accept_queue:
                customer.cause = "throttled"
                return Outcome.THROTTLED
            before_s = customer.wait_s
            if not (yield from slots.wait(customer, left_s)):
                customer.cause = "deadline"
                return Outcome.TIMEOUT
            left_s -= customer.wait_s - before_s
        now_s, held_s = self.env.now, min(service_s, left_s)
        slots.begun_s.append(now_s)
        slots.ended_s.append(now_s + held_s)
        if customer.served_s < 0:
            customer.served_s = now_s
        yield held_s
        slots.release()
        if service_s > left_s:
            customer.cause = "deadline"
            return Outcome.TIMEOUT
        return None


# ── A request server's inside: slots with a queue before them, each its own core or all sharing some
#
# Sharing is exact and takes O(log n) a request, by virtual time: while n requests are in work, each goes
# on at the rate r(n) = min(1, cores/n), so V(t), the integral of r, is the work done so far on any one that
# has been there all the time. A request of work x that begins at V ends when V has grown by x: they end
# in the order of begin V + x, independent of later arrivals (Demers, Keshav and Shenker 1989).

ANSWERED = "answered"
QUEUE_TIMEOUT = "queue_timeout"
_INSTANT_S = 1e-9
"""Less than this is rounding: the answer comes at this very instant."""


class SharedRequest:
    """A request on its way: the work it is, and the customer who waits for its answer."""

    __slots__ = (
        "_server",
        "begun",
        "client_waits",
        "customer",
        "cut",
        "end_v",
        "queued",
        "since_s",
        "work_s",
    )

    def __init__(self, server: "SharedSlots", customer: Customer, work_s: float, now_s: float) -> None:
        """Make it; `SharedSlots.offer` sends it."""
        self._server = server
        self.customer = customer
        self.work_s = work_s
        self.since_s = now_s
        self.end_v = 0.0
        self.begun = False
        self.queued = False
        self.client_waits = True
        self.cut = False

    def queue(self) -> None:
        """Note that it must wait."""
        self.queued = True
        self.customer.queued_s = self.since_s
        self._server.joined_s.append(self.since_s)

    def leave(self, now_s: float) -> None:
        """Note that it waits no more."""
        if self.queued:
            self._server.left_s.append(now_s)

    def begin(self, now_s: float) -> None:
        """Note that its work begins."""
        self.begun = True
        self.leave(now_s)
        self._server.begun_s.append(now_s)
        if self.client_waits:
            self.customer.queued_s = -1.0
            self.customer.wait_s += now_s - self.since_s
            if self.customer.served_s < 0:
                self.customer.served_s = now_s

    def answer(self, now_s: float) -> None:
        """Answer the client, if it still waits."""
        self._server.ended_s.append(now_s)
        if self.client_waits:
            self.client_waits = False
            self.customer.script.resume(ANSWERED)

    def expire(self) -> None:
        """Have the client give up, unless it was answered or is being answered at this instant."""
        if self.client_waits and not self._server.ends_now(self):
            self.client_waits = False
            self.customer.queued_s = -1.0
            self._server.forget(self)
            self.customer.script.resume()

    def leave_queue(self) -> None:
        """Fail because the wait has lasted too long, unless its work has begun; its client may have gone."""
        if self.begun or self.cut:
            return
        self._server.drop(self)
        if self.client_waits:
            self.client_waits = False
            self.customer.queued_s = -1.0
            self.customer.wait_s += self._server.now_s - self.since_s
            self.customer.script.resume(QUEUE_TIMEOUT)


class SharedSlots:
    """`slots` requests in work, `accept_queue` before them in the order in which they came."""

    def __init__(self, env: simpy.Environment, spec: RequestServer) -> None:
        """Start with all slots free."""
        self._env = env
        self._slots = int(spec.slots)
        self._cores = int(spec.cores) if spec.discipline == "sharing" else self._slots
        self._most_waiting = whole(spec.accept_queue)
        self._stale_work = spec.stale_work
        self._queue: deque[SharedRequest] = deque()
        self._ends: list[tuple[float, int, SharedRequest]] = []
        self._order = count()
        self._v = 0.0
        self._v_at_s = 0.0
        self._armed: tuple[float, int, SharedRequest] | None = None
        self._armed_rate = 0.0
        self._version = 0
        self._stalled = False
        self.in_work = 0
        self.waiting = 0
        self._work_moment_s = 0.0
        self._waiting_moment_s = 0.0
        self.begun_s = array("d")
        self.ended_s = array("d")
        self.joined_s = array("d")
        self.left_s = array("d")
        self.staffed = [(env.now, self._slots)]
        self.stale_work_s = 0.0
        """Work begun for clients that had given up before."""

    def offer(self, request: SharedRequest) -> bool:
        """Take a request in; False when no slot is free and the accept queue is full."""
        if self.in_work < self._slots and not self.waiting and not self._stalled:
            self._begin(request)
            self._arm()
            return True
        free = self._slots - self.in_work if self._stalled else 0
        if self.waiting >= self._most_waiting + max(free, 0):
            return False
        self._queue.append(request)
        self.waiting += 1
        self._waiting_moment_s -= self._env.now
        request.queue()
        return True

    def forget(self, request: SharedRequest) -> None:
        """Note that the client of this request has gone: `stale_work` says what that changes."""
        now_s = self._env.now
        if not request.begun:
            request.customer.wait_s += now_s - request.since_s
        if self._stale_work != "cut":
            return
        request.cut = True
        if request.begun:
            self._advance()
            self._less_work()
            self.ended_s.append(now_s)
            self._admit()
            self._arm()
        else:
            self._less_waiting()
            request.leave(now_s)

    def drop(self, request: SharedRequest) -> None:
        """Take a request that waits out of the queue, whatever becomes of stale work."""
        request.cut = True
        self._less_waiting()
        request.leave(self._env.now)

    @property
    def now_s(self) -> float:
        """Second of the run."""
        return float(self._env.now)

    def stall(self) -> None:
        """Stand still: work under way rests, nothing begins, and free slots count as places to wait."""
        self._advance()
        self._stalled = True
        self.staffed.append((self._env.now, 0))
        self._arm()

    def go_on(self) -> None:
        """End a stall: work goes on where it was, and those who wait take the free slots in order."""
        self._advance()
        self._stalled = False
        self.staffed.append((self._env.now, self._slots))
        self._admit()
        self._arm()

    def busy_s(self, now_s: float) -> float:
        """Give the time integral of the requests in work, from the start."""
        return self._work_moment_s + self.in_work * now_s

    def waiting_s(self, now_s: float) -> float:
        """Give the time integral of the requests that wait, from the start."""
        return self._waiting_moment_s + self.waiting * now_s

    def ends_now(self, request: SharedRequest) -> bool:
        """Whether the work on a request ends at this very instant."""
        if not request.begun:
            return False
        self._advance()
        return request.end_v - self._v <= _INSTANT_S

    def _rate(self) -> float:
        return 0.0 if self._stalled else min(1.0, self._cores / self.in_work)

    def _advance(self) -> None:
        now_s = self._env.now
        if self.in_work:
            self._v += (now_s - self._v_at_s) * self._rate()
        self._v_at_s = now_s

    def _begin(self, request: SharedRequest) -> None:
        self._advance()
        if not self.in_work:
            # With none in work there is nothing to compare with: V begins anew and stays exact all day.
            self._v = 0.0
            self._ends.clear()
        request.begin(self._env.now)
        if not request.client_waits:
            self.stale_work_s += request.work_s
        request.end_v = self._v + request.work_s
        heappush(self._ends, (request.end_v, next(self._order), request))
        self.in_work += 1
        self._work_moment_s -= self._env.now

    def _less_work(self) -> None:
        self.in_work -= 1
        self._work_moment_s += self._env.now

    def _less_waiting(self) -> None:
        self.waiting -= 1
        self._waiting_moment_s += self._env.now

    def _admit(self) -> None:
        """Let those who wait into free slots, in order."""
        while self._queue and self.in_work < self._slots and not self._stalled:
            request = self._queue.popleft()
            if request.cut:
                continue
            self._less_waiting()
            if request.client_waits or self._stale_work == "served":
                self._begin(request)
            else:
                request.leave(self._env.now)

    def _arm(self) -> None:
        """Set the alarm to the next end, unless it already is."""
        ends = self._ends
        while ends and ends[0][2].cut:
            heappop(ends)
        if not ends or self._stalled:
            self._armed = None
            self._version += 1
            return
        rate = self._rate()
        if ends[0] is self._armed and rate == self._armed_rate:
            return
        self._armed, self._armed_rate = ends[0], rate
        self._version += 1
        left_s = max(0.0, ends[0][0] - self._v) / rate
        after(self._env, left_s, partial(self._end_next, self._version))

    def _end_next(self, version: int) -> None:
        """End the request that the alarm was set for; release, let the next in, then answer."""
        if version != self._version:
            return
        end_v, _, request = heappop(self._ends)
        now_s = self._env.now
        self._v, self._v_at_s = end_v, now_s
        self._less_work()
        self._armed = None
        self._admit()
        self._arm()
        request.answer(now_s)


# ── The workers of a request server: one queue before all slots, or one before the slots of each worker


class WorkerQueues:
    """`queues` times slots with a queue before them, which stall together."""

    def __init__(self, name: str, spec: RequestServer, place: SimContext) -> None:
        """Start with all slots free; `name` is the channel's, to which the random numbers belong."""
        env = place.env
        each = _of_one_worker(spec)
        self.servers = tuple(SharedSlots(env, each) for _ in range(int(spec.queues)))
        self._dispatch = spec.dispatch
        self._key = keyed.mix(place.run ^ keyed.offset(f"dispatch.{name}", 0, 0))
        self._dispatched = 0
        self._stalls = stall_times(spec.stalls, place.run, name)
        self._place = place
        self._plan_stall()

    def next(self) -> SharedSlots:
        """Give the worker that the next request goes to."""
        servers = self.servers
        if len(servers) == 1:
            return servers[0]
        self._dispatched += 1
        if self._dispatch == "round_robin":
            return servers[(self._dispatched - 1) % len(servers)]
        if self._dispatch == "shortest":
            return min(servers, key=lambda server: server.in_work + server.waiting)
        u = keyed.uniform(keyed.customer_key(self._key, self._dispatched), "dispatch")
        return servers[int(u * len(servers))]

    def _plan_stall(self) -> None:
        """Plan the next stall; none begins after the end of the run."""
        begins_s, ends_s = next(self._stalls, (self._place.until_s, 0.0))
        if begins_s < self._place.until_s:
            after(self._place.env, begins_s - self._place.env.now, partial(self._stall, ends_s))

    def _stall(self, until_s: float) -> None:
        for server in self.servers:
            server.stall()
        after(self._place.env, until_s - self._place.env.now, self._go_on)

    def _go_on(self) -> None:
        for server in self.servers:
            server.go_on()
        self._plan_stall()


def _of_one_worker(spec: RequestServer) -> RequestServer:
    if spec.queues <= 1:
        return spec

    def divided(number: Number) -> Number:
        return Number(number // spec.queues, number.grade, number.source)

    cores = divided(spec.cores) if spec.discipline == "sharing" else spec.cores
    return spec.model_copy(update={"slots": divided(spec.slots), "cores": cores})
