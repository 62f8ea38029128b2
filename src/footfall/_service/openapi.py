"""The OpenAPI 3.1 document, built from the table of routes."""

import re
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from footfall._model.model import Model
from footfall._service import schemas
from footfall._service.http_messages import ERRORS
from footfall._service.routes import HEADERS, OPERATOR, Route

_JSON = "application/json"
_PARAMETER = re.compile(r"{(\w+)}")


def document(model: Model, routes: Iterable[Route]) -> dict[str, Any]:
    """Describe all routes of a service for this model."""
    paths: dict[str, dict[str, Any]] = {}
    bodies = {
        (kind, channel.name): make(channel)
        for channel in model.channels
        for kind, make in (("OrderRequest", schemas.order_schema), ("VisitRequest", schemas.visit_schema))
    }
    for route in routes:
        body = bodies.get((route.body, route.tag)) or (_reference(route.body) if route.body else None)
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, body)
    codes = ", ".join(sorted(ERRORS))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{model.title}: reference service",
            "version": version("footfall"),
            "x-footfall-interface": schemas.INTERFACE,
            "description": "Times in seconds, money in fen. An error is a status with a code and a sentence; "
            f"codes: {codes}, or the cause of a fault that the model describes.",
        },
        "paths": paths,
        "components": {"schemas": schemas.SCHEMAS},
    }


def _operation(route: Route, body: dict[str, Any] | None) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "tags": [route.tag],
        "operationId": _identifier(route),
        "parameters": [*_parameters(route)],
        "responses": _errors(route)
        | {str(status): _response(schema) for status, schema in route.responses.items()}
        | {"default": _response("Refusal")},
    }
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {_JSON: {"schema": body}}}
    return operation


def _errors(route: Route) -> dict[str, dict[str, Any]]:
    """Return the errors of a route by status, each with its codes."""
    by_status: dict[int, list[str]] = {}
    for code, (status, _) in ERRORS.items():
        by_status.setdefault(status, []).append(code)
    found = {400, 404, 405, 500, 503, 504}
    found |= {413, 422} if route.body else set()
    found |= {401} if route.headers else set()
    if route.tag != OPERATOR:
        found |= {401, 408, 409, 410, 422, 429, 502}
    content = {_JSON: {"schema": _reference("Refusal")}}
    return {
        str(status): {"description": f"Codes: {', '.join(by_status[status])}.", "content": content}
        for status in sorted(found)
    }


def _parameters(route: Route) -> Iterable[dict[str, Any]]:
    for name in _PARAMETER.findall(route.path):
        yield {"name": name, "in": "path", "required": True, "schema": schemas.PATH_PARAMETER}
    for name in route.query:
        yield {"name": name, "in": "query", "required": False, "schema": {"type": "number"}}
    for header in route.headers:
        schema = schemas.KEY_HEADER if header == "key" else schemas.HEADER
        yield {"name": HEADERS[header], "in": "header", "required": True, "schema": schema}


def _response(schema: str) -> dict[str, Any]:
    if not schema:
        return {"description": "Done."}
    return {"description": schema, "content": {_JSON: {"schema": _reference(schema)}}}


def _reference(schema: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{schema}"}


def _identifier(route: Route) -> str:
    return re.sub(r"\W+", "_", f"{route.method.lower()}{route.path}").strip("_")
