"""The composition root: everything opened, put together by hand, and closed again.

What is there without HTTP stands in `mechanic_shop.wiring.shop`.
"""

import atexit
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import timedelta
from typing import Final, final
from wsgiref.types import WSGIApplication

from attrs import frozen

from mechanic_adapters.caching.cache import ResponseCache
from mechanic_adapters.clock import utc_now
from mechanic_adapters.rate_limits.limiter import RateLimiter
from mechanic_adapters.security.access_tokens import JwtTokens
from mechanic_adapters.security.password_hashing import PROFILES, Argon2Passwords
from mechanic_adapters.security.revocations import Revocations, authenticator
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.errors import Unavailable
from mechanic_core.unit_of_work import Store
from mechanic_http.app import HttpPorts, create_app
from mechanic_http.endpoint.idempotent_replay import IdempotentReplay
from mechanic_http.endpoint.response import first_interceptor, no_interceptor
from mechanic_http.endpoint.response_cache import CachedResponses
from mechanic_http.operators.metrics import MetricsPage
from mechanic_http.ports import AccessLog
from mechanic_http.settings import HttpSettings
from mechanic_shop.observability.metrics import Metrics
from mechanic_shop.observability.readiness import Stopping, never, readiness
from mechanic_shop.observability.request_metrics import StatementCount, counted
from mechanic_shop.observability.traces import open_traces
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.database import cache_of, invalidated_by, open_sql, remembering, swept
from mechanic_shop.wiring.shop import CONNECTIONS, open_shop, shop_of
from mechanic_shop.wiring.signing import secret_of, tokens_of
from mechanic_shop.wiring.use_cases import build_shop

__all__ = ["build_shop", "create_application", "open_application", "open_shop"]

THREADS: Final = 24
"""How many requests run at once by default. Most of them may wait for a password's hash."""


@final
@frozen(kw_only=True)
class Opened:
    """What an application is made of: all of it open, and closed with it."""

    settings: Settings
    secret: str
    tokens: JwtTokens
    cache: ResponseCache | None
    limits: RateLimiter
    metrics: Metrics
    sql: SqlStore
    statements: StatementCount
    store: Store


@contextmanager
def open_application(
    settings: Settings,
    *,
    threads: int = THREADS,
    stopping: Stopping = never,
    access_log: AccessLog | None = None,
    metrics: Metrics | None = None,
) -> Iterator[WSGIApplication]:
    """Give the shop as a WSGI application.

    Args:
        settings: Checked ones.
        threads: How many requests may run at once.
        stopping: Tells whether the server has been asked to stop.
        access_log: Told of each request.
        metrics: What counts.

    Raises `WrongSettings`, and `SchemaOld` where PostgreSQL was not upgraded.
    """
    with (
        open_traces(os.environ) as traces,
        _opened(settings, threads, metrics or Metrics()) as opened,
    ):
        with suppress(Unavailable):  # a shop that can only be read is still worth reading
            swept(opened.store, utc_now())
        log = traces.naming(access_log) if traces else access_log
        application = _application(opened, threads, stopping, log)
        yield traces.around(application) if traces else application


@contextmanager
def _opened(settings: Settings, threads: int, metrics: Metrics) -> Iterator[Opened]:
    """Open everything, the store behind its cache, and close it again in reverse."""
    secret = secret_of(settings)
    tokens = tokens_of(settings, secret, utc_now)
    cache = cache_of(settings, metrics.fell_back, metrics.looked_up)
    limits = RateLimiter.open(
        _policies(settings), settings.rate_limit_storage_url, metrics.fell_back
    )
    statements = StatementCount()
    with (
        open_sql(settings, max(CONNECTIONS, threads // 3)) as sql,
        sql.watched(statements.add),
        invalidated_by(sql, cache),
        closing(limits),
    ):
        yield Opened(
            settings=settings,
            secret=secret,
            tokens=tokens,
            cache=cache,
            limits=limits,
            metrics=metrics,
            sql=sql,
            statements=statements,
            store=sql,
        )


def _application(
    opened: Opened, threads: int, stopping: Stopping, access_log: AccessLog | None
) -> WSGIApplication:
    settings, metrics = opened.settings, opened.metrics
    passwords = Argon2Passwords(PROFILES[settings.password_profile], most=_logins(threads))
    shop = shop_of(settings, opened.store, opened.tokens, passwords)
    ports = _ports(opened, stopping, access_log)
    figures = MetricsPage(metrics.render, settings.metrics_token)
    return create_app(shop, ports, _http(settings, opened.secret), [("/metrics", figures)])


def _ports(opened: Opened, stopping: Stopping, access_log: AccessLog | None) -> HttpPorts:
    cache, sql, store, tokens = opened.cache, opened.sql, opened.store, opened.tokens
    revocations = Revocations(store.read_only, utc_now, timedelta(seconds=tokens.life))
    store.subscribe(revocations.touched)
    return HttpPorts(
        authenticate=authenticator(tokens, revocations),
        limiter=opened.limits,
        public_keys=tokens.public_keys,
        ready=readiness(sql, cache, opened.limits, stopping),
        access_log=counted(opened.metrics, sql.connections, access_log),
        statements=opened.statements.here,
        intercept=first_interceptor(
            IdempotentReplay(store.begin, utc_now, opened.secret.encode()),
            CachedResponses(remembering(cache)) if cache else no_interceptor,
        ),
    )


def create_application(settings: Settings, access_log: AccessLog | None = None) -> WSGIApplication:
    """Return the shop as a WSGI application that is closed when the process ends."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(open_application(settings, access_log=access_log))


def _logins(threads: int) -> int:
    """Return how many may wait for a hash, so that a third of the threads is there for others."""
    return max(1, threads * 2 // 3)


def _policies(settings: Settings) -> dict[str, str]:
    return {
        "default": settings.global_rate_limit,
        "login": settings.login_rate_limit,
        "write": settings.write_rate_limit,
    }


def _http(settings: Settings, secret: str) -> HttpSettings:
    return HttpSettings(
        cursor_secret=secret.encode(),
        trusted_proxies=tuple(map(str, settings.trusted_proxies)),
        cors_origins=settings.cors_origins,
        require_if_match=settings.require_if_match,
        force_https=settings.force_https,
    )
