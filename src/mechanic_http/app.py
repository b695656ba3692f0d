"""The WSGI application: middleware, error handlers and routes, put together by `create_app`."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import falcon
from attrs import frozen

from mechanic_core.shop import Shop
from mechanic_http.context import ShopRequest
from mechanic_http.documents.approval_page import approval_pages
from mechanic_http.documents.links import uncounted
from mechanic_http.documents.pages import ASSETS, DOCUMENTS
from mechanic_http.documents.paper.printers import printers
from mechanic_http.documents.password_page import password_pages
from mechanic_http.endpoint.arguments import IdConverter
from mechanic_http.endpoint.pagination import CursorSigner
from mechanic_http.endpoint.responder import BoundResource, EndpointOptions
from mechanic_http.endpoint.response import InterceptorFactory, no_interceptor
from mechanic_http.middleware.access_log import AccessLogging
from mechanic_http.middleware.authentication import Authentication
from mechanic_http.middleware.client_address import ClientAddresses
from mechanic_http.middleware.cors import Cors
from mechanic_http.middleware.public_prefix import PublicPrefix
from mechanic_http.middleware.rate_limits import AttemptCounter, RateLimiter
from mechanic_http.middleware.security_headers import HttpsOnly, SecurityHeaders
from mechanic_http.operators.health import LivenessCheck, ReadinessCheck
from mechanic_http.ports import (
    AccessLog,
    Authenticate,
    Limiter,
    PdfRenderer,
    PublicKeys,
    Ready,
    StatementCounter,
    always_ready,
    no_keys,
    no_log,
    no_statements,
)
from mechanic_http.problems import handlers
from mechanic_http.resources.keys import KeySetItem, ReadPublicKeys
from mechanic_http.router import ShopRouter
from mechanic_http.routes import ROUTES
from mechanic_http.settings import HttpSettings

App: TypeAlias = falcon.App[Any, Any]


@frozen(kw_only=True)
class HttpPorts:
    """The ports of the HTTP layer; only *authenticate* has no default.

    Without *pdf* papers are HTML alone.
    """

    authenticate: Authenticate
    limiter: Limiter | None = None
    public_keys: PublicKeys = no_keys
    ready: Ready = always_ready
    access_log: AccessLog = no_log
    statements: StatementCounter = no_statements
    intercept: InterceptorFactory = no_interceptor
    pdf: PdfRenderer | None = None


def create_app(
    shop: Shop,
    ports: HttpPorts,
    settings: HttpSettings,
    open_routes: Iterable[tuple[str, object]] = (),
) -> App:
    """Return the application; raise `TypeError` for a route without a policy.

    *open_routes* are URI templates and Falcon resources that authorize requests themselves.
    """
    clients = ClientAddresses(settings.trusted_proxies)
    rate_limiter = RateLimiter(ports.limiter, clients) if ports.limiter else None
    app = _App(
        request_type=ShopRequest,
        middleware=list(_middleware(ports, settings, clients, rate_limiter)),
        router=ShopRouter(),
    )
    app.req_options.strip_url_path_trailing_slash = True
    app.router_options.converters["id"] = IdConverter
    handlers.install(app)
    options = EndpointOptions(
        cursor_signer=CursorSigner(settings.cursor_secret),
        require_if_match=settings.require_if_match,
        intercept=AttemptCounter(shop, ports.limiter, ports.intercept)
        if ports.limiter
        else ports.intercept,
        printers=printers(ports.pdf),
    )
    _add_routes(app, shop, ReadPublicKeys(ports.public_keys), options)
    app.add_route("/healthz", LivenessCheck())
    app.add_route("/readyz", ReadinessCheck(ports.ready))
    count_attempt = rate_limiter.count_attempt if rate_limiter else uncounted
    pages = (*password_pages(shop, count_attempt), *approval_pages(shop, count_attempt))
    for template, resource in (*DOCUMENTS, *ASSETS, *pages, *open_routes):
        app.add_route(template, resource)
    if rate_limiter:
        app.add_sink(rate_limiter.refuse_unknown_path, "")
    return app


class _App(falcon.App[Any, Any]):
    """A Falcon application that lets middleware see the method WEBSOCKET too."""

    _META_METHODS = frozenset()


def _add_routes(
    app: App, shop: Shop, public_keys: ReadPublicKeys, options: EndpointOptions
) -> None:
    for route in ROUTES:
        resource = route.resource(public_keys if route.resource is KeySetItem else shop)
        bound = BoundResource(route.template, resource, options)
        for template in route.templates:
            app.add_route(template, bound)


def _middleware(
    ports: HttpPorts,
    settings: HttpSettings,
    clients: ClientAddresses,
    rate_limiter: RateLimiter | None,
) -> Iterator[Any]:
    yield AccessLogging(ports.access_log, ports.statements)
    if settings.root_path or settings.trusted_proxies:
        yield PublicPrefix(settings.root_path, clients)
    yield SecurityHeaders()
    if settings.cors_origins:
        yield Cors(settings.cors_origins)
    if settings.force_https:
        yield HttpsOnly(clients, rate_limiter.count_static if rate_limiter else None)
    yield Authentication(ports.authenticate)
    if rate_limiter:
        yield rate_limiter
