"""PgBouncer in transaction mode: no session setting is needed, and none is left behind."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest
from psycopg import sql

from mechanic_adapters.conformance.samples.records import add_customer, new_customer
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.errors import Unavailable
from tests.faults.shop_processes import Client, command, create_shop, serving
from tests.integration.servers import PostgresServer
from tests.integration.statements import counted
from tests.scale.mixed_load import CLIENTS, MixedLoad
from tests.scale.poolers import SERVER_CONNECTIONS, pgbouncer

ROLE_SETTINGS = {
    "timezone": "UTC",
    "lock_timeout": "2s",
    "statement_timeout": "15s",
    "idle_in_transaction_session_timeout": "30s",
}
"""What the documented profile sets for the role."""

LOAD_S = float(os.environ.get("LOAD_SECONDS", "5"))
OFF = {"DATABASE_PREPARED_STATEMENTS": "off"}


@pytest.fixture
def direct(postgres: PostgresServer) -> Iterator[str]:
    """The URL of an empty database whose sessions have the settings of the profile."""
    url = postgres.new_database()
    for setting, value in ROLE_SETTINGS.items():
        set_for_database(url, setting, value)
    yield url
    postgres.drop_database(url)


def set_for_database(url: str, setting: str, value: str) -> None:
    """Set a setting for all later sessions of the database."""
    with psycopg.connect(url, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        statement = sql.SQL("ALTER DATABASE {} SET {} = {}")
        connection.execute(statement.format(name, sql.Identifier(setting), sql.Literal(value)))


@pytest.fixture
def pooled(direct: str) -> Iterator[str]:
    """The same behind PgBouncer."""
    with pgbouncer(direct) as url:
        yield url


def changed_settings(url: str) -> list[str]:
    """Return the settings that a server connection has from the SQL of former clients."""
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        found = connection.execute(
            "SELECT name FROM pg_settings WHERE source = 'session' AND name NOT IN"
            " ('application_name', 'TimeZone', 'DateStyle', 'client_encoding',"
            " 'standard_conforming_strings')"
        ).fetchall()
    return [name for (name,) in found]


def test_a_migration_through_the_pooler_leaves_no_setting(direct: str) -> None:
    """
    Later clients get the same server connections, in which nothing is set.
    """
    with pgbouncer(direct, 3) as url:
        runner.upgrade(url)
        runner.downgrade(url)
        runner.upgrade(url)

        found = [changed_settings(url) for _ in range(9)]

    assert [[]] * 9 == found


def test_reads_cannot_write_and_transactions_can(pooled: str) -> None:
    """
    Views are transactions that are read-only, and nothing is left open or set.
    """
    runner.upgrade(pooled)
    with closing(SqlStore.open(pooled, prepares=False)) as store:
        customer = add_customer(store)
        with counted(store) as statements, store.read_only() as work:
            assert customer == work.customers.get(customer.id)
        assert ((), ()) == (store.miscounts(), store.wrong_totals())
        store.recount()
        with store.read_only() as work:
            assert customer == work.customers.get(customer.id)
        session = store.database.session()
    left = [changed_settings(pooled) for _ in range(SERVER_CONNECTIONS)]

    assert ["BEGIN READ ONLY", "COMMIT"] == statements.controls
    assert (True, ()) == (session.is_shared, session.unlimited)
    assert [[]] * SERVER_CONNECTIONS == left


def test_a_commit_is_synchronous_although_the_server_is_not(direct: str) -> None:
    """
    Behind a pooler the level is raised in each transaction, and is not left behind.
    """
    runner.upgrade(direct)
    set_for_database(direct, "synchronous_commit", "off")
    with pgbouncer(direct, 1) as url, closing(SqlStore.open(url, prepares=False)) as store:
        with counted(store) as statements, store.begin() as work:
            work.customers.add(new_customer())
        sent = statements.proper
        with psycopg.connect(url, prepare_threshold=None) as other:
            left = other.execute("SHOW synchronous_commit").fetchone()

    assert "set_config('synchronous_commit', 'on', true)" in sent[0]
    assert ("off",) == left


def test_another_time_zone_is_refused(direct: str) -> None:
    """
    The start fails with a line that says what to set; a process that runs raises `Unavailable`.
    """
    create_shop(direct)
    set_for_database(direct, "timezone", "Europe/Warsaw")
    with pgbouncer(direct) as url:
        ended = command(url, "serve", "--port", "0")
        with closing(SqlStore.open(url)) as store, pytest.raises(Unavailable) as refused:
            store.ping()

    assert 2 == ended.returncode
    assert 1 == ended.stderr.count("\n")
    assert "DATABASE_URL: the sessions of the database at 127.0.0.1:" in ended.stderr
    assert "Europe/Warsaw" in ended.stderr
    assert "127.0.0.1" not in refused.value.detail


def test_swallowed_time_outs_are_warned_of(
    postgres: PostgresServer, capfd: pytest.CaptureFixture[str]
) -> None:
    """
    A server whose role has no time-outs is used, and the log names them.
    """
    url = postgres.new_database()
    set_for_database(url, "timezone", "UTC")
    create_shop(url)
    with pgbouncer(url) as pooled, serving(pooled, extra={"LOG_LEVEL": "warning"}) as server:
        with Client(server.port) as client:
            ready = client.ask("GET", "/readyz").status
        said = capfd.readouterr().err
    postgres.drop_database(url)

    assert 200 == ready
    assert "lock_timeout, statement_timeout" in said
    assert "DATABASE_PREPARED_STATEMENTS=off" in said


def test_mixed_load_with_four_server_connections(
    pooled: str, report: Callable[[str], None]
) -> None:
    """
    Reads, writes and transactions of many clients share four connections, and none fails.
    """
    create_shop(pooled)
    with serving(pooled, "--workers", "2", extra=OFF) as server:
        load = MixedLoad(Client(server.port).log_in())
        load.run(LOAD_S)
    left = [changed_settings(pooled) for _ in range(SERVER_CONNECTIONS)]
    report(
        f"{load.counts.total()} requests in {LOAD_S:g} s by {CLIENTS} clients and 2 workers over "
        f"{SERVER_CONNECTIONS} server connections, {load.failures.total()} failed"
    )

    assert {} == load.failures
    assert min(load.counts.values()) > 5
    assert [[]] * SERVER_CONNECTIONS == left
