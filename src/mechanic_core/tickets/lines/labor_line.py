"""The labour lines of a ticket, and their form."""

from typing import Annotated, Self

from attrs import evolve, frozen

from mechanic_core.money import Measure, Money, Price, to_decimal
from mechanic_core.pricing.line import (
    DEFAULT_CLASSES,
    LineKind,
    PricingLine,
    TaxClass,
    line_amount,
)
from mechanic_core.rules import Example, Length, checked, computed, stored
from mechanic_core.texts import LONG_TEXT
from mechanic_core.tickets.lines.line import LineTerms, TicketLine
from mechanic_core.validators import unchecked
from mechanic_core.values import LINES, IdNumber

Task = Annotated[str, LINES, Length(1, 300), LONG_TEXT, Example("Replace front brake pads")]

HourlyRate = Annotated[Price, Example(118)]


@frozen(kw_only=True, field_transformer=checked)
class LaborLineForm(LineTerms):
    """Work for a ticket; *rate* is for one hour."""

    description: Task
    hours: Measure
    rate: HourlyRate
    mechanic_id: Annotated[IdNumber | None, Example(3)] = None


@frozen(kw_only=True, field_transformer=stored)
class LaborLine(TicketLine):
    """Work on a ticket; *rate* is for one hour."""

    mechanic_id: Annotated[IdNumber | None, Example(3)] = None
    description: Task
    hours: Measure
    rate: HourlyRate
    tax_class: Annotated[TaxClass, Example("labor")] = DEFAULT_CLASSES[LineKind.LABOR]

    @computed
    def amount(self) -> Money:
        """Hours × rate, rounded half away from zero to the cent, once; before discounts."""
        return line_amount(self.hours, self.rate)

    @property
    def text(self) -> str:
        """What the history calls the line."""
        return f"{to_decimal(self.hours)} h: {self.description}"

    @property
    def to_price(self) -> PricingLine:
        """The line as it is priced."""
        return self.pricing_line(LineKind.LABOR, self.description, self.hours, self.rate)

    @classmethod
    def of(cls, form: LaborLineForm) -> Self:
        """Return a new line."""
        line = cls(description=form.description, hours=form.hours, rate=form.rate)
        return line.with_form(form)

    def with_form(self, form: LaborLineForm) -> Self:
        """Return the line with the details of *form*."""
        return evolve(
            self,
            mechanic_id=form.mechanic_id,
            description=form.description,
            hours=form.hours,
            rate=form.rate,
            **form.of_kind(LineKind.LABOR),
        )

    @property
    def form(self) -> LaborLineForm:
        """The present values of the changeable fields."""
        return unchecked(
            LaborLineForm,
            description=self.description,
            hours=self.hours,
            rate=self.rate,
            mechanic_id=self.mechanic_id,
            **self.terms,
        )
