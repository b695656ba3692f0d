"""Routing: the operation of a request, OPTIONS, and methods that HTTP does not know."""

from typing import Any, Final, final

from falcon import HTTPMethodNotAllowed, Response
from falcon.constants import COMBINED_METHODS, HTTP_METHODS

from mechanic_http.context import ShopRequest
from mechanic_http.endpoint.responder import BoundResource

_KNOWN_METHODS: Final = frozenset(COMBINED_METHODS) - {"WEBSOCKET"}
"""Falcon uses WEBSOCKET as a pseudo-method for ASGI."""


@final
class Routing:
    """Puts the template and the operation of a request on its context."""

    def process_resource(
        self, req: ShopRequest, resp: Response, resource: object, _: dict[str, Any]
    ) -> None:
        """Answer OPTIONS with `Allow`; raise `HTTPMethodNotAllowed` for an unknown method."""
        context, method = req.context, req.method
        context.template = req.uri_template
        if isinstance(resource, BoundResource):
            context.template = resource.template
            context.operation = resource.operations.get(method)
        if method == "OPTIONS":
            resp.status = 204
            resp.set_header("Allow", ", ".join(_allowed_methods(resource)))
            resp.complete = True
        elif method not in _KNOWN_METHODS:
            raise HTTPMethodNotAllowed(_allowed_methods(resource))


def _allowed_methods(resource: object) -> list[str]:
    own = [name for name in HTTP_METHODS if hasattr(resource, f"on_{name.lower()}")]
    return sorted({*own, "OPTIONS"})
