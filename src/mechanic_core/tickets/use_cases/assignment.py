"""Putting mechanics on a ticket and taking them off."""

from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar, final

from attrs import frozen

from mechanic_core.access import (
    STAFF_ONLY,
    Actor,
)
from mechanic_core.errors import ProblemCollector, Unknown
from mechanic_core.mechanics.mechanic import Mechanic, MechanicId, MechanicNotFound
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
from mechanic_core.unit_of_work import Begin, retry_on_conflict
from mechanic_core.values import Clock


def assigned(
    known: Mapping[int, Mechanic],
    add: Sequence[int],
    remove: Sequence[int] = (),
    there: Collection[int] = (),
) -> tuple[AssignedMechanic, ...]:
    """Return the mechanics to add; raise `Unknown` with every id that is none of the *known*.

    Only who is active can join; whoever left the shop can still be taken off, and stays
    where they are *there* already.
    """
    unknown = [
        f"#/add_ids/{place}"
        for place, one in enumerate(add)
        if one not in known or not (known[one].active or one in there)
    ] + [f"#/remove_ids/{place}" for place, one in enumerate(remove) if one not in known]
    if unknown:
        raise Unknown(*unknown)
    return tuple(AssignedMechanic(id=known[one].id, name=known[one].name) for one in add)


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

    @retry_on_conflict
    def __call__(
        self,
        actor: Actor,
        ticket_id: TicketId,
        edit: MechanicEdit,
        expected: int | None = None,
    ) -> Ticket:
        """Return the ticket; who is there already, or not there, is no error."""
        self.policy.admit(actor)
        add, remove, findings = edit.add_ids or (), edit.remove_ids or (), ProblemCollector()
        with self.begin() as work:
            ticket, known = work.tickets.lock_with_mechanics(ticket_id, {*add, *remove})
            ticket.require_version(expected)
            at, there = self.now(), {mechanic.id for mechanic in ticket.mechanics}
            with findings:
                edit.require_disjoint()
            with findings:
                joining = assigned(known, add, remove, there)
            findings.raise_if_any()
            after = ticket.with_mechanics(joining, remove, at)
            if after is ticket:
                return ticket
            entry = Entry.of(actor, at, Event.MECHANICS, _ids(ticket), _ids(after))
            return work.tickets.save(after, entry)


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
