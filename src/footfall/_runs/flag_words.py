"""What the flags of a service mean, in words for a reader of a page."""

from footfall._capacity.capacity_found import (
    DIED,
    DISTURBED,
    DOES_NOT_RECOVER,
    DRIFT,
    FASTER_UNDER_LOAD,
    RESTARTED,
)

_TEXTS = {
    "stalls": "the whole service stands still now and then; capacity is lost and waits are long",
    "rate limit": "requests beyond a rate are refused, whatever the service could do",
    "loss system": "a request that finds no free slot is refused: there is no queue",
    "deadline": "the service gives up requests that last too long",
    "connection pool": "a request that waits too long for its slot fails; work once begun is not cut",
    "separate queues": "each worker has its own queue, so requests wait while another worker is free",
    "bounded queue": "only so many requests may wait; more are refused",
    "shared cores": "all requests in work share the cores, so each slows the others down",
    DOES_NOT_RECOVER: "after an overload the service does not come back when the load does",
    DIED: "the service stopped answering during the search and did not come back",
    RESTARTED: "for a while the service accepted no connections, then it did again",
    DRIFT: "equal loads, minutes apart, had different response times: the service or its machine changed",
    FASTER_UNDER_LOAD: (
        "answers were faster at a higher load: the service was warming up, answers from a cache, "
        "or sends something else when it is busy"
    ),
    DISTURBED: "parts of the search do not look like one service: something else was running, or it changed",
}


def flag_text(flag: str) -> str:
    """Return what a flag means."""
    return _TEXTS.get(flag, "seen in the runs")
