"""The part record, its form, and the rules of its stock."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Final, NewType, Self

from attrs import evolve, frozen

from mechanic_core.errors import Conflict, NotFound, Problem, RuleBroken, Stale, WrongState
from mechanic_core.events.event import EventType, SubjectKind, changed_members
from mechanic_core.money import MAX_QUANTITY, Price, Quantity, Stock, to_decimal
from mechanic_core.rules import Description, Example, Length, Unpublished, checked, computed, stored
from mechanic_core.search import Words, codes_of, words_of
from mechanic_core.texts import ONE_LINE
from mechanic_core.validators import unchecked
from mechanic_core.values import LINE, Text, Version

PartId = NewType("PartId", Annotated[int, Example(42)])

Sku = Annotated[str, LINE, Length(1, 64), ONE_LINE, Example("BRK-PAD-0042")]
PartText = Annotated[Text, Example("Ceramic, with wear indicator")]
PartName = Annotated[str, LINE, Length(1, 200), ONE_LINE, Example("Brake pad, front")]
Unit = Annotated[str, LINE, Length(1, 20), ONE_LINE, Example("each")]

_RESERVED: Final = Annotated[
    Stock, Example(2), Description("Quantity of the part that is reserved for tickets.")
]

MAX_NAMED_TICKETS: Final = 100
"""How many tickets a refusal names at most, oldest first."""

_SPOKEN_TICKETS: Final = 5
"""How many of them are in its sentence."""

_TICKET_IDS: Final = Annotated[
    tuple[int, ...],
    Example((15,)),
    Description(f"The tickets that the part is on, oldest first; at most {MAX_NAMED_TICKETS}."),
]

_STOCK_MEMBERS: Final = frozenset({"quantity", "reserved", "available"})


class PartNotFound(NotFound):
    """No such part."""


class SkuTaken(Conflict):
    """Another part has this SKU."""


class PartChanged(Stale):
    """The part has changed since you read it."""


class PartInUse(Conflict):
    """The part is on hand, or on tickets that are not closed."""

    fact_types: ClassVar = {
        "on_hand": Annotated[Stock, Example(3), Description("Quantity of the part on hand.")],
        "reserved": _RESERVED,
        "ticket_ids": _TICKET_IDS,
    }


class UnitInUse(Conflict):
    """The unit cannot change once stock was counted in it."""

    fact_types: ClassVar = {"unit": Unit}


class InsufficientStock(WrongState):
    """Not enough stock available."""

    fact_types: ClassVar = {
        "part_id": PartId,
        "available": Annotated[
            Stock, Example(3), Description("Quantity of the part that can still be reserved.")
        ],
        "ticket_ids": _TICKET_IDS,
    }

    def __init__(self, part: "Part", ticket_ids: Sequence[int] = ()) -> None:
        """Report how much of *part* is available, and the tickets that reserve the rest."""
        super().__init__(
            f"not enough stock of {part.sku}: {to_decimal(part.available)} available"
            + (f", the rest is reserved for {_sentence(ticket_ids)}" if ticket_ids else ""),
            part_id=part.id,
            available=to_decimal(part.available),
            **_named(ticket_ids),
        )
        self.available = part.available


class CountBelowReserved(Conflict):
    """The count is lower than the reserved quantity."""

    fact_types: ClassVar = {"reserved": _RESERVED, "ticket_ids": _TICKET_IDS}

    def __init__(self, part: "Part", ticket_ids: Sequence[int] = ()) -> None:
        """Report how much of *part* is reserved, and for which tickets."""
        super().__init__(
            f"{to_decimal(part.reserved)} of {part.sku} are reserved"
            + (f" for {_sentence(ticket_ids)}" if ticket_ids else ""),
            reserved=to_decimal(part.reserved),
            **_named(ticket_ids),
        )


def _sentence(ticket_ids: Sequence[int]) -> str:
    """Return the oldest of the tickets in words: `tickets 15, 16 and others`."""
    shown = ", ".join(map(str, ticket_ids[:_SPOKEN_TICKETS]))
    noun = "ticket" if len(ticket_ids) == 1 else "tickets"
    return f"{noun} {shown}{' and others' if len(ticket_ids) > _SPOKEN_TICKETS else ''}"


def _named(ticket_ids: Sequence[int]) -> dict[str, list[int]]:
    return {"ticket_ids": list(ticket_ids)} if ticket_ids else {}


class Kind(StrEnum):
    """The kind of a stock movement."""

    RECEIVE = "receive"
    RESERVE = "reserve"
    RELEASE = "release"
    CONSUME = "consume"
    RESTORE = "restore"
    RETURN = "return"
    SCRAP = "scrap"
    COUNT = "count"


STOCK_EFFECTS: Final = {
    Kind.RECEIVE: (1, 0),
    Kind.RETURN: (1, 0),
    Kind.SCRAP: (-1, 0),
    Kind.RESERVE: (0, 1),
    Kind.RELEASE: (0, -1),
    Kind.CONSUME: (-1, -1),
    Kind.RESTORE: (1, 1),
}
"""The change of (on hand, reserved) for one unit; a count sets on hand instead."""

INVERSE_KINDS: Final = {
    Kind.RESERVE: Kind.RELEASE,
    Kind.RELEASE: Kind.RESERVE,
    Kind.CONSUME: Kind.RESTORE,
    Kind.RESTORE: Kind.CONSUME,
    Kind.RECEIVE: Kind.SCRAP,
    Kind.RETURN: Kind.SCRAP,
    Kind.SCRAP: Kind.RECEIVE,
}
"""The kind that reverses each kind."""


@frozen(kw_only=True, field_transformer=checked)
class PartForm:
    """The fields of a part that can be changed. *quantity* is the quantity on hand.

    Without a *sku*, a new part gets a generated one and an existing part keeps its own. Without
    a *quantity*, a new part starts at 0 and an existing part keeps its own.
    """

    name: PartName
    price: Annotated[Price, Example(64.99)]
    sku: Sku | None = None
    quantity: Stock | None = None
    description: PartText | None = None
    unit: Annotated[Unit, Example("set")] = "each"
    reorder_point: Annotated[Stock, Example(4)] = Quantity(0)


@frozen(kw_only=True, field_transformer=stored)
class Part:
    """A part in stock: *quantity* is on hand, of which *reserved* is reserved for tickets."""

    subject_kind: ClassVar = SubjectKind.PART

    id: PartId
    sku: Sku
    name: PartName
    description: PartText | None = None
    price: Annotated[Price, Example(64.99)]
    unit: Annotated[Unit, Example("set")] = "each"
    quantity: Stock = Quantity(0)
    reserved: Annotated[Stock, Example(2)] = Quantity(0)
    reorder_point: Annotated[Stock, Example(4)] = Quantity(0)
    created_at: datetime
    updated_at: datetime
    archived_at: Annotated[datetime | None, Unpublished()] = None
    version: Version = 1

    def event_type(self, before: Self | None) -> EventType:
        """Return what happened since *before*; None for a new part."""
        if before is None:
            return EventType.PART_CREATED
        if self.archived != before.archived:
            return EventType.PART_ARCHIVED if self.archived else EventType.PART_RESTORED
        if (self.quantity, self.reserved) == (before.quantity, before.reserved):
            return EventType.PART_CHANGED
        stock_only = _STOCK_MEMBERS.issuperset(changed_members(before, self))
        return EventType.PART_STOCK_MOVED if stock_only else EventType.PART_CHANGED

    @computed
    def archived(self) -> Annotated[bool, Example(False)]:
        """Whether the part is archived: gone from the lists, and seen by staff only."""
        return self.archived_at is not None

    @computed
    def available(self) -> Stock:
        """The quantity that can still be reserved."""
        return Quantity(self.quantity - self.reserved)

    @property
    def is_low(self) -> bool:
        """Whether the available stock is at or below the reorder point."""
        return self.available <= self.reorder_point

    def require_version(self, expected: int | None) -> None:
        """Raise `PartChanged` unless *expected* is None or the present version."""
        if expected not in (None, self.version):
            raise PartChanged

    @property
    def form(self) -> PartForm:
        """The present values of the changeable fields."""
        return unchecked(
            PartForm,
            name=self.name,
            price=self.price,
            sku=self.sku,
            quantity=self.quantity,
            description=self.description,
            unit=self.unit,
            reorder_point=self.reorder_point,
        )

    @property
    def words(self) -> Words:
        """The words that the part is found by."""
        return words_of(self.name, self.sku) | codes_of(self.sku)

    def with_form(self, form: PartForm, at: datetime) -> Self:
        """Return the part with the values of *form*, but for its stock; itself if nothing changes.

        Stock is changed by `move` only.
        """
        after = evolve(
            self,
            name=form.name,
            price=form.price,
            sku=form.sku or self.sku,
            description=form.description,
            unit=form.unit,
            reorder_point=form.reorder_point,
        )
        return self if after == self else evolve(after, updated_at=at)

    def move(self, kind: Kind, quantity: Quantity) -> Self:
        """Return the part after a movement of *quantity*; a count sets the quantity on hand.

        Raises `InsufficientStock`, `CountBelowReserved`, and `RuleBroken` when the quantity on
        hand would exceed `MAX_QUANTITY`.
        """
        if kind is Kind.COUNT:
            if quantity < self.reserved:
                raise CountBelowReserved(self)
            return evolve(self, quantity=quantity)
        on_hand, reserved = STOCK_EFFECTS[kind]
        new_on_hand = self.quantity + on_hand * quantity
        new_reserved = self.reserved + reserved * quantity
        if not 0 <= new_reserved <= new_on_hand:
            raise InsufficientStock(self)
        if new_on_hand > MAX_QUANTITY:
            most = to_decimal(Quantity(MAX_QUANTITY))
            raise RuleBroken(Problem("#/quantity", f"must leave at most {most} on hand"))
        return evolve(self, quantity=Quantity(new_on_hand), reserved=Quantity(new_reserved))

    def archive(self, at: datetime, ticket_ids: Sequence[int] = ()) -> Self:
        """Return the part as archived.

        Raises `PartInUse` while it is on hand, or on tickets that are not closed: *ticket_ids*.
        """
        if self.quantity or ticket_ids:
            raise PartInUse(
                on_hand=to_decimal(self.quantity),
                reserved=to_decimal(self.reserved),
                ticket_ids=list(ticket_ids),
            )
        return evolve(self, archived_at=at, updated_at=at)

    def restore(self, at: datetime) -> Self:
        """Return the part as no longer archived; itself if it is not."""
        return evolve(self, archived_at=None, updated_at=at) if self.archived else self
