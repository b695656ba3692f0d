"""A connection pool for a Redis or Valkey server, with tight timeouts."""

import re
from typing import Final
from urllib.parse import urlsplit

from redis import ConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

BUDGET_S: Final = 0.1
"""Seconds that a request may lose to a server that is down or slow."""


def require_redis_url(url: str) -> str:
    """Return *url*; raise `ValueError` unless it is ``redis://HOST:PORT/NUMBER`` or ``rediss``.

    redis-py itself ignores a database that is not a number, and so would use database 0.
    """
    parts = urlsplit(url)
    _ = parts.port  # raises `ValueError` for a port that is not a number
    if parts.fragment or "@" in parts.path:  # of a password: its rest would be dropped silently
        raise ValueError("special characters in the password must be percent-encoded")
    if parts.scheme not in {"redis", "rediss"} or not parts.hostname:
        raise ValueError("must be redis://HOST:PORT/NUMBER or rediss://HOST:PORT/NUMBER")
    if not re.fullmatch(r"(/[0-9]*)?", parts.path):
        raise ValueError("must end with the number of a database, such as /0")
    return url


def open_redis(url: str, budget_s: float = BUDGET_S) -> Redis:
    """Return a client for *url* whose calls fail within *budget_s* seconds.

    It connects with the first call. Raises `ValueError` when *url* is no address of a server.
    """
    pool = ConnectionPool.from_url(
        require_redis_url(url),
        socket_connect_timeout=budget_s * 0.4,
        socket_timeout=budget_s * 0.5,
        retry=Retry(NoBackoff(), 0),  # retries are the circuit breaker's
        driver_info=None,  # saves two commands per new connection
    )
    return Redis.from_pool(pool)
