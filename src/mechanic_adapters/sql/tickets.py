"""Service tickets in SQL."""

from typing import Any, Final, final

from attrs import evolve, frozen
from sqlalchemy import BigInteger, bindparam, delete, insert, update

from mechanic_adapters.sql.constructs import among, sent_rows
from mechanic_adapters.sql.executors import Executor
from mechanic_adapters.sql.gateway import THE_ID
from mechanic_adapters.sql.lines import LABOR_LINES, PART_LINES
from mechanic_adapters.sql.people import by_columns
from mechanic_adapters.sql.rows import rows_text, values_of
from mechanic_adapters.sql.tables import ticket_history, ticket_mechanics, tickets
from mechanic_adapters.sql.tallies import Tallies
from mechanic_adapters.sql.ticket_reads import (
    HELD,
    KEPT,
    ONE,
    UNFINISHED,
    asked,
    listing,
    ticket_of,
)
from mechanic_core.customers.customer import CustomerId
from mechanic_core.errors import LostRace
from mechanic_core.page import Slice, Window
from mechanic_core.tickets.history import Entry
from mechanic_core.tickets.ports import TicketFilter, Tickets
from mechanic_core.tickets.ticket import AssignedMechanic, Ticket, TicketId, TicketNotFound

_NOUN: Final = "tickets"

_HEADER = {c.name: bindparam(c.name, type_=c.type) for c in tickets.c if c.name != "id"}
_ADD = insert(tickets).values(_HEADER).returning(tickets.c.id)
_SAVE = (
    update(tickets)
    .values(_HEADER)
    .where(
        tickets.c.id == THE_ID,
        tickets.c.version == bindparam("expected", type_=BigInteger),
    )
)
_ENTRY = {
    c.name: bindparam(f"entry_{c.name}", type_=c.type) for c in ticket_history.c if c.name != "id"
}
_TELL = insert(ticket_history).values(_ENTRY)

_STAFF = (ticket_mechanics.c.ticket_id, ticket_mechanics.c.mechanic_id)
_JOIN = insert(ticket_mechanics).from_select(_STAFF, sent_rows(_STAFF))
_LEAVE = delete(ticket_mechanics).where(
    ticket_mechanics.c.ticket_id == THE_ID, among(ticket_mechanics.c.mechanic_id, "ids")
)


@final
@frozen
class SqlTickets(Tickets):
    """Every ticket; the names on it and its vehicle are looked up when it is read."""

    _executor: Executor
    _tallies: Tallies

    def get(self, ticket_id: TicketId) -> Ticket:
        """Return the ticket, or raise `TicketNotFound`."""
        row = self._executor.first(ONE, {"the_id": ticket_id})
        if row is None:
            raise TicketNotFound
        return ticket_of(row)

    def hold(self, ticket_id: TicketId) -> Ticket:
        """Return the ticket with its row locked."""
        row = self._executor.first(HELD, {"the_id": ticket_id})
        if row is None:
            raise TicketNotFound
        ticket = ticket_of(row)
        if ticket.version != row[-1]:  # somebody saved it while we waited
            ticket = self.get(ticket_id)
        self._executor.seen[_NOUN, ticket_id] = ticket
        return ticket

    def add(self, ticket: Ticket, entry: Entry) -> Ticket:
        """Keep a new ticket with the first line of its history."""
        rows = self._executor.written(_NOUN, _ADD, _header(ticket))
        blank = evolve(ticket, id=TicketId(rows[0][0]), mechanics=(), parts=(), labor=())
        kept = self._with_children(blank, evolve(ticket, id=blank.id))
        self._executor.write(_NOUN, _TELL, _told(kept.id, entry))
        return self._kept(None, kept)

    def save(self, ticket: Ticket, entry: Entry) -> Ticket:
        """Keep the change and what it was, writing no more than what has changed."""
        before = self._before(ticket)
        after = evolve(ticket, version=ticket.version + 1)
        given = {**_header(after), "the_id": ticket.id, "expected": ticket.version}
        if self._executor.write(_NOUN, _SAVE, given) != 1:
            raise LostRace
        kept = self._with_children(before, after)
        self._executor.write(_NOUN, _TELL, _told(kept.id, entry))
        return self._kept(before, kept)

    def find(self, wanted: TicketFilter, window: Window) -> Slice[Ticket]:
        """Return tickets by id."""
        given = asked(wanted)
        found = listing(frozenset(given), worked=wanted.worked, newest_first=wanted.newest_first)
        return found.piece(self._executor, window, ticket_of, given)

    def unfinished_of(self, customer_id: CustomerId) -> tuple[TicketId, ...]:
        """Return the customer's tickets that are still to be worked on."""
        found = self._executor.all(UNFINISHED, {"the_id": customer_id})
        return tuple(TicketId(row[0]) for row in found)

    def _before(self, ticket: Ticket) -> Ticket:
        """Return the ticket as it is kept, at the version that *ticket* was made of."""
        before: Ticket | None = self._executor.seen.get((_NOUN, ticket.id))
        if before is None or before.version != ticket.version:
            row = self._executor.first(KEPT, {"the_id": ticket.id})
            before = ticket_of(row) if row else None
        if before is None or before.version != ticket.version:
            raise LostRace
        return before

    def _with_children(self, before: Ticket, after: Ticket) -> Ticket:
        """Return *after* with all that is on it written down."""
        self._write_staff(after.id, _ids(before.mechanics), _ids(after.mechanics))
        executor, key = self._executor, after.id
        parts = PART_LINES.write(executor, key, before.parts, after.parts)
        labor = LABOR_LINES.write(executor, key, before.labor, after.labor)
        return evolve(after, parts=parts, labor=labor)

    def _write_staff(self, ticket_id: TicketId, before: set[int], after: set[int]) -> None:
        if gone := sorted(before - after):
            self._executor.write(_NOUN, _LEAVE, {"the_id": ticket_id, "ids": gone})
        if come := sorted(after - before):
            rows = rows_text((ticket_id, one) for one in come)
            self._executor.write(_NOUN, _JOIN, {"rows": rows})

    def _kept(self, before: Ticket | None, after: Ticket) -> Ticket:
        self._tallies.change(before, after)
        self._executor.seen[_NOUN, after.id] = after
        return after


def _ids(staff: tuple[AssignedMechanic, ...]) -> set[int]:
    return {mechanic.id for mechanic in staff}


def _header(ticket: Ticket) -> dict[str, Any]:
    """Return the columns of the ticket's own row."""
    vehicle_id = ticket.vehicle.id if ticket.vehicle else None
    return {**values_of(ticket), "vehicle_id": vehicle_id}


def _told(ticket_id: TicketId, entry: Entry) -> dict[str, Any]:
    """Return the columns of a line of the ticket's history."""
    values = {**values_of(entry), **by_columns(entry.by), "ticket_id": ticket_id}
    return {f"entry_{name}": values[name] for name in _ENTRY}
