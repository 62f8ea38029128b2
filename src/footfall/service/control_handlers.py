"""What the operator's own people ask: how the service is, the clock of play, the audit of the ledger."""

import hmac
from importlib.metadata import version

from footfall.service.api_errors import api_error
from footfall.service.http_messages import Answer, HttpRequest
from footfall.service.schemas import INTERFACE
from footfall.service.service_state import ServiceState
from footfall.service.sessions import audit

_STARTS_IN_S_MAX = 86_400.0
_HEALTH_S_MOST = 2.0


async def show_health(operator: ServiceState, _call: HttpRequest) -> Answer:
    """Say whether the service can work, and which service it is; 503 while its database cannot be reached."""
    settings = operator.settings
    is_well = await operator.store.is_reachable(_HEALTH_S_MOST)
    unwell = {} if is_well else {"code": "no_database", "detail": "The database cannot be reached."}
    return 200 if is_well else 503, unwell | {
        "status": "ok" if is_well else "unhealthy",
        "interface": INTERFACE,
        "model": settings.model.name,
        "channels": list(operator.desks),
        "subscribers": settings.subscribers,
        "seed": settings.seed,
        "version": version("footfall"),
    }


async def start_play(operator: ServiceState, call: HttpRequest) -> Answer:
    """Set second 0 of the clock of play."""
    _check_token(operator, call)
    starts_in_s = call.number("starts_in_s", -_STARTS_IN_S_MAX, _STARTS_IN_S_MAX)
    operator.start_play(starts_in_s)
    return 200, {"starts_in_s": starts_in_s}


async def show_ledger(operator: ServiceState, call: HttpRequest) -> Answer:
    """Audit the ledger."""
    _check_token(operator, call)
    return 200, await operator.store.read(audit)


async def show_counts(operator: ServiceState, call: HttpRequest) -> Answer:
    """Show what each channel has in hand."""
    _check_token(operator, call)
    return 200, operator.counts()


def _check_token(operator: ServiceState, call: HttpRequest) -> None:
    wanted = operator.settings.control_token
    if not wanted:
        raise api_error("not_found")
    if not hmac.compare_digest(call.header(b"x-control-token").encode(), wanted.encode()):
        raise api_error("wrong_token")
