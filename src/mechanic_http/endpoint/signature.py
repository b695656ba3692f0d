"""What a resource's method takes and gives, read from its signature once."""

from collections.abc import Callable, Iterator
from typing import Any, NewType, get_args, get_origin, get_type_hints

import attrs
from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.paging import Page, PageRequest
from mechanic_core.rules import union_members
from mechanic_http.endpoint.merge_patch import MergePatch, Replacement
from mechanic_http.endpoint.query import ListQuery, Query


@frozen(kw_only=True)
class Signature:
    """The arguments of an endpoint by kind, and its answer.

    *ids* stand in the path. *body* is the record in the argument *body_name*, which may be
    missing unless *body_required*; *replaces* and *merges* wrap it into a change. *answer* is
    a record, a union of records where roles see different ones, or None; when *listed*, it
    is what the list is of. *conditional*: it honours ``If-Match``. *prepares*: what it returns
    is the rest of its work, to be called for the answer.
    """

    ids: tuple[str, ...] = ()
    query: type[Query] = Query
    takes_query: bool = False
    takes_window: bool = False
    body: type[Any] | None = None
    body_name: str = ""
    body_required: bool = True
    replaces: bool = False
    merges: bool = False
    conditional: bool = False
    answer: Any = None
    listed: bool = False
    prepares: bool = False


def signature_of(method: Callable[..., Any]) -> Signature:
    """Return how *method* is called; raise `TypeError` for an argument of no known kind."""
    hints = get_type_hints(method, include_extras=True)
    answer = hints.pop("return")
    told: dict[str, Any] = {}
    told["ids"] = tuple(name for name, hint in hints.items() if isinstance(hint, NewType))
    for name, hint in hints.items():
        if name not in told["ids"]:
            told.update(_argument(name, hint))
    if get_origin(answer) is Callable:
        _, answer = get_args(answer)
        told["prepares"] = True
    if get_origin(answer) is Page:
        (answer,) = get_args(answer)
        told["listed"] = True
        told.setdefault("query", ListQuery)
    if answer is not type(None):
        told["answer"] = answer
    return Signature(**told)


def _argument(name: str, hint: Any) -> Iterator[tuple[str, Any]]:
    members, optional = union_members(hint)
    origin = get_origin(hint)
    if hint is Actor:
        return
    if name == "expected":
        yield "conditional", True
    elif hint is PageRequest:
        yield "takes_window", True
    elif isinstance(hint, type) and issubclass(hint, Query):
        yield from (("query", hint), ("takes_query", True))
    elif origin in (Replacement, MergePatch):
        yield "replaces" if origin is Replacement else "merges", True
        yield from (("body", get_args(hint)[0]), ("body_name", name))
    elif attrs.has(members[0]):
        yield from (("body", members[0]), ("body_name", name))
        yield "body_required", not optional
    else:
        raise TypeError(f"no endpoint knows what to give for {name}: {hint}")
