"""The part lines and labour lines of a ticket, and their forms."""

from typing import Annotated, NewType

from attrs import field, frozen

from mechanic_core.errors import NotFound
from mechanic_core.inventory.part import PartId, PartName, Sku
from mechanic_core.money import Measure, Money, Price, line_amount
from mechanic_core.rules import Example, Length, checked, computed, stored
from mechanic_core.texts import LONG_TEXT
from mechanic_core.validators import unchecked
from mechanic_core.values import LINES, IdNumber, Version

LineId = NewType("LineId", Annotated[int, Example(31)])

TicketVersion = Version
"""The version of the ticket, on a line that is returned by itself: a changed line changes it.

It is 0 on the lines of a ticket record, and does not count when lines are compared.
"""

Task = Annotated[str, LINES, Length(1, 300), LONG_TEXT, Example("Replace front brake pads")]

HourlyRate = Annotated[Price, Example(118)]


class LineNotFound(NotFound):
    """No such line on this ticket."""


@frozen(kw_only=True, field_transformer=checked)
class PartLineForm:
    """A part for a ticket, and its quantity."""

    part_id: Annotated[IdNumber, Example(42)]
    quantity: Annotated[Measure, Example(1)]


@frozen(kw_only=True, field_transformer=checked)
class PartLineChange:
    """The new quantity of a part line."""

    quantity: Annotated[Measure, Example(2)]


@frozen(kw_only=True, field_transformer=stored)
class PartLine:
    """A part on a ticket, with its SKU, name and price at the time when it was added."""

    id: LineId = LineId(0)  # until it is stored
    part_id: PartId
    sku: Sku
    name: PartName
    quantity: Annotated[Measure, Example(1)]
    unit_price: Annotated[Price, Example(64.99)]
    version: TicketVersion = field(default=0, eq=False)

    @computed
    def amount(self) -> Money:
        """Quantity × price, rounded half-even to the cent, once."""
        return line_amount(self.quantity, self.unit_price)


@frozen(kw_only=True, field_transformer=checked)
class LaborLineForm:
    """Work for a ticket; *rate* is for one hour."""

    description: Task
    hours: Measure
    rate: HourlyRate
    mechanic_id: Annotated[IdNumber | None, Example(3)] = None


@frozen(kw_only=True, field_transformer=stored)
class LaborLine:
    """Work on a ticket; *rate* is for one hour."""

    id: Annotated[LineId, Example(32)] = LineId(0)  # until it is stored
    mechanic_id: Annotated[IdNumber | None, Example(3)] = None
    description: Task
    hours: Measure
    rate: HourlyRate
    version: TicketVersion = field(default=0, eq=False)

    @computed
    def amount(self) -> Money:
        """Hours × rate, rounded half-even to the cent, once."""
        return line_amount(self.hours, self.rate)

    @property
    def form(self) -> LaborLineForm:
        """The present values of the changeable fields."""
        return unchecked(
            LaborLineForm,
            description=self.description,
            hours=self.hours,
            rate=self.rate,
            mechanic_id=self.mechanic_id,
        )


@frozen(kw_only=True)
class TicketTotals:
    """The sums of a ticket's lines."""

    parts: Annotated[Money, Example(49.98)]
    labor: Annotated[Money, Example(120)]
    total: Annotated[Money, Example(169.98)]
