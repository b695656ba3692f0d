"""Add, change and remove part lines of a ticket."""

from collections.abc import Callable
from typing import ClassVar, final

from attrs import evolve, frozen

from mechanic_core.access import STAFF_ONLY, Actor
from mechanic_core.errors import Unknown
from mechanic_core.inventory.part import InsufficientStock, Kind
from mechanic_core.money import Quantity, to_decimal
from mechanic_core.tickets.bounds import TooMany
from mechanic_core.tickets.history import Entry, HistoryEvent
from mechanic_core.tickets.line import (
    LineId,
    LineNotFound,
    PartLine,
    PartLineChange,
    PartLineForm,
)
from mechanic_core.tickets.stock import TicketStock
from mechanic_core.tickets.ticket import TicketChanged, TicketFrozen, TicketId, TicketNotFound
from mechanic_core.unit_of_work import Begin, retry_on_conflict
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
            part = work.parts.lock([form.part_id]).get(form.part_id)
            if part is None or part.archived_at:
                raise Unknown("#/part_id")
            line = PartLine(
                part_id=part.id,
                sku=part.sku,
                name=part.name,
                quantity=form.quantity,
                unit_price=part.price,
            )
            entry = Entry.of(actor, at, HistoryEvent.PART_ADDED, to=_describe(line))
            ticket = work.tickets.save(ticket.with_part(line, at), entry)
            line = ticket.part_line(ticket.parts[-1].id)
            self.stock.move(work, actor, at, ticket, Kind.RESERVE, [(line, line.quantity)])
        return line


@final
@frozen
class ChangePartLine:
    """Change the quantity of a part line; its price stays."""

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
        """Apply *change* to the present quantity and return the changed line."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            before = ticket.part_line(line_id)
            ticket.require_changeable()
            quantity = change(PartLineChange(quantity=before.quantity)).quantity
            line = evolve(before, quantity=quantity)
            if line == before:
                return line
            entry = Entry.of(
                actor, at, HistoryEvent.PART_CHANGED, _describe(before), _describe(line)
            )
            ticket = work.tickets.save(ticket.with_part(line, at), entry)
            line = ticket.part_line(line_id)
            difference = quantity - before.quantity
            kind = Kind.RESERVE if difference > 0 else Kind.RELEASE
            self.stock.move(work, actor, at, ticket, kind, [(line, Quantity(abs(difference)))])
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
        at = self.now()
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            line = ticket.part_line(line_id)
            entry = Entry.of(actor, at, HistoryEvent.PART_REMOVED, _describe(line))
            ticket = work.tickets.save(ticket.without_part(line_id, at), entry)
            self.stock.move(work, actor, at, ticket, Kind.RELEASE, [(line, line.quantity)])


def _describe(line: PartLine) -> str:
    return f"{to_decimal(line.quantity)} × {line.sku}"
