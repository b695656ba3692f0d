"""Rate limits per caller and per client network, for attempts to log in, and for everything else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NoReturn, final

from attrs import frozen
from falcon import HTTPNotFound, Response

from mechanic_core.errors import Refused, Unauthenticated
from mechanic_core.shop import Shop
from mechanic_http.context import ShopRequest
from mechanic_http.endpoint.arguments import Call
from mechanic_http.endpoint.operation import Attempt, Operation
from mechanic_http.endpoint.response import EncodedResponse, Interceptor, InterceptorFactory
from mechanic_http.middleware.client_address import MAX_CACHED_LENGTH, ClientAddresses
from mechanic_http.ports import Hit, Limiter
from mechanic_http.problems.refusals import TooManyRequests

LOGIN: Final = ("login",)
STATIC: Final = ("static",)

UNLIMITED: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""The routes of probes and scrapers, which must get a response under any load."""


@final
class RateLimiter:
    """Counts each request under the policies of its operation, or else as `static`.

    An operation counts for its caller and, with ten times the limit, for all callers of the client
    network together. What has no operation counts for the client network alone: documents, static
    files, preflight requests, unknown paths and methods.

    The quotas are sent in the headers of draft-ietf-httpapi-ratelimit-headers-10.
    """

    def __init__(self, limiter: Limiter, clients: ClientAddresses) -> None:
        """Count with *limiter*, by the networks from *clients*."""
        self._limiter = limiter
        self._clients = clients

    def process_resource(
        self, req: ShopRequest, _: Response, __: object, ___: dict[str, Any]
    ) -> None:
        """Count the request; raise `TooManyRequests`."""
        operation, actor = req.context.operation, req.context.actor
        if operation is None:
            if req.uri_template not in UNLIMITED:
                self.count_static(req)
            return
        networks = self._find_networks(req)
        if isinstance(actor, Unauthenticated) or actor.role is None:
            caller = f"anonymous@{networks[0]}"
        else:
            caller = f"{actor.role}:{actor.id}"
        require_allowed(req, self._limiter.hit(operation.limits, (caller, *networks)))

    def process_response(self, req: ShopRequest, resp: Response, *_: object) -> None:
        """Set the headers that tell the quotas."""
        quotas = req.context.quotas
        if quotas:
            policies = ", ".join([f'"{one.policy}";q={one.limit};w={one.window}' for one in quotas])
            states = ", ".join([f'"{o.policy}";r={o.remaining};t={o.resets_in}' for o in quotas])
            resp.set_header("RateLimit-Policy", policies)
            resp.set_header("RateLimit", states)

    def count_static(self, req: ShopRequest) -> None:
        """Count a request that has no operation; raise `TooManyRequests`."""
        require_allowed(req, self._limiter.hit(STATIC, self._find_networks(req)))

    @contextmanager
    def count_attempt(
        self, req: ShopRequest, account: str, failures: tuple[type[Refused], ...]
    ) -> Iterator[None]:
        """Count the block as an attempt to guess a secret, as `AttemptCounter` does."""
        with _counted(self._limiter, req, account, failures):
            yield

    def refuse_unknown_path(
        self,
        req: ShopRequest,
        resp: Response,  # noqa: ARG002 - Falcon's signature
        **_: object,
    ) -> NoReturn:
        """Count a request of a path without a route, and answer 404."""
        self.count_static(req)
        raise HTTPNotFound

    def _find_networks(self, req: ShopRequest) -> tuple[str, ...]:
        env = req.env
        forwarded_for = env.get("HTTP_X_FORWARDED_FOR", "")
        clients = self._clients
        find = clients.cached if len(forwarded_for) <= MAX_CACHED_LENGTH else clients.networks
        networks = find(env.get("REMOTE_ADDR", ""), forwarded_for)
        req.context.networks = networks
        return networks


@final
@frozen
class AttemptCounter:
    """Counts the attempts to guess a secret, such as a password.

    An attempt counts when it starts, so that parallel guesses count, for its account and client
    network and, with ten times the limit, for the client network. It is given back unless it
    fails, so that a hundred people behind one address can log in at the same time, and nobody is
    kept out by the failures of a stranger in another network.
    """

    shop: Shop
    limiter: Limiter
    wrapped: InterceptorFactory

    def __call__(self, operation: Operation) -> Interceptor | None:
        """Return the interceptor of *operation*: the wrapped one, which is counted if needed."""
        inner = self.wrapped(operation)
        attempt = operation.attempt
        return inner if attempt is None else self._counted(attempt, inner)

    def _counted(self, attempt: Attempt, inner: Interceptor | None) -> Interceptor:
        def intercept(call: Call, run: Callable[[], EncodedResponse]) -> EncodedResponse:
            body = call.arguments.get(call.operation.signature.body_name)
            account = attempt.account_of(self.shop, call.actor, body)
            if account is None:
                return inner(call, run) if inner else run()
            with _counted(self.limiter, call.req, account, attempt.failures):
                return inner(call, run) if inner else run()

        return intercept


@contextmanager
def _counted(
    limiter: Limiter, req: ShopRequest, account: str, failures: tuple[type[Refused], ...]
) -> Iterator[None]:
    """Count an attempt when it starts; give it back unless it ends in one of *failures*."""
    networks = req.context.networks
    hit = limiter.hit(LOGIN, (f"{account}@{networks[0]}", *networks))
    require_allowed(req, hit)
    try:
        yield
    except failures:
        raise
    except BaseException:
        hit.give_back()
        raise
    hit.give_back()


def require_allowed(req: ShopRequest, hit: Hit) -> None:
    """Put the quotas on the context of the request; raise `TooManyRequests`."""
    context = req.context
    context.quotas = (*context.quotas, *hit.quotas)
    if not hit.allowed:
        refusing = [quota for quota in hit.quotas if not quota.allowed]
        raise TooManyRequests(
            [quota.policy for quota in refusing], max(quota.resets_in for quota in refusing)
        )
