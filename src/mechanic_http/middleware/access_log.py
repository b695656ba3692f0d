"""Request ids and the access log: one entry per request, written when it is answered."""

import re
from random import getrandbits
from time import perf_counter
from typing import Final, final

from falcon import Response
from falcon.constants import COMBINED_METHODS

from mechanic_core.errors import Unauthenticated
from mechanic_http.context import ShopRequest
from mechanic_http.endpoint.responder import BoundResource
from mechanic_http.ports import AccessLog, AccessLogEntry, StatementCounter

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")


@final
class AccessLogging:
    """Gives each request an id and logs it."""

    def __init__(self, log: AccessLog, statements: StatementCounter) -> None:
        """Write to *log*, with the number of *statements* that each request has run."""
        self._log = log
        self._statements = statements

    def process_request(self, req: ShopRequest, resp: Response) -> None:
        """Set the request's id: the client's `X-Request-ID` if it is well-formed, or a new one."""
        request_id = req.env.get("HTTP_X_REQUEST_ID")
        if request_id is None or not _REQUEST_ID.fullmatch(request_id):
            request_id = f"{getrandbits(128):032x}"
        context = req.context
        context.request_id = request_id
        context.statements = self._statements()
        context.started = perf_counter()
        resp.set_header("X-Request-ID", request_id)

    def process_response(
        self,
        req: ShopRequest,
        resp: Response,
        resource: object,
        _: bool,  # noqa: FBT001 - Falcon's signature
    ) -> None:
        """Log the request."""
        context = req.context
        operation, actor = context.operation, context.actor
        role, actor_id = (None, 0) if isinstance(actor, Unauthenticated) else (actor.role, actor.id)
        self._log(
            AccessLogEntry(
                request_id=context.request_id,
                method=req.method if req.method in COMBINED_METHODS else "OTHER",
                route=resource.template
                if isinstance(resource, BoundResource)
                else req.uri_template,
                operation_id=operation.operation_id if operation else None,
                status=resp.status_code,
                role=role,
                actor_id=actor_id,
                milliseconds=(perf_counter() - context.started) * 1000,
                statements=self._statements() - context.statements,
                problem=context.problem,
            )
        )
