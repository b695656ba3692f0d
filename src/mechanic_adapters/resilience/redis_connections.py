"""ConnectionPool to Redis or Valkey that never keep a request waiting for long."""

from typing import Final
from urllib.parse import urlsplit

from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.retry import Retry

BUDGET_S: Final = 0.1
"""What a request may lose to a store that is dead or slow."""

SCHEMES: Final = frozenset({"redis", "rediss", "unix"})


def redis_pool(url: str, budget_s: float = BUDGET_S) -> ConnectionPool:
    """Return a pool of connections to *url* that give up within *budget_s*.

    Raises `ValueError` when *url* is no address of a store.
    """
    if urlsplit(url).scheme not in SCHEMES:
        raise ValueError("must begin with redis://, rediss:// or unix://")
    return ConnectionPool.from_url(
        url,
        socket_connect_timeout=budget_s * 0.4,
        socket_timeout=budget_s * 0.5,
        retry=Retry(NoBackoff(), 0),  # the breaker decides when to try again
        driver_info=None,  # spares each new connection two commands
    )
