"""Add, list, read, change, archive and restore parts, and move stock."""

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar, final

from attrs import evolve, frozen

from mechanic_core.access import MANAGERS_ONLY, PUBLIC, STAFF_ONLY, Actor, RoleForbids
from mechanic_core.changes import apply
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
    PartInUse,
    PartNotFound,
    SkuTaken,
    UnitInUse,
)
from mechanic_core.inventory.ports import PartFilter
from mechanic_core.money import Quantity
from mechanic_core.paging import Page, PageRequest
from mechanic_core.unit_of_work import Begin, ReadLagging, ReadOnly, Work, retry_on_conflict
from mechanic_core.values import Clock


@final
@frozen
class AddPart:
    """Add a part."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (SkuTaken,)

    begin: Begin
    now: Clock
    new_sku: Callable[[], str]

    @retry_on_conflict
    def __call__(self, actor: Actor, form: PartForm) -> Part:
        """Return the new part; its initial stock is a movement of the kind receive."""
        self.policy.admit(actor)
        at = self.now()
        sku = form.sku or self.new_sku()
        part = Part(
            id=PartId(0), sku=sku, name=form.name, price=form.price, created_at=at, updated_at=at
        ).with_form(form, at)
        received = None
        if form.quantity:
            empty, part = part, part.move(Kind.RECEIVE, form.quantity)
            received = Movement.between(empty, part, Kind.RECEIVE, actor, at)
        with self.begin(actor) as work:
            return work.parts.add(part, received)


@final
@frozen
class ListParts:
    """List parts; only staff may filter by low stock, or list archived ones."""

    policy: ClassVar = PUBLIC
    refuses: ClassVar = (RoleForbids,)

    read_only: ReadOnly

    def __call__(self, actor: Actor, wanted: PartFilter, page: PageRequest) -> Page[Part]:
        """Return the parts wanted."""
        self.policy.admit(actor)
        if wanted.low_stock is not None or wanted.archived:
            STAFF_ONLY.admit(actor)
        with self.read_only() as work:
            return work.parts.find(wanted, page)


@final
@frozen
class ReadPart:
    """Read a part."""

    policy: ClassVar = PUBLIC
    refuses: ClassVar = (PartNotFound,)

    read_only: ReadOnly

    def __call__(self, actor: Actor, part_id: PartId) -> Part:
        """Return the part; an archived one to staff only."""
        self.policy.admit(actor)
        with self.read_only() as work:
            part = work.parts.get(part_id)
        if part.archived and not actor.is_staff:
            raise PartNotFound
        return part


@final
@frozen
class ChangePart:
    """Change a part; another quantity is recorded as a count."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (PartNotFound, SkuTaken, UnitInUse, CountBelowReserved, PartChanged)

    begin: Begin
    now: Clock
    low_stock_listener: LowStockListener

    @retry_on_conflict
    def __call__(
        self,
        actor: Actor,
        part_id: PartId,
        change: Callable[[PartForm], PartForm],
        expected: int | None = None,
    ) -> Part:
        """Apply *change* to the present form and return the changed part."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin(actor) as work:
            before = _lock(work, part_id)
            before.require_version(expected)
            form = apply(change, before.form, before)
            after, movements = before.with_form(form, at), []
            if after.unit != before.unit and work.ledger.has(part_id):
                raise UnitInUse(unit=before.unit)
            if form.quantity not in (None, before.quantity):
                after = _move(work, after, Kind.COUNT, Quantity(form.quantity or 0), at)
                movements.append(Movement.between(before, after, Kind.COUNT, actor, at))
            if after is before:
                return before
            (after,) = work.parts.save([after], movements)
            notify_low_stock(work, before, after, self.low_stock_listener)
        return after


@final
@frozen
class ArchivePart:
    """Archive a part: it is gone from the lists, but its ledger stays."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (PartNotFound, PartInUse, PartChanged)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(self, actor: Actor, part_id: PartId, expected: int | None = None) -> None:
        """Archive the part."""
        self.policy.admit(actor)
        with self.begin(actor) as work:
            part = _lock(work, part_id)
            part.require_version(expected)
            tickets = work.ticket_lists.with_part(part_id, reserved_only=False)
            work.parts.save([part.archive(self.now(), tickets)])


@final
@frozen
class RestorePart:
    """Restore an archived part to the lists."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (PartNotFound, SkuTaken, PartChanged)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(self, actor: Actor, part_id: PartId, expected: int | None = None) -> Part:
        """Return the part; it is no error if it is not archived."""
        self.policy.admit(actor)
        with self.begin(actor) as work:
            before = _lock_archived_too(work, part_id)
            before.require_version(expected)
            after = before.restore(self.now())
            if after is before:
                return before
            (after,) = work.parts.save([after])
        return after


@final
@frozen
class MoveStock:
    """Receive, return, scrap or count a part."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (PartNotFound, InsufficientStock, CountBelowReserved, PartChanged)

    begin: Begin
    now: Clock
    low_stock_listener: LowStockListener

    @retry_on_conflict
    def __call__(
        self, actor: Actor, part_id: PartId, form: MovementForm, expected: int | None = None
    ) -> Movement:
        """Return the movement with its id in the ledger."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin(actor) as work:
            before = _lock(work, part_id)
            before.require_version(expected)
            after = _move(work, before, form.kind, form.quantity, at)
            entry = Movement.between(before, after, form.kind, actor, at, form.note)
            (movement,) = work.ledger.write([entry])
            (after,) = work.parts.save([after])
            notify_low_stock(work, before, after, self.low_stock_listener)
        return movement


@final
@frozen
class ListMovements:
    """List the movements of a part."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (PartNotFound,)

    read_lagging: ReadLagging

    def __call__(self, actor: Actor, part_id: PartId, page: PageRequest) -> Page[Movement]:
        """Return the movements, oldest first."""
        self.policy.admit(actor)
        with self.read_lagging(actor) as work:
            return work.ledger.of(part_id, page)


@final
@frozen
class CheckStock:
    """Check every balance against the ledger."""

    policy: ClassVar = MANAGERS_ONLY
    refuses: ClassVar = ()

    read_lagging: ReadLagging

    def __call__(self, actor: Actor) -> tuple[Disagreement, ...]:
        """Return every disagreement; there should be none."""
        self.policy.admit(actor)
        with self.read_lagging(actor) as work:
            return work.ledger.disagreements()


def _lock_archived_too(work: Work, part_id: PartId) -> Part:
    part = work.parts.lock([part_id]).get(part_id)
    if part is None:
        raise PartNotFound
    return part


def _lock(work: Work, part_id: PartId) -> Part:
    part = _lock_archived_too(work, part_id)
    if part.archived:
        raise PartNotFound("the part is archived: restore it first")
    return part


def _move(work: Work, part: Part, kind: Kind, quantity: Quantity, at: datetime) -> Part:
    """Return the part after a movement by hand; a refusal names the tickets that reserve it."""
    try:
        return evolve(part.move(kind, quantity), updated_at=at)
    except (CountBelowReserved, InsufficientStock) as refused:
        if not part.reserved:
            raise
        tickets = work.ticket_lists.with_part(part.id, reserved_only=True)
        raise type(refused)(part, tickets) from None
