"""The composition root: everything opened, put together by hand, and closed again.

What is there without HTTP stands in `mechanic_shop.opening`.
"""

import atexit
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from wsgiref.types import WSGIApplication

from mechanic_adapters.clock import utc_now
from mechanic_adapters.limits import RateLimits
from mechanic_adapters.revocations import Revocations, authenticator
from mechanic_http.app import HttpPorts, create_app
from mechanic_http.ports import AccessLog
from mechanic_http.settings import HttpSettings
from mechanic_shop.database import cache_of, open_store
from mechanic_shop.opening import THREADS, open_shop, shop_of
from mechanic_shop.readiness import Stopping, never, readiness
from mechanic_shop.settings import Settings
from mechanic_shop.signing import secret_of, tokens_of
from mechanic_shop.use_cases import build_shop

__all__ = ["build_shop", "create_application", "open_application", "open_shop"]


@contextmanager
def open_application(
    settings: Settings,
    *,
    threads: int = THREADS,
    stopping: Stopping = never,
    access_log: AccessLog | None = None,
) -> Iterator[WSGIApplication]:
    """Give the shop as a WSGI application.

    Args:
        settings: Checked ones.
        threads: How many requests may run at once.
        stopping: Tells whether the server has been asked to stop.
        access_log: Told of each request.

    Raises `WrongSettings`, and `SchemaOld` where PostgreSQL was not upgraded.
    """
    secret = secret_of(settings)
    tokens = tokens_of(settings, secret, utc_now)
    cache = cache_of(settings)
    with (
        open_store(settings, threads, cache) as store,
        closing(RateLimits.open(_policies(settings), settings.rate_limit_storage_url)) as limits,
    ):
        revocations = Revocations(store.look, utc_now, timedelta(seconds=tokens.life))
        store.subscribe(revocations.touched)
        ports = HttpPorts(
            authenticate=authenticator(tokens, revocations),
            limiter=limits,
            public_keys=tokens.public_keys,
            ready=readiness(store, cache, limits, stopping),
            access_log=access_log,
        )
        yield create_app(shop_of(settings, store, tokens), ports, _http(settings, secret))


def create_application(settings: Settings, access_log: AccessLog | None = None) -> WSGIApplication:
    """Return the shop as a WSGI application that is closed when the process ends."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(open_application(settings, access_log=access_log))


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
