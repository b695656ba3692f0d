"""HTTP security headers, and HTTPS where it is required."""

from collections.abc import Callable
from typing import Final, final

from falcon import Response

from mechanic_http.context import ShopRequest
from mechanic_http.middleware.client_address import ClientAddresses
from mechanic_http.problems.refusals import HttpsRequired

_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_ONE_YEAR: Final = "max-age=31536000"

_PROXY_UNKNOWN: Final = (
    "HTTPS is required, and the X-Forwarded-Proto of this request counts only from an address in "
    "TRUSTED_PROXIES"
)

PLAIN_HTTP_PATHS: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Paths for probes and scrapers inside the deployment, which use plain HTTP."""


@final
class SecurityHeaders:
    """Sets the headers on every response; a page replaces the policy by its own."""

    def process_request(self, _: ShopRequest, resp: Response) -> None:
        """Set the headers."""
        resp.set_headers(_HEADERS)


@final
class HttpsOnly:
    """Refuses plain HTTP and sets `Strict-Transport-Security` (HSTS, RFC 6797).

    Plain requests are not redirected: the client has sent its token already and must notice.
    """

    def __init__(
        self, clients: ClientAddresses, count: Callable[[ShopRequest], None] | None
    ) -> None:
        """Take the scheme from *clients*, and count what is refused by *count*."""
        self._clients = clients
        self._count = count

    def process_request(self, req: ShopRequest, resp: Response) -> None:
        """Raise `HttpsRequired` for a plain request."""
        if self._clients.is_secure(req):
            resp.set_header("Strict-Transport-Security", _ONE_YEAR)
        elif req.path not in PLAIN_HTTP_PATHS:
            if self._count:
                self._count(req)
            raise HttpsRequired(_PROXY_UNKNOWN if self._clients.is_ignored(req) else "")
