"""What people do with service tickets."""

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar, final

from attrs import frozen

from mechanic_core.access import (
    ANY_LOGIN,
    MANAGERS_ONLY,
    OWNER_OR_STAFF,
    STAFF_ONLY,
    Actor,
    RoleForbids,
)
from mechanic_core.errors import ProblemCollector, Unknown
from mechanic_core.tickets.forms import TicketDraft, TicketForm
from mechanic_core.tickets.history import Entry, Event
from mechanic_core.tickets.ticket import (
    AssignedMechanic,
    Ticket,
    TicketChanged,
    TicketFrozen,
    TicketId,
    TicketNotFound,
    TicketStarted,
    TicketVehicle,
)
from mechanic_core.tickets.use_cases.assignment import assigned
from mechanic_core.tickets.vehicle_lookup import VehicleLookup
from mechanic_core.tickets.workflow import UNWORKED_STATUSES
from mechanic_core.unit_of_work import Begin, ReadOnly, Work, retry_on_conflict
from mechanic_core.values import Clock
from mechanic_core.vehicles.use_cases import lock_owner, owner_for
from mechanic_core.vehicles.vehicle import VinTaken


@final
@frozen
class OpenTicket:
    """Take a vehicle in; customers do it for themselves."""

    policy: ClassVar = ANY_LOGIN
    refuses: ClassVar = (VinTaken,)

    begin: Begin
    now: Clock
    vehicle_lookup: VehicleLookup

    @retry_on_conflict
    def __call__(self, actor: Actor, draft: TicketDraft) -> Ticket:
        """Return the new ticket; a VIN that is new makes the vehicle."""
        self.policy.admit(actor)
        if draft.mechanic_ids is not None and not actor.is_staff:
            raise RoleForbids("only staff assign mechanics")
        at, findings = self.now(), ProblemCollector()
        with self.begin() as work:
            with findings:
                owner = owner_for(actor, draft.customer_id)
                lock_owner(work, owner)
                vehicle = self.vehicle_lookup.find_or_add(work, draft, owner, at)
            with findings:
                mechanics = self._mechanics(work, draft)
            findings.raise_if_any()
            ticket = Ticket(
                id=TicketId(0),
                customer_id=owner,
                vehicle=vehicle,
                service_date=draft.service_date or at.date(),
                description=draft.description,
                created_at=at,
                updated_at=at,
            )
            ticket = ticket.with_mechanics(mechanics, (), at)
            return work.tickets.add(ticket, Entry.of(actor, at, Event.OPENED, to=ticket.status))

    def _mechanics(self, work: Work, draft: TicketDraft) -> tuple[AssignedMechanic, ...]:
        ids = draft.mechanic_ids or ()
        try:
            return assigned(work.mechanics.lock_shared(set(ids)) if ids else {}, ids)
        except Unknown as unknown:
            pointers = (p.pointer.replace("add_ids", "mechanic_ids") for p in unknown.problems)
            raise Unknown(*pointers) from None


@final
@frozen
class ReadTicket:
    """Look a ticket up."""

    policy: ClassVar = OWNER_OR_STAFF
    refuses: ClassVar = (TicketNotFound,)

    read_only: ReadOnly

    def __call__(self, actor: Actor, ticket_id: TicketId) -> Ticket:
        """Return the ticket with its mechanics and lines."""
        self.policy.admit(actor)
        with self.read_only() as work:
            ticket = work.tickets.get(ticket_id)
        self.policy.require_access(actor, ticket.customer_id, TicketNotFound())
        return ticket


@final
@frozen
class ChangeTicket:
    """Correct the complaint, the day or the vehicle."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (TicketNotFound, TicketFrozen, VinTaken, TicketChanged)

    begin: Begin
    now: Clock
    vehicle_lookup: VehicleLookup

    @retry_on_conflict
    def __call__(
        self,
        actor: Actor,
        ticket_id: TicketId,
        change: Callable[[TicketForm], TicketForm],
        expected: int | None = None,
    ) -> Ticket:
        """Return the ticket with the form that *change* makes of the present one."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin() as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            ticket.require_changeable()
            form = change(_form(ticket))
            after = ticket.with_details(
                form.description,
                form.service_date or ticket.service_date,
                self._vehicle(work, ticket, form, at),
                at,
            )
            if after is ticket:
                return ticket
            entry = Entry.of(actor, at, Event.CHANGED, _said(ticket), _said(after))
            return work.tickets.save(after, entry)

    def _vehicle(
        self, work: Work, ticket: Ticket, form: TicketForm, at: datetime
    ) -> TicketVehicle | None:
        """Return the vehicle that *form* names; the present one stays, whoever owns it now."""
        if ticket.vehicle and ticket.vehicle.id == form.vehicle_id:
            return ticket.vehicle
        return self.vehicle_lookup.find_or_add(work, form, ticket.customer_id, at)


def _form(ticket: Ticket) -> TicketForm:
    return TicketForm(
        description=ticket.description,
        service_date=ticket.service_date,
        vehicle_id=ticket.vehicle.id if ticket.vehicle else None,
    )


def _said(ticket: Ticket) -> str:
    vehicle = f"vehicle {ticket.vehicle.id}" if ticket.vehicle else "no vehicle"
    return f"{ticket.service_date}, {vehicle}: {ticket.description}"


@final
@frozen
class RemoveTicket:
    """Strike out a ticket that was written by mistake."""

    policy: ClassVar = MANAGERS_ONLY
    refuses: ClassVar = (TicketNotFound, TicketStarted, TicketChanged)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(self, actor: Actor, ticket_id: TicketId, expected: int | None = None) -> None:
        """Take the ticket out of every list; what happened to it stays on record."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin() as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            started = ticket.status in UNWORKED_STATUSES and work.histories.started(ticket_id)
            after = ticket.mark_removed(at, started=started)
            work.tickets.save(after, Entry.of(actor, at, Event.REMOVED))
