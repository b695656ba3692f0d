"""Reading the arguments of an endpoint out of a request: only what its signature asks for."""

from collections.abc import Callable
from typing import Any, TypeAlias

from mechanic_http import bodies, codec
from mechanic_http.answers import Call
from mechanic_http.asking import note_names
from mechanic_http.changes import MergePatch, Replacement
from mechanic_http.equipment import Equipment
from mechanic_http.etags import expected_versions
from mechanic_http.pages import Listing, scope_of
from mechanic_http.promise import Promise
from mechanic_http.queries import ListQuery, QueryReader
from mechanic_http.record_reading import aliases_of

Take: TypeAlias = Callable[[Call], None]


def takes_of(promise: Promise, template: str, equipment: Equipment) -> tuple[Take, ...]:
    """Return what reads the arguments of an endpoint, in order: query, version, body."""
    signature = promise.signature
    takes = [_listing(promise, template, equipment) if signature.listed else _query(promise)]
    if signature.conditional:
        takes.append(_expected(required=equipment.require_if_match))
    if signature.body is not None:
        takes.append(_body(promise))
    return tuple(takes)


def _query(promise: Promise) -> Take:
    reader = QueryReader(promise.signature.query)
    wanted = promise.signature.takes_query

    def take(call: Call) -> None:
        query, _ = reader.read(call.req.query_string)
        if wanted:
            call.arguments["query"] = query

    return take


def _listing(promise: Promise, template: str, equipment: Equipment) -> Take:
    kind = promise.signature.query
    if not issubclass(kind, ListQuery):
        raise TypeError(f"{promise.operation} is a list: its query must be a ListQuery")
    reader = QueryReader(kind)
    ids = promise.signature.ids
    wanted = promise.signature.takes_query

    def take(call: Call) -> None:
        query, pairs = reader.read(call.req.query_string)
        own = [call.arguments[name] for name in ids]
        call.listing = Listing(
            query=query,
            pairs=pairs,
            path=call.req.root_path + call.req.path,
            scope=scope_of(template, promise.policy, call.actor, own, pairs),
            cursors=equipment.cursors,
        )
        call.arguments["window"] = call.listing.window
        if wanted:
            call.arguments["query"] = query

    return take


def _expected(*, required: bool) -> Take:
    def take(call: Call) -> None:
        call.arguments["expected"] = expected_versions(call.req, required=required)

    return take


def _body(promise: Promise) -> Take:
    signature = promise.signature
    name, required = signature.body_name, signature.body_required
    media_types = promise.media_types
    read = _reader(promise)
    aliases = aliases_of(signature.body) if signature.body else {}

    def take(call: Call) -> None:
        call.raw = bodies.body_of(call.req, media_types, required=required)
        tree = None if call.raw is None else bodies.parse(call.raw)
        if aliases and type(tree) is dict:
            note_names(call.req, {own: alias for own, alias in aliases.items() if alias in tree})
        call.arguments[name] = None if call.raw is None else read(tree)

    return take


def _reader(promise: Promise) -> Callable[[Any], Any]:
    signature = promise.signature
    form = signature.body
    if form is None:
        raise TypeError(f"{promise.operation} has no body")
    codec.must_read(form)
    if signature.merges:
        return lambda tree: MergePatch.read(tree, form)
    if signature.replaces:
        return lambda tree: Replacement(codec.read(tree, form))
    return lambda tree: codec.read(tree, form)
