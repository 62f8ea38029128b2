"""The same requests through the stations of the day's simulation, for comparison."""

from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np

from footfall._behaviour.capacity_rules import LeakyBucket
from footfall._calibrate.station_parameters import StationParameters
from footfall._calibrate.station_runs import OfferedRequests, RequestEnd
from footfall._model.station_specs import RateLimit, RequestServer, Stalls
from footfall._simulate.engine import Environment, after
from footfall._simulate.stations.guarded_server import INSTANT_S
from footfall._simulate.stations.request_servers import ANSWERED, QUEUE_TIMEOUT, SharedRequest, WorkerQueues

_ENDS = {ANSWERED: RequestEnd.SERVED, QUEUE_TIMEOUT: RequestEnd.QUEUE_TIMEOUT, None: RequestEnd.DEADLINE}


def spec_of(station: StationParameters, first_stall_s: float) -> RequestServer:
    """The station as a specification of the simulation."""
    finite: dict[str, Any] = {}
    if np.isfinite(station.queue_timeout_s):
        finite["queue_timeout_s"] = station.queue_timeout_s
    if station.stall_length_s:
        finite["stalls"] = Stalls(
            length_s=station.stall_length_s, every_s=station.stall_every_s, first_s=first_stall_s
        )
    if np.isfinite(station.rate_limit_per_s):
        finite["rate_limit"] = RateLimit(
            requests_per_s=station.rate_limit_per_s, burst=station.rate_limit_burst
        )
    if station.cores is not None:
        finite |= {"discipline": "sharing", "cores": station.cores}
    return RequestServer(
        station.slots,
        accept_queue=station.accept_queue,
        deadline_s=station.deadline_s,
        stale_work=station.stale_work,
        queues=station.queues,
        dispatch=station.dispatch,
        **finite,
    )


def simpy_ends(station: StationParameters, requests: OfferedRequests) -> tuple[np.ndarray, np.ndarray]:
    """Response times and ends of the requests of the first column, as the simulation has them."""
    first_s = 0.0 if requests.first_stall_s is None else float(requests.first_stall_s[0])
    spec, env = spec_of(station, first_s), Environment()
    place: Any = SimpleNamespace(env=env, run=1, until_s=1e6)
    workers = WorkerQueues("station", spec, place)
    bucket = LeakyBucket(spec.rate_limit) if spec.rate_limit.requests_per_s else None
    sent_s, work_s = requests.sent_s[:, 0], requests.work_s[:, 0]
    response_s, end = np.zeros(len(sent_s)), np.full(len(sent_s), int(RequestEnd.ABSENT))

    def answered(number: int, how: str | None = None) -> None:
        response_s[number] = env.now - sent_s[number]
        end[number] = _ENDS[how]

    def ask(number: int) -> None:
        if bucket and bucket.enter(env.now) is None:
            end[number] = RequestEnd.RATE_LIMITED
            return
        script = SimpleNamespace(resume=partial(answered, number))
        customer: Any = SimpleNamespace(script=script, queued_s=-1.0, wait_s=0.0, served_s=-1.0)
        server = workers.next()
        request = SharedRequest(server, customer, float(work_s[number]), env.now)
        if not server.offer(request):
            end[number] = RequestEnd.REFUSED
            return
        if np.isfinite(station.deadline_s):
            after(env, station.deadline_s, request.expire)
        if np.isfinite(station.queue_timeout_s) and request.queued:
            after(env, station.queue_timeout_s + INSTANT_S, request.leave_queue)

    for number, at_s in enumerate(sent_s.tolist()):
        after(env, at_s, partial(ask, number))
    env.run_to(float(sent_s[-1]) + 1e4)
    return response_s, end
