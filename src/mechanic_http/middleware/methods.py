"""Which methods a resource has: for who asks, and for who uses another."""

from typing import Any, Final, final

from falcon import HTTPMethodNotAllowed, Request, Response
from falcon.constants import COMBINED_METHODS, HTTP_METHODS

_KNOWN: Final = frozenset(COMBINED_METHODS) - {"WEBSOCKET"}
"""The last is Falcon's name for something that is no method."""


@final
class Methods:
    """Answers OPTIONS, and an unknown method like one that a resource does not have: 405."""

    def process_resource(
        self, req: Request, resp: Response, resource: object, _: dict[str, Any]
    ) -> None:
        """Tell `Allow`; raise `HTTPMethodNotAllowed` for a method that no standard knows."""
        if req.method == "OPTIONS":
            resp.status = 204
            resp.set_header("Allow", ", ".join(_allowed(resource)))
            resp.complete = True
        elif req.method not in _KNOWN:
            raise HTTPMethodNotAllowed(_allowed(resource))


def _allowed(resource: object) -> list[str]:
    own = [name for name in HTTP_METHODS if hasattr(resource, f"on_{name.lower()}")]
    return sorted({*own, "OPTIONS"})
