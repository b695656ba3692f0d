"""Lists over HTTP: windows out of query parameters, envelopes and links out of slices."""

import functools
from collections.abc import Iterable
from typing import Any, final
from urllib.parse import urlencode

from attrs import frozen

from mechanic_core.access import Actor, Policy
from mechanic_core.paging import MAX_FILTERED_TOTAL, MAX_OFFSET, Page, PageRequest
from mechanic_http.endpoint.cursors import Cursors
from mechanic_http.endpoint.query import LIST_PARAMETERS, ListQuery, Pairs
from mechanic_http.json import codec


@final
@frozen
class Listing:
    """One walk through one list: what was asked, and the scope that its cursors are for."""

    query: ListQuery
    pairs: Pairs
    path: str
    scope: bytes
    cursors: Cursors

    @property
    def page(self) -> PageRequest:
        """Return the piece of the list that is asked for."""
        query = self.query
        if query.cursor is not None:
            after = self.cursors.open(self.scope, query.cursor)
            return PageRequest(size=query.per_page, after=after, with_total=query.include_total)
        start = ((query.page or 1) - 1) * query.per_page
        return PageRequest(size=query.per_page, offset=start, with_total=query.include_total)

    def envelope(self, found: Page[Any]) -> tuple[dict[str, Any], str]:
        """Return the body's tree and the `Link` header."""
        query = self.query
        page = None if query.cursor is not None else query.page or 1
        cursor = None if found.last is None else self.cursors.seal(self.scope, found.last)
        tree = {
            "items": [codec.tree_of(item) for item in found.items],
            "page": page,
            "per_page": query.per_page,
            "has_more": found.has_more,
            "next_cursor": cursor,
        }
        if query.include_total:
            known = found.total is not None
            tree |= {"total": found.total} if known else {"total_above": MAX_FILTERED_TOTAL}
        return tree, ", ".join(self._links(page, cursor))

    def _links(self, page: int | None, cursor: str | None) -> Iterable[str]:
        kept = [(name, text) for name, text in self.pairs if name not in ("page", "cursor")]
        yield self._link("first", kept)
        if page is not None and page > 1:
            yield self._link("prev", [*kept, ("page", str(page - 1))])
        if cursor is None:
            return
        if page is not None and (page + 1) * self.query.per_page <= MAX_OFFSET:
            yield self._link("next", [*kept, ("page", str(page + 1))])
        else:
            yield self._link("next", [*kept, ("cursor", cursor)])

    def _link(self, relation: str, pairs: Iterable[tuple[str, str]]) -> str:
        query = _encoded(tuple(pairs))
        return f'<{self.path}{"?" if query else ""}{query}>; rel="{relation}"'


_encoded = functools.lru_cache(256)(urlencode)


def scope_of(
    template: str, policy: Policy, actor: Actor, ids: Iterable[object], pairs: Pairs
) -> bytes:
    """Return what a cursor is bound to: the list, its filters, and who may see it.

    What everybody may see is one list for all, so that its answers can be kept.
    """
    whose = "" if policy.anyone else f"{actor.role}:{actor.id}"
    filters = sorted(pair for pair in pairs if pair[0] not in LIST_PARAMETERS)
    return "\n".join(
        (template, ",".join(map(str, ids)), whose, urlencode(filters) if filters else "")
    ).encode()
