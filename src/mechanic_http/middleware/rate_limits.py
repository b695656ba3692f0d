"""Rate limits per actor, or per client address for anonymous requests and for logins."""

from typing import Any, Final, final

from falcon import Response

from mechanic_core.errors import Unauthenticated
from mechanic_http.context import ShopRequest
from mechanic_http.middleware.client_address import ClientAddresses
from mechanic_http.ports import Limiter
from mechanic_http.problems.refusals import TooManyRequests

LOGIN: Final = "login"


@final
class RateLimiter:
    """Counts each request under the policies of its operation.

    The quotas are sent in the headers of draft-ietf-httpapi-ratelimit-headers-10.
    """

    def __init__(self, limiter: Limiter, clients: ClientAddresses) -> None:
        """Count with *limiter*, anonymous requests by the address from *clients*."""
        self._limiter = limiter
        self._clients = clients

    def process_resource(
        self, req: ShopRequest, resp: Response, _: object, __: dict[str, Any]
    ) -> None:
        """Count the request; raise `TooManyRequests`."""
        operation, actor = req.context.operation, req.context.actor
        if operation is None:
            return
        address = own = ""
        if not isinstance(actor, Unauthenticated) and actor.role is not None:
            own = f"{actor.role}:{actor.id}"
        for policy in operation.limits:
            if own and policy != LOGIN:
                key = own
            else:
                key = address = address or f"address:{self._clients.network(req)}"
            quota = self._limiter.hit(policy, key)
            if quota is None:
                continue
            resp.append_header("RateLimit-Policy", f'"{policy}";q={quota.limit};w={quota.window}')
            resp.append_header("RateLimit", f'"{policy}";r={quota.remaining};t={quota.resets_in}')
            if not quota.allowed:
                raise TooManyRequests(policy, quota.resets_in)
