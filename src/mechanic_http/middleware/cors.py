"""Pages of other origins that may call (the Fetch standard's CORS protocol)."""

from collections.abc import Iterable
from typing import Final, final

from falcon import Request, Response

_EXPOSED: Final = (
    "ETag, Idempotency-Replayed, Link, Location, RateLimit, RateLimit-Policy, Retry-After, "
    "WWW-Authenticate, X-Request-ID"
)
_TAKEN: Final = (
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-ID"
)
_TEN_MINUTES: Final = "600"


@final
class Cors:
    """Lets pages of some origins call; tokens come in a header, so no cookies are allowed."""

    def __init__(self, origins: Iterable[str]) -> None:
        """Let *origins* call, or everybody where ``*`` is among them."""
        self._origins = frozenset(origin.rstrip("/") for origin in origins)
        self._all = "*" in self._origins

    def process_response(
        self,
        req: Request,
        resp: Response,
        _: object,
        __: bool,  # noqa: FBT001 - Falcon's order
    ) -> None:
        """Answer the browser's question, where it asks one."""
        if not self._all:
            resp.append_header("Vary", "Origin")
        origin = req.env.get("HTTP_ORIGIN")
        if origin is None or not (self._all or origin in self._origins):
            return
        resp.set_header("Access-Control-Allow-Origin", "*" if self._all else origin)
        resp.set_header("Access-Control-Expose-Headers", _EXPOSED)
        if req.method == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in req.env:
            resp.set_header("Access-Control-Allow-Methods", resp.get_header("Allow") or "")
            resp.set_header("Access-Control-Allow-Headers", _TAKEN)
            resp.set_header("Access-Control-Max-Age", _TEN_MINUTES)
