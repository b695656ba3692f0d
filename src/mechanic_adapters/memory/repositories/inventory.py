"""Parts and their ledger in memory."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, final

from attrs import evolve, frozen

from mechanic_adapters.memory.paging import paginate
from mechanic_adapters.memory.repositories.person_names import with_name
from mechanic_adapters.memory.tables import TableName, Tables, add_record, save_record
from mechanic_core.events.event import SubjectKind
from mechanic_core.inventory.movement import Disagreement, Movement, MovementId
from mechanic_core.inventory.part import Part, PartId, PartNotFound, SkuTaken
from mechanic_core.inventory.ports import Ledger, PartFilter, Parts
from mechanic_core.money import Quantity
from mechanic_core.paging import Page, PageRequest
from mechanic_core.search import matches, terms_with_code
from mechanic_core.texts import sku_key

PARTS: Final = TableName[int, Part]("parts", "parts")
_LEDGER: Final = TableName[int, tuple[Movement, ...]]("ledger", "parts")


@final
@frozen
class MemoryParts(Parts):
    """The parts."""

    _tables: Tables

    def get(self, part_id: PartId) -> Part:
        part = self._tables[PARTS].get(part_id)
        if part is None:
            raise PartNotFound
        return part

    def lock(self, ids: Collection[int]) -> Mapping[int, Part]:
        rows = ((one, self._tables[PARTS].get(one)) for one in sorted(set(ids)))
        return {one: part for one, part in rows if part}

    def add(self, part: Part, received: Movement | None = None) -> Part:
        self._require_free_sku(part)
        new = add_record(self._tables, PARTS, part)
        if received is not None:
            MemoryLedger(self._tables).write([evolve(received, part_id=new.id)])
        return new

    def save(self, parts: Sequence[Part], movements: Sequence[Movement] = ()) -> tuple[Part, ...]:
        MemoryLedger(self._tables).write(movements)
        return tuple(self._save(part) for part in parts)

    def find(self, wanted: PartFilter, page: PageRequest) -> Page[Part]:
        terms = None if wanted.q is None else terms_with_code(wanted.q)
        parts = (
            part
            for part in self._tables[PARTS].all()
            if _matches(part, wanted) and (terms is None or matches(terms, part.words))
        )
        return paginate(parts, page, lambda part: part.id)

    def _save(self, part: Part) -> Part:
        self._require_free_sku(part)
        return save_record(self._tables, PARTS, part)

    def _require_free_sku(self, part: Part) -> None:
        if part.archived_at:
            return
        key = sku_key(part.sku)
        for other in self._tables[PARTS].all():
            if not other.archived_at and other.id != part.id and sku_key(other.sku) == key:
                raise SkuTaken


def _matches(part: Part, wanted: PartFilter) -> bool:
    return (
        part.archived == wanted.archived
        and (wanted.sku is None or sku_key(wanted.sku) == sku_key(part.sku))
        and wanted.low_stock in (None, part.is_low)
    )


@final
@frozen
class MemoryLedger(Ledger):
    """All stock movements, by part."""

    _tables: Tables

    def write(self, movements: Sequence[Movement]) -> tuple[Movement, ...]:
        return tuple(self._with_name(self._append(movement)) for movement in movements)

    def of(self, part_id: PartId, page: PageRequest) -> Page[Movement]:
        if self._tables[PARTS].get(part_id) is None:
            raise PartNotFound
        movements = self._tables[_LEDGER].get(part_id) or ()
        return paginate(movements, page, lambda movement: movement.id).map(self._with_name)

    def has(self, part_id: PartId) -> bool:
        return bool(self._tables[_LEDGER].get(part_id))

    def disagreements(self) -> tuple[Disagreement, ...]:
        return tuple(
            Disagreement(
                part_id=part.id,
                sku=part.sku,
                on_hand=part.quantity,
                reserved=part.reserved,
                ledger_on_hand=on_hand,
                ledger_reserved=reserved,
            )
            for part in self._tables[PARTS].all()
            for on_hand, reserved in [self._sums(part.id)]
            if (on_hand, reserved) != (part.quantity, part.reserved)
        )

    def _append(self, movement: Movement) -> Movement:
        ledger = self._tables[_LEDGER]
        new = evolve(movement, id=MovementId(ledger.next_id()))
        ledger.put(new.part_id, (*(ledger.get(new.part_id) or ()), new))
        return new

    def _with_name(self, movement: Movement) -> Movement:
        return evolve(movement, by=with_name(self._tables, movement.by))

    def _sums(self, part_id: PartId) -> tuple[Quantity, Quantity]:
        movements = self._tables[_LEDGER].get(part_id) or ()
        return (
            Quantity(sum(movement.on_hand_change for movement in movements)),
            Quantity(sum(movement.reserved_change for movement in movements)),
        )


SUBJECTS: Final = {SubjectKind.PART: lambda tables: MemoryParts(tables).get}
