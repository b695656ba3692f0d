"""The shop's own database, loaded with the peers' data set."""

from contextlib import closing
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from benchmarks.peers import Peers
from mechanic_adapters.security.password_hashing import OWASP, Argon2Passwords
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.store import SqlStore

_HERE: Final = Path(__file__).parent
_LOAD: Final = (_HERE / "load.sql").read_text()
_RESTORE: Final = (_HERE / "restore.sql").read_text()

_FOREIGN_TABLES: Final = """
CREATE EXTENSION postgres_fdw;
CREATE SERVER peers FOREIGN DATA WRAPPER postgres_fdw
    OPTIONS (host '127.0.0.1', port {port}, dbname {name}, fetch_size '10000');
CREATE USER MAPPING FOR CURRENT_USER SERVER peers OPTIONS (user {user});
CREATE SCHEMA peers;
IMPORT FOREIGN SCHEMA public EXCEPT (pg_stat_statements, pg_stat_statements_info)
    FROM SERVER peers INTO peers
"""

_INDEXES: Final = """
SELECT indexname, indexdef FROM pg_indexes LEFT JOIN pg_constraint ON conname = indexname
WHERE schemaname = 'public' AND conname IS NULL AND tablename <> 'alembic_version'
"""


def load(peers: Peers, dataset: str) -> None:
    """Recreate the shop's database and load it; exit unless ledger and counters are right."""
    administrator = peers.services.pg_user()
    name = peers.shop_url(dataset).rpartition("/")[2]
    with _connect(peers.services.url(dataset, administrator)) as connection:
        for statement in (
            "DROP DATABASE IF EXISTS {} WITH (FORCE)",
            "CREATE DATABASE {} OWNER app",
        ):
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
    runner.upgrade(peers.shop_url(dataset))
    with _connect(peers.shop_url(dataset, administrator)) as connection:
        _import_foreign_tables(connection, peers, dataset, administrator)
        parameters = {"hash": Argon2Passwords(OWASP).hash(peers.services.PASSWORD)}
        indexes = connection.execute(_INDEXES).fetchall()
        for index, _ in indexes:
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(index)))
        _run(connection, _LOAD, parameters)
        for _, definition in indexes:
            connection.execute(definition)
        _advance_sequences(connection)
        connection.execute("VACUUM (ANALYZE, FREEZE)")
    verify(peers.shop_url(dataset))


def restore(connection: "psycopg.Connection[Any]", parts: int, tickets: list[int]) -> None:
    """Undo the changes of the write scenarios."""
    with connection.transaction():
        _run(connection, _RESTORE, {"parts": parts, "tickets": tickets})
    connection.execute(
        "VACUUM parts, stock_movements, tickets, ticket_mechanics, mechanic_tallies, list_totals"
    )


def verify(url: str) -> None:
    """Exit if a stock balance, a leaderboard counter or a list total is wrong."""
    with closing(SqlStore.open(url)) as store:
        with store.read_only() as work:
            wrong = work.ledger.disagreements()
        miscounts, totals = store.miscounts(), store.wrong_totals()
    if wrong or miscounts or totals:
        raise SystemExit(f"wrong data: {wrong[:3]}, {miscounts[:3]}, {totals}")


def connect_as_administrator(peers: Peers, dataset: str) -> "psycopg.Connection[Any]":
    """Return a connection to the shop's database that may disable triggers."""
    return _connect(peers.shop_url(dataset, peers.services.pg_user()))


def _connect(url: str) -> "psycopg.Connection[Any]":
    return psycopg.connect(url, autocommit=True)


def _import_foreign_tables(
    connection: "psycopg.Connection[Any]", peers: Peers, dataset: str, user: str
) -> None:
    """Make the peers' tables readable in the shop's database, as the schema `peers`."""
    values = {
        "port": str(peers.services.PG_PORT),
        "name": peers.services.url(dataset).rpartition("/")[2],
        "user": user,
    }
    literals = {key: sql.Literal(value) for key, value in values.items()}
    connection.execute(sql.SQL(_FOREIGN_TABLES).format(**literals))


def _run(connection: "psycopg.Connection[Any]", script: str, parameters: dict[str, Any]) -> None:
    """Run a script with triggers and foreign keys disabled."""
    connection.execute("SET session_replication_role = replica")
    cursor = psycopg.ClientCursor(connection)
    for statement in script.split(";\n"):
        if statement.strip():
            cursor.execute(statement, parameters)
    connection.execute("RESET session_replication_role")


def _advance_sequences(connection: "psycopg.Connection[Any]") -> None:
    """Move each id sequence past the ids that were loaded."""
    for table in ("customers", "mechanics", "vehicles", "tickets", "parts"):
        connection.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # noqa: S608 - constant names
        )
