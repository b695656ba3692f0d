"""The shop's own database, filled with the rivals' data set."""

from contextlib import closing
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from benchmarks.rivals import Rivals
from mechanic_adapters.security.password_hashing import OWASP, Argon2Passwords
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.store import SqlStore

_HERE: Final = Path(__file__).parent
_FILLING: Final = (_HERE / "filling.sql").read_text()
_RESTORING: Final = (_HERE / "restoring.sql").read_text()

_MIRROR: Final = """
CREATE EXTENSION postgres_fdw;
CREATE SERVER rivals FOREIGN DATA WRAPPER postgres_fdw
    OPTIONS (host '127.0.0.1', port {port}, dbname {name}, fetch_size '10000');
CREATE USER MAPPING FOR CURRENT_USER SERVER rivals OPTIONS (user {user});
CREATE SCHEMA rivals;
IMPORT FOREIGN SCHEMA public EXCEPT (pg_stat_statements, pg_stat_statements_info)
    FROM SERVER rivals INTO rivals
"""

_INDEXES: Final = """
SELECT indexname, indexdef FROM pg_indexes LEFT JOIN pg_constraint ON conname = indexname
WHERE schemaname = 'public' AND conname IS NULL AND tablename <> 'alembic_version'
"""


def fill(rivals: Rivals, dataset: str) -> None:
    """Make the shop's database anew; exit unless its ledger and its tallies agree."""
    administrator = rivals.services.pg_user()
    name = rivals.shop_url(dataset).rpartition("/")[2]
    with _connected(rivals.services.url(dataset, administrator)) as connection:
        for statement in (
            "DROP DATABASE IF EXISTS {} WITH (FORCE)",
            "CREATE DATABASE {} OWNER app",
        ):
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
    runner.upgrade(rivals.shop_url(dataset))
    with _connected(rivals.shop_url(dataset, administrator)) as connection:
        _mirror(connection, rivals, dataset, administrator)
        given = {"hash": Argon2Passwords(OWASP).hash(rivals.services.PASSWORD)}
        indexes = connection.execute(_INDEXES).fetchall()
        for index, _ in indexes:
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(index)))
        _run(connection, _FILLING, given)
        for _, definition in indexes:
            connection.execute(definition)
        _count_on(connection)
        connection.execute("VACUUM (ANALYZE, FREEZE)")
    must_agree(rivals.shop_url(dataset))


def restore(connection: "psycopg.Connection[Any]", parts: int, tickets: list[int]) -> None:
    """Put back what the writing scenarios have changed."""
    with connection.transaction():
        _run(connection, _RESTORING, {"parts": parts, "tickets": tickets})
    connection.execute(
        "VACUUM parts, stock_movements, tickets, ticket_mechanics, mechanic_tallies, list_totals"
    )


def must_agree(url: str) -> None:
    """Exit when a balance, a tally or a total is not what it stands for."""
    with closing(SqlStore.open(url)) as store:
        with store.read_only() as work:
            wrong = work.ledger.disagreements()
        miscounts, totals = store.miscounts(), store.wrong_totals()
    if wrong or miscounts or totals:
        raise SystemExit(f"filled wrongly: {wrong[:3]}, {miscounts[:3]}, {totals}")


def as_administrator(rivals: Rivals, dataset: str) -> "psycopg.Connection[Any]":
    """Return a connection that may write whatever triggers would refuse."""
    return _connected(rivals.shop_url(dataset, rivals.services.pg_user()))


def _connected(url: str) -> "psycopg.Connection[Any]":
    return psycopg.connect(url, autocommit=True)


def _mirror(connection: "psycopg.Connection[Any]", rivals: Rivals, dataset: str, user: str) -> None:
    """Have the rivals' tables read as if they were in the shop's database."""
    told = {
        "port": str(rivals.services.PG_PORT),
        "name": rivals.services.url(dataset).rpartition("/")[2],
        "user": user,
    }
    named = {key: sql.Literal(value) for key, value in told.items()}
    connection.execute(sql.SQL(_MIRROR).format(**named))


def _run(connection: "psycopg.Connection[Any]", script: str, given: dict[str, Any]) -> None:
    """Run a script without triggers and foreign keys."""
    connection.execute("SET session_replication_role = replica")
    cursor = psycopg.ClientCursor(connection)
    for statement in script.split(";\n"):
        if statement.strip():
            cursor.execute(statement, given)
    connection.execute("RESET session_replication_role")


def _count_on(connection: "psycopg.Connection[Any]") -> None:
    """Have new rows numbered behind those that were filled in with their ids."""
    for table in ("customers", "mechanics", "vehicles", "tickets", "parts"):
        connection.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # noqa: S608 - our own names
        )
