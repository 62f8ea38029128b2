"""Which behaviours of a station a model sets beyond the plain ones, by their names."""

from footfall.simulate.spec.station import MessageGateway, RequestServer, Station


def of_server(station: Station) -> tuple[str, ...]:
    """Give what the server does that the reference service cannot, as `field=value`."""
    found = []
    if isinstance(station, RequestServer):
        if station.discipline != "slots":
            found.append(f"discipline={station.discipline}")
        if station.stale_work != "cut":
            found.append(f"stale_work={station.stale_work}")
        if station.queues > 1:
            found.append(f"queues={station.queues:g}")
        if station.stalls.length_s:
            found.append(f"stalls.length_s={station.stalls.length_s:g}")
    if isinstance(station, MessageGateway):
        if station.connections > 1:
            found.append(f"connections={station.connections:g}")
        if station.window:
            found.append(f"window={station.window:g}")
    return tuple(found)


def of_limits(station: Station) -> tuple[str, ...]:
    """Give the limits of a server beyond slots, an accept queue and a deadline, as `field=value`."""
    found = []
    if isinstance(station, RequestServer):
        if station.queue_timeout_s:
            found.append(f"queue_timeout_s={station.queue_timeout_s:g}")
        if station.rate_limit.requests_per_s:
            found.append(f"rate_limit.requests_per_s={station.rate_limit.requests_per_s:g}")
    return tuple(found)


def of_clients(station: Station) -> tuple[str, ...]:
    """Give what its clients do on their own between the customer and the server, as `field=value`."""
    found = []
    if isinstance(station, RequestServer):
        if station.retry.retries_most:
            found.append(f"retries_most={station.retry.retries_most:g}")
        if station.breaker.failure_share:
            found.append(f"breaker.failure_share={station.breaker.failure_share:g}")
    return tuple(found)
