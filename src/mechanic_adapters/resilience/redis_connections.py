"""Clients of Redis and Valkey servers, with tight timeouts."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import Lock
from typing import Any, Final, Protocol, cast, final

from attrs import define, field
from redis import ConnectionPool, Redis, RedisCluster, SSLConnection, cluster, sentinel
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError
from redis.retry import Retry

from mechanic_adapters.addresses import WrongAddress
from mechanic_adapters.resilience.redis_addresses import RedisAddress, Topology

BUDGET_S: Final = 0.1
"""Seconds that a request may lose to a server that is down or slow."""

_LASTING: Final = {
    "CERTIFICATE_VERIFY_FAILED": "its certificate is not trusted",
    "WRONG_VERSION_NUMBER": "it offers no TLS",
    "Name or service not known": "no host has this name",
}
"""What redis-py's errors say that trying again does not mend, and the cause in words."""

RunScript = Callable[[Sequence[str], Sequence[Any]], Any]
"""Runs a script with its keys and arguments."""


class RedisClient(Protocol):
    """The commands that the shop uses, which one server and a cluster have."""

    def mget(self, keys: Sequence[str]) -> Any:
        """Return the values of *keys*."""
        ...

    def mset(self, mapping: Mapping[str, bytes]) -> Any:
        """Set several keys."""
        ...

    def set(self, name: str, value: bytes, *, px: int | None = None, nx: bool = False) -> Any:
        """Set a key for *px* milliseconds, or only if it does not exist."""
        ...

    def register_script(self, script: str) -> RunScript:
        """Return what runs a Lua script."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


@final
@define(eq=False)
class ClusterClient:
    """A client of a cluster that connects with the first call; redis-py's does when it is made."""

    _connect: Callable[[], RedisCluster]
    _cluster: RedisCluster | None = field(default=None, init=False)
    _lock: Lock = field(factory=Lock, init=False)

    def mget(self, keys: Sequence[str]) -> Any:
        """Return the values of *keys*, which have one hash tag."""
        return self._connected().mget(keys)

    def mset(self, mapping: Mapping[str, bytes]) -> Any:
        """Set several keys, which have one hash tag."""
        return self._connected().mset(mapping)

    def set(self, name: str, value: bytes, *, px: int | None = None, nx: bool = False) -> Any:
        """Set a key."""
        return self._connected().set(name, value, px=px, nx=nx)

    def register_script(self, script: str) -> RunScript:
        """Return what runs a script, whose keys have one hash tag."""

        def run(keys: Sequence[str], args: Sequence[Any]) -> Any:
            connected: Any = self._connected()
            return connected.register_script(script)(keys, args)

        return run

    def close(self) -> None:
        """Close all connections."""
        if self._cluster is not None:
            self._cluster.close()

    def _connected(self) -> RedisCluster:
        if self._cluster is None:
            with self._lock:
                if self._cluster is None:
                    self._cluster = self._connect()
        return self._cluster


def require_redis_url(url: str) -> str:
    """Return *url*; raise `WrongAddress` unless it is the address of a Redis or Valkey server."""
    RedisAddress.parse(url)
    return url


def open_redis(url: str, budget_s: float = BUDGET_S) -> RedisClient:
    """Return a client for *url* whose calls fail within *budget_s* seconds.

    It connects with the first call. Raises `WrongAddress`.
    """
    address = RedisAddress.parse(url)
    timeouts = {"socket_connect_timeout": budget_s * 0.4, "socket_timeout": budget_s * 0.5}
    options = {
        **timeouts,
        "retry": Retry(NoBackoff(), 0),  # retries are the circuit breaker's
        "driver_info": None,  # saves two commands per new connection
        **address.options,
    }
    if address.topology is Topology.SERVER:
        return cast("RedisClient", Redis.from_pool(ConnectionPool(**options)))
    options["ssl"] = options.pop("connection_class") is SSLConnection
    without_database = {name: value for name, value in options.items() if name != "db"}
    if address.topology is Topology.CLUSTER:
        node: Any = cluster.ClusterNode
        nodes = [node(*place) for place in address.hosts]
        return ClusterClient(partial(RedisCluster, startup_nodes=nodes, **without_database))
    watching: Any = sentinel.Sentinel
    sentinels = watching(address.hosts, sentinel_kwargs=without_database)
    return cast("RedisClient", sentinels.master_for(address.name, **options))


def require_usable(url: str, budget_s: float = 1.0) -> None:
    """Raise `WrongAddress` if the server at *url* refuses what trying again does not mend.

    A server that does not answer is none of that: the circuit breaker waits for it.
    """
    client = open_redis(url, budget_s)
    try:
        client.mget([hash_tagged("mechanic-shop:start", url)])
    except (AuthenticationError, NoPermissionError):
        raise WrongAddress("wrong credentials") from None
    except ResponseError as error:
        raise WrongAddress(f"it answers {str(error).split(chr(10))[0]!r}") from None
    except (RedisError, OSError) as error:
        for mark, cause in _LASTING.items():
            if mark in str(error):
                raise WrongAddress(cause) from None
    finally:
        client.close()


def hash_tagged(prefix: str, url: str) -> str:
    """Return *prefix* as the hash tag of keys in a cluster, which then stores them on one node.

    What one command or script reads and writes must be on one node.
    """
    is_cluster = RedisAddress.parse(url).topology is Topology.CLUSTER
    return f"{{{prefix}}}" if is_cluster else prefix
