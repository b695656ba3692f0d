"""Addresses of databases and side stores: how they are read, and what is wrong with others."""

from typing import Final

import pytest
from psycopg import OperationalError

from mechanic_adapters.addresses import WrongAddress
from mechanic_adapters.resilience.redis_addresses import RedisAddress, Topology
from mechanic_adapters.resilience.redis_connections import hash_tagged
from mechanic_adapters.sql.engine.engines import database_url
from mechanic_adapters.sql.engine.postgres.connection_failures import connection_failure
from mechanic_adapters.sql.engine.postgres.server_places import places
from mechanic_shop.settings.settings import Settings
from mechanic_shop.settings.variables import WrongSettings


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u:p@h/shop", ("h:5432",)),
        ("postgresql://u:p@h1:1,h2:2/shop?target_session_attrs=read-write", ("h1:1", "h2:2")),
        ("postgresql://u:p@h1,h2:2/shop", ("h1:5432", "h2:2")),
        ("postgresql://[::1]:1,[::2]/shop", ("[::1]:1", "[::2]:5432")),
        ("postgresql://u:p,q%2C@h1:1/shop", ("h1:1",)),
        ("postgresql:///shop?host=h1,h2&port=7", ("h1:7", "h2:7")),
        ("postgresql:///shop?host=h1:1&host=h2:2", ("h1:1", "h2:2")),
        ("postgresql:///shop?host=/run/postgresql", ("/run/postgresql/.s.PGSQL.5432",)),
        ("postgresql:///shop", ("localhost:5432",)),
    ],
)
def test_a_database_may_have_several_servers(url: str, expected: tuple[str, ...]) -> None:
    """
    Hosts are separated by commas; the port of each is after its colon.
    """
    assert expected == places(database_url(url))


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("postgresql://u:p@h1:a,h2/shop", "the port of h1 must be a number"),
        ("postgresql://host:port/shop", "the port of host must be a number"),
        ("postgresql://h/shop?sslmod=require", "PostgreSQL knows no parameter sslmod"),
        ("postgresql://h", "the URL must name a database"),
        ("redis://h:x", "a port must be a number"),
        ("redis://h1,h2/0", "several hosts need redis+sentinel:// or redis+cluster://"),
        ("redis://h/0?timeout=1", "redis-py does not know one of its parameters"),
        ("redis://h/0?socket_timeout=x", "a parameter has a wrong value"),
        ("redis+sentinel://h", "it must end with the name that the sentinels watch"),
        ("redis+cluster://h/1", "a cluster has no numbered databases"),
        ("unix://h", "it must name the file of a socket"),
        ("redis:///0", "it must name a host"),
    ],
)
def test_a_wrong_address_stops_the_start_with_its_cause(url: str, cause: str) -> None:
    """
    A misspelt address is reported with the name of its variable and what is wrong with it.
    """
    name = "DATABASE_URL" if url.startswith("postgresql") else "CACHE_REDIS_URL"

    with pytest.raises(WrongSettings) as wrong:
        Settings.read({name: url}, env_file=None)

    assert f"{name} must be " in wrong.value.detail
    assert f" ({cause}" in wrong.value.detail


@pytest.mark.parametrize(
    ("url", "topology", "place", "name"),
    [
        ("valkey://:pw@cache/3", Topology.SERVER, "cache:6379", ""),
        ("valkeys://cache:7", Topology.SERVER, "cache:7", ""),
        ("unix:///run/valkey.sock", Topology.SERVER, "/run/valkey.sock", ""),
        ("redis+sentinel://:pw@a,b:1/main/2", Topology.SENTINELS, "a:26379, b:1", "main"),
        ("rediss+cluster://a,b:1", Topology.CLUSTER, "a:6379, b:1", ""),
    ],
)
def test_an_address_leads_to_a_server_or_to_several(
    url: str, topology: Topology, place: str, name: str
) -> None:
    """
    Sentinels and clusters have several hosts; no secret is shown.
    """
    address = RedisAddress.parse(url)

    assert (topology, place, name) == (address.topology, str(address), address.name)
    assert "pw" not in repr(address)


def test_only_keys_in_a_cluster_have_hash_tags() -> None:
    """
    A release that knows no clusters shares its keys with this one on any other server.
    """
    assert "a" == hash_tagged("a", "redis://cache/0")
    assert "{a}" == hash_tagged("a", "redis+cluster://cache")


AT: Final = 'connection to server at "h", port 5432 failed: '
SEVERAL: Final = """connection failed: b
Multiple connection attempts failed. All failures were:
- host: 'h1', port: '1', hostaddr: '10.0.0.1': connection failed: session is read-only
- host: 'h2', port: None, hostaddr: '10.0.0.2': connection failed: FATAL:  no pg_hba.conf entry
"""


@pytest.mark.parametrize(
    ("text", "sentence", "is_lasting"),
    [
        (
            f"{AT}FATAL:  sorry, too many clients already",
            "does not answer: no connection is free (53300)",
            False,
        ),
        (f"{AT}FATAL:  the database system is starting up", "it starts or stops (57P03)", False),
        (f"{AT}FATAL:  Passwort-Authentifizierung fehl", "refuses the connection", True),
        (
            f'{AT}FATAL:  password authentication failed for user "ada"',
            "wrong credentials (28P01)",
            True,
        ),
        (
            f'{AT}FATAL:  no pg_hba.conf entry for host "h", no encryption',
            "without TLS (28000)",
            True,
        ),
        (f'{AT}SSL error: certificate verify failed\nFATAL:  for user "ada"', "not trusted", True),
        ("connection timeout expired", "does not answer: it took too long", False),
        ("something else", "does not answer", False),
        (
            SEVERAL,
            "h1:1: it takes no writes; h2:5432: pg_hba.conf allows none like it (28000)",
            False,
        ),
    ],
)
def test_a_failed_connection_says_which_host_and_why(
    text: str, sentence: str, *, is_lasting: bool
) -> None:
    """
    What may pass is told from what lasts; the name of the user is not shown.
    """
    failure = connection_failure(database_url("postgresql://ada@h/shop"), OperationalError(text))

    assert failure.sentence.startswith("the database at h:5432 ")
    assert failure.sentence.endswith(sentence)
    assert is_lasting == failure.is_lasting
    assert "ada" not in failure.sentence


def test_an_error_that_shows_nothing_is_wrong_address() -> None:
    """
    `WrongAddress` is a `ValueError`, so that settings refuse it as they refuse any other text.
    """
    with pytest.raises(ValueError, match="must be %40") as refused:
        database_url("postgresql://u:p@w0rd@host/shop")

    assert isinstance(refused.value, WrongAddress)
