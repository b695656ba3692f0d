"""Who is asking: `Authorization: Bearer` (RFC 6750)."""

import re
from typing import Any, Final, final

from falcon import Request, Response

from mechanic_core.access import ANONYMOUS, Actor
from mechanic_core.accounts.account import TokenRefused
from mechanic_core.errors import Unauthenticated
from mechanic_http.context import note
from mechanic_http.endpoint.bound_resource import operation_for
from mechanic_http.ports import Authenticate

_BEARER: Final = re.compile(r"bearer +([\x21-\x7e]+) *", re.IGNORECASE)


@final
class Authentication:
    """Finds out who is asking, wherever an endpoint wants to know.

    A bad token is kept for the endpoint to refuse, so that the attempt is counted first.
    Endpoints that issue tokens don't look: whoever comes there has none, or an old one.
    """

    def __init__(self, authenticate: Authenticate) -> None:
        """Ask *authenticate* about each token."""
        self._authenticate = authenticate

    def process_resource(
        self, req: Request, _: Response, resource: object, __: dict[str, Any]
    ) -> None:
        """Note who is asking."""
        operation = operation_for(resource, req.method)
        if operation is not None:
            note(req, ANONYMOUS if operation.issues_tokens else self._asking(req))

    def _asking(self, req: Request) -> Actor | Unauthenticated:
        header = req.env.get("HTTP_AUTHORIZATION")
        if header is None:
            return ANONYMOUS
        found = _BEARER.fullmatch(header)
        if not found:
            return TokenRefused()
        try:
            return self._authenticate(found[1])
        except Unauthenticated as refused:
            return refused
