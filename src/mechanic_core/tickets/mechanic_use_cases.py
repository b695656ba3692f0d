"""Putting mechanics on a ticket and taking them off."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import ClassVar, final

from attrs import frozen

from mechanic_core.access import (
    STAFF_ONLY,
    Actor,
)
from mechanic_core.errors import Unknown
from mechanic_core.mechanics.mechanic import MechanicId, MechanicNotFound
from mechanic_core.texts import Clock
from mechanic_core.tickets.forms import MechanicEdit
from mechanic_core.tickets.history import Entry, Event
from mechanic_core.tickets.ticket import (
    AssignedMechanic,
    Ticket,
    TicketChanged,
    TicketFrozen,
    TicketId,
    TicketNotFound,
)
from mechanic_core.work import Begin, Work, one_transaction


def assigned(
    work: Work, add: Sequence[int], remove: Sequence[int] = (), there: Collection[int] = ()
) -> tuple[AssignedMechanic, ...]:
    """Return the mechanics to add; raise `Unknown` with every id that names nobody.

    Only who is active can join; whoever left the shop can still be taken off, and stays
    where they are *there* already.
    """
    known = work.mechanics.share({*add, *remove}) if (add or remove) else {}
    unknown = [
        f"#/add_ids/{place}"
        for place, one in enumerate(add)
        if one not in known or not (known[one].active or one in there)
    ] + [f"#/remove_ids/{place}" for place, one in enumerate(remove) if one not in known]
    if unknown:
        raise Unknown(*unknown)
    return tuple(AssignedMechanic(id=known[one].id, name=known[one].name) for one in add)


def _staff(work: Work, ticket: Ticket, actor: Actor, edit: MechanicEdit, at: datetime) -> Ticket:
    add, remove = edit.add_ids or (), edit.remove_ids or ()
    there = {mechanic.id for mechanic in ticket.mechanics}
    after = ticket.staffed(assigned(work, add, remove, there), remove, at)
    if after is ticket:
        return ticket
    entry = Entry.of(actor, at, Event.MECHANICS, _ids(ticket), _ids(after))
    return work.tickets.save(after, entry)


def _ids(ticket: Ticket) -> str:
    return ", ".join(str(mechanic.id) for mechanic in ticket.mechanics)


@final
@frozen
class AssignMechanics:
    """Put mechanics on a ticket and take others off, all or nothing."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (TicketNotFound, TicketFrozen, TicketChanged)

    begin: Begin
    now: Clock

    @one_transaction
    def __call__(
        self,
        actor: Actor,
        ticket_id: TicketId,
        edit: MechanicEdit,
        expected: int | None = None,
    ) -> Ticket:
        """Return the ticket; who is there already, or not there, is no error."""
        self.policy.admit(actor)
        with self.begin() as work:
            ticket = work.tickets.hold(ticket_id)
            ticket.must_be_at(expected)
            return _staff(work, ticket, actor, edit, self.now())


@final
@frozen
class AssignMechanic:
    """Put one mechanic on a ticket, or take one off."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (TicketNotFound, MechanicNotFound, TicketFrozen, TicketChanged)

    assign_mechanics: AssignMechanics

    def __call__(
        self,
        actor: Actor,
        ticket_id: TicketId,
        mechanic_id: MechanicId,
        *,
        there: bool,
        expected: int | None = None,
    ) -> Ticket:
        """Return the ticket with the mechanic *there* or not."""
        meant = (mechanic_id,)
        edit = MechanicEdit(add_ids=meant) if there else MechanicEdit(remove_ids=meant)
        try:
            return self.assign_mechanics(actor, ticket_id, edit, expected)
        except Unknown:
            raise MechanicNotFound from None
