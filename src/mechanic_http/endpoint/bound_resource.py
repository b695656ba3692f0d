"""Resources as Falcon serves them: their endpoints, bound and checked at the start."""

from string import Formatter
from typing import Any, final

from falcon import Request

from mechanic_http.endpoint.operation import METHODS, Operation, operation_of
from mechanic_http.endpoint.options import EndpointOptions
from mechanic_http.endpoint.responder import Responder


@final
class BoundResource:
    """A resource with an endpoint for each of its methods, HEAD included wherever GET is.

    Falcon finds the endpoints as attributes, `on_get` and so on.
    """

    def __init__(self, template: str, resource: object, equipment: EndpointOptions) -> None:
        """Bind the methods of *resource*; raise `TypeError` for one that is not declared."""
        self.template = template
        self.operations: dict[str, Operation] = {}
        for method in METHODS:
            responder: Any = getattr(resource, f"on_{method.lower()}", None)
            if responder is not None:
                operation = operation_of(responder)
                _must_fit(operation, template)
                served = Responder(operation, template, responder, equipment)
                self._serve(method, served)
                if method == "GET":
                    self._serve("HEAD", served)

    def _serve(self, method: str, served: Responder) -> None:
        self.operations[method] = served.operation
        setattr(self, f"on_{method.lower()}", served)


def _must_fit(operation: Operation, template: str) -> None:
    fields = {field for _, field, _, _ in Formatter().parse(template) if field}
    if fields != set(operation.signature.ids):
        raise TypeError(f"{operation.operation_id} takes {operation.signature.ids}, not {template}")


def template_of(resource: object, req: Request) -> str | None:
    """Return the address of what Falcon has found, the same whichever alias was used."""
    return resource.template if isinstance(resource, BoundResource) else req.uri_template


def operation_for(resource: object, method: str) -> Operation | None:
    """Return what is promised for *method* of whatever Falcon has found."""
    return resource.operations.get(method) if isinstance(resource, BoundResource) else None
