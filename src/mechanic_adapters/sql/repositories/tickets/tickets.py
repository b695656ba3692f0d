"""Service tickets in SQL."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final, final

from attrs import frozen
from sqlalchemy import BigInteger, bindparam, delete, insert, select, update

from mechanic_adapters.sql.counters.calendar import month_parameters
from mechanic_adapters.sql.counters.worked_tickets import WorkedTickets
from mechanic_adapters.sql.engine.compiled_statements import Row
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.record_text import text_of
from mechanic_adapters.sql.engine.row_mapping import (
    RECORD_ID,
    column_parameters,
    field_values,
    json_text,
    values_text,
    with_values,
)
from mechanic_adapters.sql.engine.sql_functions import id_in, rows_from_json
from mechanic_adapters.sql.queries.mechanics import read_mechanics
from mechanic_adapters.sql.queries.tickets import (
    GET,
    GET_ALL,
    LOCK,
    LOCK_WITH_MECHANICS,
    RESERVING,
    STORED,
    UNFINISHED,
    USING,
    VEHICLE_OF_JOB,
    filter_parameters,
    is_selective_by_period,
    read_stored,
    read_ticket,
    read_tickets,
    ticket_list,
    version_of,
)
from mechanic_adapters.sql.repositories.events import event_of, event_parameters
from mechanic_adapters.sql.repositories.tickets.lines import NO_ITEMS, items_of, write_items
from mechanic_adapters.sql.repositories.tickets.owners import erase_plates
from mechanic_adapters.sql.repositories.tickets.prices import present_rules, restamp
from mechanic_adapters.sql.schema.tickets import ticket_history, ticket_mechanics, tickets
from mechanic_core.access import By
from mechanic_core.customers.customer import CustomerId
from mechanic_core.errors import LostRace
from mechanic_core.events.event import Event, SubjectKind
from mechanic_core.inventory.part import PartId
from mechanic_core.mechanics.mechanic import Mechanic
from mechanic_core.paging import Page, PageRequest
from mechanic_core.pricing.pricing_rules import PricingRules
from mechanic_core.tickets.history import Entry
from mechanic_core.tickets.job import JobId
from mechanic_core.tickets.ports import TicketFilter, TicketLists, TicketPrices, Tickets
from mechanic_core.tickets.ticket import Ticket, TicketId, TicketNotFound
from mechanic_core.tickets.ticket_vehicle import TicketVehicle
from mechanic_core.vehicles.vehicle import VehicleId

_NOUN: Final = "tickets"

_HEADER = column_parameters(tickets)
_ADD = insert(tickets).values(_HEADER).returning(tickets.c.id)
_UPDATE = (
    update(tickets)
    .values(_HEADER)
    .where(
        tickets.c.id == RECORD_ID,
        tickets.c.version == bindparam("expected_version", type_=BigInteger),
    )
)
_ENTRY = column_parameters(ticket_history)
_ADD_ENTRY = insert(ticket_history).values(_ENTRY)
_ADD_ENTRY_WITH_EVENT = _ADD_ENTRY.add_cte(event_of(_ENTRY["ticket_id"]).cte("event"))

_STAFF = (ticket_mechanics.c.ticket_id, ticket_mechanics.c.mechanic_id)
_ASSIGN = insert(ticket_mechanics).from_select(_STAFF, rows_from_json(_STAFF))
_UNASSIGN = delete(ticket_mechanics).where(
    ticket_mechanics.c.ticket_id == RECORD_ID, id_in(ticket_mechanics.c.mechanic_id, "ids")
)

_updated = _UPDATE.returning(tickets.c.id).cte("updated")
_entry_of_updated = {**_ENTRY, "ticket_id": _updated.c.id}
_SAVE = (
    insert(ticket_history)
    .from_select(list(_entry_of_updated), select(*_entry_of_updated.values()))
    .add_cte(_UNASSIGN.cte("unassigned"), _ASSIGN.cte("assigned"))
)
"""All writes of `SqlTickets.save` except lines in one statement, for PostgreSQL."""

_SAVE_WITH_EVENT = _SAVE.add_cte(event_of(_updated.c.id).cte("event"))


@final
@frozen
class SqlTickets(Tickets, TicketLists, TicketPrices):
    """The tables of tickets; names of mechanics are joined when reading."""

    _executor: Executor
    _worked_tickets: WorkedTickets

    def get(self, ticket_id: TicketId) -> Ticket:
        rows = self._executor.all(GET, {"record_id": ticket_id})
        for ticket in read_tickets(rows, self._present_rules):
            return ticket
        raise TicketNotFound

    def lock(self, ticket_id: TicketId) -> Ticket:
        return self._lock(ticket_id, self._executor.first(LOCK, {"record_id": ticket_id}))

    def lock_with_mechanics(
        self, ticket_id: TicketId, mechanic_ids: Collection[int]
    ) -> tuple[Ticket, Mapping[int, Mechanic]]:
        params = {"record_id": ticket_id, "ids": sorted(mechanic_ids)}
        row = self._executor.first(LOCK_WITH_MECHANICS, params)
        ticket = self._lock(ticket_id, row and row[:-1])
        mechanics = read_mechanics(row[-1]) if row else ()
        return ticket, {mechanic.id: mechanic for mechanic in mechanics}

    def add(self, ticket: Ticket, entry: Entry) -> Ticket:
        values = _values(ticket, entry)
        rows = self._executor.write_returning(_NOUN, _ADD, values)
        new = with_values(ticket, id=TicketId(rows[0][0]))
        if staff := sorted((new.id, mechanic.id) for mechanic in new.mechanics):
            self._executor.write(_NOUN, _ASSIGN, {"rows": json_text(staff)})
        event = Event.between(None, new, self._executor.actor)
        params = {**values, "ticket_id": new.id}
        if is_stored := self._executor.stores_events:
            params |= event_parameters(event)
        self._executor.write(_NOUN, _ADD_ENTRY_WITH_EVENT if is_stored else _ADD_ENTRY, params)
        self._executor.note_event(event, is_stored=is_stored)
        return self._finish(None, new)

    def save(self, ticket: Ticket, entry: Entry) -> Ticket:
        """Save the ticket, writing only what has changed; see `Tickets.save`."""
        before = self._stored(ticket)
        old, new = ({mechanic.id for mechanic in one.mechanics} for one in (before, ticket))
        assigned = [(ticket.id, mechanic_id) for mechanic_id in sorted(new - old)]
        after = with_values(ticket, version=ticket.version + 1)
        params = {
            **_values(after, entry),
            "record_id": before.id,
            "expected_version": before.version,
            "ids": sorted(old - new),
            "rows": json_text(assigned),
        }
        event = Event.between(before, after, self._executor.actor)
        is_postgres, is_stored = self._executor.database.is_postgres, self._executor.stores_events
        if is_stored:
            params |= event_parameters(event)
        save = _SAVE_WITH_EVENT if is_stored else _SAVE if is_postgres else _UPDATE
        if self._executor.write(_NOUN, save, params) != 1:
            raise LostRace
        self._executor.note_event(event, is_stored=is_stored)
        if not is_postgres:
            if old - new:
                self._executor.write(_NOUN, _UNASSIGN, params)
            if assigned:
                self._executor.write(_NOUN, _ASSIGN, params)
            self._executor.write(_NOUN, _ADD_ENTRY, params)
        return self._finish(before, after)

    def find(self, wanted: TicketFilter, page: PageRequest) -> Page[Ticket]:
        params = filter_parameters(wanted)
        names = frozenset(params)
        by_month = self._executor.database.is_postgres and is_selective_by_period(wanted, params)
        if by_month:
            params |= month_parameters(wanted.period)
        query = ticket_list(
            names, worked=wanted.worked, newest_first=wanted.newest_first, by_month=by_month
        )
        read = partial(read_tickets, present_rules=self._present_rules)
        return query.fetch(self._executor, page, read, params)

    def unfinished_of(self, customer_id: CustomerId) -> tuple[TicketId, ...]:
        rows = self._executor.all(UNFINISHED, {"record_id": customer_id})
        return tuple(TicketId(row[0]) for row in rows)

    def with_part(self, part_id: PartId, *, reserved_only: bool) -> tuple[TicketId, ...]:
        statement = RESERVING if reserved_only else USING
        rows = self._executor.all(statement, {"record_id": part_id})
        return tuple(TicketId(row[0]) for row in rows)

    def vehicle_of_job(self, job_id: JobId) -> VehicleId | None:
        row = self._executor.first(VEHICLE_OF_JOB, {"record_id": job_id})
        return row[0] if row else None

    def erase_plates(self, customer_id: CustomerId, at: datetime) -> None:
        erase_plates(self._executor, customer_id, at)

    def restamp(self, price: Callable[[Ticket], Ticket]) -> None:
        restamp(self._executor, price)

    def _present_rules(self) -> PricingRules:
        return present_rules(self._executor)

    def _lock(self, ticket_id: TicketId, row: Row | None) -> Ticket:
        if row is None:
            raise TicketNotFound
        if version_of(row) != row[-1]:  # saved by another transaction while this one waited
            (row,) = self._executor.all(STORED, {"record_id": ticket_id})
        self._executor.locked[_NOUN, ticket_id], ticket = read_ticket(row, self._present_rules)
        return ticket

    def _stored(self, ticket: Ticket) -> Ticket:
        """Return the ticket as it is stored; raise `LostRace` if its version is another one."""
        stored: Ticket | None = self._executor.locked.get((_NOUN, ticket.id))
        if stored is None or stored.version != ticket.version:
            row = self._executor.first(STORED, {"record_id": ticket.id})
            stored = read_stored(row) if row else None
        if stored is None or stored.version != ticket.version:
            raise LostRace
        return stored

    def _finish(self, before: Ticket | None, after: Ticket) -> Ticket:
        """Write the lines that differ and note the counters; return the ticket as stored."""
        items = items_of(before) if before else NO_ITEMS
        if items != items_of(after):
            after = write_items(self._executor, items, after)
        self._worked_tickets.change(before, after)
        self._executor.locked[_NOUN, after.id] = after
        return after


def _values(ticket: Ticket, entry: Entry) -> dict[str, Any]:
    """Return the values of the ticket's own row and of its history entry."""
    return {
        **field_values(ticket, vehicle=TicketVehicle),
        **field_values(entry, by=By),
        "service_month": ticket.service_date.replace(day=1),
        "discounts": text_of(ticket.discounts),
        "totals": values_text(ticket.totals),
        "rules": text_of(ticket.rules) if ticket.rules else None,
        "priced_version": ticket.version,
        "ticket_id": ticket.id,
    }


def read_all_tickets(executor: Executor, ids: Collection[int]) -> Iterable[Ticket]:
    """Return those of *ids* that can be read."""
    rows = executor.all(GET_ALL, {"ids": sorted(ids)})
    return read_tickets(rows, partial(present_rules, executor))


SUBJECTS: Final = {SubjectKind.TICKET: read_all_tickets}
