"""Resources as Falcon serves them: their endpoints, bound and checked at the start."""

from string import Formatter
from typing import Any, final

from falcon import Request

from mechanic_http.endpoint import Endpoint
from mechanic_http.equipment import Equipment
from mechanic_http.promise import METHODS, Promise, promise_of


@final
class Served:
    """A resource with an endpoint for each of its methods, HEAD included wherever GET is.

    Falcon finds the endpoints as attributes, `on_get` and so on.
    """

    def __init__(self, template: str, resource: object, equipment: Equipment) -> None:
        """Bind the methods of *resource*; raise `TypeError` for one that promises nothing."""
        self.template = template
        self.promises: dict[str, Promise] = {}
        for method in METHODS:
            responder: Any = getattr(resource, f"on_{method.lower()}", None)
            if responder is not None:
                promise = promise_of(responder)
                _must_fit(promise, template)
                served = Endpoint(promise, template, responder, equipment)
                self._serve(method, served)
                if method == "GET":
                    self._serve("HEAD", served)

    def _serve(self, method: str, served: Endpoint) -> None:
        self.promises[method] = served.promise
        setattr(self, f"on_{method.lower()}", served)


def _must_fit(promise: Promise, template: str) -> None:
    fields = {field for _, field, _, _ in Formatter().parse(template) if field}
    if fields != set(promise.signature.ids):
        raise TypeError(f"{promise.operation} takes {promise.signature.ids}, not {template}")


def template_of(resource: object, req: Request) -> str | None:
    """Return the address of what Falcon has found, the same whichever alias was used."""
    return resource.template if isinstance(resource, Served) else req.uri_template


def promise_for(resource: object, method: str) -> Promise | None:
    """Return what is promised for *method* of whatever Falcon has found."""
    return resource.promises.get(method) if isinstance(resource, Served) else None
