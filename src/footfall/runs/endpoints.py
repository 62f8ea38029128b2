"""Load a service by its own requests: which arrivals have one, and each tried once."""

from collections.abc import Iterator

from footfall.load.endpoints.endpoints_check import DryRun, file_of, prepare_endpoints, trials
from footfall.load.endpoints.target_service import TargetService
from footfall.load.http.client import Client
from footfall.load.http.connection_options import TransportOptions, address_of
from footfall.load.options import LoadOptions
from footfall.load.preflight import check_host
from footfall.records.errors import BadInputError
from footfall.runs.messages import QUIET, Messages
from footfall.workload.trace import Trace


def for_own_service(
    options: LoadOptions, trace: Trace, host: str | None, messages: Messages = QUIET
) -> tuple[Trace, TargetService | None]:
    """Give the trace of those for whom endpoints file or locustfile have something, and the file's service.

    Without either, that is everybody.

    Raises:
        BadInputError: a file is wrong, goes with no host, a secret is not set, or somebody has nothing to do.
    """
    given, users = options.endpoints, options.users
    path = file_of(given, trace.info)
    if path is None and not users.users:
        return trace, None
    if path is not None and host is None:
        where = f"--endpoints {path}" if given else f"scenario {trace.info.scenario} has endpoints: {path}"
        raise BadInputError(where, "the reference service has its own", "--host URL instead of --serve")
    play = prepare_endpoints(path, trace, users)
    left_out = play.trace.info.left_out
    if left_out:
        messages.note(left_out_line(left_out))
    return play.trace, play.service


def left_out_line(left_out: dict[str, int]) -> str:
    """Say how many arrivals are not in the trace, and of which errands."""
    names = ", ".join(f"{name} {count:,}" for name, count in left_out.items())
    return f"left out of the trace, not mapped: {sum(left_out.values()):,} arrivals ({names})"


def tried(service: TargetService, trace: Trace, host: str, transport: TransportOptions) -> Iterator[DryRun]:
    """Send one errand for each mapping of the endpoints file; gives what came back, one by one.

    Raises:
        BadInputError: nobody answers at the host.
    """
    check_host(host, trace.info, transport=transport, is_mapped=True)
    client = Client(address_of(host, f"--host {host}"), transport)
    yield from trials(service, trace.model, client, trace.info.seed)
