"""Ports of parts and their ledger."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from attrs import frozen

from mechanic_core.inventory.movement import Disagreement, Movement
from mechanic_core.inventory.part import Part, PartId
from mechanic_core.paging import Page, PageRequest
from mechanic_core.rules import checked


@frozen(kw_only=True, field_transformer=checked)
class PartFilter:
    """Conditions on parts, all of which must hold; None is no condition.

    Either the *archived* parts match, or the others.
    """

    q: str | None = None
    sku: str | None = None
    low_stock: bool | None = None
    archived: bool = False


class Parts(Protocol):
    """The parts, archived or not."""

    def get(self, part_id: PartId) -> Part:
        """Return the part, or raise `PartNotFound`."""
        ...

    def lock(self, ids: Collection[int]) -> Mapping[int, Part]:
        """Return those of *ids* that exist after locking them, in the order of their ids."""
        ...

    def add(self, part: Part, received: Movement | None = None) -> Part:
        """Store a new part and return it with its id.

        Raises `SkuTaken` when another part that is not archived has the SKU, by `sku_key`.
        The movement *received*, its initial stock, is added to the ledger with the new id.
        """
        ...

    def save(self, parts: Sequence[Part], movements: Sequence[Movement] = ()) -> tuple[Part, ...]:
        """Store the changed parts and return them with their new versions.

        The *movements* that changed them are added to the ledger, in their order.
        Raises `LostRace` when a stored version is another one, and `SkuTaken`.
        """
        ...

    def find(self, wanted: PartFilter, page: PageRequest) -> Page[Part]:
        """Return parts by id; the SKU must be equal by `sku_key`.

        *q* is a query for words of name and SKU, or for the whole SKU.
        """
        ...


class Ledger(Protocol):
    """All stock movements, in order; the ledger is append-only."""

    def write(self, movements: Sequence[Movement]) -> tuple[Movement, ...]:
        """Append *movements* and return them with their ids."""
        ...

    def of(self, part_id: PartId, page: PageRequest) -> Page[Movement]:
        """Return the movements of a part, archived or not, oldest first.

        Raises `PartNotFound` when the part never existed.
        """
        ...

    def has(self, part_id: PartId) -> bool:
        """Return whether the part has any movement."""
        ...

    def disagreements(self) -> tuple[Disagreement, ...]:
        """Return every part whose balance differs from the sum of its movements."""
        ...
