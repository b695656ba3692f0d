"""Add, change and remove charges of a ticket."""

from collections.abc import Callable
from typing import ClassVar, final

from attrs import frozen

from mechanic_core.access import STAFF_ONLY, Actor
from mechanic_core.tickets.bounds import TooMany
from mechanic_core.tickets.history import Entry, HistoryEvent
from mechanic_core.tickets.lines.charge import ChargeChange, ChargeForm, ChargeLine
from mechanic_core.tickets.lines.line import LineId, LineNotFound
from mechanic_core.tickets.ticket import TicketChanged, TicketFrozen, TicketId, TicketNotFound
from mechanic_core.tickets.use_cases.line_changes import remove_line, save_line
from mechanic_core.unit_of_work import Begin, retry_on_conflict
from mechanic_core.values import Clock


@final
@frozen
class AddCharge:
    """Add a fee, a sublet or a core to a ticket."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (TicketNotFound, TicketFrozen, TooMany, TicketChanged)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(
        self, actor: Actor, ticket_id: TicketId, form: ChargeForm, expected: int | None = None
    ) -> ChargeLine:
        """Return the new charge."""
        self.policy.admit(actor)
        entry = Entry.of(actor, self.now(), HistoryEvent.CHARGE_ADDED)
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            ticket = save_line(work, ticket, ChargeLine.of(form), entry)
            return ticket.line(ChargeLine, ticket.charges[-1].id)


@final
@frozen
class ChangeCharge:
    """Change a charge; its kind stays."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (TicketNotFound, LineNotFound, TicketFrozen, TooMany, TicketChanged)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(
        self,
        actor: Actor,
        ticket_id: TicketId,
        line_id: LineId,
        change: Callable[[ChargeChange], ChargeChange],
        expected: int | None = None,
    ) -> ChargeLine:
        """Apply *change* to the present form and return the changed charge."""
        self.policy.admit(actor)
        entry = Entry.of(actor, self.now(), HistoryEvent.CHARGE_CHANGED)
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            before = ticket.line(ChargeLine, line_id)
            ticket.require_changeable()
            line = before.with_form(change(before.form))
            ticket = save_line(work, ticket, line, entry, before)
            return ticket.line(ChargeLine, line_id)


@final
@frozen
class RemoveCharge:
    """Remove a charge from a ticket."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (TicketNotFound, LineNotFound, TicketFrozen, TooMany, TicketChanged)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(
        self, actor: Actor, ticket_id: TicketId, line_id: LineId, expected: int | None = None
    ) -> None:
        """Remove the charge."""
        self.policy.admit(actor)
        entry = Entry.of(actor, self.now(), HistoryEvent.CHARGE_REMOVED)
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            remove_line(work, ticket, ticket.line(ChargeLine, line_id), entry)
