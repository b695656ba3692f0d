"""The WSGI application: everything opened, put together by hand, and closed again.

The shop without HTTP is in `mechanic_shop.wiring.shop`.
"""

import atexit
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from functools import partial
from typing import Final, final
from wsgiref.types import WSGIApplication

from attrs import field, frozen

from mechanic_adapters.caching.cache import ResponseCache
from mechanic_adapters.rate_limits.limiter import RateLimiter, open_rate_limiter
from mechanic_adapters.security.access_tokens import JwtTokens, authenticator
from mechanic_adapters.security.password_hashing import PROFILES, Argon2Passwords
from mechanic_adapters.security.revocations import RevocationList, ignore_epoch
from mechanic_adapters.sql.engine.connection_pool import count_connections
from mechanic_adapters.sql.engine.executor import STATEMENT_COUNT
from mechanic_adapters.sql.store import SqlStore
from mechanic_http.app import HttpPorts, create_app
from mechanic_http.endpoint.idempotent_replay import IdempotentReplay
from mechanic_http.endpoint.response import first_interceptor, no_interceptor
from mechanic_http.endpoint.response_cache import CachedResponses
from mechanic_http.operators.metrics import MetricsResource
from mechanic_http.ports import AccessLog
from mechanic_http.settings import HttpSettings
from mechanic_shop.observability.metrics import Metrics
from mechanic_shop.observability.readiness import Stopping, never_stopping, readiness_check
from mechanic_shop.observability.traces import open_traces
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.access_tokens import create_tokens, load_secret
from mechanic_shop.wiring.cache import checked_regions, create_cache, invalidate_on_commit
from mechanic_shop.wiring.clock import utc_now
from mechanic_shop.wiring.database import open_database
from mechanic_shop.wiring.shop import CONNECTIONS, configure_shop
from mechanic_shop.wiring.sweeper import PERIOD_S, Sweeper, sweep_regularly

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
    store: SqlStore


@contextmanager
def open_application(  # noqa: PLR0913 - everything that can differ between servers
    settings: Settings,
    *,
    threads: int = THREADS,
    stopping: Stopping = never_stopping,
    access_log: AccessLog | None = None,
    metrics: Metrics | None = None,
    sweep_period_s: float = PERIOD_S,
) -> Iterator[WSGIApplication]:
    """Open the shop as a WSGI application and close all its resources on exit.

    Args:
        settings: The checked settings.
        threads: How many requests may run at once.
        stopping: Returns whether a graceful shutdown has begun.
        access_log: Called with each completed request.
        metrics: Counts requests; by default metrics of its own.
        sweep_period_s: The mean time between two deletions of expired data.

    Raises `WrongSettings`, and `SchemaOld` if a PostgreSQL schema needs an upgrade.
    """
    with (
        open_traces(os.environ) as traces,
        _open_resources(settings, threads, metrics or Metrics()) as resources,
    ):
        log = traces.describe_spans(access_log) if traces else access_log
        application = _create_app(resources, threads, stopping, log)
        with sweep_regularly(_sweeper(resources), sweep_period_s):
            yield traces.wrap(application) if traces else application


def create_application(settings: Settings, access_log: AccessLog | None = None) -> WSGIApplication:
    """Return the shop as a WSGI application that is closed when the process exits."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(open_application(settings, access_log=access_log))


@contextmanager
def _open_resources(settings: Settings, threads: int, metrics: Metrics) -> Iterator[Resources]:
    secret = load_secret(settings)
    tokens = create_tokens(settings, secret, utc_now)
    cache = create_cache(settings, metrics.count_fallback, metrics.count_lookup)
    limiter = open_rate_limiter(
        _rate_limits(settings), settings.rate_limit_storage_url, metrics.count_fallback
    )
    with (
        open_database(settings, max(CONNECTIONS, threads // 3)) as store,
        invalidate_on_commit(store, cache),
        closing(limiter),
    ):
        yield Resources(
            settings=settings,
            secret=secret,
            tokens=tokens,
            cache=cache,
            limiter=limiter,
            metrics=metrics,
            store=store,
        )


def _sweeper(resources: Resources) -> Sweeper:
    return Sweeper(resources.store, utc_now, timedelta(seconds=resources.tokens.life))


def _create_app(
    resources: Resources, threads: int, stopping: Stopping, access_log: AccessLog | None
) -> WSGIApplication:
    settings, metrics = resources.settings, resources.metrics
    # A third of the threads stays free of password hashing, for all other requests.
    hashing = max(1, threads * 2 // 3)
    passwords = Argon2Passwords(PROFILES[settings.password_profile], max_callers=hashing)
    shop = configure_shop(settings, resources.store, resources.tokens, passwords)
    return create_app(
        shop,
        _http_ports(resources, stopping, access_log),
        _http_settings(settings, resources.secret),
        [("/metrics", MetricsResource(metrics.render, settings.metrics_token))],
    )


def _http_ports(
    resources: Resources, stopping: Stopping, access_log: AccessLog | None
) -> HttpPorts:
    cache, store, tokens = resources.cache, resources.store, resources.tokens
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
        ready=readiness_check(store, cache, resources.limiter, stopping),
        access_log=resources.metrics.record_requests(
            partial(count_connections, *store.pools), access_log
        ),
        statements=partial(getattr, STATEMENT_COUNT, "total"),
        intercept=first_interceptor(
            IdempotentReplay(store.begin, utc_now, resources.secret.encode()),
            CachedResponses(checked_regions(cache, revocations.refresh_if_due))
            if cache
            else no_interceptor,
        ),
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
    )
