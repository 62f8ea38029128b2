"""The OpenAPI 3.1 document, made from the table of routes."""

import re
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from footfall.service.refusals import REFUSALS
from footfall.service.web.routes import HEADERS, Route
from footfall.service.web.schemas import SCHEMAS
from footfall.simulate.spec.model import Model

_JSON = "application/json"
_PARAMETER = re.compile(r"{(\w+)}")


def document(model: Model, routes: Iterable[Route]) -> dict[str, Any]:
    """Describe all routes of a service of this model."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    codes = ", ".join(sorted(REFUSALS))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{model.title}: reference service",
            "version": version("footfall"),
            "description": "Times in seconds, money in fen. An error is a status with a code and a sentence; "
            f"codes: {codes}, or the cause of a fault that the model describes.",
        },
        "paths": paths,
        "components": {"schemas": SCHEMAS},
    }


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "tags": [route.tag],
        "operationId": _identifier(route),
        "parameters": [*_parameters(route)],
        "responses": {str(status): _response(schema) for status, schema in route.answers.items()}
        | {"default": _response("Refusal")},
    }
    if route.body:
        operation["requestBody"] = {"required": True, "content": {_JSON: {"schema": _reference(route.body)}}}
    return operation


def _parameters(route: Route) -> Iterable[dict[str, Any]]:
    for name in _PARAMETER.findall(route.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    for name in route.query:
        yield {"name": name, "in": "query", "required": False, "schema": {"type": "number"}}
    for header in route.headers:
        required = header != "gateway"
        yield {"name": HEADERS[header], "in": "header", "required": required, "schema": {"type": "string"}}


def _response(schema: str) -> dict[str, Any]:
    if not schema:
        return {"description": "Done."}
    return {"description": schema, "content": {_JSON: {"schema": _reference(schema)}}}


def _reference(schema: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{schema}"}


def _identifier(route: Route) -> str:
    return re.sub(r"\W+", "_", f"{route.method.lower()}{route.path}").strip("_")
