"""Service tickets in SQL."""

from collections.abc import Collection, Mapping
from typing import Any, Final, final

from attrs import evolve, frozen
from sqlalchemy import BigInteger, bindparam, delete, insert, select, update

from mechanic_adapters.sql.counters.calendar import bounds_of
from mechanic_adapters.sql.counters.worked_tickets import CHANGE, WorkedTickets
from mechanic_adapters.sql.engine.compiled_statements import Row
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.rows import kept, rows_text, values_of
from mechanic_adapters.sql.engine.sql_functions import among, sent_rows
from mechanic_adapters.sql.queries.person_names import by_columns
from mechanic_adapters.sql.queries.tickets import (
    HELD,
    HELD_WITH,
    KEPT,
    ONE,
    UNFINISHED,
    asked,
    best_by_stretches,
    listing,
    ticket_of,
)
from mechanic_adapters.sql.repositories.mechanics import shared
from mechanic_adapters.sql.repositories.record_table import THE_ID
from mechanic_adapters.sql.repositories.ticket_lines import LABOR_LINES, PART_LINES
from mechanic_adapters.sql.schema.tickets import ticket_history, ticket_mechanics, tickets
from mechanic_core.customers.customer import CustomerId
from mechanic_core.errors import LostRace
from mechanic_core.mechanics.mechanic import Mechanic
from mechanic_core.paging import Page, PageRequest
from mechanic_core.tickets.history import Entry
from mechanic_core.tickets.ports import TicketFilter, TicketLists, Tickets
from mechanic_core.tickets.ticket import Ticket, TicketId, TicketNotFound

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

_changed = _SAVE.returning(tickets.c.id).cte("changed")
_told = {**_ENTRY, "ticket_id": _changed.c.id}
_SAVE_AT_ONCE = (
    insert(ticket_history)
    .from_select(list(_told), select(*_told.values()))
    .add_cte(_LEAVE.cte("left_it"), _JOIN.cte("joined_it"))
)
"""All that a save writes but lines and tallies, for databases that write inside a WITH."""

_SAVE_AND_TALLY = _SAVE_AT_ONCE.add_cte(CHANGE.cte("tallied"))


