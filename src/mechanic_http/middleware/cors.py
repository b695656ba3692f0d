"""Cross-origin resource sharing (CORS, the Fetch standard, section 3.2)."""

from collections.abc import Iterable
from typing import Any, Final, final

from falcon import CORSMiddleware, Request, Response

_EXPOSED: Final = (
    *("ETag", "Idempotency-Replayed", "Link", "Location", "RateLimit", "RateLimit-Policy"),
    *("Retry-After", "WWW-Authenticate", "X-Request-ID"),
)


@final
class Cors(CORSMiddleware[Any, Any]):
    """Falcon's CORS middleware, made safe for shared caches.

    Falcon does not send `Vary: Origin`, so that a cache would give one origin's response to
    another, and removes `Allow` from a preflight response. Cookies are not used, so credentials
    are not allowed.
    """

    def __init__(self, origins: Iterable[str]) -> None:
        """Allow *origins*, or all where ``*`` is among them."""
        allowed = [origin.rstrip("/") for origin in origins]
        super().__init__("*" if "*" in allowed else allowed, _EXPOSED)

    def process_response(
        self,
        req: Request,
        resp: Response,
        resource: object,
        req_succeeded: bool,  # noqa: FBT001 - Falcon's signature
    ) -> None:
        """Set the CORS headers."""
        allow = resp.get_header("Allow")
        super().process_response(req, resp, resource, req_succeeded)
        if allow:
            resp.set_header("Allow", allow)
        if self.allow_origins != "*":
            resp.append_header("Vary", "Origin")
