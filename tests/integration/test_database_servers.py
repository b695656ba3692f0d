"""The servers that the tests start: PostgreSQL and Valkey."""

from collections.abc import Callable

import psycopg
import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from tests.integration.servers import (
    PostgresServer,
    RunningValkey,
    postgres_server,
    valkey_server,
)

FALLS = [
    pytest.param(PostgresServer.kill, id="kill"),
    pytest.param(PostgresServer.stop, id="stop"),
]


def test_postgres_is_version_18(postgres: PostgresServer) -> None:
    """
    Tests run on the supported version of PostgreSQL.
    """
    with psycopg.connect(postgres.new_database()) as connection:
        version = connection.execute("SELECT version()").fetchone()

    assert version is not None
    assert version[0].startswith("PostgreSQL 18.")


def test_a_new_database_is_empty(postgres: PostgresServer) -> None:
    """
    A new database has no tables.
    """
    used = postgres.new_database()
    with psycopg.connect(used) as connection:
        connection.execute("CREATE TABLE parts (name text)")

    with psycopg.connect(postgres.new_database()) as connection:
        found = connection.execute("SELECT to_regclass('parts')").fetchone()

    assert (None,) == found


def test_a_new_database_copies_its_template(postgres: PostgresServer) -> None:
    """
    A database created from a template has its rows.
    """
    template = postgres.new_database()
    with psycopg.connect(template) as connection:
        connection.execute("CREATE TABLE parts AS SELECT 'brake pad' AS name")

    with psycopg.connect(postgres.new_database(template=template)) as connection:
        found = connection.execute("SELECT name FROM parts").fetchall()

    assert [("brake pad",)] == found


def test_a_dropped_database_is_gone(postgres: PostgresServer) -> None:
    """
    A database can be dropped with open connections.
    """
    url = postgres.new_database()
    with psycopg.connect(url):
        postgres.drop_database(url)

    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)


@pytest.mark.parametrize("fall", FALLS)
def test_postgres_is_durable(fall: Callable[[PostgresServer], None]) -> None:
    """
    A committed row survives a crash and restart.
    """
    with postgres_server() as server:
        url = server.new_database()
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE parts AS SELECT 'brake pad' AS name")

        fall(server)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url)
        server.start()

        with psycopg.connect(url) as connection:
            found = connection.execute("SELECT name FROM parts").fetchall()

    assert [("brake pad",)] == found


def test_servers_clean_up() -> None:
    """
    No files are left when the block ends.
    """
    with postgres_server() as database, valkey_server() as cache:
        folders = [database._data.parent, cache._server.data_dir]
        running = [folder.exists() for folder in folders]

    assert [True, True] == running
    assert [False, False] == [folder.exists() for folder in folders]


def test_valkey_answers(valkey: RunningValkey) -> None:
    """
    A Redis client can connect to the URL.
    """
    with Redis.from_url(valkey.url) as client:
        answer = client.ping()

    assert answer


def test_valkey_restarts_on_its_port() -> None:
    """
    A client reconnects after the server was killed and restarted.
    """
    with valkey_server() as server, Redis.from_url(server.url) as client:
        client.set("leaderboard", "kept")

        server.kill()
        with pytest.raises(RedisConnectionError):
            client.ping()
        server.restart()

        assert client.ping()
        assert client.get("leaderboard") is None
