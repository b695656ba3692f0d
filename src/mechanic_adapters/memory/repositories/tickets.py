"""Service tickets and their histories in memory."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Final, TypeVar, final

from attrs import evolve, frozen

from mechanic_adapters.memory.paging import paginate
from mechanic_adapters.memory.repositories.mechanics import MECHANICS, MemoryMechanics
from mechanic_adapters.memory.repositories.person_names import with_name
from mechanic_adapters.memory.repositories.recommendations import reassign_declined
from mechanic_adapters.memory.tables import (
    TableName,
    Tables,
    note_change,
    require_current,
    save_record,
)
from mechanic_core.customers.customer import CustomerId
from mechanic_core.events.event import SubjectKind
from mechanic_core.inventory.part import MAX_NAMED_TICKETS, PartId
from mechanic_core.mechanics.mechanic import Mechanic
from mechanic_core.paging import WHOLE_LIST, Page, PageRequest
from mechanic_core.tickets.assigned_mechanic import AssignedMechanic
from mechanic_core.tickets.bounds import MAX_UNFINISHED
from mechanic_core.tickets.history import Entry, EntryId, HistoryEvent
from mechanic_core.tickets.job import NEW_JOB, Job, JobId
from mechanic_core.tickets.lines.charge import ChargeLine
from mechanic_core.tickets.lines.labor_line import LaborLine
from mechanic_core.tickets.lines.line import LineId
from mechanic_core.tickets.lines.part_line import PartLine
from mechanic_core.tickets.ports import (
    Histories,
    TicketFilter,
    TicketLists,
    TicketOwners,
    TicketPrices,
    Tickets,
)
from mechanic_core.tickets.ticket import Ticket, TicketId, TicketNotFound
from mechanic_core.tickets.workflow import (
    EDITABLE_STATUSES,
    FINAL_STATUSES,
    UNWORKED_STATUSES,
    Status,
)
from mechanic_core.vehicles.vehicle import VehicleId

TICKETS: Final = TableName[int, Ticket]("tickets", "tickets")
_PART_LINES: Final = TableName[int, PartLine]("part_lines", "tickets")
_LABOR_LINES: Final = TableName[int, LaborLine]("labor_lines", "tickets")
_CHARGES: Final = TableName[int, ChargeLine]("ticket_charges", "tickets")
_JOBS: Final = TableName[int, Job]("ticket_jobs", "tickets")
_HISTORIES: Final = TableName[int, tuple[Entry, ...]]("histories", "tickets")

Line = TypeVar("Line", PartLine, LaborLine, ChargeLine)


@final
@frozen
class MemoryTickets(Tickets, TicketLists, TicketPrices):
    """The tickets. Mechanics' names are looked up on reading."""

    _tables: Tables

    def get(self, ticket_id: TicketId) -> Ticket:
        ticket = self._tables[TICKETS].get(ticket_id)
        if ticket is None or ticket.removed_at:
            raise TicketNotFound
        return self._read(ticket)

    def lock(self, ticket_id: TicketId) -> Ticket:
        return self.get(ticket_id)

    def lock_with_mechanics(
        self, ticket_id: TicketId, mechanic_ids: Collection[int]
    ) -> tuple[Ticket, Mapping[int, Mechanic]]:
        return self.lock(ticket_id), MemoryMechanics(self._tables).lock_shared(mechanic_ids)

    def add(self, ticket: Ticket, entry: Entry) -> Ticket:
        new = evolve(ticket, id=TicketId(self._tables[TICKETS].next_id()))
        return self._store(None, new, entry)

    def save(self, ticket: Ticket, entry: Entry) -> Ticket:
        before = require_current(self._tables[TICKETS], ticket)
        return self._store(before, evolve(ticket, version=ticket.version + 1), entry)

    def restamp(self, price: Callable[[Ticket], Ticket]) -> None:
        table = self._tables[TICKETS]
        for ticket in list(table.all()):
            if ticket.status in EDITABLE_STATUSES:
                table.put(ticket.id, price(ticket))

    def find(self, wanted: TicketFilter, page: PageRequest) -> Page[Ticket]:
        tickets = (ticket for ticket in self._tables[TICKETS].all() if _matches(ticket, wanted))
        found = paginate(tickets, page, lambda ticket: ticket.id, newest_first=wanted.newest_first)
        return found.map(self._read)

    def unfinished_of(self, customer_id: CustomerId) -> tuple[TicketId, ...]:
        unfinished = (
            ticket.id
            for ticket in self._tables[TICKETS].all()
            if ticket.customer_id == customer_id
            and not ticket.removed_at
            and ticket.status in EDITABLE_STATUSES
        )
        return tuple(islice(unfinished, MAX_UNFINISHED))

    def with_part(self, part_id: PartId, *, reserved_only: bool) -> tuple[TicketId, ...]:
        found = (
            ticket.id
            for ticket in self._tables[TICKETS].all()
            if any(line.part_id == part_id for line in ticket.parts)
            and not ticket.removed_at
            and ticket.status not in FINAL_STATUSES
            and (ticket.status in EDITABLE_STATUSES or not reserved_only)
        )
        return tuple(islice(found, MAX_NAMED_TICKETS))

    def vehicle_of_job(self, job_id: JobId) -> VehicleId | None:
        for ticket in self._tables[TICKETS].all():
            if ticket.vehicle and not ticket.removed_at and job_id in {j.id for j in ticket.jobs}:
                return ticket.vehicle.id
        return None

    def erase_plates(self, customer_id: CustomerId, at: datetime) -> None:
        for ticket in list(self._tables[TICKETS].all()):
            vehicle = ticket.vehicle
            if ticket.customer_id == customer_id and vehicle and vehicle.plate is not None:
                erased = evolve(ticket, vehicle=evolve(vehicle, plate=None), updated_at=at)
                save_record(self._tables, TICKETS, erased)

    def _store(self, before: Ticket | None, ticket: Ticket, entry: Entry) -> Ticket:
        jobs = tuple(
            evolve(job, id=job.id or JobId(self._tables[_JOBS].next_id())) for job in ticket.jobs
        )
        new_job = jobs[-1].id if jobs else NEW_JOB
        stored = evolve(
            ticket,
            jobs=jobs,
            parts=self._lines(_PART_LINES, ticket.parts, new_job),
            labor=self._lines(_LABOR_LINES, ticket.labor, new_job),
            charges=self._lines(_CHARGES, ticket.charges, new_job),
        )
        note_change(self._tables, before, stored)
        self._tables[TICKETS].put(stored.id, stored)
        _add_entry(self._tables, stored.id, entry)
        return self._read(stored)

    def _lines(
        self, name: TableName[int, Line], lines: tuple[Line, ...], new_job: JobId
    ) -> tuple[Line, ...]:
        """Return the lines, each with an id and a job."""
        table = self._tables[name]
        return tuple(
            evolve(
                line,
                id=line.id or LineId(table.next_id()),
                job_id=line.job_id or new_job,
            )
            for line in lines
        )

    def _read(self, ticket: Ticket) -> Ticket:
        rows = (self._tables[MECHANICS].get(one.id) for one in ticket.mechanics)
        mechanics = [AssignedMechanic.of(one) for one in rows if one]
        return evolve(
            ticket,
            mechanics=tuple(sorted(mechanics, key=lambda one: one.id)),
        )


