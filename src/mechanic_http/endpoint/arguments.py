"""Reading the arguments of an endpoint out of a request: only what its signature asks for."""

from collections.abc import Callable
from typing import Any, TypeAlias

from mechanic_http.context import note_names
from mechanic_http.endpoint import body as bodies
from mechanic_http.endpoint.etags import expected_versions
from mechanic_http.endpoint.interceptor import Call
from mechanic_http.endpoint.merge_patch import MergePatch, Replacement
from mechanic_http.endpoint.operation import Operation
from mechanic_http.endpoint.options import EndpointOptions
from mechanic_http.endpoint.pagination import Listing, scope_of
from mechanic_http.endpoint.query import ListQuery, QueryReader
from mechanic_http.json import codec
from mechanic_http.json.structure_records import aliases_of

Take: TypeAlias = Callable[[Call], None]


def takes_of(operation: Operation, template: str, equipment: EndpointOptions) -> tuple[Take, ...]:
    """Return what reads the arguments of an endpoint, in order: query, version, body."""
    signature = operation.signature
    takes = [_listing(operation, template, equipment) if signature.listed else _query(operation)]
    if signature.conditional:
        takes.append(_expected(required=equipment.require_if_match))
    if signature.body is not None:
        takes.append(_body(operation))
    return tuple(takes)


def _query(operation: Operation) -> Take:
    reader = QueryReader(operation.signature.query)
    wanted = operation.signature.takes_query

    def take(call: Call) -> None:
        query, _ = reader.read(call.req.query_string)
        if wanted:
            call.arguments["query"] = query

    return take


def _listing(operation: Operation, template: str, equipment: EndpointOptions) -> Take:
    kind = operation.signature.query
    if not issubclass(kind, ListQuery):
        raise TypeError(f"{operation.operation_id} is a list: its query must be a ListQuery")
    reader = QueryReader(kind)
    ids = operation.signature.ids
    wanted = operation.signature.takes_query

    def take(call: Call) -> None:
        query, pairs = reader.read(call.req.query_string)
        own = [call.arguments[name] for name in ids]
        call.listing = Listing(
            query=query,
            pairs=pairs,
            path=call.req.root_path + call.req.path,
            scope=scope_of(template, operation.policy, call.actor, own, pairs),
            cursors=equipment.cursors,
        )
        call.arguments["page"] = call.listing.page
        if wanted:
            call.arguments["query"] = query

    return take


def _expected(*, required: bool) -> Take:
    def take(call: Call) -> None:
        call.arguments["expected"] = expected_versions(call.req, required=required)

    return take


def _body(operation: Operation) -> Take:
    signature = operation.signature
    name, required = signature.body_name, signature.body_required
    media_types = operation.media_types
    read = _reader(operation)
    aliases = aliases_of(signature.body) if signature.body else {}

    def take(call: Call) -> None:
        call.raw = bodies.body_of(call.req, media_types, required=required)
        tree = None if call.raw is None else bodies.parse(call.raw)
        if aliases and type(tree) is dict:
            note_names(call.req, {own: alias for own, alias in aliases.items() if alias in tree})
        call.arguments[name] = None if call.raw is None else read(tree)

    return take


def _reader(operation: Operation) -> Callable[[Any], Any]:
    signature = operation.signature
    form = signature.body
    if form is None:
        raise TypeError(f"{operation.operation_id} has no body")
    codec.must_read(form)
    if signature.merges:
        return lambda tree: MergePatch.read(tree, form)
    if signature.replaces:
        return lambda tree: Replacement(codec.read(tree, form))
    return lambda tree: codec.read(tree, form)
