"""The lines of tickets in SQL."""

from typing import Any, Final, Generic, TypeVar, final

from attrs import evolve
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ScalarSelect,
    Table,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.rows import gathered_rows, maker, names_of, rows_text
from mechanic_adapters.sql.engine.sql_functions import among, gathered, sent_rows
from mechanic_adapters.sql.schema.tickets import ticket_labor, ticket_parts
from mechanic_core.tickets.line import LaborLine, PartLine

_NOUN: Final = "tickets"
_TICKET = bindparam("the_ticket", type_=BigInteger)
_UNVERSIONED: Final = 0

Line = TypeVar("Line", bound=PartLine | LaborLine)


@final
class Lines(Generic[Line]):
    """One kind of lines: what is read of a ticket at once, and written only if it changed."""

    def __init__(self, table: Table, cls: type[Line]) -> None:
        """Build the statements for lines of *cls*, kept in *table*."""
        self._table = table
        self._make = maker(cls)
        self._names = names_of(cls)[:-1]  # the version is the ticket's, and kept with it
        columns = tuple(table.c[name] for name in self._names)
        new = (table.c.ticket_id, *columns[1:])
        self._gathered = select(gathered(*columns))
        self._add = insert(table).from_select(new, sent_rows(new)).returning(table.c.id)
        sent = sent_rows(columns).subquery("sent")
        self._change = (
            update(table)
            .values({column.name: sent.c[column.name] for column in columns[1:]})
            .where(table.c.id == sent.c.id)
        )
        own = table.c.ticket_id == _TICKET
        self._drop = delete(table).where(own, among(table.c.id, "ids"))

    def of(self, ticket_id: ColumnElement[int]) -> ScalarSelect[str]:
        """Return the lines of a ticket, gathered."""
        return self._gathered.where(self._table.c.ticket_id == ticket_id).scalar_subquery()

    def read(self, text: str | None) -> tuple[Line, ...]:
        """Return gathered lines in the order in which they were written."""
        return tuple(self._make((*row, _UNVERSIONED)) for row in gathered_rows(text))

    def write(
        self, executor: Executor, ticket_id: int, before: tuple[Line, ...], after: tuple[Line, ...]
    ) -> tuple[Line, ...]:
        """Make *after* of *before*; return it with the ids of new lines."""
        if before == after:
            return after
        old = {line.id: line for line in before}
        if gone := sorted(old.keys() - {line.id for line in after}):
            executor.write(_NOUN, self._drop, {"the_ticket": ticket_id, "ids": gone})
        if changed := [one for one in after if one.id in old and one != old[one.id]]:
            executor.write(_NOUN, self._change, {"rows": self._sent(changed)})
        return self._with_new(executor, ticket_id, old, after)

    def _with_new(
        self, executor: Executor, ticket_id: int, old: dict[Any, Line], lines: tuple[Line, ...]
    ) -> tuple[Line, ...]:
        """Return *lines* with those that are new written down."""
        new = [line for line in lines if line.id not in old]
        if not new:
            return lines
        rows = rows_text((ticket_id, *self._values(line)[1:]) for line in new)
        ids = iter(sorted(row[0] for row in executor.written(_NOUN, self._add, {"rows": rows})))
        return tuple(line if line.id in old else evolve(line, id=next(ids)) for line in lines)

    def _sent(self, lines: list[Line]) -> str:
        return rows_text(map(self._values, lines))

    def _values(self, line: Line) -> tuple[Any, ...]:
        return tuple(getattr(line, name) for name in self._names)


PART_LINES = Lines(ticket_parts, PartLine)
LABOR_LINES = Lines(ticket_labor, LaborLine)
