"""The whole document, put together from the route table."""

import functools
import re
import sys
from collections.abc import Iterator
from operator import itemgetter
from typing import Any, Final

import orjson
from apispec import APISpec

from mechanic_http.openapi import headers, operators, problems
from mechanic_http.openapi.components import Components
from mechanic_http.openapi.introduction import INTRODUCTION, SUMMARY
from mechanic_http.openapi.operations import TOKEN, Operations
from mechanic_http.openapi.values import Schema
from mechanic_http.routes import DOCUMENTED, Route

VERSION: Final = "0.1.0"
"""That of the project: a test holds the two together."""

_AN_ID: Final = re.compile(r"{\w+}")


@functools.cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document, as JSON would have it."""
    spec = APISpec(
        title="Mechanic Shop",
        version=VERSION,
        openapi_version="3.1.0",
        info={
            "summary": SUMMARY,
            "description": INTRODUCTION,
            "contact": {"name": "Whoever runs the shop's server"},
            "license": {"name": "MIT", "url": "https://opensource.org/license/mit"},
        },
        servers=[{"url": "/", "description": "The server that this document comes from."}],
    )
    components = Components(spec)
    _write_components(spec, components)
    operations = Operations(spec, components)
    for route in DOCUMENTED:
        operations.write(route, _links(route))
    for page in operators.PAGES:
        spec.path(path=page.path, parameters=page.parameters, operations=page.operations)
    for tag in sorted(_tags(), key=itemgetter("name")):
        spec.tag(tag)
    found: dict[str, Any] = spec.to_dict()
    return {name: found[name] for name in ("openapi", "info", "servers", "tags", "paths")} | {
        "components": found["components"]
    }


@functools.cache
def as_json() -> bytes:
    """Return the document as JSON."""
    return orjson.dumps(document(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _write_components(spec: APISpec, components: Components) -> None:
    spec.components.security_scheme(
        TOKEN,
        {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The `token` that `POST /login` or `POST /mechanics/login` gives.",
        },
    )
    spec.components.security_scheme(
        operators.OPERATOR,
        {
            "type": "http",
            "scheme": "bearer",
            "description": "The `METRICS_TOKEN` that the server was given, if it was.",
        },
    )
    operations = [operation for route in DOCUMENTED for operation in route.operations.values()]
    for name in sorted(
        {"Retry-After", "WWW-Authenticate"}.union(*map(headers.of_success, operations))
    ):
        spec.components.header(name, headers.ANSWERED[name])
    for name, header in headers.ASKED.items():
        spec.components.parameter(name, "header", {"name": name, **header})
    components.named("Wrong", problems.WRONG)
    refusals = {kind for operation in operations for kind in operation.refuses}
    components.named("Problem", problems.problem_schema(refusals, components))


def _tags() -> Iterator[Schema]:
    modules = dict.fromkeys(route.resource.__module__ for route in DOCUMENTED)
    for module in modules:
        says = (sys.modules[module].__doc__ or "").strip()
        yield {"name": module.rpartition(".")[2], "description": says}
    yield from ({"name": name, "description": says} for name, says in operators.TAGS.items())


def _links(route: Route) -> dict[str, Schema]:
    """Return what can be done next with what a POST to *route* makes."""
    creates = next((p.creates for p in route.operations.values() if p.creates), None)
    found = {_AN_ID.sub("{}", one.template): one for one in DOCUMENTED}
    item = found.get(_AN_ID.sub("{}", creates or ""))
    if item is None or item is route:
        return {}
    *outer, own = _AN_ID.findall(item.template)
    ids = {name[1:-1]: f"$request.path.{name[1:-1]}" for name in outer}
    ids[own[1:-1]] = "$response.body#/id"
    return {
        operation.operation_id: {"operationId": operation.operation_id, "parameters": ids}
        for operation in item.operations.values()
    }
