"""The WSGI application: everything opened, put together by hand, and closed again.

The shop without HTTP is in `mechanic_shop.wiring.shop`.
"""

import atexit
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from functools import partial
from typing import Any, Final, final
from wsgiref.types import WSGIApplication

from attrs import evolve, field, frozen

from mechanic_adapters.caching.cache import ResponseCache
from mechanic_adapters.rate_limits.limiter import RateLimiter, open_rate_limiter
from mechanic_adapters.security.access_tokens import JwtTokens, authenticator
from mechanic_adapters.security.password_hashing import PROFILES, Argon2Passwords
from mechanic_adapters.security.revocations import RevocationList, ignore_epoch
from mechanic_adapters.sql.engine.connection_pool import count_connections
from mechanic_adapters.sql.engine.statement_count import STATEMENT_COUNT
from mechanic_core.inventory.low_stock import LowStockListener
from mechanic_core.shop import Shop
from mechanic_core.unit_of_work import EventListener, Store
from mechanic_http.app import HttpPorts, create_app
from mechanic_http.endpoint.idempotent_replay import IdempotentReplay
from mechanic_http.endpoint.response import first_interceptor, no_interceptor
from mechanic_http.endpoint.response_cache import CachedResponses
from mechanic_http.operators.metrics import MetricsResource
from mechanic_http.ports import AccessLog
from mechanic_http.settings import HttpSettings
from mechanic_shop.observability.metrics import Metrics
from mechanic_shop.observability.outages import log_outage
from mechanic_shop.observability.readiness import Stopping, never_stopping, readiness_check
from mechanic_shop.observability.traces import open_traces
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.access_tokens import configure_tokens, tokens_of
from mechanic_shop.wiring.cache import checked_regions, create_cache, invalidate_on_commit
from mechanic_shop.wiring.clock import utc_now
from mechanic_shop.wiring.database import open_database
from mechanic_shop.wiring.mail import deliver_regularly
from mechanic_shop.wiring.open_store import OpenStore, sql_store_of
from mechanic_shop.wiring.paper import create_pdf_renderer
from mechanic_shop.wiring.shop import configure_shop, with_long_poll
from mechanic_shop.wiring.side_stores import require_side_stores
from mechanic_shop.wiring.sweeper import PERIOD_S, create_sweeper, sweep_regularly
from mechanic_shop.wiring.use_cases import ignore_low_stock

THREADS: Final = 24
"""The default number of threads; most of them may be hashing a password."""


@final
@frozen(kw_only=True)
class Resources:
    """The open resources of one application."""

    settings: Settings
    secret: str = field(repr=False)
    tokens: JwtTokens
    cache: ResponseCache | None
    limiter: RateLimiter
    metrics: Metrics
    shop: Shop


