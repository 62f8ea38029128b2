"""Endpoints for operations staff: health, the run clock, counts, and the audit of the ledger."""

import hmac
from importlib.metadata import version

from footfall._service.http_messages import HttpRequest, HttpResponse, api_error
from footfall._service.schemas import INTERFACE
from footfall._service.service_state import ServiceState
from footfall._service.sessions import audit

_STARTS_IN_S_MAX = 86_400.0
_HEALTH_S_MOST = 2.0


async def show_health(state: ServiceState, _request: HttpRequest) -> HttpResponse:
    """Report health and identity of the service; 503 while its database is unreachable."""
    settings = state.settings
    is_well = await state.database.is_reachable(_HEALTH_S_MOST)
    problem = {} if is_well else {"code": "no_database", "detail": "The database cannot be reached."}
    return 200 if is_well else 503, problem | {
        "status": "ok" if is_well else "unhealthy",
        "interface": INTERFACE,
        "model": settings.model.name,
        "channels": list(state.handlers),
        "subscribers": settings.subscribers,
        "seed": settings.seed,
        "version": version("footfall"),
    }


async def start_run(state: ServiceState, request: HttpRequest) -> HttpResponse:
    """Set second 0 of the run clock."""
    _check_token(state, request)
    starts_in_s = request.number("starts_in_s", -_STARTS_IN_S_MAX, _STARTS_IN_S_MAX)
    state.start_run(starts_in_s)
    return 200, {"starts_in_s": starts_in_s}


async def show_ledger(state: ServiceState, request: HttpRequest) -> HttpResponse:
    """Audit the ledger."""
    _check_token(state, request)
    return 200, await state.database.read(audit)


async def show_counts(state: ServiceState, request: HttpRequest) -> HttpResponse:
    """Show the current counts of each channel."""
    _check_token(state, request)
    return 200, state.counts()


def _check_token(state: ServiceState, request: HttpRequest) -> None:
    wanted = state.settings.control_token
    if not wanted:
        raise api_error("not_found")
    if not hmac.compare_digest(request.header(b"x-control-token").encode(), wanted.encode()):
        raise api_error("wrong_token")
