"""How often: quotas by principal, or by address where there is none."""

from typing import Any, final

from falcon import Request, Response

from mechanic_http.context import principal
from mechanic_http.endpoint.bound_resource import operation_for
from mechanic_http.middleware.client_address import Clients
from mechanic_http.ports import Limiter, Quota
from mechanic_http.problems.refusals import TooManyRequests

LOGIN = "login"


@final
class RateLimiter:
    """Counts each request under the policies of its endpoint, and tells how much is left."""

    def __init__(self, limiter: Limiter, clients: Clients) -> None:
        """Count with *limiter*; *clients* tells where a stranger comes from."""
        self._limiter = limiter
        self._clients = clients

    def process_resource(
        self, req: Request, resp: Response, resource: object, _: dict[str, Any]
    ) -> None:
        """Count the request; raise `TooManyRequests`."""
        operation = operation_for(resource, req.method)
        if operation is None:
            return
        address = ""
        asking = principal(req)
        for policy in operation.limits:
            if asking.role is None or policy == LOGIN:
                address = address or f"address:{self._clients.network(req)}"
                key = address
            else:
                key = f"{asking.role}:{asking.id}"
            quota = self._limiter.hit(policy, key)
            if quota is not None:
                tell(resp, quota)
                _must_allow(quota)

    def spend(self, policy: str, key: str) -> None:
        """Count one for *key*, of which the client is told nothing; raise `TooManyRequests`."""
        quota = self._limiter.hit(policy, key)
        if quota is not None:
            _must_allow(quota)


def tell(resp: Response, quota: Quota) -> None:
    """Add *quota* to the headers of draft-ietf-httpapi-ratelimit-headers-10."""
    resp.append_header("RateLimit-Policy", f'"{quota.policy}";q={quota.limit};w={quota.window}')
    resp.append_header("RateLimit", f'"{quota.policy}";r={quota.remaining};t={quota.resets_in}')


def _must_allow(quota: Quota) -> None:
    if not quota.allowed:
        raise TooManyRequests(quota.policy, max(1, quota.resets_in))