@contextmanager
def open_application(  # noqa: PLR0913 - everything that can differ between servers
    settings: Settings,
    *,
    store: Store | None = None,
    shop: Shop | None = None,
    routes: Iterable[tuple[str, object]] = (),
    low_stock: LowStockListener = ignore_low_stock,
    on_commit: EventListener | None = None,
    threads: int = THREADS,
    stopping: Stopping = never_stopping,
    access_log: AccessLog | None = None,
    metrics: Metrics | None = None,
    sweep_period_s: float = PERIOD_S,
) -> Iterator[WSGIApplication]:
    """Open the shop as a WSGI application; close on exit what was opened.

    Args:
        settings: The checked settings.
        store: A store of the host's, instead of the database.
        shop: A shop from `open_shop`, instead of one of the application's own.
        routes: Further URI templates and Falcon resources, which authorize by themselves.
        low_stock: Called with each part that falls to its reorder point.
        on_commit: Called once after each commit, with a tuple of its events.
        threads: How many requests may run at once; a quarter of them may wait for events.
        stopping: Returns whether a graceful shutdown has begun.
        access_log: Called with each completed request.
        metrics: Counts requests; by default metrics of its own.
        sweep_period_s: The mean time between two sweeps.

    Raises `WrongSettings`, `TypeError`, and `SchemaOld` for PostgreSQL.
    """
    with (
        open_traces(os.environ) as traces,
        _open_shop(settings, store, shop, low_stock, threads) as opened,
        _open_resources(settings, opened, metrics or Metrics(), sweep_period_s) as resources,
    ):
        log = traces.describe_spans(access_log) if traces else access_log
        shop = with_long_poll(resources.shop, max(1, threads // 4), stopping, on_commit)
        application = _create_app(evolve(resources, shop=shop), stopping, log, routes)
        yield traces.wrap(application) if traces else application


def create_application(
    settings: Settings, access_log: AccessLog | None = None, **options: Any
) -> WSGIApplication:
    """Return the shop as a WSGI application that is closed when the process exits.

    *options* are those of `open_application`.
    """
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(open_application(settings, access_log=access_log, **options))


@contextmanager
def _open_shop(
    settings: Settings,
    store: Store | None,
    shop: Shop | None,
    low_stock: LowStockListener,
    threads: int,
) -> Iterator[Shop]:
    """Yield the *shop* of a host, or open one on the *store* of a host or on the database."""
    if shop is not None:
        if store is not None or low_stock is not ignore_low_stock:
            raise TypeError("a shop has its store and its listeners already")
        yield shop
        return
    tokens = configure_tokens(settings, has_database=store is None)
    # A third of the threads stays free of password hashing, for all other requests.
    hashing = max(1, threads * 2 // 3)
    passwords = Argon2Passwords(PROFILES[settings.password_profile], max_callers=hashing)
    if store is not None:
        with closing(OpenStore(store)) as opened:
            yield configure_shop(settings, opened, tokens, passwords, low_stock)
        return
    with open_database(settings, wait=True) as database:
        yield configure_shop(settings, database, tokens, passwords, low_stock)


@contextmanager
def _open_resources(
    settings: Settings, shop: Shop, metrics: Metrics, sweep_period_s: float
) -> Iterator[Resources]:
    """Open what the application needs besides the shop; sweep its store, deliver its mail."""
    tokens = tokens_of(shop)
    require_side_stores(settings)
    cache = create_cache(settings, metrics.count_fallback, metrics.count_lookup)
    limiter = open_rate_limiter(
        _rate_limits(settings), settings.rate_limit_storage_url, metrics.count_fallback
    )
    sweeper = create_sweeper(settings, shop.store)
    with invalidate_on_commit(shop.store, cache), closing(limiter):
        resources = Resources(
            settings=settings,
            secret=tokens.secret(),
            tokens=tokens.make(),
            cache=cache,
            limiter=limiter,
            metrics=metrics,
            shop=shop,
        )
        with (
            sweep_regularly(sweeper, sweep_period_s),
            deliver_regularly(shop, metrics.count_mails) as delivered,
        ):
            yield evolve(resources, shop=delivered)


def _create_app(
    resources: Resources,
    stopping: Stopping,
    access_log: AccessLog | None,
    routes: Iterable[tuple[str, object]],
) -> WSGIApplication:
    settings = resources.settings
    return create_app(
        resources.shop,
        _http_ports(resources, stopping, access_log),
        _http_settings(settings, resources.secret),
        [("/metrics", MetricsResource(resources.metrics.render, settings.metrics_token)), *routes],
    )


def _http_ports(
    resources: Resources, stopping: Stopping, access_log: AccessLog | None
) -> HttpPorts:
    cache, store, tokens = resources.cache, resources.shop.store, resources.tokens
    if database := sql_store_of(store):
        database.database.outages.listen(log_outage)
        if database.lagging_reads:
            resources.metrics.follow_replica(database.lagging_reads)
    revocations = RevocationList(
        store.read_only,
        timedelta(seconds=tokens.life),
        on_new_epoch=cache.invalidate_all if cache else ignore_epoch,
    )
    store.subscribe(revocations.invalidate)
    return HttpPorts(
        authenticate=authenticator(tokens, revocations),
        limiter=resources.limiter,
        public_keys=tokens.public_keys,
        ready=readiness_check(database or store, cache, resources.limiter, stopping),
        access_log=resources.metrics.record_requests(
            partial(count_connections, database.pools if database else ()), access_log
        ),
        statements=partial(getattr, STATEMENT_COUNT, "total"),
        intercept=first_interceptor(
            IdempotentReplay(store.begin, utc_now, resources.secret.encode()),
            CachedResponses(checked_regions(cache, revocations.refresh_if_due))
            if cache
            else no_interceptor,
        ),
        pdf=create_pdf_renderer(),
    )


def _rate_limits(settings: Settings) -> dict[str, str]:
    return {
        "default": settings.global_rate_limit,
        "login": settings.login_rate_limit,
        "static": settings.static_rate_limit,
        "write": settings.write_rate_limit,
    }


def _http_settings(settings: Settings, secret: str) -> HttpSettings:
    return HttpSettings(
        cursor_secret=secret.encode(),
        trusted_proxies=tuple(map(str, settings.trusted_proxies)),
        cors_origins=settings.cors_origins,
        require_if_match=settings.require_if_match,
        force_https=settings.force_https,
        root_path=settings.root_path,
    )
