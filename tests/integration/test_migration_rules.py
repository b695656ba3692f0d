"""Every migration after the released ones follows docs/how-to/write-a-migration.md.

They run on PostgreSQL, and what is judged is each statement with the locks that it is run under.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import psycopg
import pytest
from attrs import frozen
from sqlalchemy import Engine, create_engine, event, text

from mechanic_adapters.sql.engine.engines import database_url
from mechanic_adapters.sql.migrations import runner, version
from tests.integration.released import VERSION

LATER: Final = sorted(one for one in version.known() if one > VERSION)

RULES: Final = {
    "an index is built concurrently": r"CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)",
    "an index is dropped concurrently": r"DROP INDEX (?!CONCURRENTLY)",
    "a new column is nullable or has a constant default": (
        r"ALTER TABLE .* ADD COLUMN (?:(?!.*DEFAULT).*NOT NULL"
        r"|.*(DEFAULT.*\(|GENERATED|SERIAL|REFERENCES|UNIQUE|PRIMARY))"
    ),
    "a constraint is added NOT VALID": r"ALTER TABLE .* ADD (CONSTRAINT|CHECK|FOREIGN)(?!.*NOT VALID)",
    "no type is changed": r"ALTER TABLE .* TYPE |ALTER TYPE",
    "NOT NULL is a CHECK": r"ALTER TABLE .* SET NOT NULL",
    "nothing is renamed": r"ALTER .* RENAME",
    "no table is locked as such": r"LOCK TABLE",
    "no table is rewritten": r"VACUUM FULL|CLUSTER|REINDEX (?!.*CONCURRENTLY)|^TRUNCATE",
}
"""What each rule forbids on a table that existed before."""

ROWS: Final = re.compile(r"\s*(UPDATE|DELETE FROM|INSERT INTO (?=.*\bSELECT\b))")
"""Statements that change rows, as many as there may be."""

BLOCKING: Final = """
    SELECT DISTINCT relation::regclass::text FROM pg_locks JOIN pg_class ON relation = pg_class.oid
    WHERE pid = %s AND relkind = 'r' AND relnamespace = current_schema()::regnamespace
        AND mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
"""
"""The tables whose writers wait for a connection."""


@frozen
class Observed:
    """A statement, and the existing tables whose writers wait while it runs and after it."""

    sql: str
    parameters: object
    before: frozenset[str]
    after: frozenset[str]

    def offences(self, tables: frozenset[str]) -> Iterator[str]:
        """Yield the rules that the statement breaks on *tables*."""
        if len(self.after & tables) > 1:
            yield f"one table is locked at a time: {self.sql}"
        if not tables & {*re.findall(r"\w+", self.sql)}:
            return
        for rule, forbidden in RULES.items():
            if re.search(forbidden, self.sql, re.IGNORECASE):
                yield f"{rule}: {self.sql}"
        if ROWS.match(self.sql):
            if self.before & tables:
                yield f"rows are changed while nobody waits: {self.sql}"
            if not self.parameters:
                yield f"rows are changed in batches: {self.sql}"


@contextmanager
def observing(url: str) -> Iterator[list[Observed]]:
    """Yield a list that gets every statement within the block."""
    seen: list[Observed] = []
    before: dict[object, frozenset[str]] = {}
    with psycopg.connect(url, autocommit=True) as watcher:

        def blocked(connection: Any) -> frozenset[str]:
            pid = connection.connection.driver_connection.info.backend_pid
            return frozenset(name for (name,) in watcher.execute(BLOCKING, (pid,)))

        def starts(connection: Any, cursor: object, *_: object) -> None:
            before[cursor] = blocked(connection)

        def ends(connection: Any, cursor: object, sql: str, given: object, *_: object) -> None:
            words = " ".join(sql.split())
            seen.append(Observed(words, given, before[cursor], blocked(connection)))

        event.listen(Engine, "before_cursor_execute", starts)
        event.listen(Engine, "after_cursor_execute", ends)
        try:
            yield seen
        finally:
            event.remove(Engine, "before_cursor_execute", starts)
            event.remove(Engine, "after_cursor_execute", ends)


def tables_of(url: str) -> frozenset[str]:
    """Return the tables of the shop that exist."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return frozenset(name for (name,) in rows) - {*version.VERSION_TABLES}


def test_every_later_migration_follows_the_rules(released_url: str) -> None:
    """
    No migration after the released ones makes readers or writers of an existing table wait.
    """
    offences: dict[str, Sequence[str]] = {}
    for revision in LATER:
        existing = tables_of(released_url)
        with observing(released_url) as seen:
            runner.upgrade(released_url, revision)
        offences[revision] = [one for each in seen for one in each.offences(existing)]

    assert {revision: [] for revision in LATER} == offences


BAD: Final[Mapping[str, str]] = {
    "CREATE INDEX i ON tickets (status)": "an index is built concurrently",
    "DROP INDEX ix_tickets_status_id": "an index is dropped concurrently",
    "ALTER TABLE receipts ADD COLUMN bin TEXT NOT NULL": (
        "a new column is nullable or has a constant default"
    ),
    "ALTER TABLE parts ADD COLUMN bin UUID DEFAULT gen_random_uuid()": (
        "a new column is nullable or has a constant default"
    ),
    "ALTER TABLE parts ADD CONSTRAINT c CHECK (price < 1000000000)": (
        "a constraint is added NOT VALID"
    ),
    "ALTER TABLE parts ALTER COLUMN price TYPE NUMERIC": "no type is changed",
    "ALTER TABLE parts ALTER name_key SET NOT NULL": "NOT NULL is a CHECK",
    "ALTER TABLE parts RENAME price TO cost": "nothing is renamed",
    "LOCK TABLE parts IN SHARE MODE": "no table is locked as such",
    "TRUNCATE receipts": "no table is rewritten",
    "UPDATE tickets SET version = version + 1": "rows are changed in batches",
}
"""Statements, and the rule that each breaks."""


@pytest.mark.parametrize("sql", BAD)
def test_a_bad_statement_is_found(released_url: str, sql: str) -> None:
    """
    A statement that would make others wait is found, also in raw SQL.
    """
    existing = tables_of(released_url) | {"ix_tickets_status_id"}
    engine = create_engine(database_url(released_url))
    with observing(released_url) as seen, engine.begin() as connection:
        connection.execute(text(sql))
    engine.dispose()

    assert [f"{BAD[sql]}: {sql}"] == [one for each in seen for one in each.offences(existing)]


def test_a_bad_order_is_found(released_url: str) -> None:
    """
    Locks of two tables in one transaction are found, and rows that are changed under a lock.
    """
    change = "UPDATE parts SET bin = 1 WHERE id = %(id)s"
    second = "ALTER TABLE tickets ADD COLUMN bay INTEGER"
    engine = create_engine(database_url(released_url))
    with observing(released_url) as seen, engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE parts ADD COLUMN bin INTEGER")
        connection.exec_driver_sql(change, {"id": 1})
        connection.exec_driver_sql(second)
    engine.dispose()

    assert [
        f"rows are changed while nobody waits: {change}",
        f"one table is locked at a time: {second}",
    ] == [one for each in seen for one in each.offences(tables_of(released_url))]
