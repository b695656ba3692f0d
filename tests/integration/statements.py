"""Counting the SQL statements of a store."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from attrs import field, frozen

from mechanic_adapters.sql.store import SqlStore

CONTROLS: Final = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET", "RESET")


@frozen
class Statements:
    """What was run: statements proper, and those that only control them."""

    proper: list[str] = field(factory=list)
    controls: list[str] = field(factory=list)

    def __len__(self) -> int:
        """Return the number of statements proper."""
        return len(self.proper)

    def add(self, sql: str) -> None:
        """Count one more."""
        (self.controls if sql.startswith(CONTROLS) else self.proper).append(sql)


@contextmanager
def counted(store: SqlStore) -> Iterator[Statements]:
    """Count what *store* runs within the block; many rows at once count as one statement."""
    statements = Statements()
    with store.watched(statements.add):
        yield statements
