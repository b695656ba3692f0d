"""`GET /metrics`: metrics in the Prometheus text format."""

import re
from collections.abc import Callable
from hmac import compare_digest
from typing import Final, TypeAlias, final

from attrs import field, frozen
from falcon import HTTPNotFound, Request, Response

from mechanic_core.accounts.account import TokenRefused
from mechanic_http.middleware.client_address import is_local

Render: TypeAlias = Callable[[], tuple[bytes, str]]
"""Returns the metrics and their content type."""

_BEARER: Final = re.compile(r"bearer +([\x21-\x7e]+) *", re.IGNORECASE)


@final
@frozen
class MetricsResource:
    """The metrics, for requests from this machine and for requests with the token.

    If no token is configured, other requests get 404.
    """

    render: Render
    token: str | None = field(default=None, repr=False)

    def on_get(self, req: Request, resp: Response) -> None:
        """Send the metrics; raise `TokenRefused` if the token is missing or wrong."""
        if not (is_local(req) or self._is_authorized(req)):
            raise TokenRefused if self.token else HTTPNotFound
        page, resp.content_type = self.render()
        resp.cache_control = ["no-store"]
        resp.data = page

    on_head = on_get

    def _is_authorized(self, req: Request) -> bool:
        match = _BEARER.fullmatch(req.env.get("HTTP_AUTHORIZATION", ""))
        if not match or not self.token:
            return False
        return compare_digest(match[1].encode("latin-1"), self.token.encode())
