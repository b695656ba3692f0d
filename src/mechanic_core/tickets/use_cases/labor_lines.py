"""What people do with the labour on a ticket."""

from collections.abc import Callable
from typing import ClassVar, final

from attrs import frozen

from mechanic_core.access import STAFF_ONLY, Actor
from mechanic_core.errors import Unknown
from mechanic_core.money import to_decimal
from mechanic_core.tickets.history import Entry, Event
from mechanic_core.tickets.line import (
    LaborLine,
    LaborLineForm,
    LineId,
    LineNotFound,
)
from mechanic_core.tickets.ticket import (
    TicketChanged,
    TicketFrozen,
    TicketId,
    TicketNotFound,
)
from mechanic_core.unit_of_work import Begin, Work, retry_on_conflict
from mechanic_core.values import Clock


@final
@frozen
class AddLaborLine:
    """Put work on a ticket."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (TicketNotFound, TicketFrozen, TicketChanged)

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
        with self.begin() as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            _must_know(work, form)
            line = _filled(LineId(0), form)
            entry = Entry.of(actor, at, Event.LABOR_ADDED, to=_labor_said(line))
            ticket = work.tickets.save(ticket.with_labor(line, at), entry)
            return ticket.labor_line(ticket.labor[-1].id)


@final
@frozen
class ChangeLaborLine:
    """Correct a labour line."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (TicketNotFound, LineNotFound, TicketFrozen, TicketChanged)

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
        """Return the line with the form that *change* makes of the present one."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin() as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            before = ticket.labor_line(line_id)
            ticket.require_changeable()
            form = change(before.form)
            _must_know(work, form)
            line = _filled(line_id, form)
            if line == before:
                return before
            entry = Entry.of(actor, at, Event.LABOR_CHANGED, _labor_said(before), _labor_said(line))
            return work.tickets.save(ticket.with_labor(line, at), entry).labor_line(line_id)


@final
@frozen
class RemoveLaborLine:
    """Take work off a ticket."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (TicketNotFound, LineNotFound, TicketFrozen, TicketChanged)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(
        self, actor: Actor, ticket_id: TicketId, line_id: LineId, expected: int | None = None
    ) -> None:
        """Drop the line."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin() as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            said = _labor_said(ticket.labor_line(line_id))
            entry = Entry.of(actor, at, Event.LABOR_REMOVED, said)
            work.tickets.save(ticket.without_labor(line_id, at), entry)


def _must_know(work: Work, form: LaborLineForm) -> None:
    if form.mechanic_id and form.mechanic_id not in work.mechanics.lock_shared([form.mechanic_id]):
        raise Unknown("#/mechanic_id")


def _filled(line_id: LineId, form: LaborLineForm) -> LaborLine:
    return LaborLine(
        id=line_id,
        mechanic_id=form.mechanic_id,
        description=form.description,
        hours=form.hours,
        rate=form.rate,
    )


def _labor_said(line: LaborLine) -> str:
    return f"{to_decimal(line.hours)} h: {line.description}"
