"""The workers of a request server: one queue before all slots, or one before the slots of each worker."""

from functools import partial

from footfall.simulate.decide import keyed
from footfall.simulate.decide.stalls import stall_times
from footfall.simulate.engine import after
from footfall.simulate.spec.number import Number
from footfall.simulate.spec.station import RequestServer
from footfall.simulate.stations.base import Place
from footfall.simulate.stations.shared_slots import SharedSlots


class WorkerQueues:
    """`queues` times slots with a queue before them, which stall together."""

    def __init__(self, name: str, spec: RequestServer, place: Place) -> None:
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
