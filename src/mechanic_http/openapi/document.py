"""The OpenAPI 3.1 document, generated from the route table."""

import functools
import re
import sys
from collections.abc import Iterator
from operator import itemgetter
from typing import Any, Final

import orjson
from apispec import APISpec

from mechanic_http.endpoint.route import Route
from mechanic_http.openapi import headers, operator_endpoints, parameters, problems
from mechanic_http.openapi.operations import TOKEN, OperationWriter
from mechanic_http.openapi.record_schemas import RecordSchemas
from mechanic_http.openapi.value_schemas import Schema
from mechanic_http.routes import ROUTES

VERSION: Final = "0.1.0"
"""The version of the project; a test compares the two."""

SUMMARY: Final = "A repair shop: customers, vehicles, mechanics, service tickets and inventory."

DESCRIPTION: Final = """\
**Authentication.** Log in with `POST /login` (customers) or `POST /mechanics/login` (mechanics and
managers), and send the `token` of the response as `Authorization: Bearer …`. A token identifies one
person in one role; a manager may do everything that a mechanic may. `x-access` states who
may call an operation: *roles* without restriction, *owners* for their own data, *anyone* even without
a token. A resource that you may not see is reported as not found (404).

**Values.** Amounts of money have at most 2 decimals, quantities and hours at most 3, percentages at
most 4. All are exact, and are also accepted as text (`"19.99"`). Date-times are UTC, such as
`2026-03-02T09:30:00.000000Z`. Unknown members and query parameters are rejected; a query parameter
without a value (`?status=`) is as if it were not there. A body may begin with a byte-order mark.
Responses may get new members in the future.

**GET, change, PUT.** A `PUT` may send all that `GET` gave, with changes in it. Read-only members are
accepted with their present values only; leave them out, or read the resource again, if they have
changed.

**Texts** are trimmed and stored in Unicode's normalization form C. Names and other texts of one line
have no control or format characters and at least one visible character; descriptions, addresses and
notes may have line breaks and tabs. An optional text that is blank, and `null` for an optional member,
count as not given. The international domain of an e-mail address is answered in ASCII. Spellings of one
thing are equal: e-mail addresses in any case, SKUs in any case and with any white space, plates by
their letters and digits.

**Pagination.** Lists are divided into pages: use `page` near the beginning, and `cursor` (keyset
pagination, at constant cost) anywhere. `Link` headers have the addresses of adjacent pages.

**Optimistic locking and caching.** Every resource has an `ETag`. Send it as `If-Match`, and a change
fails with 412 if somebody else has changed the resource since you read it. Send it as
`If-None-Match`, and the response is 304 without content if your copy is current. With
`Accept-Encoding: gzip`, large responses are compressed; their `ETag` ends in `-gzip` and is
equivalent to the other one.

**Idempotency.** Every `POST` except those that issue tokens accepts an `Idempotency-Key` that you
choose. If a response is lost, send the same request with the same key again: it is executed once,
and the stored response is sent with `Idempotency-Replayed`. Once a customer is erased, so are the
responses about them: 409 `answer-erased`, and it is not executed again. Payments, refunds and credit
notes require a key.

**Errors** are problem documents (RFC 9457). Each operation lists its own; any request may also fail
because the address is unknown (404), the method is not supported (405), HTTPS is required (403), or
the server has failed (500). `code` is for programs, `detail` for people, and `type` is the address
of a page that explains the problem. All validation errors of a request are reported together. Quote
`request_id` when you ask for support; you can choose it with the header `X-Request-ID`.

**Rate limits** apply per user, or per client network without a token; all users of one network have
ten times the limit together. Failed logins are limited per account and network. `RateLimit` has what
remains of each.
"""

_PATH_PARAMETER: Final = re.compile(r"{\w+}")


@functools.cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    spec = APISpec(
        title="Mechanic Shop",
        version=VERSION,
        openapi_version="3.1.0",
        info={
            "summary": SUMMARY,
            "description": DESCRIPTION,
            "contact": {"name": "The operator of this server"},
            "license": {"name": "MIT", "url": "https://opensource.org/license/mit"},
        },
        servers=[{"url": "/", "description": "The server that this document comes from."}],
    )
    schemas = RecordSchemas(spec)
    _add_shared_components(spec, schemas)
    operations = OperationWriter(spec, schemas)
    for route in ROUTES:
        operations.add(route, _links(route))
    for other in operator_endpoints.ROUTES:
        spec.path(other.template, parameters=other.parameters, operations=other.operations)
    for tag in sorted(_tags(), key=itemgetter("name")):
        spec.tag(tag)
    sections: dict[str, Any] = spec.to_dict()
    components = sections["components"]
    schemes = components.pop("securitySchemes")  # the docs page asks for the first one first
    by_name = {kind: dict(sorted(named.items())) for kind, named in components.items()}
    sections["components"] = {**by_name, "securitySchemes": schemes}
    return {name: sections.pop(name) for name in ("openapi", "info", "servers", "tags")} | sections


@functools.cache
def as_json() -> bytes:
    """Return the document as JSON."""
    return orjson.dumps(document(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _add_shared_components(spec: APISpec, schemas: RecordSchemas) -> None:
    components = spec.components
    components.security_scheme(
        TOKEN,
        {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The `token` that `POST /login` or `POST /mechanics/login` returns.",
        },
    )
    components.security_scheme(
        operator_endpoints.OPERATOR,
        {
            "type": "http",
            "scheme": "bearer",
            "description": "The server's `METRICS_TOKEN`, if one is configured.",
        },
    )
    # Lazy: only the components that something refers to appear in the document.
    for name, header in headers.HEADERS.items():
        components.header(name, header, lazy=True)
    for name, header in parameters.HEADERS.items():
        components.parameter(name, "header", header, lazy=True)
    operations = [operation for route in ROUTES for operation in route.operations.values()]
    refusals = {kind for operation in operations for kind in operation.refuses}
    components.schema("Wrong", problems.VALIDATION_ERROR, lazy=True)
    components.schema("Problem", problems.problem_schema(refusals, schemas), lazy=True)


def _tags() -> Iterator[Schema]:
    for module in dict.fromkeys(route.resource.__module__ for route in ROUTES):
        description = (sys.modules[module].__doc__ or "").strip()
        yield {"name": module.rpartition(".")[2], "description": description}
    for name, description in operator_endpoints.TAGS.items():
        yield {"name": name, "description": description}


def _links(route: Route) -> dict[str, Schema]:
    """Return links from what a POST to *route* creates to the operations on it."""
    creator = next((one for one in route.operations.values() if one.created_ids), None)
    if creator is None:
        return {}
    by_template = {_PATH_PARAMETER.sub("{}", one.template): one for one in ROUTES}
    item = by_template.get(_PATH_PARAMETER.sub("{}", creator.creates or ""))
    if item is None:
        return {}
    *outer, own = _PATH_PARAMETER.findall(item.template)
    ids = {name[1:-1]: f"$request.path.{name[1:-1]}" for name in outer}
    ids[own[1:-1]] = f"$response.body#/{creator.created_ids[0]}"
    return {
        operation.operation_id: {"operationId": operation.operation_id, "parameters": ids}
        for operation in item.operations.values()
    }