@final
@frozen
class MemoryTicketOwners(TicketOwners):
    """Changes of all tickets of a customer."""

    _tables: Tables

    def lock(self, customer_id: CustomerId) -> None:
        """Do nothing: transactions are serial."""

    def reassign(self, former: CustomerId, owner: CustomerId, entry: Entry) -> None:
        table = self._tables[TICKETS]
        for ticket in [one for one in table.all() if one.customer_id == former]:
            version = ticket.version + 1
            after = evolve(ticket, customer_id=owner, updated_at=entry.at, version=version)
            if not ticket.removed_at:
                note_change(self._tables, ticket, after)
            table.put(after.id, after)
            _add_entry(self._tables, after.id, entry)
        reassign_declined(self._tables, former, owner, entry.at)


def _add_entry(tables: Tables, ticket_id: TicketId, entry: Entry) -> None:
    histories = tables[_HISTORIES]
    new = evolve(entry, id=EntryId(histories.next_id()))
    histories.put(ticket_id, (*(histories.get(ticket_id) or ()), new))


def _matches(ticket: Ticket, wanted: TicketFilter) -> bool:
    vehicle_id = ticket.vehicle.id if ticket.vehicle else None
    return (
        not ticket.removed_at
        and wanted.status in (None, ticket.status)
        and wanted.customer_id in (None, ticket.customer_id)
        and wanted.vehicle_id in (None, vehicle_id)
        and (wanted.mechanic_id is None or wanted.mechanic_id in {m.id for m in ticket.mechanics})
        and wanted.period.contains(ticket.service_date)
        and not (wanted.worked and ticket.status in UNWORKED_STATUSES)
    )


@final
@frozen
class MemoryHistories(Histories):
    """The histories of all tickets, removed ones included."""

    _tables: Tables

    def of(self, ticket_id: TicketId, page: PageRequest) -> Page[Entry]:
        entries = self._tables[_HISTORIES].get(ticket_id) or ()
        found = paginate(entries, page, lambda entry: entry.id)
        return found.map(lambda entry: evolve(entry, by=with_name(self._tables, entry.by)))

    def of_all(self, ticket_ids: Collection[TicketId]) -> Mapping[TicketId, Sequence[Entry]]:
        histories = {one: self.of(one, WHOLE_LIST).items for one in ticket_ids}
        return {one: entries for one, entries in histories.items() if entries}

    def owner_of(self, ticket_id: TicketId) -> CustomerId | None:
        ticket = self._tables[TICKETS].get(ticket_id)
        if ticket is None:
            raise TicketNotFound
        return None if ticket.removed_at else ticket.customer_id

    def started(self, ticket_id: TicketId) -> bool:
        start = (HistoryEvent.TRANSITION, Status.IN_PROGRESS)
        return any(
            (entry.event, entry.to) == start
            for entry in self._tables[_HISTORIES].get(ticket_id) or ()
        )


SUBJECTS: Final = {SubjectKind.TICKET: lambda tables: MemoryTickets(tables).get}
