"""The arguments of an endpoint's method, read from the request by its signature."""

import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from attrs import define, frozen
from falcon.routing import BaseConverter

from mechanic_core.access import Actor
from mechanic_http.context import ShopRequest
from mechanic_http.endpoint.body import read_json
from mechanic_http.endpoint.etags import ANY_VERSION, expected_versions
from mechanic_http.endpoint.merge_patch import MergePatch, Replacement
from mechanic_http.endpoint.operation import IDEMPOTENCY_KEY, Operation
from mechanic_http.endpoint.pagination import CursorSigner, Pagination, cursor_scope
from mechanic_http.endpoint.query import (
    MAX_CACHED_LENGTH,
    ListQuery,
    QueryParser,
)
from mechanic_http.json import codec
from mechanic_http.json.members import aliases_of
from mechanic_http.problems.refusals import IdempotencyKeyRequired

_ID: Final = re.compile(r"[1-9][0-9]{0,18}")
_MAX_ID: Final = 2**63 - 1


class IdConverter(BaseConverter):
    """Converts an id in a path; Falcon's `int` converter also takes ``+1``, ``1_0`` and ``٣``."""

    def convert(self, value: str) -> int | None:
        """Return the id; None, which Falcon answers with 404, if a store could not have it."""
        if not _ID.fullmatch(value):
            return None
        number = int(value)
        return number if number <= _MAX_ID else None


@define
class Call:
    """One authorized call of an endpoint.

    *arguments* go to the endpoint's method. *alternatives* are further versions that `If-Match`
    allows. *raw_body* is the body as received.
    """

    operation: Operation
    req: ShopRequest
    actor: Actor
    arguments: dict[str, Any]
    alternatives: tuple[int | None, ...] = ()
    raw_body: bytes | None = None
    pagination: Pagination | None = None


@frozen
class _NoMembers:
    """The form of an operation without one."""


ArgumentReader: TypeAlias = Callable[[Call], None]
"""Adds arguments to a call; raises refusals."""


def argument_readers(
    operation: Operation, template: str, cursor_signer: CursorSigner, *, require_if_match: bool
) -> tuple[ArgumentReader, ...]:
    """Return the readers of an endpoint's arguments in order: key, query, version, body."""
    signature = operation.signature
    readers: list[ArgumentReader] = [_require_key] if operation.requires_key else []
    if signature.paginated:
        readers.append(_pagination_reader(operation, template, cursor_signer))
    else:
        readers.append(_query_reader(operation))
    if signature.conditional:
        readers.append(_version_reader(required=require_if_match))
    if signature.takes_root_path:
        readers.append(_read_root_path)
    if signature.body is not None:
        readers.append(_body_reader(operation, signature.body))
    elif operation.reads_body:
        readers.append(_require_no_members)
    return tuple(readers)


def _require_key(call: Call) -> None:
    if call.req.get_header(IDEMPOTENCY_KEY) is None:
        raise IdempotencyKeyRequired(
            f"{IDEMPOTENCY_KEY} must be 1 to 255 visible characters: choose one for each request,"
            " and send it again with a retry"
        )


def _query_reader(operation: Operation) -> ArgumentReader:
    parser = QueryParser(operation.signature.query)
    takes_query = operation.signature.takes_query

    def read(call: Call) -> None:
        query_string = call.req.query_string
        short = len(query_string) <= MAX_CACHED_LENGTH
        query, _ = parser.cached(query_string) if short else parser.parse(query_string)
        if takes_query:
            call.arguments["query"] = query

    return read


def _pagination_reader(
    operation: Operation, template: str, cursor_signer: CursorSigner
) -> ArgumentReader:
    signature = operation.signature
    if not issubclass(signature.query, ListQuery):
        raise TypeError(f"{operation.operation_id} is paginated: its query must be a ListQuery")
    parser: QueryParser[ListQuery] = QueryParser(signature.query)

    def read(call: Call) -> None:
        req, arguments = call.req, call.arguments
        query_string = req.query_string
        short = len(query_string) <= MAX_CACHED_LENGTH
        query, pairs = parser.cached(query_string) if short else parser.parse(query_string)
        ids = [arguments[name] for name in signature.ids]
        call.pagination = Pagination(
            query=query,
            pairs=pairs,
            path=req.root_path + req.path,
            scope=cursor_scope(template, operation.policy, call.actor, ids, pairs),
            cursor_signer=cursor_signer,
        )
        arguments["page"] = call.pagination.page_request()
        if signature.takes_query:
            arguments["query"] = query

    return read


def _version_reader(*, required: bool) -> ArgumentReader:
    def read(call: Call) -> None:
        env = call.req.env
        versions: tuple[int | None, ...] = ANY_VERSION
        if required or "HTTP_IF_MATCH" in env or "HTTP_IF_NONE_MATCH" in env:
            versions = expected_versions(env, required=required)
        *alternatives, call.arguments["expected"] = versions
        call.alternatives = tuple(alternatives)

    return read


def _read_root_path(call: Call) -> None:
    call.arguments["root_path"] = call.req.root_path


def _require_no_members(call: Call) -> None:
    """Refuse a body with members; an empty object is the same as no body, for a retry too."""
    raw, tree = read_json(call.req, call.operation.media_types, required=False)
    if raw is not None:
        codec.structure(tree, _NoMembers)


def _body_reader(operation: Operation, form: type[Any]) -> ArgumentReader:
    signature = operation.signature
    name, required = signature.body_name, signature.body_required
    media_types = operation.media_types
    staff_form = signature.staff_body or form
    structure, structure_for_staff = codec.structure_hook(form), codec.structure_hook(staff_form)
    aliases = aliases_of(form)
    read_only = frozenset(signature.read_only)

    def read(call: Call) -> None:
        call.raw_body, tree = read_json(call.req, media_types, required=required)
        if aliases and type(tree) is dict:
            for member, alias in aliases.items():
                if alias.name in tree:
                    call.req.context.aliases[member] = alias.name
        if call.raw_body is None:
            call.arguments[name] = None
        elif signature.merges:
            call.arguments[name] = MergePatch.parse(tree, form)
        elif signature.replaces:
            call.arguments[name] = Replacement.parse(tree, form, read_only)
        else:
            is_staff = call.actor.is_staff
            call.arguments[name] = (
                structure_for_staff(tree, staff_form) if is_staff else structure(tree, form)
            )

    return read
