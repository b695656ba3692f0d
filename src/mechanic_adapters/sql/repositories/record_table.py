"""A generic gateway to a table whose rows are whole records with a version."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, Generic, TypeVar, final

from sqlalchemy import (
    BigInteger,
    ClauseElement,
    Insert,
    Select,
    Table,
    Update,
    bindparam,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT works on SQLite too

from mechanic_adapters.sql.engine.compiled_statements import Params, Row
from mechanic_adapters.sql.engine.executor import NO_PARAMS, Executor
from mechanic_adapters.sql.engine.row_mapping import (
    RECORD_ID,
    column_parameters,
    field_columns,
    field_values,
    json_text,
    record_maker,
    with_values,
)
from mechanic_adapters.sql.engine.sql_functions import id_in
from mechanic_adapters.sql.repositories.events import (
    event_parameters,
    with_event,
    with_event_returning_id,
)
from mechanic_adapters.sql.schema.metadata import deciding_columns, unique_constraints
from mechanic_core.errors import LostRace, Refused
from mechanic_core.events.event import Event, EventSubject

R = TypeVar("R", bound=EventSubject)


@final
class RecordTable(Generic[R]):
    """The statements on one table that its repository needs."""

    def __init__(self, table: Table, cls: type[R], keys: Callable[[R], Mapping[str, Any]]) -> None:
        """Build the statements.

        Args:
            table: Its name is the noun that commit hooks receive. It has at most one unique
                constraint, and the refusal declared on it is raised for a duplicate.
            cls: The class of the records.
            keys: Returns the values of the columns that are not fields of the record.
        """
        self.noun = table.name
        self.make = record_maker(cls)
        self.rows: Select[Any] = select(*field_columns(table, cls))
        self._get = self.rows.where(table.c.id == RECORD_ID)
        self._get_all = self.rows.where(id_in(table.c.id, "ids"))
        self._lock = self._get.with_for_update(key_share=True)
        self._keys = keys
        self._duplicate: type[Refused] = LostRace
        self._unique_columns: list[str] = []
        for unique in unique_constraints(table):
            self._duplicate = unique.info["refusal"]
            self._unique_columns += deciding_columns(unique)
        values = column_parameters(table)
        expected = table.c.version == bindparam("expected_version", type_=BigInteger)
        self.insert = insert(table).values(values).on_conflict_do_nothing().returning(table.c.id)
        self.update = update(table).values(values).where(table.c.id == RECORD_ID, expected)
        self._returning_id = self.update.returning(table.c.id)

    def read(self, rows: Sequence[Row]) -> Iterable[R]:
        """Return the records in *rows*."""
        return map(self.make, rows)

    def get(self, executor: Executor, record_id: int) -> R | None:
        """Return one record."""
        row = executor.first(self._get, {"record_id": record_id})
        return self.make(row) if row else None

    def get_all(self, executor: Executor, ids: Collection[int]) -> Iterable[R]:
        """Return those of *ids* that exist."""
        return self.read(executor.all(self._get_all, {"ids": sorted(ids)}))

    def lock(self, executor: Executor, record_id: int) -> R | None:
        """Return one record with its row locked until the transaction ends."""
        row = executor.first(self._lock, {"record_id": record_id})
        if row is None:
            return None
        record = executor.locked[self.noun, record_id] = self.make(row)
        return record

    def add(
        self,
        executor: Executor,
        record: R,
        statement: Insert | Update | None = None,
        params: Params = NO_PARAMS,
    ) -> R:
        """Insert a record and return it with its id.

        A duplicate raises its refusal and leaves the transaction usable. Another *statement*
        than `insert` may write more, with *params*; it returns the id too.
        """
        event = Event.between(None, record, executor.actor)
        values = {**self._values(record), **params}
        chosen = self.insert if statement is None else statement
        if is_stored := executor.stores_events:
            values |= event_parameters(event)
            rows = executor.write_returning(self.noun, with_event_returning_id(chosen), values)
        else:
            rows = executor.write_returning(self.noun, chosen, values)
        if not rows:
            raise self._duplicate
        new = with_values(record, id=rows[0][0])
        event = with_values(event, subject_id=new.id)
        self.note_change(executor, new, event, is_stored=is_stored)
        return new

    def save(
        self,
        executor: Executor,
        record: R,
        statement: Insert | Update | None = None,
        params: Params = NO_PARAMS,
    ) -> R:
        """Update a record and return it with its next version.

        Another *statement* than `update` may write one row more, with *params*. Raises `LostRace`
        when the stored version is not the record's.
        """
        before = self.stored(executor, record)
        saved = with_values(record, version=record.version + 1)
        where = {"record_id": record.id, "expected_version": record.version}
        values = {**self._values(saved), **where, **params}
        event = Event.between(before, saved, executor.actor)
        if is_stored := executor.stores_events:
            values |= event_parameters(event)
            chosen: ClauseElement = with_event(
                self._returning_id if statement is None else statement
            )
        else:
            chosen = self.update if statement is None else statement
        with nullcontext() if self.keeps_its_keys(executor, record) else executor.savepoint():
            count = executor.write(self.noun, chosen, values)
        if count != 1:
            raise LostRace
        self.note_change(executor, saved, event, is_stored=is_stored)
        return saved

    def stored(self, executor: Executor, record: R) -> R:
        """Return the record as it is stored; raise `LostRace` if its version is another one."""
        stored: R | None = executor.locked.get((self.noun, record.id))
        if stored is None or stored.version != record.version:
            stored = self.get(executor, record.id)
        if stored is None or stored.version != record.version:
            raise LostRace
        return stored

    def note_change(
        self, executor: Executor, after: R, event: Event, *, is_stored: bool = False
    ) -> None:
        """Note the record as it is after a change, and the event of the change."""
        executor.locked[self.noun, after.id] = after
        executor.note_event(event, is_stored=is_stored)

    def keeps_its_keys(self, executor: Executor, record: R) -> bool:
        """Return whether a locked record has the unique keys that are stored.

        Then saving it can't violate the unique constraint and needs no savepoint.
        """
        if not self._unique_columns:
            return True
        stored = executor.locked.get((self.noun, record.id))
        return stored is not None and self._unique(stored) == self._unique(record)

    def json(self, records: Iterable[R]) -> str:
        """Return *records* as the parameter of `rows_from_json` with all columns."""
        return json_text(list(self._values(record).values()) for record in records)

    def _unique(self, record: R) -> list[Any]:
        values = self._values(record)
        return [values[name] for name in self._unique_columns]

    def _values(self, record: R) -> dict[str, Any]:
        """Return the values of all columns, in the order of the table."""
        return {**field_values(record), **self._keys(record)}
