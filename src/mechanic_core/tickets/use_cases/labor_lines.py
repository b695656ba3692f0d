"""Add, change and remove labour lines of a ticket."""

from collections.abc import Callable
from typing import ClassVar, final

from attrs import frozen

from mechanic_core.access import STAFF_ONLY, Actor
from mechanic_core.errors import ProblemCollector
from mechanic_core.money import to_decimal
from mechanic_core.tickets.bounds import TooMany
from mechanic_core.tickets.history import Entry, HistoryEvent, describe_line
from mechanic_core.tickets.lines.labor_line import LaborLine, LaborLineForm
from mechanic_core.tickets.lines.line import LineId, LineNotFound
from mechanic_core.tickets.price import priced
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
            rules, problems = work.profiles.get().pricing_rules, ProblemCollector()
            line = LaborLine.of(form)
            with problems:
                form.require_tax_class(rules)
            with problems:
                after = ticket.with_labor(line, at)
            problems.raise_if_any()
            entry = Entry.of(actor, at, HistoryEvent.LABOR_ADDED, to=_describe(line))
            ticket = work.tickets.save(priced(after, rules), entry)
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
            form, rules = change(before.form), work.profiles.get().pricing_rules
            problems = ProblemCollector()
            with problems:
                form.require_tax_class(rules, before.tax_class)
            with problems:
                after = ticket.with_labor(before.with_form(form), at)
            problems.raise_if_any()
            line = after.labor_line(line_id)
            if line == before:
                return before
            texts = _describe(before, line), _describe(line, before)
            entry = Entry.of(actor, at, HistoryEvent.LABOR_CHANGED, *texts)
            return work.tickets.save(priced(after, rules), entry).labor_line(line_id)


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
            after = ticket.without_labor(line_id, at)
            entry = Entry.of(actor, at, HistoryEvent.LABOR_REMOVED, _describe(line))
            work.tickets.save(priced(after, work.profiles.get().pricing_rules), entry)


def _describe(line: LaborLine, other: LaborLine | None = None) -> str:
    return describe_line(f"{to_decimal(line.hours)} h: {line.description}", line, other)
