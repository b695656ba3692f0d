"""Parts in the inventory and their stock movements."""

from typing import Annotated, Final, final

from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.inventory.movement import Movement, MovementForm
from mechanic_core.inventory.part import Part, PartForm, PartId, Sku
from mechanic_core.inventory.ports import PartFilter
from mechanic_core.inventory.use_cases import (
    AddPart,
    ArchivePart,
    ChangePart,
    ListMovements,
    ListParts,
    MoveStock,
    ReadPart,
    RestorePart,
)
from mechanic_core.paging import Page, PageRequest
from mechanic_core.rules import Description, checked
from mechanic_core.shop import Shop
from mechanic_core.values import SearchText
from mechanic_http.endpoint.merge_patch import MergePatch, Replacement
from mechanic_http.endpoint.operation import endpoint
from mechanic_http.endpoint.query import ListQuery
from mechanic_http.endpoint.route import Route


@frozen(kw_only=True, field_transformer=checked)
class PartQuery(ListQuery):
    """Filters of the list of parts."""

    q: Annotated[
        SearchText | None,
        Description(
            "Words that begin words of the name or SKU, in any order, without regard to case and"
            " accents; or the beginning of the SKU without blanks and punctuation."
        ),
    ] = None
    sku: Annotated[Sku | None, Description("Whole SKU; case and white space do not count.")] = None
    low_stock: Annotated[
        bool | None,
        Description("Whether the available quantity is at or below the reorder point. Staff only."),
    ] = None
    archived: Annotated[
        bool, Description("Whether to list the archived parts instead of the others. Staff only.")
    ] = False

    @property
    def filter(self) -> PartFilter:
        """The filter that the use case takes."""
        return PartFilter(q=self.q, sku=self.sku, low_stock=self.low_stock, archived=self.archived)


@final
@frozen
class PartCollection:
    """The list of parts that the shop sells."""

    shop: Shop

    @endpoint(ListParts)
    def on_get(self, actor: Actor, query: PartQuery, page: PageRequest) -> Page[Part]:
        """List parts."""
        return self.shop.list_parts(actor, query.filter, page)

    @endpoint(AddPart, creates="/inventory/{id}")
    def on_post(self, actor: Actor, form: PartForm) -> Part:
        """Add a part."""
        return self.shop.add_part(actor, form)


@final
@frozen
class PartItem:
    """One part."""

    shop: Shop

    @endpoint(ReadPart)
    def on_get(self, actor: Actor, part_id: PartId) -> Part:
        """Get a part; archived ones are for staff."""
        return self.shop.read_part(actor, part_id)

    @endpoint(ChangePart)
    def on_put(
        self, actor: Actor, part_id: PartId, change: Replacement[PartForm], expected: int | None
    ) -> Part:
        """Replace a part; a different quantity is recorded as a stock count."""
        return self.shop.change_part(actor, part_id, change, expected)

    @endpoint(ChangePart)
    def on_patch(
        self, actor: Actor, part_id: PartId, change: MergePatch[PartForm], expected: int | None
    ) -> Part:
        """Update a part; a different quantity is recorded as a stock count."""
        return self.shop.change_part(actor, part_id, change, expected)

    @endpoint(ArchivePart)
    def on_delete(self, actor: Actor, part_id: PartId, expected: int | None) -> None:
        """Archive a part that is not in use; its stock movements remain."""
        self.shop.archive_part(actor, part_id, expected)


@final
@frozen
class PartRestoration:
    """The restoration of one archived part."""

    shop: Shop

    @endpoint(RestorePart)
    def on_post(self, actor: Actor, part_id: PartId, expected: int | None) -> Part:
        """Restore an archived part to the lists."""
        return self.shop.restore_part(actor, part_id, expected)


@final
@frozen
class MovementCollection:
    """The stock movements of one part."""

    shop: Shop

    @endpoint(ListMovements)
    def on_get(self, actor: Actor, part_id: PartId, page: PageRequest) -> Page[Movement]:
        """List the stock movements of a part, oldest first."""
        return self.shop.list_movements(actor, part_id, page)

    @endpoint(MoveStock, creates="/inventory/{part_id}/movements")
    def on_post(
        self, actor: Actor, part_id: PartId, form: MovementForm, expected: int | None
    ) -> Movement:
        """Record a stock movement: receive, return, scrap or count."""
        return self.shop.move_stock(actor, part_id, form, expected)


ROUTES: Final = (
    Route("/inventory", PartCollection),
    Route("/inventory/{part_id}", PartItem),
    Route("/inventory/{part_id}/restore", PartRestoration),
    Route("/inventory/{part_id}/movements", MovementCollection),
)
