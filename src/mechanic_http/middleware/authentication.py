"""Authentication of the caller of an operation: `Authorization: Bearer` (RFC 6750)."""

import re
from typing import Any, Final, final

from falcon import Response

from mechanic_core.accounts.account import TokenRefused
from mechanic_core.errors import Unauthenticated
from mechanic_http.context import ShopRequest
from mechanic_http.endpoint.responder import BoundResource
from mechanic_http.ports import Authenticate

_BEARER: Final = re.compile(r"bearer +([\x21-\x7e]+) *", re.IGNORECASE)


@final
class Authentication:
    """Puts the operation and the actor of each request on its context.

    An invalid token is put there as an error, so that the rate limiter counts the attempt before
    the endpoint raises it. Operations that issue tokens ignore the header.
    """

    def __init__(self, authenticate: Authenticate) -> None:
        """Verify tokens by *authenticate*."""
        self._authenticate = authenticate

    def process_resource(
        self, req: ShopRequest, _: Response, resource: object, __: dict[str, Any]
    ) -> None:
        """Authenticate a request of an operation that does not issue tokens."""
        if not isinstance(resource, BoundResource):
            return
        context = req.context
        operation = context.operation = resource.operations.get(req.method)
        header = req.env.get("HTTP_AUTHORIZATION")
        if header is None or operation is None or operation.issues_tokens:
            return
        if token := _BEARER.fullmatch(header):
            try:
                context.actor = self._authenticate(token[1])
            except Unauthenticated as error:
                context.actor = error
        else:
            context.actor = TokenRefused()
