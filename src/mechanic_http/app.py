"""The WSGI application: routes, middleware and errors, put together once."""

from collections.abc import Iterable
from typing import Any, TypeAlias

import falcon
from attrs import frozen

from mechanic_core.shop import Shop
from mechanic_http.documents.pages import ASSETS, DOCUMENTS
from mechanic_http.endpoint.bound_resource import BoundResource
from mechanic_http.endpoint.cursors import Cursors
from mechanic_http.endpoint.interceptor import InterceptorFactory, no_interceptor
from mechanic_http.endpoint.options import EndpointOptions, unlimited
from mechanic_http.endpoint.path_ids import IdConverter
from mechanic_http.middleware.access_log import AccessLogging
from mechanic_http.middleware.authentication import Authentication
from mechanic_http.middleware.client_address import Clients
from mechanic_http.middleware.cors import Cors
from mechanic_http.middleware.https import HttpsOnly
from mechanic_http.middleware.methods import Methods
from mechanic_http.middleware.rate_limits import RateLimiter
from mechanic_http.middleware.request_ids import RequestIds
from mechanic_http.middleware.security_headers import SecurityHeaders
from mechanic_http.operators.health import Alive, ReadyToServe
from mechanic_http.ports import (
    AccessLog,
    Authenticate,
    Limiter,
    PublicKeys,
    Ready,
    Statements,
    always_ready,
    no_keys,
    no_statements,
)
from mechanic_http.problems import handlers
from mechanic_http.resources.keys import ReadPublicKeys
from mechanic_http.routes import KEYS, ROUTES, Route
from mechanic_http.settings import HttpSettings

App: TypeAlias = falcon.App[Any, Any]


@frozen(kw_only=True)
class HttpPorts:
    """What HTTP needs of others; what is left out does nothing."""

    authenticate: Authenticate
    limiter: Limiter | None = None
    public_keys: PublicKeys = no_keys
    ready: Ready = always_ready
    access_log: AccessLog | None = None
    statements: Statements = no_statements
    intercept: InterceptorFactory = no_interceptor


def create_app(
    shop: Shop,
    ports: HttpPorts,
    settings: HttpSettings,
    open_routes: Iterable[tuple[str, object]] = (),
) -> App:
    """Return the application; raise `TypeError` for a route that nobody has a policy for.

    *open_routes* are Falcon resources for operators and readers, each with a door of its own.
    """
    clients = Clients(settings.trusted_proxies)
    limits = RateLimiter(ports.limiter, clients) if ports.limiter else None
    equipment = EndpointOptions(
        cursors=Cursors(settings.cursor_secret),
        require_if_match=settings.require_if_match,
        intercept=ports.intercept,
        spend=limits.spend if limits else unlimited,
    )
    app = _App(middleware=list(_middleware(ports, settings, clients, limits)))
    app.req_options.strip_url_path_trailing_slash = True
    app.router_options.converters["id"] = IdConverter
    handlers.install(app)
    for route in ROUTES:
        _serve(app, route, route.resource(shop), equipment)
    _serve(app, KEYS, KEYS.resource(ReadPublicKeys(ports.public_keys)), equipment)
    app.add_route("/healthz", Alive())
    app.add_route("/readyz", ReadyToServe(ports.ready))
    for template, resource in (*DOCUMENTS, *ASSETS, *open_routes):
        app.add_route(template, resource)
    return app


class _App(falcon.App[Any, Any]):
    """Falcon's, but for a method that it would refuse before any middleware has seen it."""

    _META_METHODS = frozenset()


def _serve(app: App, route: Route, resource: object, equipment: EndpointOptions) -> None:
    served = BoundResource(route.template, resource, equipment)
    for address in route.addresses:
        app.add_route(address, served)


def _middleware(
    ports: HttpPorts, settings: HttpSettings, clients: Clients, limits: RateLimiter | None
) -> Iterable[Any]:
    yield RequestIds()
    if ports.access_log:
        yield AccessLogging(ports.access_log, ports.statements)
    yield SecurityHeaders()
    if settings.cors_origins:
        yield Cors(settings.cors_origins)
    if settings.force_https:
        yield HttpsOnly(clients)
    yield Methods()
    yield Authentication(ports.authenticate)
    if limits:
        yield limits
