"""A connection pool for a Redis or Valkey server, with tight timeouts."""

from typing import Final
from urllib.parse import urlsplit

from redis import ConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

BUDGET_S: Final = 0.1
"""Seconds that a request may lose to a server that is down or slow."""

SCHEMES: Final = frozenset({"redis", "rediss", "unix"})


def open_redis(url: str, budget_s: float = BUDGET_S) -> Redis:
    """Return a client for *url* whose calls fail within *budget_s* seconds.

    It connects with the first call. Raises `ValueError` when *url* is no address of a server.
    """
    if urlsplit(url).scheme not in SCHEMES:
        raise ValueError("must begin with redis://, rediss:// or unix://")
    pool = ConnectionPool.from_url(
        url,
        socket_connect_timeout=budget_s * 0.4,
        socket_timeout=budget_s * 0.5,
        retry=Retry(NoBackoff(), 0),  # retries are the circuit breaker's
        driver_info=None,  # saves two commands per new connection
    )
    return Redis.from_pool(pool)
