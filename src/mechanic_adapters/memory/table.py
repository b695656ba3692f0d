"""One table of rows, which copies itself before it is changed for the first time."""

from collections.abc import Collection
from typing import Generic, Self, TypeVar, final

from attrs import define, field

K = TypeVar("K")
R = TypeVar("R")


class ReadOnlyError(RuntimeError):
    """Something was to be written outside a transaction: a mistake in the program."""


@final
@define(eq=False)
class Table(Generic[K, R]):
    """Rows by their key, in the order in which they came.

    *noun* tells whom a change concerns; it is put into the set that `opened` was given. Until
    then a table is read only, so whoever reads a kept one is never disturbed.
    """

    noun: str
    _rows: dict[K, R] = field(factory=dict)
    _last: int = 0
    _written: set[str] | None = None
    _copied: bool = False

    def opened(self, written: set[str]) -> Self:
        """Return the table as one transaction may change it."""
        return type(self)(self.noun, self._rows, self._last, written)

    def kept(self) -> Self:
        """Return the table as it stands, read only."""
        return type(self)(self.noun, self._rows, self._last)

    def get(self, key: K) -> R | None:
        """Return the row of *key*."""
        return self._rows.get(key)

    def all(self) -> Collection[R]:
        """Return every row."""
        return self._rows.values()

    def next_id(self) -> int:
        """Return an id that was never given before."""
        self._change()
        self._last += 1
        return self._last

    def put(self, key: K, row: R) -> R:
        """Keep *row*, in the place of its former self if there is one, and return it."""
        self._change()[key] = row
        return row

    def drop(self, key: K) -> None:
        """Forget the row of *key*, if there is one."""
        self._change().pop(key, None)

    def _change(self) -> dict[K, R]:
        if self._written is None:
            raise ReadOnlyError(f"{self.noun} can be written inside begin() only")
        self._written.add(self.noun)
        if not self._copied:
            self._rows, self._copied = self._rows.copy(), True
        return self._rows
