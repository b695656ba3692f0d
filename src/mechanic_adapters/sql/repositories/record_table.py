"""Tables of records that are saved whole, one row each, with a version."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from typing import Any, Generic, Protocol, TypeVar, final

from sqlalchemy import BigInteger, ClauseElement, Select, Table, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT suits SQLite too

from mechanic_adapters.sql.engine.compiled_statements import Params
from mechanic_adapters.sql.engine.executor import NOTHING, Executor
from mechanic_adapters.sql.engine.rows import columns_of, kept, maker, rows_text, values_of
from mechanic_adapters.sql.schema.metadata import unique_constraints
from mechanic_core.errors import Conflict, LostRace

THE_ID = bindparam("the_id", type_=BigInteger)
"""Not named as its column: in an UPDATE that name is SQLAlchemy's own."""


class Versioned(Protocol):
    """A record that counts how often it was saved."""

    @property
    def id(self) -> int:
        """Its key."""
        ...

    @property
    def version(self) -> int:
        """How often it was saved."""
        ...


R = TypeVar("R", bound=Versioned)


@final
class RecordTable(Generic[R]):
    """One table, and the statements that every noun needs of it."""

    def __init__(
        self,
        table: Table,
        cls: type[R],
        keys: Callable[[R], Mapping[str, Any]],
        taken: type[Conflict],
    ) -> None:
        """Build the statements.

        Args:
            table: Where the records are kept; its name is the noun that is told of.
            cls: Their class.
            keys: Makes the values of the columns that are no fields of the record.
            taken: What a key means that somebody else has.
        """
        self.noun = table.name
        self.make = maker(cls)
        self.rows: Select[Any] = select(*columns_of(table, cls))
        self.one = self.rows.where(table.c.id == THE_ID)
        self.held = self.one.with_for_update(key_share=True)
        self._keys, self._taken = keys, taken
        self._own = {c.name for rule in unique_constraints(table) for c in rule.columns}
        given = {c.name: bindparam(c.name, type_=c.type) for c in table.columns if c.name != "id"}
        expected = table.c.version == bindparam("expected", type_=BigInteger)
        self.insert = insert(table).values(given).on_conflict_do_nothing().returning(table.c.id)
        self.update = update(table).values(given).where(table.c.id == THE_ID, expected)

    def get(self, executor: Executor, record_id: int) -> R | None:
        """Return one record."""
        row = executor.first(self.one, {"the_id": record_id})
        return self.make(row) if row else None

    def lock(self, executor: Executor, record_id: int) -> R | None:
        """Return one record, kept from others' changes until the transaction ends."""
        row = executor.first(self.held, {"the_id": record_id})
        if row is None:
            return None
        record = executor.seen[self.noun, record_id] = self.make(row)
        return record

    def add(
        self,
        executor: Executor,
        record: R,
        statement: ClauseElement | None = None,
        more: Params = NOTHING,
    ) -> R:
        """Keep a new record and return it with its id; a doubled key harms nothing else.

        Another *statement* than the usual one writes *more* with it, and tells the id too.
        """
        given = {**self._values(record), **more}
        rows = executor.written(self.noun, self.insert if statement is None else statement, given)
        if not rows:
            raise self._taken
        return kept(record, id=rows[0][0])

    def save(
        self,
        executor: Executor,
        record: R,
        statement: ClauseElement | None = None,
        more: Params = NOTHING,
    ) -> R:
        """Keep the change and return it with its next version.

        Another *statement* than the usual one writes *more* with it, one row of it.
        Raises `LostRace` when the kept version is not the record's.
        """
        saved = kept(record, version=record.version + 1)
        where = {"the_id": record.id, "expected": record.version}
        given = {**self._values(saved), **where, **more}
        chosen = self.update if statement is None else statement
        with nullcontext() if self.meets_nobody(executor, record) else executor.attempt():
            changed = executor.write(self.noun, chosen, given)
        if changed != 1:
            raise LostRace
        return saved

    def meets_nobody(self, executor: Executor, record: R) -> bool:
        """Return whether the record, held before, keeps what must be its own."""
        before = executor.seen.get((self.noun, record.id))
        if before is None:
            return False
        return self._owned(before) == self._owned(record)

    def sent(self, records: Iterable[R]) -> str:
        """Return *records* as `sent_rows` of all columns takes them."""
        return rows_text(list(self._values(record).values()) for record in records)

    def _owned(self, record: R) -> list[Any]:
        """Return the values that no other record may have."""
        keys = self._keys(record)
        return [keys[name] if name in keys else getattr(record, name) for name in self._own]

    def _values(self, record: R) -> dict[str, Any]:
        """Return the values of all columns, in the order of the table."""
        return {**values_of(record), **self._keys(record)}
