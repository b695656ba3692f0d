"""Responders: what Falcon calls for an endpoint.

Everything that depends on the operation alone is prepared at start. A request is authorized, its
arguments are read, the method is called, the response is encoded and sent, in this order.
"""

from collections.abc import Callable, Mapping
from string import Formatter
from typing import Any, final

from attrs import field, frozen
from falcon import Response

from mechanic_core.errors import Stale, Unauthenticated
from mechanic_http.context import ShopRequest
from mechanic_http.endpoint.arguments import Call, argument_readers
from mechanic_http.endpoint.negotiation import HTML, accepts
from mechanic_http.endpoint.operation import METHODS, Operation, operation_of
from mechanic_http.endpoint.pagination import CursorSigner
from mechanic_http.endpoint.response import (
    EncodedResponse,
    InterceptorFactory,
    Printer,
    ResponseSender,
    no_interceptor,
    response_encoder,
)
from mechanic_http.problems.refusals import NotAcceptable


@frozen(kw_only=True)
class EndpointOptions:
    """What all endpoints of an application share; *printers* by media type."""

    cursor_signer: CursorSigner
    require_if_match: bool = False
    intercept: InterceptorFactory = no_interceptor
    printers: Mapping[str, Printer] = field(factory=dict)


@final
class Responder:
    """The Falcon responder of one method of one resource."""

    def __init__(
        self,
        operation: Operation,
        template: str,
        method: Callable[..., Any],
        options: EndpointOptions,
    ) -> None:
        """Prepare everything that does not depend on the request."""
        self.operation = operation
        self.__name__ = operation.operation_id  # shown by falcon.inspect
        self._admit = operation.policy.admit
        self._method = method
        self._argument_readers = argument_readers(
            operation, template, options.cursor_signer, require_if_match=options.require_if_match
        )
        self._interceptor = options.intercept(operation)
        if operation.signature.deferred:
            self._interceptor = self._interceptor or _run
        self._encode = response_encoder(operation, options.printers)
        media_type = self._media_type = operation.media_type
        self._send = ResponseSender(
            media_type=f"{HTML}; charset=utf-8" if media_type == HTML else media_type,
            conditional=operation.is_safe and operation.has_etag,
            compressible=operation.is_compressible,
        )

    def __call__(self, req: ShopRequest, resp: Response, **ids: Any) -> None:
        """Respond to one request; raise refusals."""
        actor = req.context.actor
        if isinstance(actor, Unauthenticated):
            raise actor
        self._admit(actor)
        if (accept := req.env.get("HTTP_ACCEPT")) and not accepts(self._media_type, accept):
            raise NotAcceptable(f"responses are {self._media_type}")
        call = Call(self.operation, req, actor, ids)
        for read in self._argument_readers:
            read(call)
        if self._interceptor:
            encoded = self._interceptor(call, self._deferred(call))
        elif call.alternatives:
            encoded = self._encode(call, self._call_method(call))
        else:
            encoded = self._encode(call, self._method(actor, **call.arguments))
        self._send(req, resp, encoded)

    def _deferred(self, call: Call) -> Callable[[], EncodedResponse]:
        """Return the work to be run by an interceptor; a deferred method starts at once."""
        if not self.operation.signature.deferred:
            return lambda: self._encode(call, self._call_method(call))
        finish = self._call_method(call)
        return lambda: self._encode(call, finish())

    def _call_method(self, call: Call) -> Any:
        """Call the method with each version that `If-Match` allows until one is not stale."""
        for version in call.alternatives:
            try:
                return self._method(call.actor, **call.arguments | {"expected": version})
            except Stale:
                continue
        return self._method(call.actor, **call.arguments)


def _run(_: Call, run: Callable[[], EncodedResponse]) -> EncodedResponse:
    return run()


@final
class BoundResource:
    """A resource with a responder for each of its methods, and HEAD wherever it has GET."""

    def __init__(self, template: str, resource: object, options: EndpointOptions) -> None:
        """Bind the methods of *resource*; raise `TypeError` for one that is not an endpoint."""
        self.template = template
        self.operations: dict[str, Operation] = {}
        for method in METHODS:
            function: Any = getattr(resource, f"on_{method.lower()}", None)
            if function is not None:
                operation = operation_of(function)
                _require_ids(operation, template)
                responder = Responder(operation, template, function, options)
                self._bind(method, responder)
                if method == "GET":
                    self._bind("HEAD", responder)

    def _bind(self, method: str, responder: Responder) -> None:
        self.operations[method] = responder.operation
        setattr(self, f"on_{method.lower()}", responder)


def _require_ids(operation: Operation, template: str) -> None:
    fields = {field for _, field, _, _ in Formatter().parse(template) if field}
    if fields != set(operation.signature.ids):
        raise TypeError(
            f"{operation.operation_id} takes {operation.signature.ids}, but its path is {template}"
        )
