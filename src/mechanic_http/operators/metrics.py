"""`GET /metrics`: figures for Prometheus, and for nobody else."""

import re
from collections.abc import Callable
from hmac import compare_digest
from typing import Final, TypeAlias, final

from attrs import field, frozen
from falcon import HTTPNotFound, Request, Response

from mechanic_core.accounts.account import TokenRefused
from mechanic_http.middleware.client_address import is_local

Render: TypeAlias = Callable[[], tuple[bytes, str]]
"""Returns a page and its content type."""

_BEARER: Final = re.compile(r"bearer +([\x21-\x7e]+) *", re.IGNORECASE)


@final
@frozen
class Figures:
    """What was counted. Given to this machine itself, and to whoever shows the token.

    Without a token to show there is no such page for others.
    """

    render: Render
    token: str | None = field(default=None, repr=False)

    def on_get(self, req: Request, resp: Response) -> None:
        """Tell the figures; raise `TokenRefused` where the right token would help."""
        if not (is_local(req) or self._is_shown(req)):
            raise TokenRefused if self.token else HTTPNotFound
        page, resp.content_type = self.render()
        resp.cache_control = ["no-store"]
        resp.data = page

    on_head = on_get

    def _is_shown(self, req: Request) -> bool:
        found = _BEARER.fullmatch(req.env.get("HTTP_AUTHORIZATION", ""))
        if not found or not self.token:
            return False
        return compare_digest(found[1].encode("latin-1"), self.token.encode())
