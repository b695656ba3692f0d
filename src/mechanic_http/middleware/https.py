"""HTTPS or nothing: plain requests are refused, not redirected, so that clients learn of it."""

from typing import Final, final

from falcon import Request, Response

from mechanic_http.middleware.client_address import Clients
from mechanic_http.problems.refusals import HttpsRequired

OPEN: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""What operators ask from within the machine room."""

_A_YEAR: Final = "max-age=31536000"


@final
class HttpsOnly:
    """Refuses plain HTTP, and tells browsers to come by HTTPS from now on (RFC 6797)."""

    def __init__(self, clients: Clients) -> None:
        """Let *clients* tell how a request came."""
        self._clients = clients

    def process_request(self, req: Request, resp: Response) -> None:
        """Raise `HttpsRequired` for a plain request."""
        if self._clients.is_secure(req):
            resp.set_header("Strict-Transport-Security", _A_YEAR)
        elif req.path not in OPEN:
            raise HttpsRequired
