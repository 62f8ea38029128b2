"""The service as an ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from footfall.service.http_messages import Answer, HttpRequest
from footfall.service.openapi import document
from footfall.service.router import Router
from footfall.service.routes import OPERATOR, Route, routes
from footfall.service.seeding import open_engine
from footfall.service.service_state import ServiceState
from footfall.service.settings import ServiceSettings


def build_app(settings: ServiceSettings) -> Starlette:
    """Give the application, its database open and filled; `state.operator` is what works behind it.

    Raises:
        BadInputError: the database cannot be opened, or holds other accounts.
    """
    operator = ServiceState(settings, open_engine(settings))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await operator.start()
        app.door = _door(operator)
        try:
            yield
        finally:
            await operator.stop()

    app = _App(lifespan=lifespan)
    app.state.operator = operator
    return app


class _App(Starlette):
    """Starlette's start and end; requests go to the door, past a routing that takes longer than they do."""

    door: Router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self.door(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def _door(operator: ServiceState) -> Router:
    table = list(routes(operator))

    async def show_document(_call: HttpRequest) -> Answer:
        return 200, openapi

    own = Route(
        method="GET",
        path="/openapi.json",
        run=show_document,
        summary="Describe all routes.",
        tag=OPERATOR,
        answers={200: "Document"},
    )
    table.append(own)
    # Without a token the control routes are as if they were not there; without a key none is looked at.
    has_control = bool(operator.settings.control_token)
    unasked = {"gateway"} if operator.settings.gateway_key is None else set()
    listed = [
        replace(route, headers=tuple(name for name in route.headers if name not in unasked))
        for route in table
        if has_control or "control" not in route.headers
    ]
    openapi = document(operator.settings.model, listed)
    return Router(table)
