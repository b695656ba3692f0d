"""The jobs of tickets and their lines in SQL; `queries.tickets` reads them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final, Generic, TypeAlias, TypeVar, final

from attrs import evolve
from sqlalchemy import BigInteger, Table, bindparam, delete, insert, update

from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import field_names, json_text
from mechanic_adapters.sql.engine.sql_functions import id_in, rows_from_json
from mechanic_adapters.sql.queries.ticket_lines import WRITERS
from mechanic_adapters.sql.schema.tickets import (
    ticket_charges,
    ticket_jobs,
    ticket_labor,
    ticket_parts,
)
from mechanic_core.tickets.job import Job, JobId
from mechanic_core.tickets.lines.charge import ChargeLine
from mechanic_core.tickets.lines.labor_line import LaborLine
from mechanic_core.tickets.lines.part_line import PartLine
from mechanic_core.tickets.ticket import Ticket

_NOUN: Final = "tickets"

Item = TypeVar("Item", bound=Job | PartLine | LaborLine | ChargeLine)
Line = TypeVar("Line", bound=PartLine | LaborLine | ChargeLine)


@final
class ItemTable(Generic[Item]):
    """The statements that write the jobs, or the lines of a kind, of one ticket at a time."""

    def __init__(self, table: Table, cls: type[Item]) -> None:
        """Build the statements for records of *cls*."""
        names = ["id", *(name for name in field_names(cls) if name not in {"id", "version"})]
        self._fields = [(name, WRITERS.get(name)) for name in names]
        columns = [table.c[name] for name in names]
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
        self, executor: Executor, ticket_id: int, before: tuple[Item, ...], after: tuple[Item, ...]
    ) -> tuple[Item, ...]:
        """Write the difference between *before* and *after*; return *after* with new ids."""
        if before == after:
            return after
        old = {item.id: item for item in before}
        if deleted := sorted(old.keys() - {item.id for item in after}):
            executor.write(_NOUN, self._delete, {"ticket_id": ticket_id, "ids": deleted})
        self.rewrite(executor, [one for one in after if one.id in old and one != old[one.id]])
        return self._add_new(executor, ticket_id, old, after)

    def rewrite(self, executor: Executor, items: Sequence[Item]) -> None:
        """Write *items*, which are stored, anew; of any tickets."""
        if items:
            rows = json_text(map(self._values, items))
            executor.write(_NOUN, self._update, {"rows": rows})

    def _add_new(
        self, executor: Executor, ticket_id: int, old: Mapping[Any, Item], items: tuple[Item, ...]
    ) -> tuple[Item, ...]:
        new = [item for item in items if item.id not in old]
        if not new:
            return items
        rows = json_text((ticket_id, *self._values(item)[1:]) for item in new)
        ids = executor.write_returning(_NOUN, self._add, {"rows": rows})
        in_order = iter(sorted(row[0] for row in ids))
        return tuple(item if item.id in old else evolve(item, id=next(in_order)) for item in items)

    def _values(self, item: Item) -> tuple[Any, ...]:
        return tuple(
            to_text(getattr(item, name)) if to_text else getattr(item, name)
            for name, to_text in self._fields
        )


_JOBS = ItemTable(ticket_jobs, Job)
_PARTS, _LABOR = ItemTable(ticket_parts, PartLine), ItemTable(ticket_labor, LaborLine)
_CHARGES = ItemTable(ticket_charges, ChargeLine)

Items: TypeAlias = tuple[
    tuple[Job, ...], tuple[PartLine, ...], tuple[LaborLine, ...], tuple[ChargeLine, ...]
]

items_of: Final[Callable[[Ticket], Items]] = attrgetter("jobs", "parts", "labor", "charges")
"""The jobs and lines of a ticket."""

NO_ITEMS: Final[Items] = ((), (), (), ())


def write_items(executor: Executor, before: Items, after: Ticket) -> Ticket:
    """Write the jobs and lines of *after* that differ from *before*; return it with their ids."""
    jobs, parts, labor, charges = before
    stored = _JOBS.write(executor, after.id, jobs, after.jobs)
    new = next((job.id for job in stored if job not in after.jobs), JobId(0))
    return evolve(
        after,
        jobs=stored,
        parts=_PARTS.write(executor, after.id, parts, _in_job(after.parts, new)),
        labor=_LABOR.write(executor, after.id, labor, _in_job(after.labor, new)),
        charges=_CHARGES.write(executor, after.id, charges, _in_job(after.charges, new)),
    )


def rewrite_items(executor: Executor, changed: Iterable[tuple[Ticket, Ticket]]) -> None:
    """Write the jobs and lines that differ in tickets, none of which has others than before."""
    pairs = list(changed)
    _JOBS.rewrite(executor, _different(pairs, lambda ticket: ticket.jobs))
    _PARTS.rewrite(executor, _different(pairs, lambda ticket: ticket.parts))
    _LABOR.rewrite(executor, _different(pairs, lambda ticket: ticket.labor))
    _CHARGES.rewrite(executor, _different(pairs, lambda ticket: ticket.charges))


def _different(
    pairs: Iterable[tuple[Ticket, Ticket]], items_of: Callable[[Ticket], tuple[Item, ...]]
) -> list[Item]:
    """Return the jobs or lines of the later tickets that differ from those before."""
    return [
        new
        for before, after in pairs
        for old, new in zip(items_of(before), items_of(after), strict=True)
        if old != new
    ]


def _in_job(lines: tuple[Line, ...], job_id: JobId) -> tuple[Line, ...]:
    """Return *lines*, those of the job that had no id yet with its id."""
    return tuple(line if line.job_id else evolve(line, job_id=job_id) for line in lines)
