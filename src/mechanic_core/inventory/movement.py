"""Stock movements, the entries of the append-only ledger."""

from datetime import datetime
from typing import Annotated, NewType, Self

from attrs import frozen

from mechanic_core.access import Actor, By
from mechanic_core.errors import Problem, RuleBroken
from mechanic_core.inventory.part import Kind, Part, PartId
from mechanic_core.money import Quantity, Stock
from mechanic_core.rules import Example, OneOf, Unpublished, checked, stored
from mechanic_core.values import Note

MovementId = NewType("MovementId", Annotated[int, Example(108)])

MANUAL_KINDS = (Kind.RECEIVE, Kind.RETURN, Kind.SCRAP, Kind.COUNT)
"""The kinds that staff enter; the others come from tickets."""


@frozen(kw_only=True, field_transformer=stored)
class Movement:
    """One change of a part's stock and its cause: an entry of the ledger."""

    id: MovementId = MovementId(0)  # until it is stored
    part_id: Annotated[PartId, Unpublished()]
    kind: Annotated[Kind, Example(Kind.CONSUME)]
    on_hand_change: Annotated[Quantity, Example(-2)]
    reserved_change: Annotated[Quantity, Example(-2)]
    on_hand_after: Annotated[Stock, Example(10)]
    reserved_after: Annotated[Stock, Example(0)]
    ticket_id: Annotated[int | None, Example(15)] = None
    line_id: Annotated[int | None, Unpublished()] = None
    by: By
    note: Annotated[Note | None, Example(None)] = None
    at: datetime

    @classmethod
    def between(  # noqa: PLR0913 - all that an entry records
        cls,
        before: Part,
        after: Part,
        kind: Kind,
        actor: Actor,
        at: datetime,
        note: str | None = None,
        ticket_id: int | None = None,
        line_id: int | None = None,
    ) -> Self:
        """Return the movement that changed *before* to *after*."""
        return cls(
            part_id=after.id,
            kind=kind,
            on_hand_change=Quantity(after.quantity - before.quantity),
            reserved_change=Quantity(after.reserved - before.reserved),
            on_hand_after=after.quantity,
            reserved_after=after.reserved,
            ticket_id=ticket_id,
            line_id=line_id,
            by=By(role=actor.role, id=actor.id),
            note=note,
            at=at,
        )


@frozen(kw_only=True, field_transformer=checked)
class MovementForm:
    """A stock movement that staff enter; a count sets the quantity on hand."""

    kind: Annotated[Kind, OneOf(MANUAL_KINDS)]
    quantity: Stock
    note: Note | None = None

    def __attrs_post_init__(self) -> None:
        """Check that only a count is 0."""
        if self.kind is not Kind.COUNT and self.quantity == 0:
            raise RuleBroken(Problem("#/quantity", "must be greater than 0"))


@frozen(kw_only=True, field_transformer=checked)
class Disagreement:
    """A part whose stored balance differs from the sum of its movements."""

    part_id: PartId
    sku: str
    on_hand: Quantity
    reserved: Quantity
    ledger_on_hand: Quantity
    ledger_reserved: Quantity
