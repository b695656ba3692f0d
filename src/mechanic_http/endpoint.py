"""The one mechanism between Falcon and the shop.

What a method declares is looked at once, at the start. Per request an endpoint does, in this
order: may they at all; read what was sent; call; encode; compare with what they have.
"""

from collections.abc import Callable
from typing import Any, Final, final

from falcon import Request, Response

from mechanic_core.errors import Stale
from mechanic_http.accepting import must_accept_json
from mechanic_http.answers import Answer, Call
from mechanic_http.arguments import takes_of
from mechanic_http.asking import who_asks
from mechanic_http.encoding import encoder_of
from mechanic_http.equipment import Equipment
from mechanic_http.etags import is_unchanged
from mechanic_http.promise import Promise

_NOT_MODIFIED: Final = 304


@final
class Endpoint:
    """One method of one resource, ready to be called by Falcon."""

    def __init__(
        self, promise: Promise, template: str, method: Callable[..., Any], equipment: Equipment
    ) -> None:
        """Prepare everything that does not depend on the request."""
        self.promise = promise
        self.__name__ = promise.operation  # what falcon.inspect calls it
        self._admit = promise.policy.admit
        self._method = method
        self._takes = takes_of(promise, template, equipment)
        self._limited_by = promise.limited_by
        self._spend = equipment.spend
        self._around = equipment.surround(promise)
        self._encode = encoder_of(promise)
        self._is_compared = promise.is_safe and promise.has_etag

    def __call__(self, req: Request, resp: Response, **ids: Any) -> None:
        """Answer one request."""
        actor = who_asks(req)
        self._admit(actor)
        must_accept_json(req)
        call = Call(self.promise, req, actor, ids)
        for take in self._takes:
            take(call)
        if self._limited_by:
            account = self._limited_by(call.arguments[self.promise.signature.body_name])
            self._spend(self.promise.limits[-1], f"account:{account}")
        answer = (
            self._run(call) if self._around is None else self._around(call, self._running(call))
        )
        self._send(req, resp, answer)

    def _running(self, call: Call) -> Callable[[], Answer]:
        return lambda: self._run(call)

    def _run(self, call: Call) -> Answer:
        return self._encode(call, self._called(call))

    def _called(self, call: Call) -> Any:
        arguments = {"actor": call.actor, **call.arguments}
        if not self.promise.signature.conditional:
            return self._method(**arguments)
        *others, last = arguments.pop("expected")
        for version in others:
            try:
                return self._method(**arguments, expected=version)
            except Stale:
                continue
        return self._method(**arguments, expected=last)

    def _send(self, req: Request, resp: Response, answer: Answer) -> None:
        for name, value in answer.headers.items():
            resp.set_header(name, value)
        if self._is_compared and is_unchanged(req, answer.headers["ETag"]):
            resp.status = _NOT_MODIFIED
            return
        resp.status = answer.status
        if answer.body is not None:
            resp.content_type = "application/json"
            resp.data = answer.body
