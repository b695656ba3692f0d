"""What the core asks of whoever keeps the parts and their ledger."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from attrs import frozen

from mechanic_core.inventory.movement import Disagreement, Movement
from mechanic_core.inventory.part import Part, PartId
from mechanic_core.paging import Page, PageRequest


@frozen(kw_only=True)
class PartFilter:
    """Which parts are wanted: all that agree with what is given."""

    q: str | None = None
    sku: str | None = None
    low_stock: bool | None = None


class Parts(Protocol):
    """Every part that the shop sells; archived ones are not found."""

    def get(self, part_id: PartId) -> Part:
        """Return the part, or raise `PartNotFound`."""
        ...

    def lock(self, ids: Collection[int]) -> Mapping[int, Part]:
        """Return those of *ids* that are there, kept from others' changes, locked by id.

        Archived parts are among them where a ticket may still name them.
        """
        ...

    def add(self, part: Part, received: Movement | None = None) -> Part:
        """Keep a new part and return it with its id. Raises `SkuTaken`.

        What it was *received* with goes into the ledger, whatever part that names.
        """
        ...

    def save(self, parts: Sequence[Part], movements: Sequence[Movement] = ()) -> tuple[Part, ...]:
        """Keep the changes and return them with their new versions.

        The *movements* that led to them go into the ledger, in their order.
        Raises `LostRace` when a kept version is not the part's, and `SkuTaken`.
        """
        ...

    def find(self, wanted: PartFilter, page: PageRequest) -> Page[Part]:
        """Return parts by id; *q* begins their name or SKU, without regard to case."""
        ...


class Ledger(Protocol):
    """Every change of stock, in the order in which they happened; nothing is ever edited."""

    def write(self, movements: Sequence[Movement]) -> tuple[Movement, ...]:
        """Append movements and return them with their ids."""
        ...

    def of(self, part_id: PartId, page: PageRequest) -> Page[Movement]:
        """Return a part's movements, oldest first, archived parts' too.

        Raises `PartNotFound` when there never was such a part.
        """
        ...

    def disagreements(self) -> tuple[Disagreement, ...]:
        """Return every part whose balance is not the sum of its movements."""
        ...
