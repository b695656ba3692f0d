"""Add, change and remove labour lines of a ticket."""

from collections.abc import Callable
from typing import ClassVar, final

from attrs import frozen

from mechanic_core.access import STAFF_ONLY, Actor
from mechanic_core.tickets.bounds import TooMany
from mechanic_core.tickets.history import Entry, HistoryEvent
from mechanic_core.tickets.lines.labor_line import LaborLine, LaborLineForm
from mechanic_core.tickets.lines.line import LineId, LineNotFound
from mechanic_core.tickets.ticket import TicketChanged, TicketFrozen, TicketId, TicketNotFound
from mechanic_core.tickets.use_cases.line_changes import remove_line, save_line
from mechanic_core.unit_of_work import Begin, retry_on_conflict
from mechanic_core.values import Clock


@final
@frozen
class AddLaborLine:
    """Add a labour line to a ticket."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (TicketNotFound, TicketFrozen, TooMany, TicketChanged)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(
        self,
        actor: Actor,
        ticket_id: TicketId,
        form: LaborLineForm,
        expected: int | None = None,
    ) -> LaborLine:
        """Return the new line."""
        self.policy.admit(actor)
        entry = Entry.of(actor, self.now(), HistoryEvent.LABOR_ADDED)
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            ticket = save_line(work, ticket, LaborLine.of(form), entry)
            return ticket.line(LaborLine, ticket.labor[-1].id)


@final
@frozen
class ChangeLaborLine:
    """Change a labour line."""

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
        change: Callable[[LaborLineForm], LaborLineForm],
        expected: int | None = None,
    ) -> LaborLine:
        """Apply *change* to the present form and return the changed line."""
        self.policy.admit(actor)
        entry = Entry.of(actor, self.now(), HistoryEvent.LABOR_CHANGED)
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            before = ticket.line(LaborLine, line_id)
            ticket.require_changeable()
            line = before.with_form(change(before.form))
            ticket = save_line(work, ticket, line, entry, before)
            return ticket.line(LaborLine, line_id)


@final
@frozen
class RemoveLaborLine:
    """Remove a labour line from a ticket."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (TicketNotFound, LineNotFound, TicketFrozen, TooMany, TicketChanged)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(
        self, actor: Actor, ticket_id: TicketId, line_id: LineId, expected: int | None = None
    ) -> None:
        """Remove the line."""
        self.policy.admit(actor)
        entry = Entry.of(actor, self.now(), HistoryEvent.LABOR_REMOVED)
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            remove_line(work, ticket, ticket.line(LaborLine, line_id), entry)
