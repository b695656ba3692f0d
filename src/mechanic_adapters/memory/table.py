"""A table of rows that is copied before its first change in a transaction (copy on write)."""

from collections.abc import Collection
from typing import Generic, Self, TypeVar, final

from attrs import define, field

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
