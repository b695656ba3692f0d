"""The WSGI application: routes, middleware and errors, put together once."""

from collections.abc import Iterable
from typing import Any, TypeAlias

import falcon
from attrs import frozen

from mechanic_core.shop import Shop
from mechanic_http import problems
from mechanic_http.answers import Surround, nothing_around
from mechanic_http.clients import Clients
from mechanic_http.converters import IdConverter
from mechanic_http.cursors import Cursors
from mechanic_http.equipment import Equipment, unlimited
from mechanic_http.middleware.access_log import AccessLogging
from mechanic_http.middleware.authentication import Authentication
from mechanic_http.middleware.cors import Cors
from mechanic_http.middleware.https import HttpsOnly
from mechanic_http.middleware.methods import Methods
from mechanic_http.middleware.rate_limits import RateLimits
from mechanic_http.middleware.request_ids import RequestIds
from mechanic_http.middleware.security import SecurityHeaders
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
from mechanic_http.resources.documents import ASSETS, DOCUMENTS
from mechanic_http.resources.health import Alive, ReadyToServe
from mechanic_http.resources.keys import ReadPublicKeys
from mechanic_http.routes import KEYS, ROUTES, Route
from mechanic_http.served import Served
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
    surround: Surround = nothing_around


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
    limits = RateLimits(ports.limiter, clients) if ports.limiter else None
    equipment = Equipment(
        cursors=Cursors(settings.cursor_secret),
        require_if_match=settings.require_if_match,
        surround=ports.surround,
        spend=limits.spend if limits else unlimited,
    )
    app = _App(middleware=list(_middleware(ports, settings, clients, limits)))
    app.req_options.strip_url_path_trailing_slash = True
    app.router_options.converters["id"] = IdConverter
    problems.install(app)
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


def _serve(app: App, route: Route, resource: object, equipment: Equipment) -> None:
    served = Served(route.template, resource, equipment)
    for address in route.addresses:
        app.add_route(address, served)


def _middleware(
    ports: HttpPorts, settings: HttpSettings, clients: Clients, limits: RateLimits | None
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
