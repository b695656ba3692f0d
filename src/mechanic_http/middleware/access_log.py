"""One line in the log for each request, written when it is answered."""

from time import perf_counter
from typing import final

from falcon import Request, Response
from falcon.constants import COMBINED_METHODS

from mechanic_http.context import principal
from mechanic_http.endpoint.bound_resource import operation_for, template_of
from mechanic_http.ports import AccessLog, RequestLine, Statements


@final
class AccessLogging:
    """Tells *log* of each request."""

    def __init__(self, log: AccessLog, statements: Statements) -> None:
        """Tell *log*, with the difference that a request has made to *statements*."""
        self._log = log
        self._statements = statements

    def process_request(self, req: Request, _: Response) -> None:
        """Look at the clock, and at what was counted before."""
        req.context.statements = self._statements()
        req.context.started = perf_counter()

    def process_response(
        self,
        req: Request,
        resp: Response,
        resource: object,
        _: bool,  # noqa: FBT001 - Falcon's order
    ) -> None:
        """Write the line."""
        operation = operation_for(resource, req.method)
        asking = principal(req)
        self._log(
            RequestLine(
                request_id=req.context.request_id,
                method=req.method if req.method in COMBINED_METHODS else "OTHER",
                route=template_of(resource, req),
                operation_id=operation.operation_id if operation else None,
                status=resp.status_code,
                role=asking.role,
                actor_id=asking.id,
                milliseconds=(perf_counter() - req.context.started) * 1000,
                statements=self._statements() - req.context.statements,
                problem=getattr(req.context, "problem", None),
            )
        )
