"""The stock of the parts on a ticket."""

from collections.abc import Sequence
from datetime import datetime
from typing import final

from attrs import evolve, frozen

from mechanic_core.access import Actor
from mechanic_core.inventory.low_stock import LowStockListener, notify_low_stock
from mechanic_core.inventory.movement import Movement
from mechanic_core.inventory.part import Kind
from mechanic_core.money import Quantity
from mechanic_core.tickets.lines.part_line import PartLine
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.unit_of_work import Work


@final
@frozen
class TicketStock:
    """Moves stock for part lines and records the movements in the ledger."""

    low_stock_listener: LowStockListener

    def move(  # noqa: PLR0913 - who, when, which ticket, and what
        self,
        work: Work,
        actor: Actor,
        at: datetime,
        ticket: Ticket,
        kind: Kind,
        lines: Sequence[tuple[PartLine, Quantity]],
    ) -> None:
        """Move a quantity of the part of each line, all or nothing.

        Parts are locked in the order of their ids. Raises `InsufficientStock`.
        """
        if not lines:
            return
        before = work.parts.lock({line.part_id for line, _ in lines})
        after, movements = dict(before), []
        for line, quantity in lines:
            part = after[line.part_id]
            moved = evolve(part.move(kind, quantity), updated_at=at)
            movements.append(
                Movement.between(part, moved, kind, actor, at, ticket_id=ticket.id, line_id=line.id)
            )
            after[line.part_id] = moved
        work.parts.save(list(after.values()), movements)
        for part_id, part in after.items():
            notify_low_stock(work, before[part_id], part, self.low_stock_listener)
