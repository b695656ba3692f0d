"""The shop's own database, loaded with the peers' data set."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from benchmarks.peers import BEFORE, SHOP, Peers
from mechanic_adapters.security.password_hashing import OWASP, Argon2Passwords

_HERE: Final = Path(__file__).parent
_LOAD: Final = (_HERE / "load.sql").read_text()
_LOAD_PRICES: Final = (_HERE / "load_prices.sql").read_text()
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


def load(peers: Peers, dataset: str, against: Path | None = None) -> None:
    """Recreate the shop's database and load it; exit unless all that must agree agrees.

    With *against*, do this for the database of that checkout, with its schema.
    """
    administrator = peers.services.pg_user()
    database, source = (BEFORE, against) if against else (SHOP, _HERE.parent)
    url = peers.shop_url(dataset, database=database)
    name = url.rpartition("/")[2]
    with _connect(peers.services.url(dataset, administrator)) as connection:
        for statement in (
            "DROP DATABASE IF EXISTS {} WITH (FORCE)",
            "CREATE DATABASE {} OWNER app",
        ):
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
    _run_command(source, url, "db", "upgrade")
    with _connect(peers.shop_url(dataset, administrator, database)) as connection:
        _import_foreign_tables(connection, peers, dataset, administrator)
        parameters = {"hash": Argon2Passwords(OWASP).hash(peers.services.PASSWORD)}
        indexes = connection.execute(_INDEXES).fetchall()
        for index, _ in indexes:
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(index)))
        _run(connection, _LOAD, parameters)
        if connection.execute("SELECT to_regclass('ticket_jobs')").fetchone() != (None,):
            _run(connection, _LOAD_PRICES, parameters)
            connection.execute("VACUUM (FULL) tickets, ticket_jobs, ticket_parts")
        for _, definition in indexes:
            connection.execute(definition)
        _advance_sequences(connection)
        connection.execute("VACUUM (ANALYZE, FREEZE)")
    _run_command(source, url, "check")


def restore(connection: "psycopg.Connection[Any]", parts: int, tickets: list[int]) -> None:
    """Undo the changes of the write scenarios."""
    with connection.transaction():
        _run(connection, _RESTORE, {"parts": parts, "tickets": tickets})
    connection.execute(
        "VACUUM parts, stock_movements, tickets, ticket_mechanics, mechanic_tallies, list_totals"
    )


def connect_as_administrator(
    peers: Peers, dataset: str, database: str
) -> "psycopg.Connection[Any]":
    """Return a connection to the shop's *database* that may disable triggers."""
    return _connect(peers.shop_url(dataset, peers.services.pg_user(), database))


def _run_command(checkout: Path, url: str, *command: str) -> None:
    """Run a `mechanic-shop` command of *checkout*; exit if it fails."""
    environment = os.environ | {"DATABASE_URL": url, "PYTHONPATH": str(checkout / "src")}
    program = [sys.executable, "-m", "mechanic_shop", *command]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stdout}{done.stderr}")


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
