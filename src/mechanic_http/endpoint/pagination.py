"""Pagination: pages by number or by signed cursor, envelopes and `Link` headers (RFC 8288)."""

import base64
import functools
import hmac
import struct
from collections.abc import Iterable
from typing import Any, Final, final
from urllib.parse import urlencode

from attrs import frozen

from mechanic_core.access import Actor, Policy
from mechanic_core.errors import Problem, RuleBroken
from mechanic_core.paging import MAX_FILTERED_TOTAL, MAX_OFFSET, Page, PageRequest
from mechanic_http.endpoint.query import LIST_PARAMETERS, ListQuery, Pairs

_KEY: Final = struct.Struct(">q")
_SIGNATURE_BYTES: Final = 16
"""With the 8 bytes of the key a multiple of three: base64 without padding."""


@final
class CursorSigner:
    """Signs the key of a page's last item with HMAC-SHA256 for keyset pagination.

    The signature covers a *scope*, the list with its filters and its reader: a cursor of one
    list is refused by every other.
    """

    def __init__(self, secret: bytes) -> None:
        """Derive a signing key of its own from *secret*."""
        self._secret = hmac.digest(secret, b"mechanic-shop cursor 1", "sha256")

    def sign(self, scope: bytes, last: int) -> str:
        """Return the cursor of the page after the item with key *last*."""
        key = _KEY.pack(last)
        signature = hmac.digest(self._secret, key + scope, "sha256")[:_SIGNATURE_BYTES]
        return base64.urlsafe_b64encode(key + signature).decode()

    def verify(self, scope: bytes, cursor: str) -> int:
        """Return the key in *cursor*; raise `RuleBroken` if it was not signed for *scope*."""
        last = _unverified_key(cursor)
        # Texts are compared, not bytes: base64 has several texts for the same bytes.
        if last is None or not hmac.compare_digest(cursor, self.sign(scope, last)):
            raise RuleBroken(Problem("", "is not a cursor of this list", parameter="cursor"))
        return last


@final
@frozen
class Pagination:
    """One request for a page of a list."""

    query: ListQuery
    pairs: Pairs
    path: str
    scope: bytes
    cursor_signer: CursorSigner

    def page_request(self) -> PageRequest:
        """Return the requested page; raise `RuleBroken` for a cursor of another list."""
        query = self.query
        if query.cursor is not None:
            after = self.cursor_signer.verify(self.scope, query.cursor)
            return PageRequest(size=query.per_page, after=after, with_total=query.include_total)
        start = ((query.page or 1) - 1) * query.per_page
        return PageRequest(size=query.per_page, offset=start, with_total=query.include_total)

    def envelope(self, page: Page[Any], items: list[Any]) -> tuple[dict[str, Any], str]:
        """Return the response body around the unstructured *items*, and the `Link` header."""
        query = self.query
        number = None if query.cursor is not None else query.page or 1
        cursor = None if page.last is None else self.cursor_signer.sign(self.scope, page.last)
        tree = {
            "items": items,
            "page": number,
            "per_page": query.per_page,
            "has_more": page.has_more,
            "next_cursor": cursor,
        }
        if query.include_total:
            known = page.total is not None
            tree |= {"total": page.total} if known else {"total_above": MAX_FILTERED_TOTAL}
        return tree, ", ".join(self._links(number, cursor))

    def _links(self, number: int | None, cursor: str | None) -> Iterable[str]:
        others = [(name, text) for name, text in self.pairs if name not in ("page", "cursor")]
        yield self._link("first", others)
        if number is not None and number > 1:
            yield self._link("prev", [*others, ("page", str(number - 1))])
        if cursor is None:
            return
        if number is not None and (number + 1) * self.query.per_page <= MAX_OFFSET:
            yield self._link("next", [*others, ("page", str(number + 1))])
        else:
            yield self._link("next", [*others, ("cursor", cursor)])

    def _link(self, relation: str, pairs: Iterable[tuple[str, str]]) -> str:
        query = _urlencode(tuple(pairs))
        return f'<{self.path}{"?" if query else ""}{query}>; rel="{relation}"'


_urlencode = functools.lru_cache(256)(urlencode)


def cursor_scope(
    template: str, policy: Policy, actor: Actor, ids: Iterable[object], pairs: Pairs
) -> bytes:
    """Return what a cursor is valid for: the list, its filters and its reader.

    Public lists are the same for every reader, so their responses can be cached.
    """
    reader = "" if policy.anyone else f"{actor.role}:{actor.id}"
    filters = sorted(pair for pair in pairs if pair[0] not in LIST_PARAMETERS)
    return "\n".join(
        (template, ",".join(map(str, ids)), reader, urlencode(filters) if filters else "")
    ).encode()


def _unverified_key(cursor: str) -> int | None:
    try:
        (last,) = _KEY.unpack_from(base64.urlsafe_b64decode(cursor))
    except (ValueError, struct.error):
        return None
    return int(last)
