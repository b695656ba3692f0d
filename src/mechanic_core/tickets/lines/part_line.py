"""The part lines of a ticket, and their forms."""

from typing import Annotated, Self

from attrs import evolve, frozen

from mechanic_core.inventory.part import Part, PartId, PartName, Sku
from mechanic_core.money import Measure, Money, Price, to_decimal
from mechanic_core.pricing.line import (
    DEFAULT_CLASSES,
    LineKind,
    PricingLine,
    TaxClass,
    line_amount,
)
from mechanic_core.rules import Example, checked, computed, stored
from mechanic_core.tickets.lines.line import LineTerms, TicketLine
from mechanic_core.validators import unchecked
from mechanic_core.values import IdNumber


@frozen(kw_only=True, field_transformer=checked)
class PartLineChange(LineTerms):
    """The new quantity of a part line, and what may be said of every line."""

    quantity: Annotated[Measure, Example(2)]


@frozen(kw_only=True, field_transformer=checked)
class PartLineForm(PartLineChange):
    """A part for a ticket, and its quantity."""

    part_id: Annotated[IdNumber, Example(42)]
    quantity: Annotated[Measure, Example(1)]


@frozen(kw_only=True, field_transformer=stored)
class PartLine(TicketLine):
    """A part on a ticket, with its SKU, name and price at the time when it was added."""

    part_id: PartId
    sku: Sku
    name: PartName
    quantity: Annotated[Measure, Example(1)]
    unit_price: Annotated[Price, Example(64.99)]
    tax_class: TaxClass = DEFAULT_CLASSES[LineKind.PART]

    @computed
    def amount(self) -> Money:
        """Quantity × price, rounded half away from zero to the cent, once; before discounts."""
        return line_amount(self.quantity, self.unit_price)

    @classmethod
    def of(cls, part: Part, form: PartLineForm) -> Self:
        """Return a new line with *part* at its present price."""
        line = cls(
            part_id=part.id,
            sku=part.sku,
            name=part.name,
            quantity=form.quantity,
            unit_price=part.price,
        )
        return line.with_form(form)

    @property
    def text(self) -> str:
        """What the history calls the line."""
        return f"{to_decimal(self.quantity)} × {self.sku}"

    @property
    def to_price(self) -> PricingLine:
        """The line as it is priced."""
        return self.pricing_line(LineKind.PART, self.name, self.quantity, self.unit_price)

    @property
    def form(self) -> PartLineChange:
        """The present values of the changeable fields."""
        return unchecked(PartLineChange, quantity=self.quantity, **self.terms)

    def with_form(self, form: PartLineChange) -> Self:
        """Return the line with the details of *form*."""
        return evolve(self, quantity=form.quantity, **form.of_kind(LineKind.PART))
