"""Counting the SQL statements of a store."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from attrs import field, frozen

from mechanic_adapters.sql.store import SqlStore

CONTROLS: Final = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET", "RESET")


@frozen
class Statements:
    """The statements that were run, and those that only control a transaction."""

    proper: list[str] = field(factory=list)
    controls: list[str] = field(factory=list)

    def __len__(self) -> int:
        """Return the number of statements that are not controls."""
        return len(self.proper)

    def add(self, sql: str) -> None:
        """Add one statement."""
        (self.controls if sql.startswith(CONTROLS) else self.proper).append(sql)


@contextmanager
def counted(store: SqlStore) -> Iterator[Statements]:
    """Count the statements of *store* within the block; an executemany counts as one."""
    statements = Statements()
    before, store.database.on_statement = store.database.on_statement, statements.add
    try:
        yield statements
    finally:
        store.database.on_statement = before
