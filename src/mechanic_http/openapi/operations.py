"""Endpoints as OpenAPI operations, generated from what they declare."""

import inspect
from http import HTTPStatus
from typing import Any, Final, final

from apispec import APISpec

from mechanic_core.access import STAFF, Policy, Role
from mechanic_core.errors import Refused
from mechanic_core.rules import union_members
from mechanic_http.endpoint.body import JSON
from mechanic_http.endpoint.negotiation import HTML, PDF
from mechanic_http.endpoint.operation import Operation
from mechanic_http.endpoint.route import Route
from mechanic_http.openapi import examples, headers, problems
from mechanic_http.openapi.parameters import header_parameters, path_parameters, query_parameters
from mechanic_http.openapi.record_schemas import RecordSchemas
from mechanic_http.openapi.value_schemas import Schema
from mechanic_http.problems.handlers import PROBLEM_JSON

TOKEN: Final = "token"  # noqa: S105 - the name of the security scheme
NOT_MODIFIED: Final = "Not modified: the client's copy is current."

_DOCUMENTS: Final[dict[str, Schema]] = {
    HTML: {"type": "string"},
    PDF: {"type": "string", "format": "binary"},
}
_OWNERS: Final = {Role.CUSTOMER: "customers", Role.MECHANIC: "mechanics"}
_SUCCESS: Final = {
    HTTPStatus.OK: "The request succeeded.",
    HTTPStatus.CREATED: "The resource was created.",
    HTTPStatus.ACCEPTED: "The request was accepted; what it asks for is done later.",
    HTTPStatus.NO_CONTENT: "The request succeeded; the response has no content.",
}


@final
class OperationWriter:
    """Adds the operations of routes to an `APISpec`, with every component that they refer to."""

    def __init__(self, spec: APISpec, schemas: RecordSchemas) -> None:
        """Add operations to *spec*."""
        self._spec = spec
        self._schemas = schemas

    def add(self, route: Route, links: dict[str, Schema]) -> None:
        """Add the operations of a route; *links* lead from a response that creates something."""
        operations = {
            method.lower(): self._operation(operation, links)
            for method, operation in route.operations.items()
        }
        self._spec.path(route.template, parameters=[*path_parameters(route)], operations=operations)

    def _operation(self, operation: Operation, links: dict[str, Schema]) -> Schema:
        description: Schema = {
            "tags": [operation.tag],
            "operationId": operation.operation_id,
            "summary": operation.summary,
            "description": _description(operation),
            "security": _security(operation),
            "parameters": [
                *query_parameters(operation, self._schemas),
                *header_parameters(operation),
            ],
            "x-access": _access(operation.policy),
        }
        if operation.signature.body is not None:
            description["requestBody"] = self._request_body(operation, operation.signature.body)
        return {**description, "responses": self._responses(operation, links)}

    def _request_body(self, operation: Operation, form: type) -> Schema:
        if operation.signature.merges:
            schema, example = self._schemas.patch(form), examples.patch_example(form)
        elif operation.signature.replaces:
            schema = self._schemas.replacement(form, operation.signature.read_only)
            example = examples.request_example(form)
        else:
            schema, example = self._schemas.request(form), examples.request_example(form)
        if staff_form := operation.signature.staff_body:
            schema = {"anyOf": [schema, self._schemas.request(staff_form)]}
        content = {"schema": schema, "example": example}
        return {
            "required": operation.signature.body_required,
            "content": dict.fromkeys(operation.media_types, content),
        }

    def _responses(self, operation: Operation, links: dict[str, Schema]) -> Schema:
        responses: dict[int, Any] = {
            int(status): self._success(operation, status, links) for status in operation.successes
        }
        if operation.is_safe and operation.has_etag:
            responses[HTTPStatus.NOT_MODIFIED] = {
                "description": NOT_MODIFIED,
                "headers": headers.not_modified_headers(),
            }
        for status, kinds in problems.refusals_by_status(operation).items():
            responses[status] = self._problem(status, kinds)
        return {str(int(status)): responses[status] for status in sorted(responses)}

    def _success(
        self, operation: Operation, status: HTTPStatus, links: dict[str, Schema]
    ) -> Schema:
        response: Schema = {
            "description": _SUCCESS[status],
            "headers": headers.success_headers(operation, status),
        }
        if operation.signature.response is not None:
            response["content"] = {operation.media_type: self._content(operation)}
        if status is HTTPStatus.CREATED and links:
            response["links"] = links
        return response

    def _content(self, operation: Operation) -> Schema:
        if operation.media_type != JSON:
            return {"schema": _DOCUMENTS[operation.media_type]}
        declared = operation.signature.response
        members, _ = union_members(declared)
        by_name = {cls.__name__: examples.response_example(cls) for cls in reversed(members)}
        if operation.signature.paginated:
            totals = operation.signature.totals
            schema = self._schemas.page(declared, totals)
            by_name = {name: examples.page_example(item, totals) for name, item in by_name.items()}
        else:
            schema = self._schemas.response(declared)
        if len(by_name) == 1:
            return {"schema": schema, "example": next(iter(by_name.values()))}
        return {"schema": schema, "examples": {name: {"value": by_name[name]} for name in by_name}}

    def _problem(self, status: HTTPStatus, kinds: list[type[Refused]]) -> str:
        """Return the name of the response component for any of *kinds*."""
        name = "-or-".join(kind.code for kind in kinds)
        components = self._spec.components
        if name not in components.responses:
            for kind in kinds:
                if kind.code not in components.examples:
                    example = {"summary": kind.title(), "value": problems.refusal_example(kind)}
                    components.example(kind.code, example)
            codes = {kind.code: kind.code for kind in kinds}
            response = {
                "description": problems.describe_refusals(kinds),
                "headers": headers.problem_headers(status),
                "content": {PROBLEM_JSON: {"schema": "Problem", "examples": codes}},
            }
            components.response(name, response)
        return name


def _description(operation: Operation) -> str:
    use_case = inspect.getdoc(operation.use_case) or ""
    paragraphs = (use_case.partition("\n\n")[2], f"**Access:** {_who(operation.policy)}.")
    return "\n\n".join(filter(None, paragraphs))


def _who(policy: Policy) -> str:
    if policy.anyone:
        return "public"
    owners = " and ".join(sorted(_OWNERS[role] for role in policy.owners))
    own = f"; {owners} for their own data" if owners else ""
    if policy.roles == frozenset(Role):
        return f"every logged-in user{own}"
    if policy.roles == STAFF:
        return f"mechanics and managers{own}"
    return f"managers{own}"


def _access(policy: Policy) -> Schema:
    return {
        "anyone": policy.anyone,
        "roles": sorted(policy.roles),
        "owners": sorted(policy.owners),
    }


def _security(operation: Operation) -> list[Schema]:
    if operation.issues_tokens:
        return []
    with_token: Schema = {TOKEN: []}
    return [{}, with_token] if operation.policy.anyone else [with_token]
