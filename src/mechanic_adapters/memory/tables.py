"""Tables: each is created on first use, and copied before its first change (copy on write)."""

from collections.abc import Collection, Mapping
from typing import Any, Generic, Self, TypeVar, cast, final

from attrs import define, evolve, field, frozen

from mechanic_core.access import SYSTEM, Actor
from mechanic_core.errors import LostRace
from mechanic_core.events.event import Event, EventSubject
from mechanic_core.unit_of_work import ReadOnlyError

K = TypeVar("K")
R = TypeVar("R")


@final
@define(eq=False)
class Table(Generic[K, R]):
    """Rows by key, in the order of their insertion.

    A committed table is read-only, so that its readers never see a change. A transaction works
    on a `writable` table; its first change adds *noun* to the set of written nouns, if it has one.
    """

    noun: str | None
    _rows: dict[K, R] = field(factory=dict)
    last_id: int = 0
    _written: set[str] | None = None
    _copied: bool = False

    def writable(self, written: set[str]) -> Self:
        """Return the table for a transaction, which collects written nouns in *written*."""
        return type(self)(self.noun, self._rows, self.last_id, written)

    def committed(self) -> Self:
        """Return the table with its present rows, read-only."""
        return type(self)(self.noun, self._rows, self.last_id)

    def get(self, key: K) -> R | None:
        """Return the row of *key*, or None."""
        return self._rows.get(key)

    def all(self) -> Collection[R]:
        """Return all rows."""
        return self._rows.values()

    def next_id(self) -> int:
        """Return a new id."""
        self._writable_rows()
        self.last_id += 1
        return self.last_id

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
        if self.noun:
            self._written.add(self.noun)
        if not self._copied:
            self._rows, self._copied = self._rows.copy(), True
        return self._rows


@final
@frozen
class TableName(Generic[K, R]):
    """The name of a table, and the noun that commit listeners get when it changes, if any."""

    name: str
    noun: str | None


@final
@define(eq=False)
class Tables:
    """The committed tables, or the copies that a transaction works on.

    A transaction notes its events, and who makes the changes.
    """

    _committed: Mapping[str, Table[Any, Any]] = field(factory=dict)
    _written: set[str] | None = None
    _copies: dict[str, Table[Any, Any]] = field(factory=dict)
    events: list[Event] = field(factory=list)
    actor: Actor = SYSTEM

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


V = TypeVar("V", bound=EventSubject)


def require_current(table: Table[int, V], record: V) -> V:
    """Return what is stored; raise `LostRace` unless it has *record*'s version."""
    stored = table.get(record.id)
    if stored is None or stored.version != record.version:
        raise LostRace
    return stored


def add_record(tables: Tables, name: TableName[int, V], record: V) -> V:
    """Store a new record with its event, and return it with its id."""
    table, subject = tables[name], cast("Any", record)
    new: V = evolve(subject, id=table.next_id())
    note_change(tables, None, new)
    return table.put(new.id, new)


def save_record(tables: Tables, name: TableName[int, V], record: V) -> V:
    """Store a changed record with its event, and return it with its next version.

    Raises `LostRace` when the stored version is another one.
    """
    table, subject = tables[name], cast("Any", record)
    before = require_current(table, record)
    after: V = evolve(subject, version=record.version + 1)
    note_change(tables, before, after)
    return table.put(after.id, after)


def note_change(tables: Tables, before: EventSubject | None, after: EventSubject) -> None:
    """Note the event of a change."""
    tables.events.append(Event.between(before, after, tables.actor))
