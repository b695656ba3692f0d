"""Histories of tickets in SQL."""

from typing import Any, final

from attrs import frozen
from sqlalchemy import BigInteger, Select, Subquery, bindparam, select

from mechanic_adapters.sql.engine.compiled_statements import Row
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.rows import maker
from mechanic_adapters.sql.queries.keyset_pagination import Listing
from mechanic_adapters.sql.queries.person_names import make_by, name_of
from mechanic_adapters.sql.schema.tickets import ticket_history, tickets
from mechanic_core.customers.customer import CustomerId
from mechanic_core.paging import Page, PageRequest
from mechanic_core.tickets.history import Entry, Event
from mechanic_core.tickets.ports import Histories
from mechanic_core.tickets.ticket import TicketId, TicketNotFound
from mechanic_core.tickets.workflow import Status

_make_entry = maker(Entry)


def _named(page: Subquery) -> Select[Any]:
    """Return entries with the names of those of whom they tell."""
    c = page.c
    person = (c.by_role, c.by_id, name_of(c.by_role, c.by_id))
    return select(c.id, c.at, *person, c.event, c.from_, c.to, c.note)


def _entry(row: Row) -> Entry:
    return _make_entry((*row[:2], make_by(row[2:5]), *row[5:]))


_TICKET = bindparam("ticket_id", type_=BigInteger)
_OF_TICKET = Listing(
    rows=select(ticket_history).where(ticket_history.c.ticket_id == _TICKET),
    key=ticket_history.c.id,
    dressed=_named,
)
_OWNER = select(tickets.c.customer_id, tickets.c.removed_at).where(tickets.c.id == _TICKET)
_START = (
    select(ticket_history.c.id)
    .where(
        ticket_history.c.ticket_id == _TICKET,
        ticket_history.c.event == Event.TRANSITION,
        ticket_history.c.to == Status.IN_PROGRESS.value,
    )
    .limit(1)
)


@final
@frozen
class SqlHistories(Histories):
    """What happened to each ticket, removed ones too."""

    _executor: Executor

    def of(self, ticket_id: TicketId, page: PageRequest) -> Page[Entry]:
        """Return a ticket's history, oldest first."""
        return _OF_TICKET.piece(self._executor, page, _entry, {"ticket_id": ticket_id})

    def owner_of(self, ticket_id: TicketId) -> CustomerId | None:
        """Return whose ticket it is, None once it is removed; raise `TicketNotFound`."""
        row = self._executor.first(_OWNER, {"ticket_id": ticket_id})
        if row is None:
            raise TicketNotFound
        return None if row[1] else CustomerId(row[0])

    def started(self, ticket_id: TicketId) -> bool:
        """Return whether work on the ticket ever began."""
        return self._executor.first(_START, {"ticket_id": ticket_id}) is not None
