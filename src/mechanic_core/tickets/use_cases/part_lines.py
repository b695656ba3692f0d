"""Add, change and remove part lines of a ticket."""

from collections.abc import Callable
from typing import ClassVar, final

from attrs import frozen

from mechanic_core.access import STAFF_ONLY, Actor
from mechanic_core.errors import ProblemCollector, Unknown
from mechanic_core.inventory.part import InsufficientStock, Kind, Part
from mechanic_core.money import Quantity
from mechanic_core.tickets.bounds import TooMany
from mechanic_core.tickets.history import Entry, HistoryEvent, describe_line
from mechanic_core.tickets.lines.line import LineId, LineNotFound
from mechanic_core.tickets.lines.part_line import PartLine, PartLineChange, PartLineForm
from mechanic_core.tickets.price import priced
from mechanic_core.tickets.stock import TicketStock
from mechanic_core.tickets.ticket import TicketChanged, TicketFrozen, TicketId, TicketNotFound
from mechanic_core.tickets.use_cases.line_changes import remove_line, save_line
from mechanic_core.unit_of_work import Begin, Work, retry_on_conflict
from mechanic_core.values import Clock


@final
@frozen
class AddPartLine:
    """Add a part to a ticket: its stock is reserved and its price is fixed."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (TicketNotFound, TicketFrozen, TooMany, InsufficientStock, TicketChanged)

    begin: Begin
    now: Clock
    stock: TicketStock

    @retry_on_conflict
    def __call__(
        self,
        actor: Actor,
        ticket_id: TicketId,
        form: PartLineForm,
        expected: int | None = None,
    ) -> PartLine:
        """Return the new line."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            rules, problems = work.profiles.get().pricing_rules, ProblemCollector()
            with problems:
                rules.require_known(form.tax_class)
            with problems:
                ticket.require_job(form.job_id)
            with problems:
                line = PartLine.of(_part(work, form.part_id), form)
            problems.raise_if_any()
            after = priced(ticket.with_line(line, at), rules)
            entry = Entry.of(actor, at, HistoryEvent.PART_ADDED, to=describe_line(line))
            ticket = work.tickets.save(after, entry)
            line = ticket.line(PartLine, ticket.parts[-1].id)
            self.stock.move(work, actor, at, ticket, Kind.RESERVE, [(line, line.quantity)])
        return line


@final
@frozen
class ChangePartLine:
    """Change the quantity, job, discount or tax class of a part line; its price stays."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (
        TicketNotFound,
        LineNotFound,
        TicketFrozen,
        TooMany,
        InsufficientStock,
        TicketChanged,
    )

    begin: Begin
    now: Clock
    stock: TicketStock

    @retry_on_conflict
    def __call__(
        self,
        actor: Actor,
        ticket_id: TicketId,
        line_id: LineId,
        change: Callable[[PartLineChange], PartLineChange],
        expected: int | None = None,
    ) -> PartLine:
        """Apply *change* to the present form and return the changed line."""
        self.policy.admit(actor)
        entry = Entry.of(actor, self.now(), HistoryEvent.PART_CHANGED)
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            before = ticket.line(PartLine, line_id)
            ticket.require_changeable()
            line = before.with_form(change(before.form))
            ticket = save_line(work, ticket, line, entry, before)
            line = ticket.line(PartLine, line_id)
            if more := line.quantity - before.quantity:
                kind = Kind.RESERVE if more > 0 else Kind.RELEASE
                self.stock.move(work, actor, entry.at, ticket, kind, [(line, Quantity(abs(more)))])
        return line


@final
@frozen
class RemovePartLine:
    """Remove a part line from a ticket: its reservation is released."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (TicketNotFound, LineNotFound, TicketFrozen, TooMany, TicketChanged)

    begin: Begin
    now: Clock
    stock: TicketStock

    @retry_on_conflict
    def __call__(
        self, actor: Actor, ticket_id: TicketId, line_id: LineId, expected: int | None = None
    ) -> None:
        """Remove the line."""
        self.policy.admit(actor)
        entry = Entry.of(actor, self.now(), HistoryEvent.PART_REMOVED)
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            line = ticket.line(PartLine, line_id)
            ticket = remove_line(work, ticket, line, entry)
            self.stock.move(work, actor, entry.at, ticket, Kind.RELEASE, [(line, line.quantity)])


def _part(work: Work, part_id: int) -> Part:
    """Return the part, locked; raise `Unknown` for one that cannot be added."""
    part = work.parts.lock([part_id]).get(part_id)
    if part is None or part.archived_at:
        raise Unknown("#/part_id")
    return part
