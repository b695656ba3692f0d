"""Assign mechanics to a ticket and remove them."""

from typing import ClassVar, final

from attrs import frozen

from mechanic_core.access import STAFF_ONLY, Actor
from mechanic_core.errors import Unknown
from mechanic_core.mechanics.mechanic import MechanicId, MechanicNotFound
from mechanic_core.tickets.assigned_mechanic import MechanicHasLabor
from mechanic_core.tickets.bounds import TooMany
from mechanic_core.tickets.forms import MechanicEdit
from mechanic_core.tickets.history import Entry, HistoryEvent
from mechanic_core.tickets.ticket import (
    Ticket,
    TicketChanged,
    TicketFrozen,
    TicketId,
    TicketNotFound,
)
from mechanic_core.unit_of_work import Begin, retry_on_conflict
from mechanic_core.values import Clock


@final
@frozen
class AssignMechanics:
    """Add mechanics to a ticket and remove others, all or nothing."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (TicketNotFound, TicketFrozen, MechanicHasLabor, TooMany, TicketChanged)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(
        self,
        actor: Actor,
        ticket_id: TicketId,
        edit: MechanicEdit,
        expected: int | None = None,
    ) -> Ticket:
        """Return the ticket. Adding one who is assigned, or removing one who is not, is no error."""
        self.policy.admit(actor)
        ids = {*(edit.add_ids or ()), *(edit.remove_ids or ())}
        with self.begin(actor) as work:
            ticket, known = work.tickets.lock_with_mechanics(ticket_id, ids)
            ticket.require_version(expected)
            at = self.now()
            after = edit.apply_to(ticket, known, at)
            if after is ticket:
                return ticket
            entry = Entry.of(actor, at, HistoryEvent.MECHANICS, ticket.mechanics, after.mechanics)
            return work.tickets.save(after, entry)


@final
@frozen
class AssignMechanic:
    """Add one mechanic to a ticket, or remove one."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (
        TicketNotFound,
        MechanicNotFound,
        TicketFrozen,
        MechanicHasLabor,
        TooMany,
        TicketChanged,
    )

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(
        self,
        actor: Actor,
        ticket_id: TicketId,
        mechanic_id: MechanicId,
        *,
        assigned: bool,
        expected: int | None = None,
    ) -> Ticket:
        """Return the ticket with the mechanic *assigned* or not."""
        self.policy.admit(actor)
        one = (mechanic_id,)
        edit = MechanicEdit(add_ids=one) if assigned else MechanicEdit(remove_ids=one)
        with self.begin(actor) as work:
            ticket, known = work.tickets.lock_with_mechanics(ticket_id, one)
            ticket.require_version(expected)
            at = self.now()
            try:
                after = edit.apply_to(ticket, known, at)
            except Unknown:
                raise MechanicNotFound from None
            if after is ticket:
                return ticket
            entry = Entry.of(actor, at, HistoryEvent.MECHANICS, ticket.mechanics, after.mechanics)
            return work.tickets.save(after, entry)
