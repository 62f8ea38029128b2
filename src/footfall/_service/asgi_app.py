"""The service as an ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from footfall._service.http_messages import HttpRequest, HttpResponse
from footfall._service.openapi import document
from footfall._service.router import Router
from footfall._service.routes import OPERATOR, Route, routes
from footfall._service.seeding import open_engine
from footfall._service.service_state import ServiceState
from footfall._service.settings import ServiceSettings


def build_app(settings: ServiceSettings) -> Starlette:
    """Build the application, its database open and filled; `app.state.service` is its `ServiceState`.

    Raises:
        BadInputError: the database cannot be opened, or holds other accounts.
    """
    state = ServiceState(settings, open_engine(settings))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await state.start()
        app.requests = _build_router(state)
        try:
            yield
        finally:
            await state.stop()

    app = _App(lifespan=lifespan)
    app.state.service = state
    return app


class _App(Starlette):
    """Starlette's lifespan; requests bypass its routing, which takes longer than most of them do."""

    requests: Router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self.requests(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def _build_router(state: ServiceState) -> Router:
    table = list(routes(state))

    async def show_document(_request: HttpRequest) -> HttpResponse:
        return 200, openapi

    own = Route(
        method="GET",
        path="/openapi.json",
        run=show_document,
        summary="Describe all routes.",
        tag=OPERATOR,
        responses={200: "Document"},
    )
    table.append(own)
    # Without a token the control routes do not exist; without a gateway key its header is not needed.
    has_control = bool(state.settings.control_token)
    unneeded = {"gateway"} if state.settings.gateway_key is None else set()
    listed = [
        replace(route, headers=tuple(name for name in route.headers if name not in unneeded))
        for route in table
        if has_control or "control" not in route.headers
    ]
    openapi = document(state.settings.model, listed)
    return Router(table)
