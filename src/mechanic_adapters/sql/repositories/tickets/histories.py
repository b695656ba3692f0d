"""Histories of tickets in SQL."""

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, final

from attrs import frozen
from sqlalchemy import Select, Subquery, select

from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import RECORD_ID
from mechanic_adapters.sql.engine.sql_functions import id_in
from mechanic_adapters.sql.queries.keyset_pagination import PageQuery
from mechanic_adapters.sql.queries.person_names import columns_with_name, reader_with_name
from mechanic_adapters.sql.schema.tickets import ticket_history, tickets
from mechanic_core.customers.customer import CustomerId
from mechanic_core.paging import Page, PageRequest
from mechanic_core.tickets.history import Entry, HistoryEvent
from mechanic_core.tickets.ports import Histories
from mechanic_core.tickets.ticket import TicketId, TicketNotFound
from mechanic_core.tickets.workflow import Status

_read = reader_with_name(Entry)


def _join(page: Subquery) -> Select[Any]:
    """Return entries with the names of their actors."""
    return select(*columns_with_name(Entry, {**page.c}))


_OF_TICKET = PageQuery(
    rows=select(ticket_history).where(ticket_history.c.ticket_id == RECORD_ID),
    key=ticket_history.c.id,
    join=_join,
)
_entries = (
    select(ticket_history).where(id_in(ticket_history.c.ticket_id, "ids")).subquery("entries")
)
_OF_ALL = (
    _join(_entries).add_columns(_entries.c.ticket_id).order_by(_entries.c.ticket_id, _entries.c.id)
)
_OWNER = select(tickets.c.customer_id, tickets.c.removed_at).where(tickets.c.id == RECORD_ID)
_START = (
    select(ticket_history.c.id)
    .where(
        ticket_history.c.ticket_id == RECORD_ID,
        ticket_history.c.event == HistoryEvent.TRANSITION,
        ticket_history.c.to == Status.IN_PROGRESS.value,
    )
    .limit(1)
)


@final
@frozen
class SqlHistories(Histories):
    """The append-only table of history entries, of removed tickets too."""

    _executor: Executor

    def of(self, ticket_id: TicketId, page: PageRequest) -> Page[Entry]:
        return _OF_TICKET.fetch(self._executor, page, _read, {"record_id": ticket_id})

    def of_all(self, ticket_ids: Collection[TicketId]) -> Mapping[TicketId, Sequence[Entry]]:
        rows = self._executor.all(_OF_ALL, {"ids": sorted(ticket_ids)})
        return {
            TicketId(ticket_id): tuple(_read([row[:-1] for row in found]))
            for ticket_id, found in groupby(rows, key=itemgetter(-1))
        }

    def owner_of(self, ticket_id: TicketId) -> CustomerId | None:
        row = self._executor.first(_OWNER, {"record_id": ticket_id})
        if row is None:
            raise TicketNotFound
        return None if row[1] else CustomerId(row[0])

    def started(self, ticket_id: TicketId) -> bool:
        return self._executor.first(_START, {"record_id": ticket_id}) is not None
