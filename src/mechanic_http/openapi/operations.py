"""Endpoints in the document: an operation for each, made of what it declares."""

import inspect
from http import HTTPStatus
from typing import Any, Final, final

from apispec import APISpec

from mechanic_core.access import STAFF, Policy, Role
from mechanic_core.rules import union_members
from mechanic_http.endpoint.body import JSON
from mechanic_http.endpoint.operation import Deprecation, Operation
from mechanic_http.openapi import examples, headers, parameters, problems
from mechanic_http.openapi.components import Components
from mechanic_http.openapi.values import Schema
from mechanic_http.problems.handlers import PROBLEM_JSON
from mechanic_http.routes import Route

TOKEN: Final = "token"  # noqa: S105 - the name of the security scheme

_OWNERS: Final = {Role.CUSTOMER: "customers", Role.MECHANIC: "mechanics"}


@final
class Operations:
    """Writes endpoints into a document, with everything that they refer to."""

    def __init__(self, spec: APISpec, components: Components) -> None:
        """Write into *spec*."""
        self._spec = spec
        self._components = components
        self._answers: set[str] = set()

    def write(self, route: Route, links: dict[str, Schema]) -> None:
        """Write the operations of one address; *links* are those of what it creates."""
        operations = {
            method.lower(): self._operation(operation, links)
            for method, operation in route.operations.items()
        }
        self._spec.path(
            path=route.template,
            parameters=[*parameters.of_path(route)],
            operations=operations,
        )

    def _operation(self, operation: Operation, links: dict[str, Schema]) -> Schema:
        signature = operation.signature
        told: Schema = {
            "tags": [operation.tag],
            "operationId": operation.operation_id,
            "summary": operation.summary,
            "description": _description(operation),
            "security": _security(operation),
            "parameters": [
                *parameters.of_query(signature, self._components),
                *headers.asked_of(operation),
            ],
            "x-access": _access(operation.policy),
        }
        if signature.body is not None:
            told["requestBody"] = self._body(operation, signature.body)
        if operation.deprecated:
            told["deprecated"] = True
        told["responses"] = self._responses(operation, links)
        return told

    def _body(self, operation: Operation, form: type) -> Schema:
        if operation.signature.merges:
            content = {"schema": self._components.merged(form), "example": examples.patch(form)}
        else:
            content = {"schema": self._components.taken(form), "example": examples.taken(form)}
        return {
            "required": operation.signature.body_required,
            "content": dict.fromkeys(operation.media_types, content),
        }

    def _responses(self, operation: Operation, links: dict[str, Schema]) -> Schema:
        found: Schema = {str(int(operation.status)): self._success(operation, links)}
        if operation.is_safe and operation.has_etag:
            found["304"] = {
                "description": "You have it already.",
                "headers": headers.of_unchanged(),
            }
        for status, kinds in problems.kinds_of(operation).items():
            found[str(int(status))] = self._refusal(status, kinds)
        return dict(sorted(found.items()))

    def _success(self, operation: Operation, links: dict[str, Schema]) -> Schema:
        told: Schema = {
            "description": _DONE[operation.status],
            "headers": headers.of_success(operation),
        }
        if operation.signature.answer is not None:
            told["content"] = {JSON: self._content(operation)}
        if operation.creates and links:
            told["links"] = links
        return told

    def _content(self, operation: Operation) -> Schema:
        answer = operation.signature.answer
        listed = operation.signature.listed
        schema = self._components.page_of(answer) if listed else self._components.told(answer)
        members, _ = union_members(answer)
        found = {cls.__name__: examples.told(cls) for cls in reversed(members)}
        if listed:
            found = {name: examples.page_of(item) for name, item in found.items()}
        if len(found) == 1:
            return {"schema": schema, "example": next(iter(found.values()))}
        return {"schema": schema, "examples": {n: {"value": value} for n, value in found.items()}}

    def _refusal(self, status: HTTPStatus, kinds: list[Any]) -> Schema:
        """Return a reference to the answer that refuses with any of *kinds*."""
        name = "-or-".join(kind.code for kind in kinds)
        if name not in self._answers:
            self._answers.add(name)
            for kind in kinds:
                self._example(kind)
            shown = {k.code: {"$ref": f"#/components/examples/{k.code}"} for k in kinds}
            schema = {"$ref": "#/components/schemas/Problem"}
            self._spec.components.response(
                name,
                {
                    "description": problems.told(kinds),
                    "headers": headers.of_refusal(status),
                    "content": {PROBLEM_JSON: {"schema": schema, "examples": shown}},
                },
            )
        return {"$ref": f"#/components/responses/{name}"}

    def _example(self, kind: Any) -> None:
        if kind.code not in self._spec.components.examples:
            self._spec.components.example(
                kind.code, {"summary": kind.title(), "value": problems.example_of(kind)}
            )


_DONE: Final = {
    HTTPStatus.OK: "Here it is.",
    HTTPStatus.CREATED: "It was made.",
    HTTPStatus.NO_CONTENT: "It was done; there is nothing to say.",
}


def _description(operation: Operation) -> str:
    method_says = inspect.getdoc(operation.use_case) or ""
    more = method_says.partition("\n\n")[2]
    parts = [more, f"**Who:** {_who(operation.policy)}."]
    if operation.deprecated:
        parts.append(_end(operation.deprecated))
    return "\n\n".join(filter(None, parts))


def _who(policy: Policy) -> str:
    if policy.anyone:
        return "anybody, with or without a token"
    owners = " and ".join(sorted(_OWNERS[role] for role in policy.owners))
    own = f"; {owners} for what is their own" if owners else ""
    if policy.roles == frozenset(Role):
        return f"anybody with a token{own}"
    if policy.roles == STAFF:
        return f"mechanics and managers{own}"
    return f"managers{own}"


def _end(deprecated: Deprecation) -> str:
    instead = f": use `{deprecated.successor}` instead" if deprecated.successor else ""
    return f"**Deprecated**{instead}. `Deprecation` and `Sunset` tell since and until when."


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
