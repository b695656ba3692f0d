"""What people do with the parts on the shelves."""

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar, final

from attrs import evolve, frozen

from mechanic_core.access import MANAGERS_ONLY, PUBLIC, STAFF_ONLY, Actor, RoleForbids
from mechanic_core.inventory.low_stock import LowStockListener, notify_low_stock
from mechanic_core.inventory.movement import Disagreement, Movement, MovementForm
from mechanic_core.inventory.part import (
    CountBelowReserved,
    InsufficientStock,
    Kind,
    Part,
    PartChanged,
    PartForm,
    PartId,
    PartNotFound,
    PartReserved,
    SkuTaken,
)
from mechanic_core.inventory.ports import PartFilter
from mechanic_core.money import Quantity
from mechanic_core.paging import Page, PageRequest
from mechanic_core.unit_of_work import Begin, ReadOnly, Work, retry_on_conflict
from mechanic_core.values import Clock


def hold_part(work: Work, part_id: PartId) -> Part:
    """Return the part, kept from others' changes, or raise `PartNotFound`."""
    part = work.parts.lock([part_id]).get(part_id)
    if part is None or part.archived_at:
        raise PartNotFound
    return part


@final
@frozen
class AddPart:
    """Put a new part on the shelf."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (SkuTaken,)

    begin: Begin
    now: Clock
    new_sku: Callable[[], str]

    @retry_on_conflict
    def __call__(self, actor: Actor, form: PartForm) -> Part:
        """Return the new part; what lies on the shelf already is received."""
        self.policy.admit(actor)
        at = self.now()
        empty = Part(
            id=PartId(0),
            sku=form.sku or self.new_sku(),
            name=form.name,
            description=form.description,
            price=form.price,
            unit=form.unit,
            reorder_point=form.reorder_point,
            created_at=at,
            updated_at=at,
        )
        full, received = empty, None
        if form.quantity:
            full = empty.move(Kind.RECEIVE, form.quantity)
            received = Movement.between(empty, full, Kind.RECEIVE, actor, at)
        with self.begin() as work:
            return work.parts.add(full, received)


@final
@frozen
class ListParts:
    """Look through the shelves; what is low is for staff."""

    policy: ClassVar = PUBLIC
    refuses: ClassVar = (RoleForbids,)

    read_only: ReadOnly

    def __call__(self, actor: Actor, wanted: PartFilter, page: PageRequest) -> Page[Part]:
        """Return the parts wanted."""
        self.policy.admit(actor)
        if wanted.low_stock is not None:
            STAFF_ONLY.admit(actor)
        with self.read_only() as work:
            return work.parts.find(wanted, page)


@final
@frozen
class ReadPart:
    """Look a part up."""

    policy: ClassVar = PUBLIC
    refuses: ClassVar = (PartNotFound,)

    read_only: ReadOnly

    def __call__(self, actor: Actor, part_id: PartId) -> Part:
        """Return the part."""
        self.policy.admit(actor)
        with self.read_only() as work:
            return work.parts.get(part_id)


@final
@frozen
class ChangePart:
    """Correct what is known of a part; another quantity is a count of the shelf."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (PartNotFound, SkuTaken, CountBelowReserved, PartChanged)

    begin: Begin
    now: Clock
    low_stock: LowStockListener

    @retry_on_conflict
    def __call__(
        self,
        actor: Actor,
        part_id: PartId,
        change: Callable[[PartForm], PartForm],
        expected: int | None = None,
    ) -> Part:
        """Return the part with the form that *change* makes of the present one."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin() as work:
            before = hold_part(work, part_id)
            before.require_version(expected)
            form = change(before.form)
            after, movements = before.with_form(form, at), []
            if form.quantity not in (None, before.quantity):
                after = _touched(after.move(Kind.COUNT, Quantity(form.quantity or 0)), at)
                movements.append(Movement.between(before, after, Kind.COUNT, actor, at))
            if after is before:
                return before
            (after,) = work.parts.save([after], movements)
            notify_low_stock(work, before, after, self.low_stock)
        return after


@final
@frozen
class ArchivePart:
    """Take a part out of the lists; its ledger stays."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (PartNotFound, PartReserved, PartChanged)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(self, actor: Actor, part_id: PartId, expected: int | None = None) -> None:
        """Archive the part."""
        self.policy.admit(actor)
        with self.begin() as work:
            part = hold_part(work, part_id)
            part.require_version(expected)
            work.parts.save([part.archive(self.now())])


@final
@frozen
class MoveStock:
    """Receive, return, scrap or count a part by hand."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (PartNotFound, InsufficientStock, CountBelowReserved, PartChanged)

    begin: Begin
    now: Clock
    low_stock: LowStockListener

    @retry_on_conflict
    def __call__(
        self, actor: Actor, part_id: PartId, form: MovementForm, expected: int | None = None
    ) -> Movement:
        """Return the movement as it stands in the ledger."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin() as work:
            before = hold_part(work, part_id)
            before.require_version(expected)
            after = _touched(before.move(form.kind, form.quantity), at)
            entry = Movement.between(before, after, form.kind, actor, at, form.note)
            (movement,) = work.ledger.write([entry])
            (after,) = work.parts.save([after])
            notify_low_stock(work, before, after, self.low_stock)
        return movement


def _touched(part: Part, at: datetime) -> Part:
    return evolve(part, updated_at=at)


@final
@frozen
class ListMovements:
    """Read a part's ledger."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (PartNotFound,)

    read_only: ReadOnly

    def __call__(self, actor: Actor, part_id: PartId, page: PageRequest) -> Page[Movement]:
        """Return movements, oldest first."""
        self.policy.admit(actor)
        with self.read_only() as work:
            return work.ledger.of(part_id, page)


@final
@frozen
class CheckStock:
    """Hold every balance against its ledger."""

    policy: ClassVar = MANAGERS_ONLY
    refuses: ClassVar = ()

    read_only: ReadOnly

    def __call__(self, actor: Actor) -> tuple[Disagreement, ...]:
        """Return every disagreement; none is as it must be."""
        self.policy.admit(actor)
        with self.read_only() as work:
            return work.ledger.disagreements()
