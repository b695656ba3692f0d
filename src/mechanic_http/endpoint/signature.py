"""The parameters and the response of an endpoint, read once from its method's annotations."""

from collections.abc import Callable, Iterator
from typing import Any, NewType, get_args, get_origin, get_type_hints

import attrs
from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.paging import Page, PageRequest, PageWithTotals
from mechanic_core.rules import union_members
from mechanic_http.endpoint.merge_patch import MergePatch, Replacement, read_only_members
from mechanic_http.endpoint.query import ListQuery, Query


@frozen(kw_only=True)
class Signature:
    """What an endpoint's method takes, by kind, and what it returns.

    *ids* are path parameters. *body* is the record type of the parameter *body_name*;
    *replaces* and *merges* say that it arrives as a `Replacement` or a `MergePatch`. Of a union of
    two record types, *staff_body* is the second, which staff send instead.
    *conditional* methods take the version that `If-Match` expects. *response* is a record type,
    a union of record types, one per role, or None; if *paginated*, the type of a page's items, and
    *totals* that of the totals of its list, if it has any.
    *takes_root_path* methods take the prefix of the addresses that they answer with, `root_path`.
    A *deferred* method returns a function that does the work inside the transaction.
    """

    ids: tuple[str, ...] = ()
    query: type[Query] = Query
    takes_query: bool = False
    body: type[Any] | None = None
    staff_body: type[Any] | None = None
    body_name: str = ""
    body_required: bool = True
    replaces: bool = False
    merges: bool = False
    conditional: bool = False
    takes_root_path: bool = False
    response: Any = None
    paginated: bool = False
    totals: Any = None
    deferred: bool = False

    @property
    def read_only(self) -> dict[str, Any]:
        """The members of the response that a `Replacement` may repeat, with their types."""
        if not self.replaces or self.body is None:
            return {}
        return read_only_members(self.response, self.body)


def signature_of(method: Callable[..., Any]) -> Signature:
    """Return the signature of *method*; raise `TypeError` for an unsupported parameter."""
    hints = get_type_hints(method, include_extras=True)
    response = hints.pop("return")
    fields: dict[str, Any] = {}
    fields["ids"] = tuple(name for name, hint in hints.items() if isinstance(hint, NewType))
    for name, hint in hints.items():
        if name not in fields["ids"]:
            fields.update(_parameter(name, hint))
    if get_origin(response) is Callable:
        _, response = get_args(response)
        fields["deferred"] = True
    if get_origin(response) in (Page, PageWithTotals):
        response, fields["totals"] = (*get_args(response), None)[:2]
        fields["paginated"] = True
        fields.setdefault("query", ListQuery)
    if response is not type(None):
        fields["response"] = response
    return Signature(**fields)


def _parameter(name: str, hint: Any) -> Iterator[tuple[str, Any]]:
    members, optional = union_members(hint)
    origin = get_origin(hint)
    if hint in (Actor, PageRequest):
        return
    if name == "expected":
        yield "conditional", True
    elif name == "root_path":
        yield "takes_root_path", True
    elif isinstance(hint, type) and issubclass(hint, Query):
        yield from (("query", hint), ("takes_query", True))
    elif origin in (Replacement, MergePatch):
        yield "replaces" if origin is Replacement else "merges", True
        yield from (("body", get_args(hint)[0]), ("body_name", name))
    elif attrs.has(members[0]):
        yield from (("body", members[0]), ("body_name", name))
        yield from (("body_required", not optional), ("staff_body", (*members, None)[1]))
    else:
        raise TypeError(f"endpoint parameter {name} has an unsupported type: {hint}")
