"""The composition root: everything opened, put together by hand, and closed again.

What is there without HTTP stands in `mechanic_shop.opening`.
"""

import atexit
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import timedelta
from typing import Final
from wsgiref.types import WSGIApplication

from mechanic_adapters.clock import utc_now
from mechanic_adapters.limits import RateLimits
from mechanic_adapters.metrics import Metrics
from mechanic_adapters.passwords import PROFILES, Argon2Passwords
from mechanic_adapters.revocations import Revocations, authenticator
from mechanic_core.errors import Unavailable
from mechanic_http.answers import first_around, nothing_around
from mechanic_http.app import HttpPorts, create_app
from mechanic_http.kept_answers import KeptAnswers
from mechanic_http.ports import AccessLog
from mechanic_http.repeats import Repeats
from mechanic_http.resources.metrics import Figures
from mechanic_http.settings import HttpSettings
from mechanic_shop.counting import StatementCount, counted
from mechanic_shop.database import behind, cache_of, open_sql, remembering, swept
from mechanic_shop.opening import CONNECTIONS, open_shop, shop_of
from mechanic_shop.readiness import Stopping, never, readiness
from mechanic_shop.settings import Settings
from mechanic_shop.signing import secret_of, tokens_of
from mechanic_shop.traces import open_traces
from mechanic_shop.use_cases import build_shop

__all__ = ["build_shop", "create_application", "open_application", "open_shop"]

THREADS: Final = 24
"""How many requests run at once by default. Most of them may wait for a password's hash."""


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
    secret = secret_of(settings)
    tokens = tokens_of(settings, secret, utc_now)
    metrics = metrics or Metrics()
    cache = cache_of(settings, metrics.fell_back, metrics.looked_up)
    limits = RateLimits.open(
        _policies(settings), settings.rate_limit_storage_url, metrics.fell_back
    )
    statements = StatementCount()
    with (
        open_traces(os.environ) as traces,
        open_sql(settings, max(CONNECTIONS, threads // 3)) as sql,
        sql.watched(statements.add),
        closing(behind(cache.uncounted() if cache else None, sql)) as store,
        closing(limits),
    ):
        with suppress(Unavailable):  # a shop that can only be read is still worth reading
            swept(store, utc_now())
        passwords = Argon2Passwords(PROFILES[settings.password_profile], most=_logins(threads))
        revocations = Revocations(store.look, utc_now, timedelta(seconds=tokens.life))
        store.subscribe(revocations.touched)
        ports = HttpPorts(
            authenticate=authenticator(tokens, revocations),
            limiter=limits,
            public_keys=tokens.public_keys,
            ready=readiness(sql, cache, limits, stopping),
            access_log=counted(
                metrics, sql.connections, traces.naming(access_log) if traces else access_log
            ),
            statements=statements.here,
            surround=first_around(
                Repeats(store.begin, utc_now, secret.encode()),
                KeptAnswers(remembering(cache)) if cache else nothing_around,
            ),
        )
        shop = shop_of(settings, store, tokens, passwords)
        figures = Figures(metrics.render, settings.metrics_token)
        application = create_app(shop, ports, _http(settings, secret), [("/metrics", figures)])
        yield traces.around(application) if traces else application


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
