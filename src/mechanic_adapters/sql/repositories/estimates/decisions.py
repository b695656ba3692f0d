"""Decisions of customers in SQL."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, final

from attrs import evolve, frozen
from sqlalchemy import ColumnElement, Select, Subquery, insert, literal_column, select

from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import (
    RECORD_ID,
    column_parameters,
    field_values,
    group_by,
)
from mechanic_adapters.sql.engine.sql_functions import id_in, qualified
from mechanic_adapters.sql.queries.keyset_pagination import PageQuery
from mechanic_adapters.sql.queries.person_names import columns_with_name, name_of, reader_with_name
from mechanic_adapters.sql.schema.estimates import decisions
from mechanic_core.access import By
from mechanic_core.estimates.decision import Decision, DecisionId, DecisionKind
from mechanic_core.estimates.ports import Decisions
from mechanic_core.money import Money
from mechanic_core.paging import Page, PageRequest
from mechanic_core.tickets.ticket import TicketId

_NOUN: Final = "decisions"
_read = reader_with_name(Decision)
_OF_TICKET = select(decisions).where(decisions.c.ticket_id == RECORD_ID)
_INSERTED_BY: list[ColumnElement[Any]] = [
    literal_column(f"{decisions.name}.{name}") for name in ("by_role", "by_id")
]
"""By name only: as columns they would make the subqueries read the table again."""

_ADD = (
    insert(decisions)
    .values(column_parameters(decisions))
    .returning(decisions.c.id, qualified(name_of(*_INSERTED_BY)))
)
_LIMIT = (
    select(decisions.c.amount)
    .where(decisions.c.ticket_id == RECORD_ID, decisions.c.kind == DecisionKind.LIMIT)
    .order_by(decisions.c.id.desc())
    .limit(1)
)


def _join(rows: Subquery) -> Select[Any]:
    """Return decisions with the names of who has entered them."""
    return select(*columns_with_name(Decision, {**rows.c}))


def _all(rows: Select[Any]) -> Select[Any]:
    return _join(rows.subquery("found"))


_LAST = _all(_OF_TICKET.order_by(decisions.c.id.desc()).limit(1))
_LIST = PageQuery(rows=_OF_TICKET, key=decisions.c.id, join=_join)
_GET_ALL = _all(select(decisions).where(id_in(decisions.c.id, "ids")))
_found = select(decisions).where(id_in(decisions.c.ticket_id, "ids")).subquery("found")
_OF_ALL = _join(_found).order_by(_found.c.ticket_id, _found.c.id)


@final
@frozen
class SqlDecisions(Decisions):
    """The append-only table of decisions."""

    _executor: Executor

    def add(self, decision: Decision) -> Decision:
        rows = self._executor.write_returning(_NOUN, _ADD, field_values(decision, by=By))
        number, name = rows[0]
        by = evolve(decision.by, name=name) if decision.by else None
        return evolve(decision, id=DecisionId(number), by=by)

    def last(self, ticket_id: TicketId) -> Decision | None:
        return next(_read(self._executor.all(_LAST, {"record_id": ticket_id})), None)

    def limit(self, ticket_id: TicketId) -> Money | None:
        row = self._executor.first(_LIMIT, {"record_id": ticket_id})
        return row[0] if row else None

    def of(self, ticket_id: TicketId, page: PageRequest) -> Page[Decision]:
        return _LIST.fetch(self._executor, page, _read, {"record_id": ticket_id})

    def of_all(self, ticket_ids: Collection[TicketId]) -> Mapping[TicketId, Sequence[Decision]]:
        rows = self._executor.all(_OF_ALL, {"ids": sorted(ticket_ids)})
        return group_by("ticket_id", _read(rows))


def read_decisions(executor: Executor, ids: Collection[int]) -> Iterable[Decision]:
    """Return those of *ids* that exist, in any order."""
    return _read(executor.all(_GET_ALL, {"ids": sorted(ids)}))
