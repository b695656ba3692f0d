"""Open, read, change and remove a ticket."""

from collections.abc import Callable
from typing import ClassVar, final

from attrs import frozen

from mechanic_core.access import (
    ANY_LOGIN,
    MANAGERS_ONLY,
    OWNER_OR_STAFF,
    STAFF_ONLY,
    Actor,
)
from mechanic_core.accounts.account import TokenRefused
from mechanic_core.changes import apply
from mechanic_core.errors import ProblemCollector
from mechanic_core.profile.calendar import require_service_date
from mechanic_core.tickets.bounds import TooMany
from mechanic_core.tickets.forms import TicketDraft, TicketForm
from mechanic_core.tickets.history import Entry, HistoryEvent
from mechanic_core.tickets.ownership import CustomerFixed, give_to, has_documents, require_room
from mechanic_core.tickets.ticket import (
    Ticket,
    TicketChanged,
    TicketFrozen,
    TicketId,
    TicketNotFound,
    TicketStarted,
)
from mechanic_core.tickets.vehicle_lookup import VehicleLookup, enter_ticket_reading
from mechanic_core.tickets.workflow import INITIAL_STATUS
from mechanic_core.unit_of_work import Begin, ReadOnly, retry_on_conflict
from mechanic_core.values import Clock
from mechanic_core.vehicles.odometer import OdometerFell
from mechanic_core.vehicles.ownership import lock_owner, owner_for
from mechanic_core.vehicles.vehicle import VinTaken


@final
@frozen
class OpenTicket:
    """Open a ticket; customers for themselves only.

    A new VIN adds a vehicle, and that of a vehicle without an owner makes the customer its owner.
    """

    policy: ClassVar = ANY_LOGIN
    refuses: ClassVar = (TokenRefused, VinTaken, OdometerFell, TooMany)

    begin: Begin
    now: Clock
    vehicle_lookup: VehicleLookup

    @retry_on_conflict
    def __call__(self, actor: Actor, draft: TicketDraft) -> Ticket:
        """Return the new ticket."""
        self.policy.admit(actor)
        draft.require_staff(actor)
        at, problems = self.now(), ProblemCollector()
        with self.begin(actor) as work:
            known = None
            with problems:
                known = self.vehicle_lookup.known(work, draft)
            with problems:
                owner = owner_for(actor, draft.customer_id)
                former = known.customer_id if known and draft.transfer else None
                lock_owner(work, actor, owner, former)
                require_room(work, owner)
                vehicle = self.vehicle_lookup.take_in(work, actor, known, draft, owner, at)
            with problems:
                ids = set(draft.mechanic_ids or ())
                mechanics = draft.mechanics(work.mechanics.lock_shared(ids) if ids else {})
            with problems:
                today = work.profiles.get().today(at)
                day = draft.service_date or today
                require_service_date(day, today)
            problems.raise_if_any()
            ticket = Ticket(
                id=TicketId(0),
                customer_id=owner,
                vehicle=vehicle,
                service_date=day,
                description=draft.description,
                created_at=at,
                updated_at=at,
            )
            ticket = work.tickets.add(
                ticket.with_mechanics(mechanics, (), at),
                Entry.of(actor, at, HistoryEvent.OPENED, to=ticket.status),
            )
            enter_ticket_reading(work, actor, ticket, draft, at)
            return ticket


@final
@frozen
class ReadTicket:
    """Read a ticket."""

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
    """Change the description, service date, vehicle or customer of a ticket."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (
        TicketNotFound,
        TicketFrozen,
        TooMany,
        VinTaken,
        OdometerFell,
        CustomerFixed,
        TicketChanged,
    )

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
        """Apply *change* to the present form and return the changed ticket."""
        self.policy.admit(actor)
        at, problems = self.now(), ProblemCollector()
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            ticket.require_changeable()
            form = apply(change, TicketForm.of(ticket), ticket)
            with problems:
                after = give_to(work, ticket, form.customer_id, at)
                named = not form.keeps_vehicle_of(ticket, change)
                vehicle = self.vehicle_lookup.copy_for(work, actor, after, form, at, named=named)
            day = form.service_date or ticket.service_date
            with problems:
                if day != ticket.service_date:
                    require_service_date(day, work.profiles.get().today(at))
            problems.raise_if_any()
            after = after.with_details(form.description, day, vehicle, at)
            enter_ticket_reading(work, actor, after, form, at)
            if after is ticket:
                return ticket
            reading = form.odometer is not None
            entry = Entry.of(
                actor,
                at,
                HistoryEvent.CHANGED,
                _describe(ticket, with_odometer=reading),
                _describe(after, with_odometer=reading),
            )
            return work.tickets.save(after, entry)


def _describe(ticket: Ticket, *, with_odometer: bool) -> str:
    vehicle = f"vehicle {ticket.vehicle.id}" if ticket.vehicle else "no vehicle"
    if with_odometer and ticket.vehicle and ticket.vehicle.odometer is not None:
        vehicle = f"{vehicle} at {ticket.vehicle.odometer}"
    customer = f"customer {ticket.customer_id}"
    return f"{customer}, {ticket.service_date}, {vehicle}: {ticket.description}"


@final
@frozen
class RemoveTicket:
    """Remove a ticket that was opened by mistake."""

    policy: ClassVar = MANAGERS_ONLY
    refuses: ClassVar = (TicketNotFound, TicketStarted, TicketChanged)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(self, actor: Actor, ticket_id: TicketId, expected: int | None = None) -> None:
        """Remove the ticket from all lists; its history stays."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            started = ticket.status is not INITIAL_STATUS and work.histories.started(ticket_id)
            used = started or has_documents(work, ticket_id)
            after = ticket.mark_removed(at, started=used)
            work.tickets.save(after, Entry.of(actor, at, HistoryEvent.REMOVED))