@final
@frozen
class SqlTickets(Tickets, TicketLists):
    """Every ticket; the names on it and its vehicle are looked up when it is read."""

    _executor: Executor
    _tallies: WorkedTickets

    def get(self, ticket_id: TicketId) -> Ticket:
        """Return the ticket, or raise `TicketNotFound`."""
        row = self._executor.first(ONE, {"the_id": ticket_id})
        if row is None:
            raise TicketNotFound
        return ticket_of(row)

    def lock(self, ticket_id: TicketId) -> Ticket:
        """Return the ticket with its row locked."""
        return self._held(ticket_id, self._executor.first(HELD, {"the_id": ticket_id}))

    def lock_with_mechanics(
        self, ticket_id: TicketId, mechanic_ids: Collection[int]
    ) -> tuple[Ticket, Mapping[int, Mechanic]]:
        """Return the ticket with its row locked, and mechanics with theirs shared."""
        given = {"the_id": ticket_id, "ids": sorted(mechanic_ids)}
        row = self._executor.first(HELD_WITH, given)
        return self._held(ticket_id, row and row[:-1]), shared(row[-1] if row else None)

    def add(self, ticket: Ticket, entry: Entry) -> Ticket:
        """Keep a new ticket with the first line of its history."""
        rows = self._executor.written(_NOUN, _ADD, _header(ticket))
        new = kept(ticket, id=TicketId(rows[0][0]))
        if staff := sorted(_ids(new)):
            self._executor.write(_NOUN, _JOIN, {"rows": _staff_rows(new.id, staff)})
        self._executor.write(_NOUN, _TELL, _entry(new.id, entry))
        return self._kept(None, self._with_lines(None, new))

    def save(self, ticket: Ticket, entry: Entry) -> Ticket:
        """Keep the change and what it was, writing no more than what has changed."""
        before = self._before(ticket)
        after = kept(ticket, version=ticket.version + 1)
        if self._executor.database.is_postgres:
            self._save_at_once(before, after, entry)
        else:
            self._save_by_steps(before, after, entry)
        return self._kept(before, self._with_lines(before, after))

    def find(self, wanted: TicketFilter, page: PageRequest) -> Page[Ticket]:
        """Return tickets by id."""
        given = asked(wanted)
        found = listing(
            frozenset(given),
            worked=wanted.worked,
            newest_first=wanted.newest_first,
            stretched=self._executor.database.is_postgres and best_by_stretches(wanted),
        )
        return found.piece(self._executor, page, ticket_of, {**given, **bounds_of(wanted.period)})

    def unfinished_of(self, customer_id: CustomerId) -> tuple[TicketId, ...]:
        """Return the customer's tickets that are still to be worked on."""
        found = self._executor.all(UNFINISHED, {"the_id": customer_id})
        return tuple(TicketId(row[0]) for row in found)

    def _held(self, ticket_id: TicketId, row: Row | None) -> Ticket:
        if row is None:
            raise TicketNotFound
        ticket = ticket_of(row)
        if ticket.version != row[-1]:  # somebody saved it while we waited
            ticket = self.get(ticket_id)
        self._executor.seen[_NOUN, ticket_id] = ticket
        return ticket

    def _before(self, ticket: Ticket) -> Ticket:
        """Return the ticket as it is kept, at the version that *ticket* was made of."""
        before: Ticket | None = self._executor.seen.get((_NOUN, ticket.id))
        if before is None or before.version != ticket.version:
            row = self._executor.first(KEPT, {"the_id": ticket.id})
            before = ticket_of(row) if row else None
        if before is None or before.version != ticket.version:
            raise LostRace
        return before

    def _save_at_once(self, before: Ticket, after: Ticket, entry: Entry) -> None:
        """Save the ticket, at the end if it is held: then nothing can come in between."""
        gone, come = _staff_changes(before, after)
        given = {
            **_header(after),
            **_entry(after.id, entry),
            **_from(before),
            "ids": gone,
            "rows": _staff_rows(after.id, come),
        }

        def save(tallies: str | None) -> None:
            statement = _SAVE_AT_ONCE if tallies is None else _SAVE_AND_TALLY
            if self._executor.write(_NOUN, statement, {**given, "tallies": tallies}) != 1:
                raise LostRace

        if self._executor.seen.get((_NOUN, after.id)) is before:
            self._tallies.take_along(save)
        else:
            save(None)

    def _save_by_steps(self, before: Ticket, after: Ticket, entry: Entry) -> None:
        if self._executor.write(_NOUN, _SAVE, {**_header(after), **_from(before)}) != 1:
            raise LostRace
        gone, come = _staff_changes(before, after)
        if gone:
            self._executor.write(_NOUN, _LEAVE, {"the_id": after.id, "ids": gone})
        if come:
            self._executor.write(_NOUN, _JOIN, {"rows": _staff_rows(after.id, come)})
        self._executor.write(_NOUN, _TELL, _entry(after.id, entry))

    def _with_lines(self, before: Ticket | None, after: Ticket) -> Ticket:
        """Return *after* with its lines written down."""
        executor, key = self._executor, after.id
        parts = PART_LINES.write(executor, key, before.parts if before else (), after.parts)
        labor = LABOR_LINES.write(executor, key, before.labor if before else (), after.labor)
        if (parts, labor) == (after.parts, after.labor):
            return after
        return evolve(after, parts=parts, labor=labor)

    def _kept(self, before: Ticket | None, after: Ticket) -> Ticket:
        self._tallies.change(before, after)
        self._executor.seen[_NOUN, after.id] = after
        return after


def _ids(ticket: Ticket) -> set[int]:
    return {mechanic.id for mechanic in ticket.mechanics}


def _staff_changes(before: Ticket, after: Ticket) -> tuple[list[int], list[int]]:
    """Return who has left the ticket and who has joined."""
    old, new = _ids(before), _ids(after)
    return sorted(old - new), sorted(new - old)


def _staff_rows(ticket_id: TicketId, staff: list[int]) -> str:
    return rows_text((ticket_id, one) for one in staff)


def _header(ticket: Ticket) -> dict[str, Any]:
    """Return the columns of the ticket's own row."""
    return {
        **values_of(ticket),
        "vehicle_id": ticket.vehicle.id if ticket.vehicle else None,
        "service_month": ticket.service_date.replace(day=1),
    }


def _from(before: Ticket) -> dict[str, Any]:
    """Return what tells that the ticket is still as it was."""
    return {"the_id": before.id, "expected": before.version}


def _entry(ticket_id: TicketId, entry: Entry) -> dict[str, Any]:
    """Return the columns of a line of the ticket's history."""
    values = {**values_of(entry), **by_columns(entry.by), "ticket_id": ticket_id}
    return {f"entry_{name}": values[name] for name in _ENTRY}
