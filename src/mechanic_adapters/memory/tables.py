"""The tables of a store, each created when it is first used."""

from collections.abc import Mapping
from typing import Any, Generic, Protocol, Self, TypeVar, final

from attrs import define, evolve, field, frozen

from mechanic_adapters.memory.table import Table
from mechanic_core.errors import LostRace

K = TypeVar("K")
R = TypeVar("R")


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
