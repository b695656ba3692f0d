"""Part lines, labour lines and charges of service tickets."""

from typing import Final, final

from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.shop import Shop
from mechanic_core.tickets.lines.charge import ChargeChange, ChargeForm, ChargeLine
from mechanic_core.tickets.lines.labor_line import LaborLine, LaborLineForm
from mechanic_core.tickets.lines.line import LineId
from mechanic_core.tickets.lines.part_line import PartLine, PartLineChange, PartLineForm
from mechanic_core.tickets.ticket import TicketId
from mechanic_core.tickets.use_cases.charges import AddCharge, ChangeCharge, RemoveCharge
from mechanic_core.tickets.use_cases.labor_lines import (
    AddLaborLine,
    ChangeLaborLine,
    RemoveLaborLine,
)
from mechanic_core.tickets.use_cases.part_lines import AddPartLine, ChangePartLine, RemovePartLine
from mechanic_http.endpoint.merge_patch import MergePatch
from mechanic_http.endpoint.operation import endpoint
from mechanic_http.endpoint.route import Route

PART_LINE: Final = "/service_tickets/{ticket_id}/parts/{id}"
LABOR_LINE: Final = "/service_tickets/{ticket_id}/labor/{id}"
CHARGE: Final = "/service_tickets/{ticket_id}/charges/{id}"


@final
@frozen
class PartLineCollection:
    """The part lines of one service ticket."""

    shop: Shop

    @endpoint(AddPartLine, creates=PART_LINE)
    def on_post(
        self, actor: Actor, ticket_id: TicketId, form: PartLineForm, expected: int | None
    ) -> PartLine:
        """Add a part line: reserve stock at the current price."""
        return self.shop.add_part_line(actor, ticket_id, form, expected)


@final
@frozen
class PartLineItem:
    """One part line of a service ticket."""

    shop: Shop

    @endpoint(ChangePartLine)
    def on_patch(
        self,
        actor: Actor,
        ticket_id: TicketId,
        line_id: LineId,
        change: MergePatch[PartLineChange],
        expected: int | None,
    ) -> PartLine:
        """Change the quantity, job, discount or tax class of a part line; its price stays."""
        return self.shop.change_part_line(actor, ticket_id, line_id, change, expected)

    @endpoint(RemovePartLine)
    def on_delete(
        self, actor: Actor, ticket_id: TicketId, line_id: LineId, expected: int | None
    ) -> None:
        """Remove a part line and release its stock."""
        self.shop.remove_part_line(actor, ticket_id, line_id, expected)


@final
@frozen
class LaborLineCollection:
    """The labour lines of one service ticket."""

    shop: Shop

    @endpoint(AddLaborLine, creates=LABOR_LINE)
    def on_post(
        self, actor: Actor, ticket_id: TicketId, form: LaborLineForm, expected: int | None
    ) -> LaborLine:
        """Add a labour line."""
        return self.shop.add_labor_line(actor, ticket_id, form, expected)


@final
@frozen
class LaborLineItem:
    """One labour line of a service ticket."""

    shop: Shop

    @endpoint(ChangeLaborLine)
    def on_patch(
        self,
        actor: Actor,
        ticket_id: TicketId,
        line_id: LineId,
        change: MergePatch[LaborLineForm],
        expected: int | None,
    ) -> LaborLine:
        """Update a labour line."""
        return self.shop.change_labor_line(actor, ticket_id, line_id, change, expected)

    @endpoint(RemoveLaborLine)
    def on_delete(
        self, actor: Actor, ticket_id: TicketId, line_id: LineId, expected: int | None
    ) -> None:
        """Remove a labour line."""
        self.shop.remove_labor_line(actor, ticket_id, line_id, expected)


@final
@frozen
class ChargeCollection:
    """The charges of one service ticket."""

    shop: Shop

    @endpoint(AddCharge, creates=CHARGE)
    def on_post(
        self, actor: Actor, ticket_id: TicketId, form: ChargeForm, expected: int | None
    ) -> ChargeLine:
        """Add a charge: a fee, the work of another shop, or a core."""
        return self.shop.add_charge(actor, ticket_id, form, expected)


@final
@frozen
class ChargeItem:
    """One charge of a service ticket."""

    shop: Shop

    @endpoint(ChangeCharge)
    def on_patch(
        self,
        actor: Actor,
        ticket_id: TicketId,
        line_id: LineId,
        change: MergePatch[ChargeChange],
        expected: int | None,
    ) -> ChargeLine:
        """Update a charge; its kind stays."""
        return self.shop.change_charge(actor, ticket_id, line_id, change, expected)

    @endpoint(RemoveCharge)
    def on_delete(
        self, actor: Actor, ticket_id: TicketId, line_id: LineId, expected: int | None
    ) -> None:
        """Remove a charge."""
        self.shop.remove_charge(actor, ticket_id, line_id, expected)


ROUTES: Final = (
    Route("/service_tickets/{ticket_id}/parts", PartLineCollection),
    Route("/service_tickets/{ticket_id}/parts/{line_id}", PartLineItem),
    Route("/service_tickets/{ticket_id}/labor", LaborLineCollection),
    Route("/service_tickets/{ticket_id}/labor/{line_id}", LaborLineItem),
    Route("/service_tickets/{ticket_id}/charges", ChargeCollection),
    Route("/service_tickets/{ticket_id}/charges/{line_id}", ChargeItem),
)
