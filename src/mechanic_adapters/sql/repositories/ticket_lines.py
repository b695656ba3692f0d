"""The lines of tickets in SQL; `queries.tickets` reads them."""

from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar, final

from attrs import evolve
from sqlalchemy import BigInteger, Table, bindparam, delete, insert, update

from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import field_names, json_text
from mechanic_adapters.sql.engine.sql_functions import id_in, rows_from_json
from mechanic_adapters.sql.schema.tickets import ticket_labor, ticket_parts
from mechanic_core.tickets.line import LaborLine, PartLine
from mechanic_core.tickets.ticket import Ticket

_NOUN: Final = "tickets"

Line = TypeVar("Line", bound=PartLine | LaborLine)


@final
class LineTable(Generic[Line]):
    """The statements that write the lines of one table."""

    def __init__(self, table: Table, cls: type[Line]) -> None:
        """Build the statements for lines of *cls*."""
        self._names = [name for name in field_names(cls) if name != "version"]
        columns = [table.c[name] for name in self._names]
        inserted = [table.c.ticket_id, *columns[1:]]
        add = insert(table).from_select(inserted, rows_from_json(inserted))
        self._add = add.returning(table.c.id)
        rows = rows_from_json(columns).subquery("changed")
        self._update = (
            update(table)
            .values({column.name: rows.c[column.name] for column in columns[1:]})
            .where(table.c.id == rows.c.id)
        )
        own = table.c.ticket_id == bindparam("ticket_id", type_=BigInteger)
        self._delete = delete(table).where(own, id_in(table.c.id, "ids"))

    def write(
        self, executor: Executor, ticket_id: int, before: tuple[Line, ...], after: tuple[Line, ...]
    ) -> tuple[Line, ...]:
        """Write the difference between *before* and *after*; return *after* with new ids."""
        if before == after:
            return after
        old = {line.id: line for line in before}
        if deleted := sorted(old.keys() - {line.id for line in after}):
            executor.write(_NOUN, self._delete, {"ticket_id": ticket_id, "ids": deleted})
        if changed := [line for line in after if line.id in old and line != old[line.id]]:
            rows = json_text(map(self._values, changed))
            executor.write(_NOUN, self._update, {"rows": rows})
        return self._add_new(executor, ticket_id, old, after)

    def _add_new(
        self, executor: Executor, ticket_id: int, old: Mapping[Any, Line], lines: tuple[Line, ...]
    ) -> tuple[Line, ...]:
        new = [line for line in lines if line.id not in old]
        if not new:
            return lines
        rows = json_text((ticket_id, *self._values(line)[1:]) for line in new)
        ids = executor.write_returning(_NOUN, self._add, {"rows": rows})
        in_order = iter(sorted(row[0] for row in ids))
        return tuple(line if line.id in old else evolve(line, id=next(in_order)) for line in lines)

    def _values(self, line: Line) -> tuple[Any, ...]:
        return tuple(getattr(line, name) for name in self._names)


_PARTS, _LABOR = LineTable(ticket_parts, PartLine), LineTable(ticket_labor, LaborLine)


def write_lines(
    executor: Executor,
    parts: tuple[PartLine, ...],
    labor: tuple[LaborLine, ...],
    ticket: Ticket,
) -> Ticket:
    """Write the lines of *ticket*, which had *parts* and *labor*; return it with their ids."""
    return evolve(
        ticket,
        parts=_PARTS.write(executor, ticket.id, parts, ticket.parts),
        labor=_LABOR.write(executor, ticket.id, labor, ticket.labor),
    )
