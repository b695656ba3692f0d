"""The one mechanism between Falcon and the shop.

What a method declares is looked at once, at the start. Per request an endpoint does, in this
order: may they at all; read what was sent; call; encode; compare with what they have.
"""

from collections.abc import Callable
from typing import Any, final

from falcon import Request, Response

from mechanic_core.errors import Stale
from mechanic_http.context import who_asks
from mechanic_http.endpoint.arguments import takes_of
from mechanic_http.endpoint.body import JSON
from mechanic_http.endpoint.interceptor import Answer, Call
from mechanic_http.endpoint.negotiation import must_accept_json
from mechanic_http.endpoint.operation import Operation
from mechanic_http.endpoint.options import EndpointOptions
from mechanic_http.endpoint.response import Sending
from mechanic_http.endpoint.response_encoding import encoder_of


@final
class Responder:
    """One method of one resource, ready to be called by Falcon."""

    def __init__(
        self,
        operation: Operation,
        template: str,
        method: Callable[..., Any],
        equipment: EndpointOptions,
    ) -> None:
        """Prepare everything that does not depend on the request."""
        self.operation = operation
        self.__name__ = operation.operation_id  # what falcon.inspect calls it
        self._admit = operation.policy.admit
        self._method = method
        self._takes = takes_of(operation, template, equipment)
        self._limited_by = operation.limited_by
        self._spend = equipment.spend
        self._around = equipment.intercept(operation)
        if operation.signature.prepares:
            self._around = self._around or _as_it_is
        self._encode = encoder_of(operation)
        self._send = Sending(
            media_type=JSON,
            compared=operation.is_safe and operation.has_etag,
            may_be_packed=operation.may_be_packed,
        )

    def __call__(self, req: Request, resp: Response, **ids: Any) -> None:
        """Answer one request."""
        actor = who_asks(req)
        self._admit(actor)
        must_accept_json(req)
        call = Call(self.operation, req, actor, ids)
        for take in self._takes:
            take(call)
        if self._limited_by:
            account = self._limited_by(call.arguments[self.operation.signature.body_name])
            self._spend(self.operation.limits[-1], f"account:{account}")
        answer = (
            self._run(call) if self._around is None else self._around(call, self._running(call))
        )
        self._send(req, resp, answer)

    def _running(self, call: Call) -> Callable[[], Answer]:
        """Return the work; of what prepares, only the rest, to be done in a transaction."""
        if not self.operation.signature.prepares:
            return lambda: self._run(call)
        rest = self._called(call)
        return lambda: self._encode(call, rest())

    def _run(self, call: Call) -> Answer:
        return self._encode(call, self._called(call))

    def _called(self, call: Call) -> Any:
        arguments = {"actor": call.actor, **call.arguments}
        if not self.operation.signature.conditional:
            return self._method(**arguments)
        *others, last = arguments.pop("expected")
        for version in others:
            try:
                return self._method(**arguments, expected=version)
            except Stale:
                continue
        return self._method(**arguments, expected=last)


def _as_it_is(_: Call, run: Callable[[], Answer]) -> Answer:
    return run()
