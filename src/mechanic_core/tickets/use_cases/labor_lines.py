"""Add, change and remove labour lines of a ticket."""

from collections.abc import Callable
from typing import ClassVar, final

from attrs import frozen

from mechanic_core.access import STAFF_ONLY, Actor
from mechanic_core.money import to_decimal
from mechanic_core.tickets.bounds import TooMany
from mechanic_core.tickets.history import Entry, HistoryEvent
from mechanic_core.tickets.line import (
    LaborLine,
    LaborLineForm,
    LineId,
    LineNotFound,
)
from mechanic_core.tickets.ticket import TicketChanged, TicketFrozen, TicketId, TicketNotFound
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
        at = self.now()
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            line = _line(LineId(0), form)
            entry = Entry.of(actor, at, HistoryEvent.LABOR_ADDED, to=_describe(line))
            ticket = work.tickets.save(ticket.with_labor(line, at), entry)
            return ticket.labor_line(ticket.labor[-1].id)


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
        at = self.now()
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            before = ticket.labor_line(line_id)
            ticket.require_changeable()
            line = _line(line_id, change(before.form))
            if line == before:
                return before
            entry = Entry.of(
                actor, at, HistoryEvent.LABOR_CHANGED, _describe(before), _describe(line)
            )
            return work.tickets.save(ticket.with_labor(line, at), entry).labor_line(line_id)


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
        at = self.now()
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            line = ticket.labor_line(line_id)
            entry = Entry.of(actor, at, HistoryEvent.LABOR_REMOVED, _describe(line))
            work.tickets.save(ticket.without_labor(line_id, at), entry)


def _line(line_id: LineId, form: LaborLineForm) -> LaborLine:
    return LaborLine(
        id=line_id,
        mechanic_id=form.mechanic_id,
        description=form.description,
        hours=form.hours,
        rate=form.rate,
    )


def _describe(line: LaborLine) -> str:
    return f"{to_decimal(line.hours)} h: {line.description}"
