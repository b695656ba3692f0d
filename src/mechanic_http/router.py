"""The router: Falcon's, with an `Allow` header for OPTIONS and for every unsupported method."""

import re
from typing import Any, NoReturn, final

from falcon import HTTPMethodNotAllowed, Request, Response
from falcon.inspect import inspect_compiled_router, register_router
from falcon.routing import CompiledRouter

MethodMap = dict[str, Any]


@final
class ShopRouter(CompiledRouter):
    """Answers OPTIONS with 204 and `Allow`, and any method that a resource lacks with 405."""

    def __init__(self) -> None:
        """Start without routes."""
        super().__init__()
        self._taken: set[str] = set()

    def add_route(self, uri_template: str, resource: object, **kwargs: Any) -> None:
        """Add a route. Raises `ValueError` for a second one at the same place.

        Falcon would replace the first one, and its policies with it.
        """
        place = re.sub(r"{[^}]*}", "{}", uri_template)
        if place in self._taken:
            raise ValueError(f"{uri_template} is a route of the shop already")
        self._taken.add(place)
        super().add_route(uri_template, resource, **kwargs)

    def map_http_methods(self, resource: object, **kwargs: Any) -> MethodMap:
        """Return the responders of *resource* by HTTP method."""
        return _Responders(super().map_http_methods(resource, **kwargs))


@final
class _Responders(MethodMap):
    """The responders of a resource; a method that Falcon does not know is 405 too, not 400."""

    def __init__(self, responders: MethodMap) -> None:
        super().__init__(responders)
        self._allowed = sorted({*responders, "OPTIONS"})
        self["OPTIONS"] = self._allow

    def __missing__(self, method: str) -> Any:
        return self._refuse

    def _allow(self, _: Request, resp: Response, **__: object) -> None:
        resp.status = 204
        resp.set_header("Allow", ", ".join(self._allowed))

    def _refuse(self, _: Request, __: Response, **___: object) -> NoReturn:
        raise HTTPMethodNotAllowed(self._allowed)


register_router(ShopRouter)(inspect_compiled_router)  # so that falcon-inspect-app lists the routes
