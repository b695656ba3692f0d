"""Tables: each is created on first use, and copied before its first change (copy on write)."""

from collections.abc import Collection, Mapping
from typing import Any, Generic, Protocol, Self, TypeVar, final

from attrs import define, evolve, field, frozen

from mechanic_core.errors import LostRace
from mechanic_core.unit_of_work import ReadOnlyError

K = TypeVar("K")
R = TypeVar("R")


@final
@define(eq=False)
class Table(Generic[K, R]):
    """Rows by key, in the order of their insertion.

    A committed table is read-only, so that its readers never see a change. A transaction works
    on a `writable` table; its first change adds *noun* to the set of written nouns.
    """

    noun: str
    _rows: dict[K, R] = field(factory=dict)
    _last_id: int = 0
    _written: set[str] | None = None
    _copied: bool = False

    def writable(self, written: set[str]) -> Self:
        """Return the table for a transaction, which collects written nouns in *written*."""
        return type(self)(self.noun, self._rows, self._last_id, written)

    def committed(self) -> Self:
        """Return the table with its present rows, read-only."""
        return type(self)(self.noun, self._rows, self._last_id)

    def get(self, key: K) -> R | None:
        """Return the row of *key*, or None."""
        return self._rows.get(key)

    def all(self) -> Collection[R]:
        """Return all rows."""
        return self._rows.values()

    def next_id(self) -> int:
        """Return a new id."""
        self._writable_rows()
        self._last_id += 1
        return self._last_id

    def put(self, key: K, row: R) -> R:
        """Insert or replace the row of *key* and return it."""
        self._writable_rows()[key] = row
        return row

    def delete(self, key: K) -> None:
        """Delete the row of *key*, if it exists."""
        self._writable_rows().pop(key, None)

    def _writable_rows(self) -> dict[K, R]:
        if self._written is None:
            raise ReadOnlyError(f"{self.noun} can be written inside begin() only")
        self._written.add(self.noun)
        if not self._copied:
            self._rows, self._copied = self._rows.copy(), True
        return self._rows


@final
@frozen
class TableName(Generic[K, R]):
    """The name of a table, and the noun that commit listeners get when it changes."""

    name: str
    noun: str


@final
@define(eq=False)
class Tables:
    """The committed tables, or the copies that a transaction works on."""

    _committed: Mapping[str, Table[Any, Any]] = field(factory=dict)
    _written: set[str] | None = None
    _copies: dict[str, Table[Any, Any]] = field(factory=dict)

    def __getitem__(self, key: TableName[K, R]) -> Table[K, R]:
        """Return the table of that name; a transaction gets its own copy."""
        if key.name in self._copies:
            return self._copies[key.name]
        table: Table[K, R] = self._committed.get(key.name) or Table(key.noun)
        if self._written is not None:
            table = self._copies[key.name] = table.writable(self._written)
        return table

    def writable(self, written: set[str]) -> Self:
        """Return the tables for a transaction, which collects written nouns in *written*."""
        return type(self)(self._committed, written)

    def committed(self) -> Self:
        """Return the tables as the transaction leaves them, read-only."""
        copies = {name: table.committed() for name, table in self._copies.items()}
        return type(self)({**self._committed, **copies})


class Versioned(Protocol):
    """A record under optimistic locking."""

    @property
    def id(self) -> int:
        """The primary key."""
        ...

    @property
    def version(self) -> int:
        """The number of times that it was saved."""
        ...


V = TypeVar("V", bound=Versioned)


def require_current(table: Table[int, V], record: V) -> None:
    """Raise `LostRace` unless *record* has the stored version (optimistic locking)."""
    stored = table.get(record.id)
    if stored is None or stored.version != record.version:
        raise LostRace


def replace(table: Table[int, V], record: V) -> V:
    """Store *record* with its next version and return it; raise `LostRace`."""
    require_current(table, record)
    versioned: Any = record
    return table.put(record.id, evolve(versioned, version=record.version + 1))
